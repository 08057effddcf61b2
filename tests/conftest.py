"""What several test files use: the command line as a user runs it.

Nothing heavy is imported here: pytest reads it before it starts those that run the tests.
"""

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from digitsum.importing import importing
from digitsum.machine import free_memory, usable_cores

from .forks import Begun, Forks
from .printed import check_printed

REPO = Path(__file__).resolve().parents[1]

# What must be set or taken away before anything is imported.
CLEAN = "not_posix.py"
WORKER = 2 * 2**30  # bytes
MOST = 8  # more would import for longer than they test
Command = Callable[..., subprocess.CompletedProcess[str]]
Going = subprocess.Popen[str] | Begun
Begin = Callable[..., Going]


def start(
    place: Path, script: str, *overrides: str, threads: int | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run `train.py` or `evaluate.py` in a folder, as a user would from elsewhere.

    Whatever command it prints is read as a shell and as the script would (`check_printed`).
    """
    share = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [sys.executable, str(REPO / script), *overrides],
        cwd=place,
        env=os.environ | share | env,
        capture_output=True,
        text=True,
        timeout=240,
    )
    check_printed(done.stdout + done.stderr)
    return done


def light(place: Path, script: str, *words: str) -> str:
    """What a script says in a process in which nothing heavy is imported by its end."""
    code = (
        f"import sys, runpy; sys.argv = {[script, *words]!r}\n"
        f"try: runpy.run_path({str(REPO / script)!r}, run_name='__main__')\n"
        "except SystemExit as ended: print(ended.code)\n"
        "heavy = {'torch', 'lightning', 'matplotlib', 'numba', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def begin(place: Path, *words: str) -> "subprocess.Popen[str]":
    """`train.py` in a folder, left running in a session of its own."""
    return subprocess.Popen(
        [sys.executable, str(REPO / "train.py"), *words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.fixture(scope="session")
def _forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks | None]:
    if not hasattr(os, "fork"):
        yield None
        return
    made = Forks(tmp_path_factory.mktemp("forks"))
    yield made
    made.end()


@pytest.fixture(scope="session")
def forks(_forks: Forks | None) -> Forks:
    """Commands in forks of one process that has imported everything: some tenths of a second."""
    if _forks is None:
        pytest.skip("each command is run in a fork")
    return _forks


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """`start` in an empty folder of the test's own: for what a process of its own is tested for."""
    return partial(start, tmp_path)


@pytest.fixture(scope="session")
def command_in(_forks: Forks | None) -> Command:
    """`start` in a fork, where there are any and nothing is set that imports would read."""

    def run(
        place: Path,
        script: str,
        *words: str,
        threads: int | None = None,
        draws: bool = False,
        **env: str,
    ) -> subprocess.CompletedProcess[str]:
        if _forks is None or threads is not None or env or script.endswith(CLEAN):
            return start(place, script, *words, threads=threads, **env)
        ended = _forks.run(list(words), place, script, draws=draws)
        status = -signal.SIGKILL if ended.status is None else ended.status
        return subprocess.CompletedProcess(words, status, ended.out, ended.err)

    return run


@pytest.fixture
def command(tmp_path: Path, command_in: Command) -> Command:
    """The same in an empty folder of the test's own."""
    return partial(command_in, tmp_path)


@pytest.fixture
def begun(tmp_path: Path, _forks: Forks | None) -> Begin:
    """`begin` in the test's own folder, or one within, in a fork where there are any."""

    def run(*words: str, folder: Path = tmp_path) -> Going:
        return begin(folder, *words) if _forks is None else _forks.begin(list(words), folder)

    return run


def until(going: Going, there: Callable[[], object], seconds: float = 120) -> None:
    """Wait for something that a command does; it fails where the command ends before."""
    deadline = time.monotonic() + seconds
    while not there():
        assert going.poll() is None, going.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that type commands are known: `pytest -m "not commands"` starts hardly a process."""
    for item in items:
        if {"process", "command", "_forks"} & {*getattr(item, "fixturenames", ())}:
            item.add_marker("commands")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """One thread a test, since as many run as there are cores; what they import is no garbage."""
    os.environ["OMP_NUM_THREADS"] = "1"
    with importing():
        collected = yield
    if "hydra" in sys.modules:
        importlib.import_module("tests.read_once").read_once()
    return collected


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist, without which tests run in this process
def pytest_xdist_auto_num_workers() -> int:
    """As many as there are cores, and memory for what each of them imports and trains."""
    return max(1, min(usable_cores(), int(free_memory() / WORKER), MOST))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz", type=int, default=12, help="how many commands are made up")
    parser.addoption("--kills", type=int, default=1, help="how often the kill test kills")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many faults were survived: each test is one, but for those that say how many."""
    counts = [
        dict(report.user_properties).get("faults", 0)
        for report in terminalreporter.stats.get("passed", [])
    ]
    if any(counts):
        terminalreporter.write_line(f"{sum(counts)} faults survived")


@pytest.fixture(autouse=True)
def _count_fault(request: pytest.FixtureRequest, record_property: Any) -> None:
    if request.node.get_closest_marker("faults"):
        record_property("faults", 1)
