"""What a stored run is asked: which examples, and which answers were right; by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch

from digitsum.errors import UserError
from digitsum.figures.confusion import READABLE
from digitsum.network.cells import SRN
from digitsum.runs.evaluation import SHOWN, _by_label, _rows, counts, examples, predictions
from digitsum.runs.opening import OpenedRun
from digitsum.runs.stored import StoredRun
from digitsum.statistics import summarise
from digitsum.task.question import PAIR, SUM

from ..conftest import Command
from ..networks import classifier
from .test_configs import composed


def stored(folder: Path, *words: str) -> StoredRun:
    config = composed("replicas=2", f"data.root={folder}", *words)
    return StoredRun(folder, config, {}, classifier(SRN, 2))


def test_what_a_gpu_trained_is_asked_on_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (0, 0))
    run = stored(tmp_path, "trainer=gpu", "data.length=5")
    assert examples(run, "test", None).batch.digits.shape == (2, 100, 5)
    assert run.config.trainer.accelerator == "gpu"  # what is stored stays as it is


def test_examples_are_the_runs_own_or_of_another_length(tmp_path: Path) -> None:
    run = stored(tmp_path, "data.length=5")
    own = examples(run, "dev", 5)
    assert own.question == SUM
    assert torch.equal(own.batch.digits, examples(run, "dev", None).batch.digits)
    assert not torch.equal(own.batch.digits, examples(run, "test", None).batch.digits)
    longer = examples(run, "dev", 9)
    assert longer.batch.digits.shape == (2, 100, 9)
    assert torch.equal(longer.batch.labels, longer.batch.digits[..., :2].sum(-1))
    assert run.config.data.length == 5
    assert own.note == longer.note == ""


def test_the_blogs_files_are_read_and_what_it_has_not_is_drawn(tmp_path: Path) -> None:
    run = stored(tmp_path, "data=blog", "data.length=10")
    same, other = (examples(run, "test", length) for length in (15, 11))
    assert torch.equal(same.batch.digits[0], same.batch.digits[1])  # one file for all
    assert same.note == ""
    assert not torch.equal(other.batch.digits[0], other.batch.digits[1])
    assert "drawn anew" in other.note


def test_files_of_ones_own_have_one_length(tmp_path: Path) -> None:
    for split in ("train", "dev", "test"):
        (tmp_path / f"{split}.txt").write_text("1 2 0 0\t3\n9 9 0 1\t18\n", encoding="utf-8")
    run = stored(tmp_path, f"data.dir={tmp_path}", "data.length=4")
    for length in (None, 4):
        found = examples(run, "test", length).batch
        assert found.labels.tolist() == [[3, 18]] * 2
    with pytest.raises(UserError, match="their length is fixed"):
        examples(run, "test", 5)


def test_what_cannot_fit_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^data.length=1000000000 needs about "):
        examples(stored(tmp_path), "test", 10**9)


def test_answers_are_the_likeliest(tmp_path: Path) -> None:
    run = stored(tmp_path, "data.length=5")
    batch = examples(run, "test", None).batch
    found = predictions(run.classifier, batch)
    logits = run.classifier(batch.digits)
    assert found.shape == batch.labels.shape
    assert (logits.gather(-1, found[..., None])[..., 0] == logits.max(-1).values).all()
    assert not found.requires_grad


def test_accuracy_of_each_label_is_the_share_of_its_examples() -> None:
    """Two replicas: of three 0s one and all are right, of one 1 none and one; 2 isn't there."""
    labels = torch.tensor([[0, 0, 0, 1], [0, 0, 0, 1]])
    predicted = torch.tensor([[0, 1, 2, 0], [0, 0, 0, 1]])
    matrix = counts(predicted, labels, 3)
    assert matrix.tolist() == [
        [[1, 1, 1], [1, 0, 0], [0, 0, 0]],
        [[3, 0, 0], [0, 1, 0], [0, 0, 0]],
    ]
    zero, one, two = _by_label(matrix)
    assert (zero.mean, zero.low <= zero.mean <= zero.high) == (pytest.approx(2 / 3), True)
    assert (one.mean, one.min, one.max) == (0.5, 0.0, 1.0)
    assert two.replicas == 0


def test_of_many_answers_the_hardest_are_shown() -> None:
    few = [summarise([one / 18] * 3) for one in range(19)]
    assert _rows(few, SUM) == [(str(label), one) for label, one in enumerate(few)]
    assert len(_rows([few[0]] * READABLE, PAIR)) == READABLE
    many = [summarise([(label * 7 % 100) / 100] * 3) for label in range(100)]
    many[0] = summarise([float("nan")] * 3)  # was never asked
    shown = _rows(many, PAIR)
    assert len(shown) == SHOWN
    assert [one.mean for _, one in shown] == pytest.approx([i / 100 for i in range(1, SHOWN + 1)])
    assert shown[0][0] == PAIR.said(43)  # 43 x 7 = 301


def test_where_examples_are_from_is_told(command: Command, tmp_path: Path) -> None:
    words = ("data=blog", "data.length=5", "trainer.max_steps=20", "replicas=2")
    assert command("train.py", *words, "hydra.run.dir=run").returncode == 0
    for length, drawn in ((15, False), (6, True)):
        told = command("evaluate.py", "run=run", f"data.length={length}")
        assert told.returncode == 0, told.stderr
        assert ("drawn anew" in told.stdout) == drawn
        assert (tmp_path / "run" / "evaluation" / f"test,length={length}").is_dir()


def test_curves_that_can_not_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitsum.runs.opening.load", lambda folder: stored(folder))
    run = OpenedRun(tmp_path)
    (tmp_path / "curves.npz").write_bytes(b"PK torn")
    with pytest.raises(UserError) as error:
        _ = run.curves
    assert str(error.value).startswith(f"{tmp_path / 'curves.npz'} can't be read (")
    np.savez(tmp_path / "curves.npz", step=np.arange(3))
    assert run.curves["step"].tolist() == [0, 1, 2]
