"""What a run writes of each replica: the right row, the right split, the right step."""

from types import SimpleNamespace
from typing import Any, cast

import torch

from digitsum.runs.run import _replicas


def test_each_replica_has_its_own_numbers() -> None:
    """Every number differs: of two looks the last counts; replica 1 never had an accuracy."""
    looks = [torch.tensor([9.0, 8.0]), torch.tensor([1.5, 2.5])]
    rows = {"train_loss": looks, "dev_loss": [one + 0.25 for one in looks]}
    module = SimpleNamespace(
        curves=SimpleNamespace(rows=rows | {"train_accuracy": looks}),
        measured={"test": torch.tensor([0.1234567, 0.7]), "dev": torch.tensor([0.3, 0.4])},
        diverged_step=torch.tensor([-1, 77]),
        best_accuracy=torch.tensor([0.52, -1.0], dtype=torch.float64),
        best_step=torch.tensor([40, -1]),
    )
    seen = {"dev": [3, 4], "test": [5, None]}
    data = SimpleNamespace(seen_in_train=lambda split: seen[split])
    assert _replicas(cast(Any, module), cast(Any, data), 11) == [
        {
            **{"seed": 11, "test_accuracy": 0.123457, "best_dev_accuracy": 0.52, "best_step": 40},
            **{"final_train_loss": 1.5, "final_dev_loss": 1.75, "diverged_at": None},
            **{"dev_seen_in_train": 3, "test_seen_in_train": 5},
        },
        {
            **{"seed": 12, "test_accuracy": 0.7, "best_dev_accuracy": None, "best_step": -1},
            **{"final_train_loss": 2.5, "final_dev_loss": 2.75, "diverged_at": 77},
            **{"dev_seen_in_train": 4, "test_seen_in_train": None},
        },
    ]
