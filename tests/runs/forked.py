"""Runs `train.py` again and again in forks of one process that has imported everything.

Reads JSON lines from standard input, each a folder and the words typed, and answers each with the
exit status; None where it took too long. Standard output and error go to files in the folder's
parent, so that the folder holds what the command left and nothing else.
"""

import json
import os
import runpy
import signal
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PATIENCE = 240.0  # seconds; ten would do, but for a cell that must be compiled on a busy machine
IMPORTED = ("digitsum.studies.job", "digitsum.studies.report", "digitsum.training.compiled")
IMPORTED += ("digitsum.runs.sizes", "matplotlib.backends.backend_agg", "torch.utils.tensorboard")


def run(folder: Path, words: list[str]) -> None:
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder.parent / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["train.py", *words]
    status = 1
    try:
        runpy.run_path(str(REPO / "train.py"), run_name="__main__")
        status = 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        elif ended.code is None or isinstance(ended.code, int):
            status = ended.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def waited(child: int) -> int | None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def main() -> None:
    sys.path.insert(0, str(REPO))
    for name in IMPORTED:
        import_module(name)
    for line in sys.stdin:
        folder, words = json.loads(line)
        child = os.fork()
        if child == 0:
            run(Path(folder), words)
        print(json.dumps(waited(child)), flush=True)


if __name__ == "__main__":
    main()
