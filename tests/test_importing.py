"""Nothing looks for garbage in what a command imports, or compiles; nor is SciPy waited for."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from digitsum.kernels import copies

REPO = Path(__file__).resolve().parents[1]

SAID = """
import gc
from digitsum.importing import importing
before = gc.get_freeze_count()
with importing():
    inside = gc.isenabled()
print(inside, gc.isenabled(), gc.get_freeze_count() > before)
with importing():
    import colorsys
print(gc.isenabled(), gc.get_freeze_count() > before)
try:
    with importing():
        import nothing_of_this_name
except ImportError:
    print(gc.isenabled())
gc.disable()
with importing():
    pass
print(gc.isenabled())
"""


def test_garbage_is_searched_again_afterwards() -> None:
    """Nothing is set aside for good where nothing was imported, as in a sweep's second job."""
    done = subprocess.run([sys.executable, "-c", SAID], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == [
        "False True False",
        "True True",
        "True",
        "False",
    ], done.stderr


# torchmetrics comes with Lightning, and imports scipy.signal, which nobody needs here.
IMPORTED = """
import sys
from digitsum.importing import importing
with importing():
    import torchmetrics
print(sorted(name for name in sys.modules if name.startswith("scipy.signal")))
from scipy.signal import lfilter
import scipy
print(lfilter([1.0], [1.0, -0.5], [1.0, 0.0, 0.0]), scipy.signal.lfilter is lfilter)
with importing():
    import scipy.signal
print(scipy.signal.lfilter is lfilter)
"""
# A library that needs more of it gets it at once.
NEEDED = """
import sys
from digitsum.importing import importing
with importing():
    from scipy.signal import lfilter
    import scipy.signal.windows
print(len(scipy.signal.windows.hann(3)), sys.modules["scipy.signal"].lfilter is lfilter)
"""


def test_scipys_signals_are_there_for_who_wants_them_alone() -> None:
    for code, said in ((IMPORTED, ["[]", "[1.   0.5  0.25] True", "True"]), (NEEDED, ["3 True"])):
        typed = [sys.executable, "-c", code]
        done = subprocess.run(typed, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == said


# Ends a command where it first looks for PyTorch.
WATCHED = """
import gc, os, runpy, sys
class Watch:
    def find_spec(self, name, path, target=None):
        if name == "torch":
            print(gc.isenabled(), "scipy.signal" in sys.modules, flush=True)
            os._exit(0)
sys.meta_path.insert(0, Watch())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.commands
@pytest.mark.parametrize("words", [("model=gru",), ("-m", "model=gru", "lr=0.1,0.01")])
def test_what_brings_pytorch_is_imported_so(tmp_path: Path, words: tuple[str, ...]) -> None:
    typed = [sys.executable, "-c", WATCHED, str(REPO / "train.py"), *words]
    done = subprocess.run(typed, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "False True", done.stderr


def test_what_is_compiled_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "CACHE", tmp_path)
    assert gc.isenabled()
    with copies.alone("some", "some cell"):
        assert not gc.isenabled()
    assert gc.isenabled()
    assert copies.there("some")
