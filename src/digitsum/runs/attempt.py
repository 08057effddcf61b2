"""Where a run trains: in its folder, or over a complete result aside in it until it is complete."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_class
from omegaconf import DictConfig, open_dict, read_write

from digitsum.errors import UserError
from digitsum.probes.probe import Probe
from digitsum.runs import results
from digitsum.runs.configuration import CONFIG
from digitsum.runs.folders import LOCK, MARK, Folder
from digitsum.runs.hydra_keys import by_hydra
from digitsum.runs.places import ATTEMPT
from digitsum.training import checkpointing, standing
from digitsum.writing import remove, replace

# What a run makes; what its loggers write is said by them.
MADE = (CONFIG, standing.NAME, "curves.*", "checkpoint*.ckpt", ".checkpoint*", "evaluation/*")
LOGS = ("events.out.tfevents.*", "*/events.out.tfevents.*", "hparams.yaml", "csv/*", "wandb/*")


def planned(config: DictConfig, hydra: Any) -> list[str]:
    """Names of what a run is going to write in its folder, but for its loggers' files."""
    names = [CONFIG, results.NAME, results.FAILURE, *by_hydra(hydra)]
    names += [standing.NAME, checkpointing.CURRENT, checkpointing.PREVIOUS, checkpointing.ASIDE]
    kinds = [get_class(str(one._target_)) for one in config.callbacks.values()]
    stems = ["curves", *(one.name for one in kinds if issubclass(one, Probe))]
    return names + [f"{stem}.{ending}" for stem in stems for ending in ("npz", "png", "pdf")]


def check_folder(folder: Path, config: DictConfig, names: list[str]) -> None:
    """Raises: UserError, where the folder holds what isn't a run's, or a complete run of another
    configuration that isn't to be overwritten. Nothing is written.
    """
    Folder(folder, "run").check(names)
    found = None if config.overwrite else results.complete_in(folder)
    if found is not None and not results.is_of(found, folder, config):
        raise UserError(
            f"{folder} holds a complete run of another configuration (see its config.yaml); "
            "give hydra.run.dir=ANOTHER, or overwrite=true to replace it once this one is complete"
        )


def redirect(folder: Path) -> Path:
    """Train aside in the folder, so that what is complete in it stays until there is better."""
    runtime: Any = HydraConfig.get().runtime
    with read_write(runtime), open_dict(runtime):
        runtime.output_dir = str(folder / ATTEMPT)
    return folder / ATTEMPT


def promote(place: Path, folder: Path) -> None:
    """What was trained aside takes the place of what was there, its result last: whatever stops
    this in the middle, the same command goes on with it.
    """
    new, own = Folder(place, "run"), Folder(folder, "run")
    names = [name for name in new.made() if name != results.NAME]
    own.add([*names, results.NAME])
    kept = {*names, results.NAME, *by_hydra(HydraConfig.get())}  # Hydra's are of this command
    for name in own.made():
        if name not in kept:
            remove(folder / name)
    for name in [*names, results.NAME]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        replace(place / name, folder / name)
    remove(folder / results.FAILURE)
    for name in (MARK, LOCK):
        remove(place / name)
    folders = sorted((one for one in place.rglob("*") if one.is_dir()), reverse=True)
    for left in (*folders, place):
        with suppress(OSError):  # somebody has put something there
            left.rmdir()
