"""Try what the documentation tells a new user to type, with the package that is installed here.

    python .ci/try_lines.py

Runs in an empty folder of its own below the current one, with the Python that runs it, which has
motifmine and the template of `docs/plugins`, but no extras. Prints a line for each; the first that
does not hold ends it with status 1.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
LOG = "time,door,lift\n" + "".join(
    f"{t},{int(t % 40 in (3, 4))},{int(t % 40 in (6, 7, 8))}\n" for t in range(600)
)
SETTINGS = '[fit]\nmotifs = 1\nmotif-length = "8bins"\nrestarts = 1\n'
GAUGE = "#GAUGE\n" + "".join(f"{t} {t % 60} {(t + 10) % 60}\n" for t in range(600))

LINES = [
    ("motifmine", "next: motifmine extract SOURCE"),
    ("motifmine --version", "motifmine, version "),
    ("motifmine doctor", "numba"),
    ("motifmine doctor --json | python -m json.tool", '"problem": ""'),
    ("motifmine plugins", "motifmine-template"),
    ("motifmine config", "fit --motifs 1  (motifmine.toml)"),
    ("MOTIFMINE_FIT_MOTIFS=2 motifmine config fit", "fit --motifs 2"),
    ("motifmine extract log.csv", "ok: log.csv"),
    ("motifmine", "next: motifmine fit --model plsm"),
    ("motifmine fit --model plsm", "next: motifmine show-motifs"),
    ("motifmine show-motifs", "report: "),
    ("motifmine -q fit --model plsm --json | python -m json.tool", '"motifs": 1'),
    ("motifmine -q fit --model plsm --json 2>&1 >fit.json | wc -c", "0"),
    ("motifmine --log-file log.txt -v info && cat log.txt", "tables"),
    ("motifmine -v show-motifs nosuch 2>&1 | cat", "Traceback"),
    ("motifmine show-motifs nosuch 2>&1 | wc -l", "1"),
    ("NO_COLOR=1 motifmine show-motifs --force | grep -c $'\\033' || true", "0"),
    ("motifmine occurrences --format csv | head -1", "recording,"),
    ("motifmine occurrences --format parquet -o found.parquet", ""),
    ("motifmine export --format tdoc -o out/plain", ""),
    ("motifmine -w gauge extract level.gauge", "ok: level.gauge"),
    ("motifmine fit --model mean-windows --windows 9", "mean-windows-001.h5"),
    ("motifmine -w once run log.csv --no-open", "report: "),
    # completion as the shells do it, which need not be here
    ("_MOTIFMINE_COMPLETE=bash_source motifmine >complete && bash -n complete", ""),
    (
        'eval "$(_MOTIFMINE_COMPLETE=bash_source motifmine)"; COMP_WORDS=(motifmine sho); '
        "COMP_CWORD=1; _motifmine_completion motifmine; echo $COMPREPLY",
        "show-motifs",
    ),
    ("_MOTIFMINE_COMPLETE=zsh_source motifmine", "#compdef motifmine"),
    ("_MOTIFMINE_COMPLETE=fish_source motifmine", "complete --no-files --command motifmine"),
    # Python, of which the data frames of Arrow need no extra
    ("python few_lines.py", "pyarrow.Table"),
    ("python -c 'import sys, motifmine; print(len({\"numpy\", \"av\"} & {*sys.modules}))'", "0"),
    # what an extra is needed for is one line that names it
    ("motifmine fit --model tcae 2>&1 | tail -1", "pip install 'motifmine[tcae]'"),
    ("motifmine -w t extract log.csv --topics 2 --topic-model nmf 2>&1 | tail -1", "[topics]'"),
    ("motifmine batch clips 2>&1 | tail -1", "pip install 'motifmine[archive]'"),
    ("test ! -e motifmine-archive", ""),
    ("motifmine occurrences --format nwb -o a.nwb 2>&1 | tail -1", "pip install 'motifmine[nwb]'"),
    ("motifmine extract level.xlsx 2>&1 | tail -1", "pip install 'motifmine[formats]'"),
    ("motifmine extract level.edf 2>&1 | tail -1", "pip install 'motifmine[formats]'"),
    ("motifmine extract level.mid 2>&1 | tail -1", "pip install 'motifmine[formats]'"),
    ("python -c 'import motifmine as mm; mm.MotifFeatures' 2>&1 | tail -1", "motifmine[notebook]"),
    ("python occurrences.py 2>&1 | tail -1", "pip install 'motifmine[notebook]'"),
]  # fmt: skip
FEW_LINES = """
import pyarrow

import motifmine as mm

table = mm.simulate(n_motifs=3, motif_length=10, seed=1).table
fit = mm.Plsm(n_motifs=3, motif_length=10, restarts=1).fit(table)
fit.report("report.html")
print(type(fit.to_dataframe("pyarrow")).__module__)
rows = pyarrow.table({"t": range(600), "level": [t % 50 for t in range(600)]})
print(mm.Table.from_dataframe(rows, time="t"), type(rows).__qualname__, "pyarrow.Table")
"""


def main() -> None:
    """Try all lines."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        place = Path(folder).absolute()
        (place / "clips").mkdir()
        (place / "motifmine.toml").write_text(SETTINGS)
        (place / "log.csv").write_text(LOG)
        (place / "clips/log.csv").write_text(LOG)
        (place / "level.gauge").write_text(GAUGE)
        (place / "few_lines.py").write_text(FEW_LINES)
        (place / "occurrences.py").write_text(
            "import motifmine as mm\n"
            "print(mm.load_fit('motifmine-work/fits/plsm-001.h5').occurrences)\n"
        )
        for suffix in ("xlsx", "edf", "mid"):
            (place / f"level.{suffix}").write_bytes(b"PK\3\4 nothing to be read")
        environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        for line, expected in LINES:
            began = time.monotonic()
            done = subprocess.run(
                ["bash", "-c", line],
                cwd=place, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            printed = done.stdout + done.stderr
            print(f"{time.monotonic() - began:5.1f} s  {line}", flush=True)
            if done.returncode or expected not in printed:
                sys.exit(f"status {done.returncode}, expected {expected!r}\n{printed}")


if __name__ == "__main__":
    main()
