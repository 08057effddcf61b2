"""Commands to be pasted, by hand: for both kinds of shell, and as each script is called."""

import sys
from pathlib import Path

import pytest

from digitsum.shell import command, quoted

WORDS = ["python", "train.py", "lr=0.1,0.01", "it's", "data.dir=a b", "seed=3"]
LAB = Path("/lab")


def test_words_are_quoted_where_a_shell_would_read_them() -> None:
    posix = "python train.py lr=0.1,0.01 'it'\"'\"'s' 'data.dir=a b' seed=3"
    assert quoted(WORDS, windows=False) == posix
    powershell = "python train.py 'lr=0.1,0.01' 'it''s' 'data.dir=a b' seed=3"
    assert quoted(WORDS, windows=True) == powershell


@pytest.mark.parametrize(
    ("called", "told"),
    [
        ("/bin/digitsum-train", "digitsum-evaluate run=x"),
        ("digitsum-train.exe", "digitsum-evaluate run=x"),
        (str(LAB / "train.py"), f"python {LAB / 'evaluate.py'} run=x"),
        ("train.py", "python evaluate.py run=x"),
        ("/bin/pytest", "python evaluate.py run=x"),
        ("/bin/digitsum-other", "python evaluate.py run=x"),
        ("-c", "python evaluate.py run=x"),
    ],
)
def test_a_command_is_called_as_this_one_was(
    called: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [called, "/elsewhere/train.py"])
    assert command("evaluate", "run=x") == told
