"""Any cell of this lab as JAX trains it: its own step, called with JAX's arrays.

A step says `torch.tanh` and the like; what it is given here answers with JAX's functions. So a
cell's equation stands once, and both train the same.
"""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from torch import Tensor

from digitsum.network.classifier import Classifier

STEPS_PER_EPOCH, B, CLASSES = 38, 8, 19
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(jnp, name) for name in ("tanh", "exp", "log", "sqrt", "sin", "cos", "where")},
    **{"abs": jnp.abs, "maximum": jnp.maximum, "minimum": jnp.minimum},
    **{"sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "softplus": jax.nn.softplus},
    "clamp": lambda x, min=None, max=None: jnp.clip(x, min, max),
}


class Wrapped:
    """One of JAX's arrays, for code that takes it for torch's."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def chunk(self, chunks: int, dim: int = -1) -> list["Wrapped"]:
        return [Wrapped(one) for one in jnp.split(self.array, chunks, dim)]

    @property
    def mT(self) -> "Wrapped":  # noqa: N802
        return Wrapped(self.array.mT)

    def __neg__(self) -> "Wrapped":
        return Wrapped(-self.array)

    def __pow__(self, power: int) -> "Wrapped":
        return Wrapped(self.array**power)

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        given = {name: _bare(value) for name, value in (kwargs or {}).items()}
        name = function.__name__.strip("_")
        if name == "cat":
            return cls(jnp.concatenate([_bare(one) for one in args[0]], args[1]))
        return cls(FUNCTIONS[name](*map(_bare, args), **given))


def _bare(value: Any) -> Any:
    return value.array if isinstance(value, Wrapped) else value


def _both(name: str) -> Any:
    def combined(self: Wrapped, other: Any) -> Wrapped:
        return Wrapped(getattr(jnp.asarray(self.array), name)(_bare(other)))

    return combined


for _name in ("add", "sub", "mul", "truediv", "matmul", "gt", "lt", "ge", "le"):
    setattr(Wrapped, f"__{_name}__", _both(f"__{_name}__"))
for _name in ("radd", "rsub", "rmul", "rtruediv"):
    setattr(Wrapped, f"__{_name}__", _both(f"__{_name}__"))


def _with(module: Any, weights: dict[str, Any], prefix: str = "") -> Any:
    """The same module with JAX's arrays for its weights, and for those of the modules in it."""
    own = object.__new__(type(module))
    own.__dict__.update(module.__dict__)
    for kind in ("_parameters", "_buffers"):
        names = module.__dict__[kind]
        own.__dict__[kind] = {name: Wrapped(weights[prefix + name]) for name in names}
    children = module.__dict__["_modules"].items()
    own.__dict__["_modules"] = {n: _with(c, weights, f"{prefix}{n}.") for n, c in children}
    return own


def scanned_epoch(classifier: Classifier, length: int) -> Callable[[int], float]:
    """Seconds of a replica's step: one call for a pass over 38 mini-batches, with optax's Adam."""
    cell, readout = classifier.cell, classifier.readout
    parameters = {
        "cell": {name: _array(one) for name, one in cell.named_parameters()},
        "fixed": {name: _array(one) for name, one in cell.named_buffers()},
        "V": _array(readout.V),
        "c": _array(readout.c),
    }
    table = _array(classifier.embedding.table)
    replicas = len(table)
    keys = jax.random.key(0)
    digits = jax.random.randint(keys, (STEPS_PER_EPOCH, replicas, B, length), 0, 10)
    labels = digits[..., 0] + digits[..., 1]
    optimizer = optax.adam(1e-3)

    def loss(p: Any, table: Any, digits: Any, labels: Any) -> Any:
        weights = p["cell"] | p["fixed"]
        own = _with(cell, weights)
        first = "layers.0." if "layers.0.W" in weights else ""
        rows = table @ weights[f"{first}W"] + weights[f"{first}b"]

        def step(state: Any, row: Any) -> Any:
            after = own.step(Wrapped(rows[row]), tuple(Wrapped(one) for one in state))
            return tuple(one.array for one in after), None

        start = tuple(jnp.zeros((B, cell.hidden_size)) for _ in cell.states)
        state, _ = jax.lax.scan(step, start, digits.T)
        read = jnp.concatenate([state[cell.states.index(one)] for one in cell.readout], -1)
        logits = read @ p["V"] + p["c"]
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    gradients = jax.vmap(jax.grad(loss))

    def train(now: Any, batch: Any) -> Any:
        p, state = now
        updates, state = optimizer.update(gradients(p, table, *batch), state, p)
        return (optax.apply_updates(p, updates), state), None

    whole = jax.jit(lambda now: jax.lax.scan(train, now, (digits, labels))[0])

    def seconds(steps: int) -> float:
        now = whole((parameters, optimizer.init(parameters)))
        jax.block_until_ready(now)
        calls = max(1, steps // STEPS_PER_EPOCH)
        start = time.perf_counter()
        for _ in range(calls):
            now = whole(now)
        jax.block_until_ready(now)
        return (time.perf_counter() - start) / calls / STEPS_PER_EPOCH / replicas

    return seconds


def _array(tensor: Tensor) -> Any:
    return jnp.asarray(np.asarray(tensor.detach()))
