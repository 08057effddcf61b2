"""Runs commands again and again in forks of one process that has imported everything.

Reads JSON lines from standard input, each a folder and the words typed, and answers each with the
exit status; None where it took too long. What is to `begin` is answered with its process at once,
which is asked for its status by `poll`: None as long as it runs. Standard output and error go to
files outside the folder, unless something is to be wrong with them: `out:broken err:closed` (or
`full`, `ascii`). Figures are files of their kind, but empty unless it is said that it `draws`: they
take a third of what a short command takes.
"""

import gc
import io
import json
import logging
import os
import runpy
import signal
import sys
import time
import traceback
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from matplotlib.figure import Figure

from digitsum.importing import importing

REPO = Path(__file__).resolve().parents[2]
PATIENCE = 240.0  # seconds; ten would do, but for a cell that must be compiled on a busy machine
# What a figure and a small run don't bring by themselves.
IMPORTED = (
    "digitsum.sweeps.job",
    "digitsum.reports.report",
    "digitsum.reports.evaluate",
    "digitsum.runs.before",
    "digitsum.reports.commands",
    "digitsum.kernels.ahead",
    "digitsum.sweeps.beforehand",
    "torch.utils.tensorboard",
    # What libraries import only once they are used.
    "hydra._internal.logging_config",
    "tensorboard.plugins.hparams.metadata",
    "torch.utils.serialization.config",
)


def broken() -> int:
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def run(told: dict[str, Any]) -> None:
    gc.disable()  # it ends before there is much
    if not told["draws"]:
        Figure.draw = lambda self, renderer: None  # type: ignore[method-assign]
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ |= told["env"]
    for number, name in ((1, "out"), (2, "err")):
        log = os.open(told[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        wrong = [one for one in told["streams"].split() if one.startswith(name)]
        kind = wrong[0].partition(":")[2] if wrong else "kept"
        encoding = "ascii" if kind == "ascii" else "utf-8"
        if kind == "broken":
            log = broken()
        elif kind == "full":
            log = os.open("/dev/full", os.O_WRONLY)
        stream: Any = None
        if kind == "closed":
            os.close(number)
        else:
            os.dup2(log, number)
            stream = open(number, "w", encoding=encoding, closefd=False)  # noqa: SIM115
        setattr(sys, "std" + name, stream)
    sys.argv = [str(REPO / told["script"]), *told["words"]]
    status = 1
    try:
        runpy.run_path(str(REPO / told["script"]), run_name="__main__")
        status = 0
    except SystemExit as ended:
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
        elif ended.code is None or isinstance(ended.code, int):
            status = ended.code or 0
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)


def waited(child: int) -> int | None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def drawn() -> None:
    """One figure, after which fonts are known."""
    figure = Figure()
    figure.subplots().set_title("$10^0$")
    for kind in ("png", "pdf", "svg"):
        figure.savefig(io.BytesIO(), format=kind)


def trained(place: str) -> None:
    """One small run, after which each fork knows what is looked up for the first time.

    It is warned of nothing, so that each fork may still be. Machine code is there already in each;
    what loading it does is tested in processes.
    """
    composed = import_module("digitsum.runs.manual").composed
    words = ["data.length=5", "trainer.max_steps=20", f"data.root={place}"]
    logging.disable(logging.INFO)
    with warnings.catch_warnings(action="ignore"):
        config = composed(str(REPO / "conf"), "config", words)
        import_module("digitsum.runs.checks.check").check(config, folder=place)
        build = import_module("digitsum.runs.build")
        data, module = build.build_data(config), build.build_module(config, {})
        make = import_module("hydra.utils").instantiate
        trainer = make(config.trainer, logger=False, callbacks=[])
        trainer.fit(module, data, weights_only=True)
        trainer.test(module, data, verbose=False)
        import_module("digitsum.runs.results").versions()
    logging.disable(logging.NOTSET)


def main() -> None:
    sys.path.insert(0, str(REPO))
    with importing():
        for name in IMPORTED:
            import_module(name)
        for one in (REPO / "src" / "digitsum" / "questions").glob("[a-z]*.py"):
            import_module(f"digitsum.questions.{one.stem}")
        drawn()
        import_module("torch").set_num_threads(1)  # others would not be there in a fork
        import_module("tests.read_once").read_once()
        with TemporaryDirectory() as place:
            trained(place)
    for line in sys.stdin:
        told = json.loads(line)
        if "poll" in told:
            done, status = os.waitpid(told["poll"], os.WNOHANG)
            print(json.dumps(os.waitstatus_to_exitcode(status) if done else None), flush=True)
            continue
        child = os.fork()
        if told.get("begin"):  # a group of its own, by whichever of both comes first
            with suppress(OSError):
                os.setpgid(child, child)
        if child == 0:
            run(told)
        print(json.dumps(child if told.get("begin") else waited(child)), flush=True)


if __name__ == "__main__":
    main()
