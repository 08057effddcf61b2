"""One training run: from a checked configuration to its folder of results.

The folder holds `config.yaml` (resolved), `checkpoint.ckpt`, `curves.npz`, `results.json`, figures
and the logger's files.
"""

import time
import warnings
from pathlib import Path
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.figures.curves import curves
from digitsum.figures.style import save
from digitsum.probes.probe import Probe
from digitsum.runs import alive, results
from digitsum.runs.build import build_data, build_module
from digitsum.runs.checks import check
from digitsum.runs.configuration import CONFIG, fingerprint, read_config
from digitsum.runs.loggers import build_loggers, clear_logs, varied
from digitsum.runs.table import cells, markdown, show_run
from digitsum.task.data import DigitSumData
from digitsum.training import checkpointing
from digitsum.training.lit import LitDigitSum
from digitsum.training.logbooks.book import Outcome, Run
from digitsum.training.logbooks.opened import opened
from digitsum.writing import remove, write_aside


def train(config: DictConfig, quiet: str | None = None) -> dict[str, Any]:
    """Train, test and write one run into Hydra's output folder.

    Args:
        config: as composed; it is checked here.
        quiet: end with one line instead of a table, as a job among many does: with this measure.

    Returns:
        the result, as `results.json` has it.

    Raises:
        UserError: a value or file that can't be, before anything is written.
    """
    hydra = HydraConfig.get()
    check(config, hydra.overrides.task)
    return _train(config, Path(hydra.runtime.output_dir), dict(hydra.runtime.choices), quiet)


def clear(folder: Path) -> None:
    """Remove what an earlier, unfinished or different run left: nothing is mixed."""
    for pattern in ("results.json", "curves.*", "checkpoint*.ckpt"):
        for path in folder.glob(pattern):
            remove(path)


def _train(
    config: DictConfig, folder: Path, choices: dict[str, Any], quiet: str | None
) -> dict[str, Any]:
    start = time.perf_counter()
    header = results.header(config, choices)
    data = build_data(config)
    data.setup()
    module = build_module(config, header["settings"])
    loggers = build_loggers(config.logger)
    callbacks = [instantiate(one) for one in config.callbacks.values()]
    kept = [str(key) for key in config if key not in ("logger", "callbacks", "report")]
    resolved = OmegaConf.to_yaml(OmegaConf.masked_copy(config, kept), resolve=True)
    resumed = _to_resume(config, folder)
    if resumed is None:
        clear(folder)
    clear_logs(folder)
    write_aside(folder / CONFIG, resolved.encode())

    with warnings.catch_warnings():
        # Lightning's advice on workers and logging intervals is about batches from disk.
        warnings.filterwarnings("ignore", module="lightning")
        trainer: pl.Trainer = instantiate(config.trainer, logger=loggers, callbacks=callbacks)
        with opened(trainer) as told:
            settings = header["settings"]
            what = Run(settings, varied(settings), results.MEASURES, resolved)
            for book in told:
                book.announce(what)
            alive.end()
            trainer.fit(module, data, ckpt_path=resumed, weights_only=True)
            trainer.test(module, data, verbose=False)
            checkpointing.save(trainer, folder)
            remove(folder / checkpointing.PREVIOUS)
            replicas = _replicas(module, data, config.seed)
            result = header | {
                "status": "complete",
                "replicas": replicas,
                "summary": results.summary(replicas),
                "optimizer_steps": trainer.global_step,
                "seconds": round(time.perf_counter() - start, 2),
            }
            arrays = module.curves.arrays()
            np.savez(folder / "curves.npz", **cast(Any, arrays))
            names = f"{choices['model']}, length {data.length}, {choices['optimizer']}"
            picture = save(curves(arrays, f"{names}, lr {config.lr:g}"), folder / "curves")
            for book in told:
                book.figure("curves", picture, trainer.global_step)
            probes = [callback for callback in callbacks if isinstance(callback, Probe)]
            finished = {probe.name: probe.finish(trainer) for probe in probes}
            result["probes"] = {name: found for name, (found, _) in finished.items()}
            paths = [picture, *(path for _, path in finished.values())]
            summary: dict[str, dict[str, float]] = result["summary"]
            means = {measure: one["mean"] for measure, one in summary.items()}
            outcome = Outcome(means, markdown(summary), *cells(summary))
            for book in told:
                book.conclude(outcome, trainer.global_step)
    results.write(folder, result)
    shown = [book.browse(folder) for book in told]
    show_run(result, folder, paths, quiet, shown, following(folder, config.replicas, data.length))
    return result


def following(folder: Path, replicas: int, length: int) -> str:
    """What to try next: first the spread, then what the network does at twice the length."""
    if replicas == 1:
        return " ".join(["python train.py", *HydraConfig.get().overrides.task, "replicas=16"])
    return f"python evaluate.py run={folder} data.length={2 * length}"


def _to_resume(config: DictConfig, folder: Path) -> Path | None:
    """The checkpoint to go on from, once it is sure that it is this configuration's."""
    if not config.resume or not (folder / CONFIG).exists():
        return None
    if fingerprint(read_config(folder / CONFIG)) != fingerprint(config):
        raise UserError(
            f"resume: {folder} was started with another configuration (see its config.yaml); "
            "repeat its overrides, or start anew elsewhere"
        )
    return checkpointing.latest(folder)


def _replicas(module: LitDigitSum, data: DigitSumData, seed: int) -> list[dict[str, Any]]:
    final = {name: rows[-1].tolist() for name, rows in module.curves.rows.items()}
    test = module.measured["test"].tolist()
    seen = {split: data.seen_in_train(split) for split in ("dev", "test")}
    diverged = module.diverged_step.tolist()
    return [
        {
            "seed": seed + i,
            "test_accuracy": round(test[i], 6),
            "best_dev_accuracy": round(best, 6) if best >= 0 else None,
            "best_step": step,
            "final_train_loss": final["train_loss"][i],
            "final_dev_loss": final["dev_loss"][i],
            "diverged_at": diverged[i] if diverged[i] >= 0 else None,
            "dev_seen_in_train": seen["dev"][i],
            "test_seen_in_train": seen["test"][i],
        }
        for i, (best, step) in enumerate(
            zip(module.best_accuracy.tolist(), module.best_step.tolist(), strict=True)
        )
    ]
