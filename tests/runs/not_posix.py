"""Runs a script without what only POSIX has, as far as this package's own code goes.

python tests/runs/not_posix.py train.py OVERRIDES [then OVERRIDES ...]

Libraries are imported first: they know Windows themselves, by its name, which this system hasn't.
Figures are files of their kind, but empty.
"""

import os
import runpy
import signal
import sys
from importlib import import_module

LIBRARIES = ("lightning.pytorch", "torch.utils.tensorboard", "numba", "matplotlib.pyplot", "hydra")
LIBRARIES += ("filelock", "psutil", "joblib", "multiprocessing.synchronize", "tensorboard.summary")
MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"}
SIGNALS = ("SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN")
FUNCTIONS = (
    "fork",
    "forkpty",
    "sched_getaffinity",
    "wait4",
    "getuid",
    "geteuid",
    "killpg",
    "setsid",
)
FUNCTIONS += ("O_DIRECTORY", "O_NOFOLLOW", "mkfifo", "getloadavg", "nice", "chown")


class Missing:
    """Says of modules that only POSIX has that there are none."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def take_away() -> None:
    for library in LIBRARIES:
        import_module(library)
    connector = import_module("lightning.pytorch.trainer.connectors.signal_connector")
    connector._IS_WINDOWS = True  # type: ignore[attr-defined]
    for module in MODULES:
        sys.modules.pop(module, None)
    sys.meta_path.insert(0, Missing())  # type: ignore[arg-type]
    for name in dir(signal):
        if name.startswith("SIG") and name not in SIGNALS:
            delattr(signal, name)
    left = {getattr(signal, name) for name in SIGNALS[:-2]}
    signal.valid_signals = lambda: left
    for name in FUNCTIONS:
        if hasattr(os, name):
            delattr(os, name)


if __name__ == "__main__":
    take_away()
    figures = import_module("matplotlib.figure")
    figures.Figure.draw = lambda self, renderer: None  # type: ignore[attr-defined]
    script, *typed = sys.argv[1:]
    sys.path.insert(0, os.path.dirname(script))
    while typed:
        end = typed.index("then") if "then" in typed else len(typed)
        sys.argv, typed = [script, *typed[:end]], typed[end + 1 :]
        runpy.run_path(script, run_name="__main__")
