"""torch's optimizers as the compiled way knows them: their settings as a rule, their state as rows.

torch's optimizer stays the owner of both. What isn't known here is trained the plain way.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from digitsum.kernels.update import (
    ADAM,
    ADAMW,
    BY_NORM,
    BY_TENSOR,
    BY_VALUE,
    RMSPROP,
    SGD,
    UNCLIPPED,
    Rule,
)
from digitsum.training.clipping import Clipping
from digitsum.training.loss import Reduction

CLIPPING = {"norm": BY_NORM, "tensor_norm": BY_TENSOR, "value": BY_VALUE}
KINDS: Mapping[type[Optimizer], int] = {
    torch.optim.SGD: SGD,
    torch.optim.Adam: ADAM,
    torch.optim.AdamW: ADAMW,
    torch.optim.RMSprop: RMSPROP,
}
# Options that must be off; those that only say how torch computes are `foreach` and `fused`.
OFF = ("amsgrad", "maximize", "capturable", "differentiable", "nesterov", "centered", "dampening")


def rule_of(optimizer: Optimizer, clipping: Clipping, reduction: Reduction) -> Rule | None:
    """An optimizer's settings; None where it does what isn't known here."""
    kind = KINDS.get(type(optimizer))
    if kind is None or len(optimizer.param_groups) != 1:
        return None
    (group,) = optimizer.param_groups
    momentum = group.get("momentum", 0.0)
    unknown = any(group.get(option) for option in OFF) or isinstance(group["lr"], Tensor)
    if unknown or (kind == RMSPROP and momentum):
        return None
    first, second = group.get("betas", (group.get("alpha", momentum), 0.0))
    return Rule(
        kind,
        float(group["lr"]),
        float(group["weight_decay"]),
        float(first),
        float(second),
        float(group.get("eps", 0.0)),
        UNCLIPPED if clipping.value is None else CLIPPING[clipping.algorithm],
        float(clipping.value or 0.0),
        reduction == "mean",
    )


def moments(rule: Rule) -> tuple[str | None, str | None]:
    """What the optimizer calls its first and its second moment, if it has them."""
    if rule.optimizer in (ADAM, ADAMW):
        return "exp_avg", "exp_avg_sq"
    if rule.optimizer == RMSPROP:
        return None, "square_avg"
    return ("momentum_buffer" if rule.first else None), None


def state_of(optimizer: Optimizer, rule: Rule, parameter: Tensor) -> dict[str, Any]:
    """An optimizer's state of one parameter, begun as the optimizer itself would."""
    state: dict[str, Any] = optimizer.state[parameter]
    if rule.optimizer != SGD and "step" not in state:
        state["step"] = torch.zeros((), dtype=torch.get_default_dtype())
    for name in moments(rule):
        if name is not None and state.get(name) is None:
            state[name] = torch.zeros_like(parameter, memory_format=torch.preserve_format)
    return state


def steps_taken(optimizer: Optimizer) -> int:
    """How many steps the optimizer itself counts, where it does."""
    return max((int(one["step"]) for one in optimizer.state.values() if "step" in one), default=0)
