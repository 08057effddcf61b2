"""The command line, run as a user runs it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from matplotlib.image import imread
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from digitsum.runs.manual import said_of
from digitsum.runs.places import leaves

from ..conftest import REPO, Begin, Command, light

SHORT = ("trainer.max_epochs=6", "evaluate_every=50", "hydra.run.dir=run")


def result(folder: Path) -> dict[str, object]:
    return dict(json.loads((folder / "results.json").read_text()))


def comparable(folder: Path) -> dict[str, object]:
    return {key: value for key, value in result(folder).items() if key != "seconds"}


def test_a_run_leaves_everything_and_repeats_itself(
    process: Command, command: Command, tmp_path: Path
) -> None:
    words = ("model=srn_residual", "data.length=25", "replicas=3", *SHORT)
    done = command("train.py", *words, draws=True)
    assert done.returncode == 0, done.stderr
    assert "test accuracy" in done.stdout
    assert "0.10" in done.stdout
    assert str(tmp_path / "run") in done.stdout
    assert done.stderr == ""  # no bar in a pipe, and no chatter
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"config.yaml", "checkpoint.ckpt", "results.json", "curves.png", "curves.pdf"} <= names
    found = result(tmp_path / "run")
    assert found["schema"] == 1
    replicas = found["replicas"]
    assert isinstance(replicas, list)
    assert [replica["seed"] for replica in replicas] == [0, 1, 2]
    assert found["optimizer_steps"] == 6 * 38

    # Repeated in a process of its own, on two threads where the first was on one: a replica is
    # computed whole by one, however many there are.
    more = ("hydra.run.dir=again", "callbacks.progress.lines=true")
    again = process("train.py", *words[:-1], *more, threads=2)
    assert again.returncode == 0
    lines = again.stderr.splitlines()
    assert [line.split(" · ")[0] for line in lines] == [
        f"step {step} of 228" for step in (50, 100, 150, 200)
    ]
    assert all("dev accuracy 0." in line and line.endswith("left") for line in lines)
    assert comparable(tmp_path / "run") == comparable(tmp_path / "again")

    events = EventAccumulator(str(tmp_path / "run")).Reload()
    tags = set(events.Tags()["scalars"])
    assert {"train/loss", "dev/loss", "dev/accuracy", "with_interval/dev_accuracy_low"} <= tags
    steps = [event.step for event in events.Scalars("dev/accuracy")]
    assert steps == [50, 100, 150, 200, 228]
    (shown,) = events.Images("figures/curves")
    picture = tmp_path / "run" / "curves.png"
    assert shown.encoded_image_string == picture.read_bytes()
    assert (shown.step, shown.height, shown.width) == (228, *imread(picture).shape[:2])

    evaluated = command("evaluate.py", "run=run", draws=True)
    assert evaluated.returncode == 0, evaluated.stderr
    assert "equals what training reported" in evaluated.stdout
    place = tmp_path / "run" / "evaluation" / "test,length=25"
    accuracies = json.loads((place / "evaluation.json").read_text())["accuracies"]
    assert accuracies == [replica["test_accuracy"] for replica in replicas]
    assert (place / "confusion.png").stat().st_size > 10_000
    assert len((place / "per_sum.csv").read_text().splitlines()) == 20

    longer = command("evaluate.py", "run=run", "split=dev", "data.length=50")
    assert longer.returncode == 0, longer.stderr
    assert (tmp_path / "run" / "evaluation" / "dev,length=50" / "confusion.png").exists()


@pytest.mark.faults
def test_the_checkpoint_is_plain_data(command: Command, tmp_path: Path) -> None:
    assert command("train.py", "model=lstm", *SHORT).returncode == 0
    path = tmp_path / "run" / "checkpoint.ckpt"
    checkpoint = torch.load(path, weights_only=True)
    assert checkpoint["global_step"] == 6 * 38

    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return (exec, (f"open({str(tmp_path / 'executed')!r}, 'w')",))

    torch.save({"state_dict": checkpoint["state_dict"], "x": Payload()}, path)
    refused = command("evaluate.py", "run=run")
    assert refused.returncode == 1
    assert "refused" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "executed").exists()


@pytest.mark.faults
def test_a_stored_configuration_cannot_name_a_callable(command: Command, tmp_path: Path) -> None:
    assert command("train.py", *SHORT).returncode == 0
    path = tmp_path / "run" / "config.yaml"
    path.write_text(path.read_text().replace("digitsum.network.cells.SRN", "os.system"))
    refused = command("evaluate.py", "run=run")
    assert refused.returncode == 1
    assert "os.system" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.faults
def test_two_runs_at_once_on_missing_files(tmp_path: Path, begun: Begin) -> None:
    words = ("trainer.max_epochs=2", "replicas=4")
    runs = [begun(*words, f"hydra.run.dir={folder}") for folder in ("one", "two")]
    for run in runs:
        _, errors = run.communicate(timeout=240)
        assert run.returncode == 0, errors
    assert comparable(tmp_path / "one") == comparable(tmp_path / "two")


def test_help_imports_nothing_heavy() -> None:
    light(REPO, "train.py", "--help")


# What is typed, and words that the one line of the answer must have.
MISTAKES = [
    ("data.length=2", ["data.length is 2", "at least 3"]),
    ("data.length=null", ["data.length is null"]),
    ("data.root=", ["data.root", "a path"]),
    (
        "callbacks.checkpoints.folder=/tmp/x",
        ["callbacks.checkpoints.folder is /tmp/x", "own folder"],
    ),
    ("logger.save_dir=..", ["logger.save_dir is ..", "own folder"]),
    ("logger.save_dir='${hydra:runtime.output_dir}/../x'", ["logger.save_dir", "own folder"]),
    ("+trainer.default_root_dir=/tmp/x", ["trainer.default_root_dir is /tmp/x", "own folder"]),
    ("lr=fast", ["lr is fast"]),
    ("recurrence=slow", ["recurrence is slow", "fast, reference"]),
    ("clip.value=-20", ["clip.value is -20", "null"]),
    ("model=srnn", ["model=srnn", "did you mean srn?"]),
    ("model=lstn", ["did you mean lstm?"]),
    ("optimizer=adm", ["optimizer=adm", "did you mean adam?"]),
    ("data=blg", ["data=blg", "did you mean blog?"]),
    ("study=smoek", ["study=smoek", "did you mean smoke?"]),
    ("init=zero", ["init=zero", "did you mean zeros?"]),
    ("embedding=one", ["embedding=one", "onehot"]),
    ("clip=on", ["clip=on"]),
    ("trainer=tpu", ["trainer=tpu"]),
    ("data.lenght=10", ["data.lenght", "did you mean data.length?"]),
    ("leraning_rate=1", ["leraning_rate"]),
    ("lrr=1", ["lrr", "did you mean lr?"]),
    ("optimizer.momentum=0.9", ["optimizer.momentum"]),
    ("+data.lenght=10", ["data.lenght", "did you mean length?"]),
    ("+batch_size=10", ["batch_size"]),
    ("++replica=10", ["replica", "did you mean replicas?"]),
    ("+trainer.max_epoch=10", ["max_epoch", "did you mean max_epochs?"]),
    ("+optimizer.momentun=0.9", ["momentun"]),
    ("length", ["length"]),
    ("=5", ["=5"]),
    ("data.dir=nowhere", ["nowhere", "not a folder"]),
    ("data.dir=empty", ["empty", "lacks train.txt, dev.txt, test.txt"]),
    ("data.dir=field", ["field/dev.txt:2", "no tab"]),
    ("data.dir=digit", ["digit/dev.txt:2", "item 2 is 'x'"]),
    ("data.dir=length", ["length/dev.txt:2", "4 are expected"]),
    ("data.dir=label", ["label/dev.txt:2", "it must be 3"]),
    ("data.dir=blank", ["blank/dev.txt:1", "empty"]),
    ("data.dir=latin", ["latin/dev.txt:2", "not UTF-8"]),
    ("data=blog data.length=12", ["data.length is 12", "5, 10, 15, 20, 25, 30, 35"]),
    ("data=blog data.copies=5", ["data.copies is 5", "3"]),
    ("data.dir=good data.length=9", ["data.length is 9", "has 4"]),
]

FILES = {
    "field": b"1 2 0 0\t3\n1 2 0 0 3\n",
    "digit": b"1 2 0 0\t3\n1 x 0 0\t3\n",
    "length": b"1 2 0 0\t3\n1 2 0\t3\n",
    "label": b"1 2 0 0\t3\n1 2 0 0\t4\n",
    "blank": b"",
    "latin": b"1 2 0 0\t3\n\xe9 2 0 0\t3\n",
    "good": b"1 2 0 0\t3\n",
}


@pytest.mark.faults
@pytest.mark.parametrize(("typed", "words"), MISTAKES, ids=[typed for typed, _ in MISTAKES])
def test_a_mistake_is_told_in_one_line(
    typed: str, words: list[str], command: Command, tmp_path: Path
) -> None:
    if "data.dir=" in typed:
        (tmp_path / "empty").mkdir()
        for name, content in FILES.items():
            (tmp_path / name).mkdir()
            for split in ("train", "dev", "test"):
                bad = split == "dev"
                (tmp_path / name / f"{split}.txt").write_bytes(content if bad else FILES["good"])
    before = sorted(tmp_path.rglob("*"))
    done = command("train.py", *typed.split(" "))
    assert done.returncode == 1
    # Whoever mistypes a study is shown which there are.
    assert ("its question" in done.stdout) if typed == "study=smoek" else (done.stdout == "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("error: ")
    for word in words:
        assert word in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


EVALUATION_MISTAKES = [
    ("", ["give one of run=FOLDER and sweep=FOLDER"]),
    ("run=a sweep=b", ["give one of"]),
    ("run=nowhere", ["nowhere", "not a folder"]),
    ("run=.", ["results.json is missing"]),
    ("run=. split=valid", ["split is valid", "train, dev, test"]),
    ("run=. data.length=2", ["data.length is 2"]),
    ("run=. figures=gate", ["figures is gate"]),
    ("run=. lenght=3", ["lenght"]),
    ("sweep=nowhere", ["nowhere", "sweep.json is missing"]),
]


@pytest.mark.faults
@pytest.mark.parametrize(
    ("typed", "words"), EVALUATION_MISTAKES, ids=[typed for typed, _ in EVALUATION_MISTAKES]
)
def test_evaluations_mistakes(typed: str, words: list[str], command: Command) -> None:
    done = command("evaluate.py", *[word for word in typed.split(" ") if word])
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def test_nothing_here_needs_what_only_posix_has(command: Command, tmp_path: Path) -> None:
    """Never tried on Windows itself: a run, a sweep and its resumption without what it lacks."""
    short = ("model=srn_residual", "trainer.max_steps=20")
    run = (*short, "hydra.run.dir=run")
    sweep = ("-m", *short, "hydra.sweep.dir=sweep")
    # As they would be typed one after the other, but that the libraries are imported once.
    typed = (*run, "then", *sweep, "lr=0.1,0.01", "then", *sweep, "lr=0.1,0.01,1")
    done = command(str(REPO / "tests" / "runs" / "not_posix.py"), str(REPO / "train.py"), *typed)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "results.json").exists()
    assert "2 of 2 jobs complete" in done.stdout
    assert "3 of 3 jobs complete" in done.stdout
    assert "2 of 3 jobs complete already, skipped" in done.stdout


def test_only_what_is_there_is_offered_for_browsing(command: Command) -> None:
    done = command("train.py", "logger=csv", "trainer.max_steps=2", "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    assert "Results" in done.stdout
    assert "tensorboard" not in done.stdout


def test_studies_are_listed_with_their_questions(command: Command, tmp_path: Path) -> None:
    done = command("train.py", "study=?")
    assert done.returncode == 0, done.stderr
    assert "How far back" in done.stdout or "how far back" in done.stdout
    studies = (REPO / "multirun_sweeps" / "study").glob("*.yaml")
    assert all(study.stem in done.stdout for study in studies)
    assert not list(tmp_path.iterdir())


def test_help_has_a_line_for_every_key_and_group(command: Command) -> None:
    ours = {"trainer": {"accelerator", "devices", "max_epochs", "max_steps"}}
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        tree = OmegaConf.to_container(compose("config"), resolve=False)
    said = said_of("config")
    for key, _ in leaves(tree):
        group, _, last = key.partition(".")
        if group in ("report", "logger") or last.rpartition(".")[2] in (
            *("_target_", "_partial_", "folder"),
        ):
            continue
        if last in ours.get(group, {last}) and group not in ("init",) and "source" not in last:
            assert key in said["keys"], key
    groups = {path.name for path in (REPO / "conf").iterdir() if path.is_dir()} - {"hydra"}
    assert groups | {"study", "search", "hydra/launcher"} == set(said["groups"])
    for script, name in (("train.py", "config"), ("evaluate.py", "evaluate")):
        done = command(script, "--help")
        assert done.returncode == 0, done.stderr
        for line in (*said_of(name)["keys"].items(), *said_of(name)["groups"].items()):
            assert line[0] in done.stdout
            assert line[1].split()[0] in done.stdout
        with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
            known = compose(name)
        for key in said_of(name)["keys"]:
            OmegaConf.select(known, key, throw_on_missing=True)
            parent, _, last = key.rpartition(".")
            assert last in (OmegaConf.select(known, parent) if parent else known)


def test_a_run_says_what_to_try_next(command: Command) -> None:
    done = command("train.py", "data.length=5", "trainer.max_epochs=2")
    last = done.stdout.splitlines()[-1]
    script = REPO / "train.py"  # as it was called
    assert last == f"Next     python {script} data.length=5 trainer.max_epochs=2 replicas=16"


@pytest.mark.skipif(sys.platform == "win32", reason="there, no pseudo-terminal is at hand")
def test_a_terminal_hears_something_within_two_seconds(tmp_path: Path) -> None:
    import pty  # POSIX only

    parent, child = pty.openpty()
    begun = time.monotonic()
    running = subprocess.Popen(
        [sys.executable, str(REPO / "train.py"), "data.length=5", "trainer.max_epochs=2"],
        cwd=tmp_path,
        stdout=child,
        stderr=child,
    )
    os.close(child)
    heard, seen = 0.0, b""
    while True:
        try:
            some = os.read(parent, 4096)
        except OSError:  # Linux's way of saying that it has ended
            break
        if not some:
            break
        seen += some
        if not heard and b"making ready" in seen:
            heard = time.monotonic() - begun
    assert running.wait() == 0
    assert heard
    assert seen.index(b"srn, length 5, 1 replica: making ready") < seen.index(b"steps")
    assert seen.rindex(b"\x1b[?25h") > seen.rindex(b"\x1b[?25l")  # the cursor is back
