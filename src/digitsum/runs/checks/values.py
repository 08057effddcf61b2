"""What each key of a configuration may be."""

from digitsum.runs.checks.rules import (
    FRACTION,
    POSITIVE,
    SWITCH,
    TEXT,
    Rule,
    number,
    one_of,
    or_null,
    whole,
)
from digitsum.runs.checks.trainer_flags import FLAGS
from digitsum.task.examples import SHORTEST
from digitsum.task.question import ASKS

LARGEST_SEED = 2**62  # so that seed + replica stays within torch's generators

# Keys that are absent from a configuration (an optimizer without momentum, say) are passed over.
RULES: dict[str, Rule] = {
    "lr": POSITIVE,
    "seed": (
        lambda v: whole(0)[0](v) and v <= LARGEST_SEED,
        f"a whole number from 0 to {LARGEST_SEED}",
    ),
    "replicas": whole(1),
    "evaluate_every": whole(1),
    "recurrence": one_of("fast", "reference"),
    "resume": SWITCH,
    "overwrite": SWITCH,
    "model.hidden_size": whole(1),
    "model.layers": whole(1),
    "init.forget_bias": or_null(number(lambda v: True, "a number")),
    "model.skip": number(lambda v: 0 <= v <= 1, "a number from 0 to 1"),
    "embedding.size": whole(1),
    "data.length": whole(SHORTEST),
    "data.batch_size": whole(1),
    "data.shuffle": SWITCH,
    "data.copies": whole(1),
    "data.fresh": SWITCH,
    "data.distractors": (
        lambda v: v == "all" or whole(1)[0](v),
        "a whole number, at least 1, or all",
    ),
    "data.ask": one_of(*ASKS),
    "data.root": TEXT,
    "data.dir": or_null(TEXT),
    "optimizer.lr": POSITIVE,
    "optimizer.weight_decay": number(lambda v: v >= 0, "a number, 0 or more"),
    "optimizer.momentum": FRACTION,
    "loss.reduction": one_of("mean", "sum"),
    "clip.value": or_null(POSITIVE),
    "clip.algorithm": one_of("norm", "tensor_norm", "value"),
    "callbacks.progress.lines": SWITCH,
    "callbacks.checkpoints.seconds": number(lambda v: v >= 0, "a number, 0 or more"),
} | {f"trainer.{flag}": rule for flag, rule in FLAGS.items()}
