"""Sweeps whose results we choose, so that what is said of them can be worked out by hand."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from digitsum.sweeps.collected import Sweep, collect

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


WOBBLE = 0.01 * (np.arange(8) - 3.5)  # eight replicas about their mean
USUAL: dict[str, Any] = {
    **{"model": "srn", "lr": 0.001, "embedding": "frozen", "optimizer": "adam", "init": "zeros"},
    **{"model.hidden_size": 32, "seed": 0, "replicas": 8, "loss.reduction": "mean"},
    **{"data.distractors": 1, "data.ask": "sum", "data.dir": "null", "data.length": 10},
    **{"data.shuffle": False, "data.fresh": False, "data.copies": 3, "clip.value": "null"},
}
MEASURES = {"test": "test_accuracy", "dev": "best_dev_accuracy"}
MEASURES |= {"train_loss": "final_train_loss", "dev_loss": "final_dev_loss"}


def chosen(folder: Path, jobs: list[dict[str, Any]], **manifest: Any) -> Sweep:
    """A sweep of jobs that give their settings, the means of their measures (`test`, `dev`,
    `train_loss`, `dev_loss`), or these eight values themselves, and `arrays` that they recorded.

    What isn't given has a value of its own in each measure, so that one taken for another shows.
    Its replicas have eight seeds from its `seed` on. A `manifest` that says when a search `started`
    makes its trials of them.
    """
    listed = []
    for number, job in enumerate(jobs):
        place = folder / f"{number}"
        place.mkdir(parents=True)
        settings = USUAL | {
            k: v for k, v in job.items() if k not in (*MEASURES, "arrays", "result")
        }
        own = {"test": 0.41, "dev": 0.52, "train_loss": 0.63, "dev_loss": 1.74} | job
        values = {
            name: np.asarray(own[short]) + (0 if np.ndim(own[short]) else WOBBLE)
            for short, name in MEASURES.items()
        }
        replicas = [
            {"seed": settings["seed"] + i, **{name: float(one[i]) for name, one in values.items()}}
            for i in range(8)
        ]
        arrays = job.get("arrays", {})
        result = {
            "schema": 1,
            "status": "complete",
            "settings": settings,
            "replicas": replicas,
            "probes": {name: {} for name in arrays if name != "curves"},
        }
        if "curves" in arrays:
            result["optimizer_steps"] = 19_000
        for name, content in arrays.items():
            np.savez(place / f"{name}.npz", **content)
        (place / "results.json").write_text(json.dumps(result | job.get("result", {})))
        if "started" in manifest:
            trial = {"number": number, "started": manifest["started"], "overrides": []}
            (place / "trial.json").write_text(json.dumps(trial))
        listed.append({"folder": f"{number}", "overrides": []})
    known = {"schema": 1, "study": "s", "jobs": listed} | manifest
    (folder / "sweep.json").write_text(json.dumps(known))
    return collect(folder)
