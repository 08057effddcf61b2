"""What is asked: answers and guessing counted by hand, a task of one's own from files."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from digitsum.errors import UserError
from digitsum.network.cells import GRU
from digitsum.task.data import DigitSumData
from digitsum.task.examples import SPLITS, IndependentStreams
from digitsum.task.fileformat import decode, read
from digitsum.task.files import generated_path, load_folder, question_of
from digitsum.task.question import FIRST, KNOWN, PAIR, SUM, Question
from digitsum.training.lit import LitDigitSum, Recurrence

from ..forks import Forks
from ..networks import data, trainer
from ..training.test_compiled import made

PAIRS = [(a, b) for a in range(10) for b in range(10)]
BY_HAND = {
    "sum": [a + b for a, b in PAIRS],
    "first": [a for a, _ in PAIRS],
    "pair": [int(f"{a}{b}") for a, b in PAIRS],
}


@pytest.mark.parametrize("ask", BY_HAND)
def test_answers_and_guessing_by_hand(ask: str) -> None:
    asked, answers = KNOWN[ask], BY_HAND[ask]
    digits = np.array([[a, b, 7, 0] for a, b in PAIRS])
    assert asked.labels(digits).tolist() == answers
    assert asked.labels(torch.from_numpy(digits)[None]).tolist() == [answers]
    often = Counter(answers)
    assert asked.classes == max(answers) + 1 == len(often)
    assert often[asked.commonest] == max(often.values())
    assert asked.chance == pytest.approx(max(often.values()) / 100)


def test_labels_of_a_file_follow_from_nothing_else() -> None:
    with pytest.raises(ValueError, match="nothing but the file"):
        Question("label", 2, 2, 0, 0.5).labels(np.array([[1, 0, 1]]))


def test_answers_have_names() -> None:
    assert [one.said(7) for one in (SUM, FIRST, PAIR)] == ["7", "7", "0 7"]
    assert SUM.by_chance == "0.10 (always 9)"
    assert PAIR.by_chance == "0.01 (always 0 0)"


@pytest.mark.parametrize("ask", BY_HAND)
def test_files_hold_what_is_asked(ask: str, tmp_path: Path) -> None:
    one = data(tmp_path, 2, ask=ask, fresh=True)
    one.setup()
    place = generated_path(tmp_path, IndependentStreams(), 6, "dev", 1, 1, asked=KNOWN[ask])
    assert read(place, asked=KNOWN[ask]).labels.tolist() == BY_HAND[ask]
    for batch in (*one.splits.values(), one.draw_pass(3), *one.for_probes()):
        assert (KNOWN[ask].labels(batch.digits) == batch.labels).all()
        assert batch.labels.max() == max(BY_HAND[ask])
    usual = generated_path(tmp_path, IndependentStreams(), 6, "dev", 1, 1)
    assert (place == usual) == (ask == "sum")


def learnt(folder: Path, recurrence: Recurrence, asked: Question, **kwargs: object) -> LitDigitSum:
    network = made(GRU, recurrence, replicas=2, asked=asked)
    trainer(max_steps=60).fit(network, data(folder, 2, copies=1, batch_size=13, **kwargs))
    return network


def own(folder: Path, rows: dict[str, list[str]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for split, lines in rows.items():
        (folder / f"{split}.txt").write_text("".join(f"{line}\n" for line in lines))
    return folder


def parity(folder: Path, length: int = 6, classes: tuple[int, int] = (0, 1)) -> Path:
    """Sequences of bits and their first two's parity: by name two of the classes."""
    stream = np.random.default_rng(0)
    lines = {}
    for split, count in (("train", 60), ("dev", 20), ("test", 20)):
        bits = stream.integers(0, 2, (count, length))
        labels = [classes[int(one[0] ^ one[1])] for one in bits]
        pairs = zip(bits.tolist(), labels, strict=True)
        lines[split] = [f"{' '.join(map(str, row))}\t{label}" for row, label in pairs]
    return own(folder, lines)


@pytest.mark.parametrize("ask", ["pair", "label"])
def test_both_ways_learn_the_same_whatever_is_asked(ask: str, tmp_path: Path) -> None:
    kwargs: dict[str, object] = {"ask": ask}
    if ask == "label":  # with more answers than a byte holds
        kwargs["dir"] = parity(tmp_path / "own", classes=(3, 300))
    asked = question_of(ask, kwargs.get("dir"))  # type: ignore[arg-type]
    fast, plain = (learnt(tmp_path, way, asked, **kwargs) for way in ("fast", "reference"))  # type: ignore[arg-type]
    assert fast.classifier.readout.V.shape[-1] == asked.classes
    for name, tensor in fast.classifier.state_dict().items():
        other = plain.classifier.state_dict()[name]
        torch.testing.assert_close(tensor, other, rtol=1e-9, atol=1e-9, msg=name)
    assert torch.equal(fast.best_step, plain.best_step)


def test_vocabulary_classes_and_chance_come_from_the_files(tmp_path: Path) -> None:
    lines = {
        "train": ["255 0 1\t4", "0 0 1\t4", "1 1 1\t0"],
        "dev": ["0 7 0\t0"],
        "test": ["0 1 0\t4", "1 0 0\t0", "1 1 0\t0", "9 9 9\t0"],
    }
    asked = question_of("label", own(tmp_path, lines))
    assert (asked.ask, asked.items, asked.classes, asked.commonest) == ("label", 256, 5, 4)
    assert asked.chance == 0.25  # of test, one in four has the commonest training label
    found = DigitSumData(IndependentStreams(), dir=tmp_path, ask="label", replicas=2)
    found.setup()
    assert found.splits["train"].labels.tolist() == [[4, 4, 0]] * 2
    assert found.splits["train"].digits[0, 0].tolist() == [255, 0, 1]


GOOD = {"train": ["1 0 1\t0", "0 1 1\t2"], "dev": ["1 1 1\t2"], "test": ["1 0 1\t0"]}


@pytest.mark.faults
@pytest.mark.parametrize(
    ("split", "line", "words"),
    [
        ("train", "256 0 1\t0", "train.txt:2: item 1 is '256'; items are whole numbers 0-255"),
        ("train", "1 -3 1\t0", "train.txt:2: item 2 is '-3'"),
        ("train", "1 1e2 1\t0", "train.txt:2: item 2 is '1e2'"),
        ("train", "1 \N{ARABIC-INDIC DIGIT THREE} 1\t0", "train.txt:2: item 2 is"),
        ("train", "99999999999999999999 1 1\t0", "train.txt:2: item 1 is"),
        (
            "train",
            "1 0 1\t1000",
            "train.txt:2: label is '1000'; it must be a whole number",
        ),
        ("train", "1 0 1\tyes", "train.txt:2: label is 'yes'"),
        ("train", "1 0 1\t-1", "train.txt:2: label is '-1'"),
        ("train", "1 0 1 1\t0", "train.txt:2: found 4 digits; 3 are expected"),
        ("train", "1 0\t0", "train.txt:2: found 2 digit(s); at least 3 are needed"),
        ("train", "1 0 1 0", "train.txt:2: found no tab"),
        ("dev", "1 0 1\t1", "dev.txt:2: label is 1; no line of train.txt has it"),
        ("test", "1 0 1\t3", "test.txt:2: label is 3; no line of train.txt has it"),
        ("test", "1 0 1 1\t0", "test.txt:2: found 4 digits; 3 are expected"),
    ],
)
def test_mangled_files_are_one_line(
    split: str, line: str, words: str, tmp_path: Path, forks: Forks
) -> None:
    rows = {name: [*lines] for name, lines in GOOD.items()}
    rows[split].insert(1, line)
    place = own(tmp_path / "own", rows)
    ended = forks.run(["data.ask=label", "data.dir=own", "hydra.run.dir=run"], tmp_path)
    assert ended.status == 1
    assert words in ended.err
    assert len(ended.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()
    with pytest.raises(UserError):
        load_folder(place, "label")


@pytest.mark.faults
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("data.ask=label", "labels are read from files: give data.dir=FOLDER"),
        ("data.ask=third", "must be one of sum, first, pair, label"),
        ("data.ask=first data=blog", "with data=blog it must be sum"),
        ("data.ask=first data.dir=own", "train.txt:1: label is '3'; it must be 1, the first digit"),
        ("data.ask=pair data.dir=own", "label is '3'; it must be 12, the digits 1 and 2"),
    ],
)
def test_what_cannot_be_asked(typed: str, words: str, tmp_path: Path, forks: Forks) -> None:
    own(tmp_path / "own", {split: ["1 2 0\t3"] for split in SPLITS})
    ended = forks.run([*typed.split(" "), "hydra.run.dir=run"], tmp_path)
    assert ended.status == 1
    assert words in ended.err
    assert not (tmp_path / "run").exists()


@given(
    st.lists(st.tuples(st.lists(st.integers(0, 255), min_size=4, max_size=4), st.integers(0, 999)))
)
def test_labels_are_taken_as_they_are(rows: list[tuple[list[int], int]]) -> None:
    rows = [*rows, ([1, 2, 3, 4], 5)]
    text = "".join(f"{' '.join(map(str, items))}\t{label}\n" for items, label in rows)
    found = decode(text.encode(), "f", asked=None)
    assert found.digits.tolist() == [items for items, _ in rows]
    assert found.labels.tolist() == [label for _, label in rows]


def test_a_task_of_ones_own_goes_all_the_way(tmp_path: Path, forks: Forks) -> None:
    """Trained with every probe, evaluated, and reported, by its own classes and chance."""
    parity(tmp_path / "bits")
    words = ["data.ask=label", "data.dir=bits", "replicas=2", "trainer.max_epochs=3"]
    probed = ["model=gru", "callbacks=probes", "evaluate_every=5"]
    ended = forks.run([*words, *probed, "hydra.run.dir=run"], tmp_path)
    assert ended.status == 0, ended.err
    result = json.loads((tmp_path / "run" / "results.json").read_text())
    test = load_folder(tmp_path / "bits", "label")["test"].labels
    train = load_folder(tmp_path / "bits", "label")["train"].labels
    guess = int(train.mean() > 0.5)
    assert result["chance"] == pytest.approx((test == guess).mean())
    assert result["by_chance"] == f"{result['chance']:.2f} (always {guess})"
    assert "label at the end" in result["probes"]["memory"]
    asked = forks.run(["run=run"], tmp_path, "evaluate.py")
    assert "equals what training reported" in asked.out, asked.err
    assert f"by chance is {result['chance']:.2f} (always answering {guess})" in asked.out
    table = (tmp_path / "run/evaluation/test,length=6/per_label.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in table] == ["label", "0", "1"]
    ended = forks.run(["-m", *words, "model=srn,lstm", "hydra.sweep.dir=grid"], tmp_path)
    assert ended.status == 0, ended.err
    told = (tmp_path / "grid" / "report.md").read_text()
    assert f"accuracy by chance {result['by_chance']}" in told
    assert "0.10" not in told.split("## All results")[0]
