"""One training run: from a checked configuration to its folder of results.

The folder holds `config.yaml` (resolved), `checkpoint.ckpt`, `curves.npz`, `results.json`, figures
and the logger's files.
"""

import os
import time
import warnings
from pathlib import Path
from typing import Any, cast

import lightning.pytorch as pl
import numpy as np
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from digitsum import shell
from digitsum.errors import UserError
from digitsum.figures.curves import curves
from digitsum.figures.style import save
from digitsum.probes.probe import Probe
from digitsum.runs import alive, locks, results
from digitsum.runs.attempt import LOGS, MADE, check_folder, planned, promote, redirect
from digitsum.runs.build import build_data, build_module
from digitsum.runs.configuration import CONFIG, fingerprint, read_config
from digitsum.runs.folders import Folder
from digitsum.runs.loggers import build_loggers, varied
from digitsum.runs.places import key_of
from digitsum.runs.table import cells, markdown, show_run
from digitsum.task.data import DigitSumData
from digitsum.training import checkpointing, standing
from digitsum.training.lit import LitDigitSum
from digitsum.training.logbooks.book import Outcome, Run
from digitsum.training.logbooks.opened import opened
from digitsum.writing import remove, write_aside

# Seconds for whoever wrote in this folder before, and is just ending; on a cluster, for a job of an
# earlier command that is still at it.
PATIENCE = -1.0 if "SUBMITIT_EXECUTOR" in os.environ else 5.0


def train(config: DictConfig, quiet: str | None = None) -> dict[str, Any]:
    """Train, test and write one run into Hydra's output folder.

    Args:
        config: checked.
        quiet: end with one line instead of a table, as a job among many does: with this measure.

    Returns:
        the result, as `results.json` has it.

    Raises:
        UserError: a file or folder that can't be, before anything is written.
    """
    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir)
    names = planned(config, hydra)
    check_folder(folder, config, names)
    with locks.held(folder, "run", PATIENCE):
        there = results.complete_in(folder)
        if there is None:
            return _train(config, folder, names, quiet)
        if not config.overwrite:
            print(f"Complete already: {folder}; overwrite=true trains it anew")
            _show(config, folder, there, [], quiet, [])
            return there
        place = redirect(folder)
        if not results.is_complete(place, config):
            _train(config, place, names, quiet, shown_at=folder)
        promote(place, folder)
        return results.read(folder)


def _train(
    config: DictConfig,
    folder: Path,
    names: list[str],
    quiet: str | None,
    shown_at: Path | None = None,
) -> dict[str, Any]:
    start = time.perf_counter()
    choices = dict(HydraConfig.get().runtime.choices)
    header = results.header(config, choices)
    own = Folder(folder, "run")
    own.add(names)
    data = build_data(config)
    data.setup()
    module = build_module(config, header["settings"])
    loggers = build_loggers(config.logger)
    callbacks = [instantiate(one) for one in config.callbacks.values()]
    kept = [str(key) for key in config if key not in ("logger", "callbacks", "report", "overwrite")]
    resolved = OmegaConf.to_yaml(OmegaConf.masked_copy(config, kept), resolve=True)
    resumed = _to_resume(config, folder)
    if resumed is None:
        probes_left = [name for name in names if name.endswith((".npz", ".png", ".pdf"))]
        own.clear([*MADE, *probes_left])
    own.clear(LOGS)  # a resumed run tells its curves anew, without gaps or doubles
    write_aside(folder / CONFIG, resolved.encode())

    with warnings.catch_warnings():
        # Lightning's advice on workers and logging intervals is about batches from disk.
        warnings.filterwarnings("ignore", module="lightning")
        trainer: pl.Trainer = instantiate(config.trainer, logger=loggers, callbacks=callbacks)
        with opened(trainer) as told:
            own.add(name for book in told for name in book.files(folder))
            settings = header["settings"]
            what = Run(settings, varied(settings), results.MEASURES, resolved)
            for book in told:
                book.announce(what)
            alive.end()
            trainer.fit(module, data, ckpt_path=resumed, weights_only=True)
            _test(trainer, module, data)
            checkpointing.save(trainer, folder)
            remove(folder / checkpointing.PREVIOUS)
            replicas = _replicas(module, data, config.seed)
            result = header | {
                "status": "complete",
                "chance": data.question.chance,
                "by_chance": data.question.by_chance,
                "replicas": replicas,
                "summary": results.summary(replicas),
                "optimizer_steps": trainer.global_step,
                "seconds": round(time.perf_counter() - start, 2),
            }
            arrays = module.curves.arrays()
            np.savez(folder / "curves.npz", **cast(Any, arrays))
            title = f"{settings['model']}, length {data.length}, {settings['optimizer']}"
            title += f", lr {config.lr:g}"
            picture = save(curves(arrays, title, data.question.chance), folder / "curves")
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
    remove(folder / standing.NAME)
    untold = [words for book in told if (words := book.close(folder))]
    final = shown_at or folder
    pictures = [final / path.relative_to(folder) for path in paths]
    _show(config, final, result, pictures, quiet, [book.browse(final) for book in told])
    for words in untold:
        print(words)
    return result


def _test(trainer: pl.Trainer, module: LitDigitSum, data: DigitSumData) -> None:
    """Loggers are told what came out at the end, by their books."""
    loggers, trainer.loggers = trainer.loggers, []
    try:
        trainer.test(module, data, verbose=False)
    finally:
        trainer.loggers = loggers


def _show(
    config: DictConfig,
    folder: Path,
    result: dict[str, Any],
    pictures: list[Path],
    quiet: str | None,
    browse: list[str],
) -> None:
    show_run(result, folder, pictures, quiet, browse, following(config, folder))


def following(config: DictConfig, folder: Path) -> str:
    """What to try next: first the spread, then what the network does at twice the length, or, with
    files of a person's own, on those that it chose its weights by.
    """
    if config.replicas == 1:
        typed = [str(one) for one in HydraConfig.get().overrides.task]
        kept = [one for one in typed if key_of(one) not in ("resume", "overwrite", "replicas")]
        return shell.command("train", *kept, "replicas=16")
    if config.data.dir is not None:
        return shell.command("evaluate", f"run={folder}", "split=dev")
    return shell.command("evaluate", f"run={folder}", f"data.length={2 * config.data.length}")


def _to_resume(config: DictConfig, folder: Path) -> Path | None:
    """The checkpoint to go on from, once it is sure that it is this configuration's; a job of a
    sweep goes on without being asked to.
    """
    if not config.resume and not queued_again():
        return _left_by_a_job(config, folder)
    if not (folder / CONFIG).exists():
        if HydraConfig.get().mode != RunMode.MULTIRUN:
            print(f"resume: nothing in {folder} to go on from yet; it starts anew")
        return None
    if fingerprint(read_config(folder / CONFIG)) != fingerprint(config):
        raise UserError(
            f"resume: {folder} was started with another configuration (see its config.yaml); "
            "repeat its overrides, or start anew elsewhere"
        )
    return checkpointing.latest(folder)


def _left_by_a_job(config: DictConfig, folder: Path) -> Path | None:
    """What this very job of a sweep has left; else it starts anew."""
    try:
        same = fingerprint(read_config(folder / CONFIG)) == fingerprint(config)
        many = HydraConfig.get().mode == RunMode.MULTIRUN and not config.overwrite
        return checkpointing.latest(folder) if many and same else None
    except UserError:
        return None


def queued_again() -> bool:
    """Whether SLURM has begun this job before: out of time, or preempted."""
    return os.environ.get("SLURM_RESTART_COUNT", "0") not in ("", "0")


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
