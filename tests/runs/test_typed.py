"""Words as people type them: any path, on both commands; and what is printed can be pasted."""

import shlex
from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from digitsum import shell
from digitsum.runs.hydra_keys import VERDICTS, verdict
from digitsum.runs.typed import PATHS, SWEPT, in_quotes, quoted_form, taken

from ..forks import Forks
from ..printed import check_printed, commands, read_by_bash

F = ["trainer.max_epochs=2", "evaluate_every=20"]
ODD = [
    *("数据", "my data (1)", "out/lr=0.1", "[old]", "{a}", "it's", 'say "x"', "a#b", "2024"),
    *("x&y;z", ":smile:", "[red]x[/red]", "`id`", "a*b?", "-dash", "end\\"),
]
letters = st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/")
paths = st.text(letters, min_size=1, max_size=12)


@given(paths)
def test_any_text_in_quotes_is_itself_to_hydra(text: str) -> None:
    parsed = OverridesParser.create().parse_override(f"key={in_quotes(text)}")
    assert parsed._value is not None
    assert getattr(parsed._value, "text", parsed._value) == text


@given(paths.filter(lambda text: text[0] not in "~'\"" and "${" not in text and text != "null"))
def test_a_path_is_taken_as_typed(text: str) -> None:
    for key in (*PATHS, *SWEPT):
        if key in SWEPT and "," in text:
            continue  # several values, for whoever sweeps
        (word,) = taken([f"{key}={text}"])
        value = OverridesParser.create().parse_override(word)._value
        assert str(getattr(value, "text", value)) == text


def test_a_home_is_expanded_and_a_list_of_paths_is_several(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert taken(["hydra.run.dir=~/x", "data.dir=~"]) == [
        "hydra.run.dir=/home/me/x",
        "data.dir=/home/me",
    ]
    (_, word) = taken(["-m", "data.dir=数据,own,~/my x"])
    assert word == 'data.dir="数据",own,/home/me/my x'
    assert taken(["lengths=5,10"], ["lengths"]) == ["lengths=[5,10]"]
    assert taken(["logger=null", "logger=[]", "callbacks=[]", "callbacks=null"]) == [
        *["logger=none"] * 2,
        *["callbacks=default"] * 2,
    ]
    assert quoted_form("logger.project=a (b") == 'logger.project="a (b"'


@given(st.lists(st.text(letters, max_size=8), min_size=1, max_size=4))
def test_a_quoted_command_is_its_words(words: list[str]) -> None:
    assert shlex.split(shell.quoted(words, windows=False)) == words
    # PowerShell: within single quotes all is itself, and a quote is doubled.
    text, read = shell.quoted(words, windows=True), []
    while text:
        if text.startswith("'"):
            end = 1
            while text[end : end + 1] != "'" or text[end + 1 : end + 2] == "'":
                end += 2 if text[end] == "'" else 1
            read.append(text[1:end].replace("''", "'"))
            text = text[end + 1 :].removeprefix(" ")
        else:
            word, _, text = text.partition(" ")
            assert not set("'\"`$&|;<>(){}[],# ") & set(word)
            read.append(word)
    assert read == words


def own_files(folder: Path) -> None:
    folder.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        lines = "".join(f"{a} {b} 0 0\t{a + b}\n" for a in range(10) for b in range(10))
        (folder / f"{split}.txt").write_text(lines)


# Two odd names in each path, as a folder and what is in it.
PAIRS = [f"{outer}/{inner}" for outer, inner in zip(ODD[::2], ODD[1::2], strict=True)]


@pytest.mark.parametrize(("examples", "name"), [*zip(PAIRS[::2], PAIRS[1::2], strict=True)])
def test_what_is_printed_for_an_odd_path_runs_when_pasted(
    examples: str, name: str, tmp_path: Path, forks: Forks
) -> None:
    place = tmp_path / "work"
    own_files(place / examples)
    words = [*F, "replicas=2", f"data.dir={examples}", f"hydra.run.dir=runs/{name}"]
    ended = forks.run(words, place)
    assert ended.status == 0, ended.err
    run = place / "runs" / name
    assert (run / "results.json").exists()
    assert str(run) in ended.out  # neither markup nor emoji
    (following,) = [one for one in commands(ended.out) if "evaluate.py" in one]
    (read,) = check_printed(following)
    # As bash reads it, from another folder.
    assert read_by_bash(following) == read
    pasted = forks.run(read[2:], tmp_path, "evaluate.py")
    assert pasted.status == 0, pasted.err
    assert str(run / "evaluation") in pasted.out
    # The folder that was typed is the one that is stored, wherever one stands.
    assert not (tmp_path / examples).exists()


def test_a_sweeps_commands_can_be_pasted(tmp_path: Path, forks: Forks) -> None:
    place = tmp_path / "my work [1]"
    own_files(place / "it's")
    words = [*F, "-m", "lr=0.1,0.01", "data.dir=it's", "hydra.sweep.dir=s=1,2"]
    ended = forks.run(words, place)
    assert ended.status == 0, ended.err
    following = [one for one in commands(ended.out) if "evaluate.py" in one]
    (read,) = check_printed(following[0])
    pasted = forks.run(read[2:], tmp_path, "evaluate.py")
    assert pasted.status == 0, pasted.err


# What is typed, and words that the one line of the answer must have.
TYPED = [
    ("+model=lstm", ["+model=lstm", "without the +", "model=lstm"]),
    ("+experiment=blog", ["+experiment=blog", "without the +"]),
    ("lr=0.1,0.01", ["lr=0.1,0.01", "-m"]),
    ("logger.project=a (b", ["in quotes"]),
    ("hydra.sweep.subdir=x", ["hydra.sweep.subdir can't be set"]),
    ("hydra.job.num=3", ["hydra.job.num can't be set"]),
    ("hydra.job.name=../x", ["hydra.job.name is ../x", "a name"]),
    ("hydra.output_subdir=../x", ["hydra.output_subdir is ../x"]),
    ("hydra.run.dir=", ["hydra.run.dir", "a path"]),
    ("lr=0.1 optimizer.lr=0.2", ["optimizer.lr is 0.2 and lr is 0.1"]),
    ("seed=${oc.env:NOT_THERE}", ["seed", "NOT_THERE"]),
    ("hydra.run.dir=$HOME/x", ["hydra.run.dir is $HOME/x", "without $"]),
    ("logger.name=true", ["logger can't be built"]),
    ("logger.version=[]", ["version_[]", "which is no name"]),
    ("logger.version=*", ["version"]),
    ("logger.name=..", ["logger would write outside of the run's folder"]),
    ("overwrite=maybe", ["overwrite is maybe", "true or false"]),
    ("~hydra.callbacks.checks", ["hydra.callbacks.checks can't be set"]),
]


@pytest.mark.faults
@pytest.mark.parametrize(("typed", "words"), TYPED, ids=[typed for typed, _ in TYPED])
def test_a_mistake_says_what_to_type(
    typed: str, words: list[str], tmp_path: Path, forks: Forks
) -> None:
    many = ["-m"] if typed.startswith(("hydra.sweep.subdir", "~hydra.callbacks")) else []
    split = [typed] if typed.startswith("logger.project") else typed.split(" ")
    ended = forks.run([*many, *F, *split], tmp_path)
    if typed == "~hydra.callbacks.checks":
        return  # a sweep does without it: each job checks itself
    assert ended.status == 1
    assert len(ended.err.splitlines()) == 1, ended.err
    for word in words:
        assert word in ended.err, ended.err
    assert not list(tmp_path.iterdir())


def test_numbers_from_the_environment_are_numbers(tmp_path: Path, forks: Forks) -> None:
    words = [*F, "seed=${oc.env:N}", "data.length=${oc.env:L}", "hydra.run.dir=run"]
    ended = forks.run(words, tmp_path, N="3", L="5")
    assert ended.status == 0, ended.err
    assert '"seed": 3' in (tmp_path / "run" / "results.json").read_text()


def test_every_key_of_hydras_has_a_verdict() -> None:
    from hydra.conf import HydraConf
    from omegaconf import OmegaConf

    def keys(node: object, prefix: str) -> list[str]:
        found = []
        for name, child in node.items() if isinstance(node, dict) else ():
            found += [f"{prefix}.{name}", *keys(child, f"{prefix}.{name}")]
        return found

    nodes = {one.rpartition(".")[0] for one in VERDICTS}
    known = keys(OmegaConf.to_container(OmegaConf.structured(HydraConf)), "hydra")
    groups = {"hydra.defaults", "hydra.callbacks", "hydra.sweeper", "hydra.launcher"}
    for key in set(known) - nodes:
        own = [one for one in VERDICTS if key == one or key.startswith(f"{one}.")]
        assert max(own, key=len) != "hydra" or key in groups, f"{key} has no verdict"
    assert verdict("hydra.run.dir") is None
    assert verdict("hydra/launcher") is None
    assert verdict("hydra.job.config.override_dirname.kv_sep") is not None


# Keys of Hydra's that are obeyed, and what then is to be seen.
OBEYED = [
    ("hydra.output_subdir=kept", "run/kept/config.yaml"),
    ("hydra.job.name=mine", "run/mine.log"),
    ("hydra.job.chdir=true", "run/results.json"),
    ("hydra.run.dir=2024", "2024/results.json"),
    ("hydra.verbose=true", "run/results.json"),
]


@pytest.mark.parametrize(("typed", "seen"), OBEYED)
def test_what_is_accepted_is_obeyed(typed: str, seen: str, tmp_path: Path, forks: Forks) -> None:
    ended = forks.run([*F, "hydra.run.dir=run", typed], tmp_path)
    assert ended.status == 0, ended.err
    assert (tmp_path / seen).exists()
    assert len(ended.err.splitlines()) < 300, len(ended.err.splitlines())


def test_a_stored_path_is_found_from_anywhere_and_after_a_move(
    tmp_path: Path, forks: Forks
) -> None:
    own_files(tmp_path / "project" / "own")
    words = [*F, "data.dir=own", "hydra.run.dir=runs/a", "hydra.job.chdir=true"]
    assert forks.run(words, tmp_path / "project").status == 0
    (tmp_path / "other").mkdir()
    asked = forks.run([f"run={tmp_path}/project/runs/a"], tmp_path / "other", "evaluate.py")
    assert "equals what training reported" in asked.out, asked.err
    # Somebody else's folder of the same name isn't taken for it.
    own_files(tmp_path / "other" / "own")
    (tmp_path / "other" / "own" / "test.txt").write_text("1 1 0 0\t2\n")
    asked = forks.run([f"run={tmp_path}/project/runs/a"], tmp_path / "other", "evaluate.py")
    assert "equals what training reported" in asked.out, asked.err
    (tmp_path / "project").rename(tmp_path / "moved")
    asked = forks.run([f"run={tmp_path}/moved/runs/a"], tmp_path / "other", "evaluate.py")
    assert "equals what training reported" in asked.out, asked.err
    assert not (tmp_path / "project").exists()


def test_what_varies_is_what_the_table_shows(tmp_path: Path, forks: Forks) -> None:
    for number, several in enumerate(
        [
            {"lr": "optimizer.lr=0.1,0.01"},
            {
                "optimizer.eps": "+optimizer.eps=1e-3,1e-8",
                "recurrence": "recurrence=fast,reference",
            },
            {"logger": "logger=tensorboard,csv", "model": "model=srn,lstm"},
            {"callbacks.checkpoints.seconds": "callbacks.checkpoints.seconds=10,20"},
        ]
    ):
        folder, count = f"s{number}", 2 ** len(several)
        quiet = [] if "logger" in several else ["logger=none"]
        words = ["trainer.max_steps=9", "-m", *several.values(), f"hydra.sweep.dir={folder}"]
        ended = forks.run([*words, *quiet], tmp_path)
        assert ended.status == 0, ended.err
        assert f"{count} of {count} jobs complete" in ended.out
        table = (tmp_path / folder / "report.md").read_text(encoding="utf-8")
        (head,) = [line for line in table.splitlines() if " | test accuracy |" in line]
        assert {*head.partition(" | test accuracy")[0].strip("| ").split(" | ")} == {*several}
        for typed in several.values():
            for value in typed.partition("=")[2].split(","):
                assert f"| {value} |" in table or f"| {float(value):g} |" in table
    settings = (tmp_path / "s0" / "optimizer.lr=0.1" / "results.json").read_text()
    assert '"lr": 0.1' in settings
    assert '"optimizer.lr"' not in settings


def test_folders_of_examples_are_what_varies(tmp_path: Path, forks: Forks) -> None:
    for name in ("own", "other [1]"):
        own_files(tmp_path / name)
    words = [*F, "-m", "data.dir=own,other [1]", "hydra.job.chdir=true", "hydra.sweep.dir=s"]
    ended = forks.run(words, tmp_path)
    assert ended.status == 0, ended.err
    assert "2 of 2 jobs complete" in ended.out
    assert f"│ {tmp_path / 'other [1]'} │" in ended.out
