"""Fresh examples: every pass its own, a function of seed and pass alone, in both ways to train."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from digitsum.errors import UserError
from digitsum.network.cells import GRU, SRN
from digitsum.task.examples import SPLITS, BlogStream, Examples, IndependentStreams
from digitsum.training.lit import LitDigitSum, Recurrence
from digitsum.training.ways import compiled

from ..forks import Forks
from ..networks import data, module, trainer
from .test_compiled import made


def draw(length: int, copies: int, seed: int, number: int) -> Examples:
    """Of one replica."""
    return Examples(*(o[0] for o in IndependentStreams().draw_pass(length, copies, [seed], number)))


@given(st.integers(3, 30), st.integers(1, 4), st.integers(0, 10**6), st.integers(0, 10**5))
def test_a_pass_is_a_set_of_its_own(length: int, copies: int, seed: int, number: int) -> None:
    digits, labels = draw(length, copies, seed, number)
    assert digits.shape == (100 * copies, length)
    assert (labels == digits[:, 0] + digits[:, 1]).all()
    pairs = [[a, b] for a in range(10) for b in range(10) for _ in range(copies)]
    assert digits[:, :2].tolist() == pairs
    assert ((digits[:, 2:] != 0).sum(1) <= 1).all()
    assert (digits == draw(length, copies, seed, number).digits).all()
    assert (digits != draw(length, copies, seed, number + 1).digits).any()
    assert (digits != draw(length, copies, seed + 1, number).digits).any()


def test_no_pass_shares_a_stream_with_a_split_or_another_pass() -> None:
    streams = [IndependentStreams().draw(20, split, 3, 0).digits for split in SPLITS]
    streams += [draw(20, 3, 0, number).digits for number in range(50)]
    heads = {one[:100].tobytes() for one in streams}
    assert len(heads) == len(streams)


def test_positions_and_digits_are_uniform_over_passes() -> None:
    digits = np.concatenate([draw(7, 3, 1, number).digits[:, 2:] for number in range(60)])
    share = (digits != 0).mean(0) * 5 / 0.9  # each of five positions, a tenth of the digits 0
    np.testing.assert_allclose(share, 1, atol=0.05)


def learnt(folder: Path, recurrence: Recurrence = "fast", **kwargs: object) -> LitDigitSum:
    network = made(GRU, recurrence, replicas=2)
    settings = {"batch_size": 13, "fresh": True, "copies": 1} | kwargs
    trainer(max_steps=90).fit(network, data(folder, 2, **settings))
    return network


@pytest.mark.parametrize("shuffle", [False, True])
def test_both_ways_see_the_same_examples(shuffle: bool, tmp_path: Path) -> None:
    fast, plain = (
        learnt(tmp_path, recurrence, shuffle=shuffle) for recurrence in ("fast", "reference")
    )
    for name, tensor in fast.classifier.state_dict().items():
        other = plain.classifier.state_dict()[name]
        torch.testing.assert_close(tensor, other, rtol=1e-9, atol=1e-9, msg=name)
    for name, rows in fast.curves.rows.items():
        close = 1e-9 if name.endswith("loss") else 1e-6  # accuracies are counted in float32
        for one, other in zip(rows, plain.curves.rows[name], strict=True):
            torch.testing.assert_close(one, other, rtol=close, atol=close, check_dtype=False)
    fixed = learnt(tmp_path, shuffle=shuffle, fresh=False)
    assert not torch.equal(fast.classifier.cell.W, fixed.classifier.cell.W)


def test_however_few_passes_are_held_the_numbers_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = learnt(tmp_path, shuffle=True)
    monkeypatch.setattr(compiled, "FRESH", 1)
    one = learnt(tmp_path, shuffle=True)
    for name, tensor in many.state_dict().items():
        assert torch.equal(tensor, one.state_dict()[name]), name


def test_at_most_so_many_passes_are_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[int] = []
    read = compiled.CompiledWay._read

    def noted(self: object, course: object, passes: range) -> object:
        held.append(len(passes))
        return read(self, course, passes)  # type: ignore[arg-type]

    monkeypatch.setattr(compiled.CompiledWay, "_read", noted)
    network = module(SRN, 1, evaluate_every=10**6)
    trainer(max_steps=400).fit(network, data(tmp_path, 1, fresh=True, copies=1))
    assert max(held) <= compiled.FRESH
    assert sum(held) >= 400 // 7


def test_a_replica_alone_sees_what_it_sees_in_company(tmp_path: Path) -> None:
    company = data(tmp_path, 3, seed=4, fresh=True)
    alone = data(tmp_path, 1, seed=6, fresh=True)
    for one in (company, alone):
        one.setup()
    for number in (0, 1, 700):
        for part, other in zip(company.draw_pass(number), alone.draw_pass(number), strict=True):
            assert torch.equal(part[2], other[0])
    assert torch.equal(company.splits["dev"].digits[2], alone.splits["dev"].digits[0])


def test_the_blog_has_none() -> None:
    with pytest.raises(UserError, match="data=blog"):
        BlogStream().draw_pass(10, 3, [0], 0)


@pytest.mark.faults
@pytest.mark.parametrize("typed", [["data=blog"], ["data.dir=own"]])
def test_fixed_examples_cannot_be_fresh(typed: list[str], tmp_path: Path, forks: Forks) -> None:
    (tmp_path / "own").mkdir()
    for split in ("train", "dev", "test"):
        (tmp_path / "own" / f"{split}.txt").write_text("1 2 0 0\t3\n")
    ended = forks.run([*typed, "data.fresh=true", "hydra.run.dir=run"], tmp_path)
    assert ended.status == 1
    assert "data.fresh is true" in ended.err
    assert not (tmp_path / "run").exists()


@pytest.mark.faults
def test_a_resumed_run_goes_on_with_the_same_passes(tmp_path: Path, forks: Forks) -> None:
    words = ["data.fresh=true", "data.shuffle=true", "data.length=6", "replicas=2"]
    words += ["evaluate_every=30", "callbacks.checkpoints.seconds=0"]
    whole = forks.run([*words, "trainer.max_epochs=8", "hydra.run.dir=whole"], tmp_path)
    assert whole.status == 0, whole.err
    # Half of it, as a kill leaves it: then the rest.
    half = forks.run([*words, "trainer.max_epochs=4", "hydra.run.dir=run"], tmp_path)
    assert half.status == 0, half.err
    (tmp_path / "run" / "results.json").unlink()
    config = tmp_path / "run" / "config.yaml"
    config.write_text(config.read_text().replace("max_epochs: 4", "max_epochs: 8"))
    rest = forks.run([*words, "trainer.max_epochs=8", "hydra.run.dir=run", "resume=true"], tmp_path)
    assert rest.status == 0, rest.err
    results = [
        json.loads((tmp_path / one / "results.json").read_text())["replicas"]
        for one in ("whole", "run")
    ]
    assert results[0] == results[1]
    states = [
        torch.load(tmp_path / one / "checkpoint.ckpt", weights_only=True)["state_dict"]
        for one in ("whole", "run")
    ]
    assert all(torch.equal(tensor, states[1][name]) for name, tensor in states[0].items())
    assert results[0][0]["dev_seen_in_train"] is None
