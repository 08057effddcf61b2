"""Words as people type them, against what Hydra's own parser then makes of them."""

from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from digitsum.runs.typed import in_quotes, quoted_form, taken


def read(word: str) -> Any:
    """The value, by Hydra."""
    return OverridesParser.create().parse_override(word).value()


# Letters that mean something to Hydra, to OmegaConf or to a shell.
ODD = st.text(st.sampled_from("ab1 \\\"'$`,=:()[]{}~#*?!&;|-+.@/%é数"), max_size=12)


@given(ODD)
def test_a_text_in_quotes_is_this_text(text: str) -> None:
    assert read(f"key={in_quotes(text)}") == text


@given(ODD)
def test_a_path_is_taken_letter_by_letter(text: str) -> None:
    path = f"a{text}b"  # in quotes of its own a value is what Hydra makes of it
    (word,) = taken([f"hydra.run.dir={path}"])
    assert read(word) == path


@pytest.mark.parametrize(
    ("words", "hydras"),
    [
        # Hydra's options come first, whatever stands between them.
        (["lr=1", "-m", "seed=2"], ["-m", "lr=1", "seed=2"]),
        (["lr=1", "--multirun"], ["--multirun", "lr=1"]),
        # What isn't an override, and what isn't one of these keys, is as it was.
        (["--help", "~callbacks.progress"], ["--help", "~callbacks.progress"]),
        (["lr=a b", "model=gru"], ["lr=a b", "model=gru"]),
        # Paths: quoted where Hydra would read something else.
        (["hydra.run.dir=a b(1"], ['hydra.run.dir="a b(1"']),
        (["run=outputs/1"], ["run=outputs/1"]),
        (["run=1"], ['run="1"']),
        (["run=null"], ["run=null"]),
        (["run="], ["run="]),
        (["run='a b'"], ["run='a b'"]),
        (['sweep="a b"'], ['sweep="a b"']),
        (["run=a'"], ['run="a\'"']),
        (["run='"], ['run="\'"']),
        (["run=aba"], ["run=aba"]),
        (["++hydra.sweep.dir=a=b"], ['++hydra.sweep.dir="a=b"']),
        # Digits are text; what is quoted already stays.
        (["digits=0670"], ['digits="0670"']),
        (["+digits=1,2"], ['+digits="1,2"']),
        (["digits='067'"], ["digits='067'"]),
        (['digits="067"'], ['digits="067"']),
        (["digits=null"], ["digits=null"]),
        (["digits="], ['digits=""']),
        # Nothing chosen.
        (["logger=", "callbacks=null"], ["logger=none", "callbacks=default"]),
        (["logger=[]", "+callbacks=none"], ["logger=none", "+callbacks=default"]),
        (["logger=csv"], ["logger=csv"]),
        # Folders of examples: one, unless it is a sweep.
        (["data.dir=a,b"], ["data.dir=a,b"]),
        (["-m", "data.dir=a,b c"], ["-m", "data.dir=a,b c"]),
        (["-m", "data.dir=a,1"], ["-m", 'data.dir=a,"1"']),
        (["study=x", "data.root=(a,b)"], ["study=x", 'data.root="(a,b)"']),
        (["-m", "data.dir=glob(*)"], ["-m", "data.dir=glob(*)"]),
        (["data.dir=glob(*)"], ['data.dir="glob(*)"']),
        (["data.dir=choice(a,b)"], ["data.dir=choice(a,b)"]),
        (["data.dir=mine"], ["data.dir=mine"]),
    ],
    ids=str,
)
def test_what_hydra_is_told(words: list[str], hydras: list[str]) -> None:
    assert taken(words) == hydras


def test_a_folder_that_is_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a,b", "choice(a,b)", "glob(x)"):
        Path(name).mkdir()
        assert taken(["-m", f"data.dir={name}"])[1] == f'data.dir="{name}"'


@pytest.mark.parametrize("many", ["-m", "--multirun", "study=x", "search=x", "hydra.mode=MULTIRUN"])
def test_a_sweep_is_known_by_what_makes_one(many: str) -> None:
    assert "data.dir=glob(*)" in taken([many, "data.dir=glob(*)"])
    assert 'data.dir="glob(*)"' in taken([f"x{many}", "data.dir=glob(*)"])


@pytest.mark.parametrize(
    ("word", "hydras"),
    [
        ("lengths=5,10", "lengths=[5,10]"),
        ("lengths=5", "lengths=5"),
        ("lengths=[5,10]", "lengths=[5,10]"),
        ("lengths='5,10'", "lengths='5,10'"),
        ("other=5,10", "other=5,10"),
    ],
)
def test_a_list_is_one_value(word: str, hydras: str) -> None:
    assert taken([word], lists=("lengths",)) == [hydras]


def test_home_is_somebodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert taken(["run=~/x"]) == ["run=/home/me/x"]
    assert taken(["run=a~/x"]) == ['run="a~/x"']


@pytest.mark.parametrize(
    ("word", "form"),
    [
        ("lr=a (b", 'lr="a (b"'),
        ("+lr=a,b", '+lr="a,b"'),
        ('a.b=say "x"', r'a.b="say \"x\""'),
        ("nothing", None),
        ("a b=1", None),
    ],
)
def test_how_to_write_what_hydra_can_not_read(word: str, form: str | None) -> None:
    assert quoted_form(word) == form
    if form is not None:
        assert read(form) == word.partition("=")[2]
