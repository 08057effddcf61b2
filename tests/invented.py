"""Sweeps whose results we choose, so that what is said of them can be worked out by hand."""

import json
from pathlib import Path

import numpy as np

LENGTHS = (5, 10, 15, 20, 25, 30, 35)


def invented(
    folder: Path, accuracy: dict[str, float], fall: dict[str, float], spread: float = 0.01
) -> None:
    """A sweep's folder whose accuracies we choose: start and fall per ten digits, by cell; and how
    far apart replicas are.
    """
    jobs = []
    for model, start in accuracy.items():
        for length in LENGTHS:
            name = f"data.length={length},model={model}"
            jobs.append({"folder": name, "overrides": [f"model={model}"]})
            centre = start - fall[model] * (length - 5) / 10
            replicas = [
                {
                    "seed": i,
                    "test_accuracy": centre + spread * ((i * 7 + length) % 5 - 2),
                    "best_dev_accuracy": centre,
                    "best_step": 1,
                    "final_train_loss": 0.1,
                    "final_dev_loss": 1.5 - centre + 0.001 * i,
                    "diverged_at": None,
                    "test_seen_in_train": 3,
                }
                for i in range(8)
            ]
            settings = {
                "model": model,
                "embedding": "frozen",
                "optimizer": "adam",
                "init": "zeros",
                "data": "digitsum",
                "data.length": length,
                "data.shuffle": False,
                "model.hidden_size": 32,
                "lr": 0.001,
            }
            result = {
                "schema": 1,
                "status": "complete",
                "settings": settings,
                "replicas": replicas,
                "versions": {},
            }
            (folder / name).mkdir(parents=True)
            (folder / name / "results.json").write_text(json.dumps(result))
    (folder / "sweep.json").write_text(json.dumps({"schema": 1, "study": "s", "jobs": jobs}))


def sweep(folder: Path, jobs: list[dict[str, object]]) -> None:
    listed = []
    for number, job in enumerate(jobs):
        settings = {key: value for key, value in job.items() if key not in ("dev", "test")}
        settings = {"model": "srn", "lr": 0.001, "seed": 0, "replicas": 8} | settings
        wobble = 0.01 * (np.arange(8) - 3.5)
        pairs = zip(wobble + job["dev"], wobble + job["test"], strict=True)
        replicas = [
            {"seed": i, "best_dev_accuracy": dev, "test_accuracy": test}
            for i, (dev, test) in enumerate(pairs)
        ]
        result = {"schema": 1, "status": "complete", "settings": settings, "replicas": replicas}
        (folder / f"{number}").mkdir()
        (folder / f"{number}" / "results.json").write_text(json.dumps(result))
        listed.append({"folder": f"{number}", "overrides": []})
    (folder / "sweep.json").write_text(json.dumps({"schema": 1, "study": "s", "jobs": listed}))
