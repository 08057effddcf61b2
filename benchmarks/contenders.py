"""What a user would pick instead, each as a function that times one training step.

Each contender trains the same network (frozen embedding of 10 digits to 32, a recurrent cell of 32,
a linear readout to 19 sums) with Adam on batches of 8. `seconds(steps)` trains that many steps and
returns the time of one replica's step.
"""

import digitsum  # noqa: F401, I001  before torch is, so that threads wait as in train.py

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from digitsum.training.checkpointing import Checkpoints
from digitsum.runs.notebook import compose
from digitsum.training.onlooker import Onlooker

H, B, CLASSES = 32, 8, 19
STEPS_PER_EPOCH = 38  # of 300 examples
Timer = Callable[[int], float]


class _PerSample(Dataset[tuple[Tensor, Tensor]]):
    """Examples handed out one by one, as the textbook does."""

    def __init__(self, length: int) -> None:
        stream = torch.Generator().manual_seed(0)
        digits = torch.randint(0, 10, (300, length), generator=stream)
        self.examples = [(row.tolist(), int(row[0] + row[1])) for row in digits]

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        digits, label = self.examples[index]
        return torch.tensor(digits), torch.tensor(label)


class _TextbookSRN(nn.Module):
    """h = h + tanh(x W + h U + b), in a Python loop over time."""

    def __init__(self) -> None:
        super().__init__()
        self.W, self.U = nn.Parameter(torch.zeros(H, H)), nn.Parameter(torch.zeros(H, H))
        self.b = nn.Parameter(torch.zeros(1, H))

    def forward(self, inputs: Tensor) -> Tensor:
        h = torch.zeros(inputs.shape[0], H)
        for t in range(inputs.shape[1]):
            h = h + torch.tanh(inputs[:, t] @ self.W + h @ self.U + self.b)
        return h


class _Last(nn.Module):
    """The last output of one of torch's recurrent layers."""

    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.layer = kind(H, H, batch_first=True)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.layer(inputs)[0][:, -1]  # type: ignore[no-any-return]


def _bare_loop(cell: nn.Module, length: int, per_sample: bool) -> Timer:
    table, readout = torch.rand(10, H), nn.Linear(H, CLASSES)
    optimizer = torch.optim.Adam([*cell.parameters(), *readout.parameters()], lr=1e-3)
    examples = _PerSample(length)
    loader = DataLoader(examples, batch_size=B)
    ready = [(digits, labels) for digits, labels in loader]

    def seconds(steps: int) -> float:
        done, start = 0, time.perf_counter()
        while done < steps:
            for digits, labels in loader if per_sample else ready:
                loss = nn.functional.cross_entropy(readout(cell(table[digits])), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if per_sample:
                    loss.item()  # the textbook records it
                done += 1
        return (time.perf_counter() - start) / done

    return seconds


def textbook(length: int) -> Timer:
    """One replica, a Python loop over time, a DataLoader of single examples."""
    return _bare_loop(_TextbookSRN(), length, per_sample=True)


def torch_layer(kind: type[nn.RNNBase], length: int) -> Timer:
    """One replica, torch's own layer, a bare loop over ready batches."""
    return _bare_loop(_Last(kind), length, per_sample=False)


class _Clock(Onlooker):
    """Times a fit from its first step to its last."""

    def __init__(self) -> None:
        self.started, self.per_step = 0.0, 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.started = time.perf_counter()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.per_step = (time.perf_counter() - self.started) / trainer.global_step


def ours(model: str, length: int, replicas: int, folder: Path, accelerator: str = "cpu") -> Timer:
    """The whole of `train.py` in steady state: data, TensorBoard, evaluations, checkpoints."""

    def seconds(steps: int) -> float:
        words = (f"model={model}", f"data.length={length}", f"replicas={replicas}")
        data, module = compose(*words, f"data.root={folder / 'data'}")
        clock = _Clock()
        trainer = pl.Trainer(
            accelerator=accelerator,
            max_steps=steps,
            max_epochs=-1,
            limit_val_batches=0,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            logger=TensorBoardLogger(str(folder), name="", version="events"),
            callbacks=[Checkpoints(str(folder), seconds=1), clock],
        )
        trainer.fit(module, data)
        return clock.per_step / replicas

    return seconds


def floor(length: int, replicas: int) -> Timer:
    """The bare matrix products of a step: forward, backward and dU, as batched products."""
    h, U = torch.randn(replicas, B, H), torch.randn(replicas, H, H)
    states = torch.randn(replicas, length * B, H)
    out, dU = torch.empty_like(h), torch.empty_like(U)
    U_transposed, states_transposed = U.mT.contiguous(), states.mT.contiguous()

    def seconds(steps: int) -> float:
        start = time.perf_counter()
        for _ in range(steps):
            for _ in range(length):
                torch.bmm(h, U, out=out)
                torch.bmm(h, U_transposed, out=out)
            torch.bmm(states_transposed, states, out=dU)
        return (time.perf_counter() - start) / steps / replicas

    return seconds


def jax_srn(length: int, replicas: int, scanned: bool = False) -> Timer:
    """JAX: jit of vmap over replicas of a scan over time, with optax's Adam.

    Called once a step from a bare loop or, `scanned`, once for a whole pass over its mini-batches.
    """
    import jax
    import jax.numpy as jnp
    import optax

    keys = jax.random.split(jax.random.key(0), 3)
    scale = 0.1
    parameters: dict[str, Any] = {
        "W": jnp.zeros((replicas, H, H)),
        "U": jnp.zeros((replicas, H, H)),
        "b": jnp.zeros((replicas, 1, H)),
        "V": scale * jax.random.normal(keys[0], (replicas, H, CLASSES)),
        "c": jnp.zeros((replicas, 1, CLASSES)),
    }
    table = scale * jax.random.normal(keys[1], (replicas, 10, H))
    digits = jax.random.randint(keys[2], (STEPS_PER_EPOCH, replicas, B, length), 0, 10)
    labels = digits[..., 0] + digits[..., 1]
    optimizer = optax.adam(1e-3)

    def loss(p: Any, table: Any, digits: Any, labels: Any) -> Any:
        rows = table @ p["W"] + p["b"]

        def step(h: Any, row: Any) -> Any:
            return h + jnp.tanh(rows[row] + h @ p["U"]), None

        h, _ = jax.lax.scan(step, jnp.zeros((B, H)), digits.T)
        logits = h @ p["V"] + p["c"]
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    gradients = jax.vmap(jax.grad(loss))

    def train(now: Any, batch: Any) -> Any:
        p, state = now
        updates, state = optimizer.update(gradients(p, table, *batch), state, p)
        return (optax.apply_updates(p, updates), state), None

    one = jax.jit(lambda now: train(now, (digits[0], labels[0]))[0])
    whole = jax.jit(lambda now: jax.lax.scan(train, now, (digits, labels))[0])
    call, each = (whole, STEPS_PER_EPOCH) if scanned else (one, 1)

    def seconds(steps: int) -> float:
        now = (parameters, optimizer.init(parameters))
        now = call(now)
        jax.block_until_ready(now)
        calls = max(1, steps // each)
        start = time.perf_counter()
        for _ in range(calls):
            now = call(now)
        jax.block_until_ready(now)
        return (time.perf_counter() - start) / calls / each / replicas

    return seconds
