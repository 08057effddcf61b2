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
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from lightning.pytorch.loggers import TensorBoardLogger
from omegaconf import DictConfig, OmegaConf

from digitsum import hparams, results, sweep
from digitsum.checks import check
from digitsum.classifier import Classifier, Readout
from digitsum.data import DigitSumData
from digitsum.figures.curves import curves
from digitsum.figures.style import save
from digitsum.fileformat import write_aside
from digitsum.initialisation import replica_generators
from digitsum.lit import LitDigitSum
from digitsum.table import show_run

CHECKPOINT = "checkpoint.ckpt"


def build_data(config: DictConfig) -> DigitSumData:
    """The data module that a configuration describes."""
    return cast(
        DigitSumData,
        instantiate(config.data, seed=config.seed, replicas=config.replicas, _convert_="all"),
    )


def build_classifier(config: DictConfig) -> Classifier:
    """R networks, replica i started from seed + i."""
    by = replica_generators(config.seed, config.replicas)
    # Partials, since Hydra would copy the generators that it is handed as arguments.
    embedding = instantiate(config.embedding, _partial_=True)(by=by)
    cell = instantiate(config.model, _partial_=True)(
        input_size=embedding.size, by=by, init=instantiate(config.init)
    )
    return Classifier(embedding, cell, Readout(cell.hidden_size, by), config.recurrence)


def build_module(config: DictConfig, settings: dict[str, Any]) -> LitDigitSum:
    """The LightningModule that a configuration describes."""
    return LitDigitSum(
        build_classifier(config),
        instantiate(config.optimizer),
        config.loss.reduction,
        instantiate(config.clip),
        config.evaluate_every,
        settings,
    )


def train(config: DictConfig) -> None:
    """Train, test and write one run, or one job of a sweep unless it is complete already.

    Raises:
        UserError: a value or file that can't be. In a sweep a failed job leaves a result that
            says so, whatever the failure was.
    """
    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir)
    swept = hydra.mode == RunMode.MULTIRUN
    try:
        check(config, hydra.overrides.task)
        if swept and sweep.is_complete(folder, config):
            sweep.announce(hydra.job.num, folder, "complete already, skipped")
            return
        if swept:
            sweep.announce(hydra.job.num, folder)
            sweep.clear(folder)
        _train(config, folder, dict(hydra.runtime.choices), quiet=swept)
    except Exception as error:
        if swept:
            first = (str(error).splitlines() or [""])[0]
            failed = {"status": "failed", "error": f"{type(error).__name__}: {first}"}
            results.write(folder, results.header(config, dict(hydra.runtime.choices)) | failed)
        raise


def _train(config: DictConfig, folder: Path, choices: dict[str, Any], quiet: bool) -> None:
    start = time.perf_counter()
    header = results.header(config, choices)
    data = build_data(config)
    data.setup()
    module = build_module(config, header["settings"])
    loggers = instantiate(config.logger) if "_target_" in config.logger else False
    callbacks = [instantiate(one) for one in config.callbacks.values()]
    resolved = OmegaConf.masked_copy(config, [k for k in config if k not in ("logger", "callbacks")])
    write_aside(folder / "config.yaml", OmegaConf.to_yaml(resolved, resolve=True).encode())

    with warnings.catch_warnings():
        # Lightning's advice on workers and logging intervals is about batches from disk.
        warnings.filterwarnings("ignore", module="lightning")
        trainer: pl.Trainer = instantiate(config.trainer, logger=loggers, callbacks=callbacks)
        hparams.announce(trainer, header["settings"])
        module.train()
        trainer.fit(module, data, ckpt_path=_to_resume(config, folder), weights_only=True)
        trainer.test(module, data, verbose=False)
    trainer.save_checkpoint(folder / CHECKPOINT)

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
    title = f"{choices['model']}, length {data.length}, {choices['optimizer']}, lr {config.lr:g}"
    picture = curves(arrays, title)
    path = save(picture, folder / "curves")
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_figure("curves", picture, trainer.global_step, close=False)
            logger.experiment.add_text("config", "```yaml\n" + OmegaConf.to_yaml(resolved) + "```")
    hparams.conclude(trainer, header["settings"], result["summary"])
    results.write(folder, result)
    show_run(result, folder, [path], quiet)


def _to_resume(config: DictConfig, folder: Path) -> Path | None:
    path = folder / CHECKPOINT
    return path if config.resume and path.exists() else None


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
