"""How a command ends, whatever is raised: a line and a status, or, of a defect, its traceback."""

import signal
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from hydra.errors import ConfigCompositionException, HydraException

from digitsum.errors import Stopped, UserError
from digitsum.runs import cli


@pytest.fixture(autouse=True)
def _typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of one word, which changes no other test's process."""
    monkeypatch.setattr(sys, "argv", ["train.py", "lr=0.1"])
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(cli, "begin", lambda: None)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "")


def raising(error: BaseException) -> Any:
    def main() -> None:
        raise error

    return main


def ended(error: BaseException) -> SystemExit:
    with pytest.raises(SystemExit) as found:
        cli.run(raising(error), "config", "how to call it")
    return found.value


def test_a_mistake_ends_with_status_1_and_is_traced_where_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # By Python, which prints a text that it is to exit with, and then ends with 1.
    assert type(ended(UserError("lr is 0"))) is SystemExit
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(cli, "_wants_trace", True)
    ended(UserError("lr is 0"))
    assert "UserError: lr is 0" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.fail("nothing was raised")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UserError("lr is 0;  it must\nbe more"), "error: lr is 0; it must be more"),
        (ConfigCompositionException("no such thing"), "error: no such thing"),
        (OSError(28, "No space left", "/run/a"), "error: /run/a: No space left"),
        (
            TypeError("Config group override must be a string or a list. Got int"),
            "error: lr=0.1: a group is given the name of a choice "
            "(Config group override must be a string or a list. Got int)",
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_nobodys_defect_is_one_line(error: Exception, words: str) -> None:
    assert ended(error).code == words


def test_what_caused_it_is_told() -> None:
    error = HydraException("can't")
    error.__cause__ = KeyError("because\nof this")
    assert ended(error).code == "error: can't ('because\\nof this')"


@pytest.mark.parametrize(
    "error", [ValueError("a defect"), TypeError("a defect"), RuntimeError("a defect"), KeyError(1)]
)
def test_a_defect_keeps_its_traceback(error: Exception) -> None:
    with pytest.raises(type(error)) as found:
        cli.run(raising(error), "config", "how to call it")
    assert found.value is error
    with pytest.raises(type(error)) as told, cli.told():
        raise error
    assert told.value is error


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ([], "error: interrupted"),
        (
            ["hydra.run.dir=/tmp/a b"],
            "error: interrupted. Go on by: python train.py lr=0.1 resume=true "
            "'hydra.run.dir=/tmp/a b'",
        ),
        (
            ["hydra.sweep.dir=/tmp/s"],
            "error: interrupted. Go on by: python train.py lr=0.1 hydra.sweep.dir=/tmp/s",
        ),
    ],
    ids=["nothing was begun", "a run", "a sweep"],
)
@pytest.mark.parametrize("terminal", [False, True])
def test_interrupted_it_says_how_to_go_on_with_what_was_begun(
    held: list[str],
    words: str,
    terminal: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("digitsum.runs.locks.holding", lambda: held)
    monkeypatch.setattr("digitsum.shell.command", _as_typed)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with pytest.raises(SystemExit) as found, cli.last_line():
        cli.run(raising(KeyboardInterrupt()), "config", "how to call it")
    assert found.value.code == 128 + signal.SIGINT
    # A terminal has written ^C into its line.
    assert capsys.readouterr().err == ("\n" if terminal else "") + words + "\n"


def _as_typed(script: str, *words: str) -> str:
    return " ".join([f"python {script}.py", *(f"'{one}'" if " " in one else one for one in words)])


def test_told_to_stop_it_ends_with_the_signals_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digitsum.runs.locks.holding", lambda: ["hydra.run.dir=/tmp/a"])
    monkeypatch.setattr("digitsum.shell.command", _as_typed)
    # Of a run that was resumed already, nothing is said twice.
    monkeypatch.setattr(sys, "argv", ["train.py", "resume=true", "hydra.run.dir=a", "lr=0.1"])
    found = ended(Stopped("stopped by SIGTERM after step 3", signal.SIGTERM))
    assert found.status == 128 + signal.SIGTERM  # type: ignore[attr-defined]
    assert str(found) == (
        "error: stopped by SIGTERM after step 3. Go on by: "
        "python train.py lr=0.1 resume=true hydra.run.dir=/tmp/a"
    )


@pytest.mark.parametrize(
    ("error", "words", "traced"),
    [
        (UserError("lr is 0"), "error: lr is 0", False),
        (OSError(28, "No space left", "/run/a"), "error: /run/a: No space left", False),
        (KeyError("x"), "error: the check before a run failed: KeyError: 'x'", True),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_check_that_fails_ends_the_command_before_anything_runs(
    error: Exception, words: str, traced: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as found:
        cli.refusing(raising(error))
    assert found.value.code == words
    assert ("Traceback" in capsys.readouterr().err) == traced


@pytest.mark.parametrize(
    ("error", "told"),
    [(OSError(28, "No space left", "/run/a"), False), (KeyError("x"), True), (None, True)],
    ids=str,
)
def test_of_a_threads_failures_defects_alone_are_told(
    error: Exception | None, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TensorBoard's writer, on a full disk, hands its failure on to whoever writes next."""
    seen: list[object] = []
    monkeypatch.setattr(threading, "__excepthook__", seen.append)
    failed: Any = SimpleNamespace(exc_value=error)
    cli._in_a_thread(failed)
    assert seen == ([failed] if told else [])
