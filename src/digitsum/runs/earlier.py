"""What runs and sweeps of versions without marks made in their folders, as far as one can tell."""

import json
import re
from pathlib import Path
from typing import Any

from digitsum.task.examples import SPLITS

# By name, or with what only a process knows beforehand.
_RUN = (
    *("config.yaml", "results.json", "curves.npz", "curves.png", "curves.pdf"),
    *("checkpoint.ckpt", "checkpoint.previous.ckpt", ".checkpoint.aside.ckpt"),
    *(".hydra/config.yaml", ".hydra/hydra.yaml", ".hydra/overrides.yaml", "train.log"),
    *("hparams.yaml", "events.out.tfevents.*", "csv/metrics.csv", "csv/hparams.yaml"),
    *("wandb/", "trial.json", "mlflow.db", ".store.lock"),
    *(f"evaluation/*/{name}" for name in ("evaluation.json", "per_sum.csv", "*.png", "*.pdf")),
)
_PROBES = ("gradient_norms", "saturation", "gradient_flow", "spectrum", "memory")
_SWEEP = (
    *("sweep.json", "multirun.yaml", "optimization_results.yaml", "results.csv"),
    *("report.md", "report.html", "mlflow.db", ".store.lock"),
    *("answer/events.out.tfevents.*", "answer/*/events.out.tfevents.*"),
    *(f"asked_{split}.{end}" for split in SPLITS for end in ("csv", "png", "pdf")),
)


def names(folder: Path, kind: str) -> set[str]:
    """Names of what such a version made here; none where it didn't."""
    if kind == "sweep":
        if _json(folder / "sweep.json").get("schema") != 1:
            return set()
        text = _text(folder / "report.md")
        drawn = re.findall(r"^!\[[^\]]*\]\(([\w.,=+-]+)\.png\)$", text, flags=re.M)
        return {*_SWEEP, *(f"{name}.{ending}" for name in drawn for ending in ("png", "pdf"))}
    finished = _json(folder / "results.json")
    if finished.get("schema") == 1 and "settings" in finished:
        pass
    elif not ((folder / ".hydra" / "overrides.yaml").exists() and _is_config(folder)):
        return set()
    return {*_RUN, *(f"{probe}.{ending}" for probe in _PROBES for ending in ("npz", "png", "pdf"))}


def _is_config(folder: Path) -> bool:
    """Of a run that didn't end."""
    text = _text(folder / "config.yaml")
    return all(re.search(rf"^{key}:", text, flags=re.M) for key in ("model", "data", "replicas"))


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
