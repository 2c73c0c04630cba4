"""Signals end a command whatever it does: all commands run inside `end_on_signals`."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.helpers.paths import ROOT

# a thread in compiled code, which the interpreter waits for when it ends
COMMAND = """
import ctypes, sys, threading, time
import click
from motifmine_cli.main import main

@click.command()
def dig():
    thread = threading.Thread(target=ctypes.CDLL(None).sleep, args=(60,))
    thread.start()
    print("ready", flush=True)
    while thread.is_alive():
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            if "stubborn" in sys.argv[0]:
                continue
            raise

sys.argv = [STUBBORN, "dig"]
main.commands = {"dig": dig}
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("numbers", "how", "limit_s"),
    [
        # a second to end by itself, and then the end
        ((signal.SIGTERM,), "waits", 4.0),
        ((signal.SIGINT,), "stubborn", 4.0),
        # the second signal ends it at once
        ((signal.SIGINT, signal.SIGINT), "stubborn", 0.95),
    ],
)
def test_a_command_ends_in_time(
    numbers: tuple[signal.Signals, ...], how: str, limit_s: float
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND.replace("STUBBORN", repr(how))],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        for number in numbers:
            process.send_signal(number)
            time.sleep(0.05)
        assert process.wait(timeout=20) == 128 + numbers[0]
        # 1.1 s where nothing else runs
        assert time.monotonic() - began < limit_s
