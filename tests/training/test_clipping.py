import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from digitsum.training.clipping import Clipping, replica_norms


def parameters(seed: int = 0, scale: float = 3.0) -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(seed)
    made = []
    for shape in ((3, 4, 5), (3, 1, 5), (3, 2)):
        parameter = nn.Parameter(torch.zeros(shape))
        parameter.grad = torch.randn(shape, generator=generator) * scale
        made.append(parameter)
    made[0].grad[1] *= 1e-3  # type: ignore[index]
    made[1].grad[1] *= 1e-3  # type: ignore[index]
    made[2].grad[1] *= 1e-3  # type: ignore[index]
    return made


def gradients(made: list[nn.Parameter]) -> list[Tensor]:
    return [p.grad for p in made if p.grad is not None]


@given(st.integers(0, 50), st.floats(0.1, 20))
def test_each_replica_is_clipped_as_torch_would_clip_it_alone(seed: int, value: float) -> None:
    ours = parameters(seed)
    alone = [[nn.Parameter(torch.zeros_like(p[i])) for p in ours] for i in range(3)]
    for i, replica in enumerate(alone):
        for mine, theirs in zip(ours, replica, strict=True):
            theirs.grad = mine.grad[i].clone()  # type: ignore[index]
        nn.utils.clip_grad_norm_(replica, value)
    Clipping(value)(ours)
    for i, replica in enumerate(alone):
        for mine, theirs in zip(ours, replica, strict=True):
            torch.testing.assert_close(mine.grad[i], theirs.grad)  # type: ignore[index]
    assert (replica_norms(gradients(ours)) <= value * (1 + 1e-6)).all()


def test_a_small_gradient_is_left_alone() -> None:
    before, after = parameters(), parameters()
    Clipping(1.0)(after)
    for one, other in zip(gradients(before), gradients(after), strict=True):
        assert torch.equal(one[1], other[1])


def test_by_tensor_and_by_value() -> None:
    by_tensor = parameters()
    Clipping(0.5, "tensor_norm")(by_tensor)
    for gradient in gradients(by_tensor):
        norms = gradient.flatten(1).norm(dim=1)
        assert (norms <= 0.5 + 1e-5).all()
        torch.testing.assert_close(norms[0], torch.tensor(0.5), atol=1e-4, rtol=0)
    by_value = parameters()
    Clipping(0.5, "value")(by_value)
    for one, other in zip(gradients(by_value), gradients(parameters()), strict=True):
        assert torch.equal(one, other.clamp(-0.5, 0.5))


def test_no_value_no_clipping() -> None:
    made = parameters()
    Clipping()(made)
    for one, other in zip(gradients(made), gradients(parameters()), strict=True):
        assert torch.equal(one, other)


def test_norms_by_hand() -> None:
    norms = replica_norms([torch.tensor([[3.0], [0.0]]), torch.tensor([[4.0], [2.0]])])
    assert norms.tolist() == pytest.approx([5.0, 2.0])
