"""`python -m motifmine_cli` is `motifmine`."""

import signal


def start() -> None:
    """Run the command line of this process."""
    # while modules are imported, Ctrl-C would print a traceback; commands listen to it themselves
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .main import main

    main()


if __name__ == "__main__":
    start()
