"""What to say of an error that is no defect: a mistake in what was typed, or the machine."""

import os
import re
import sys
from pathlib import Path

from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf import OmegaConf

from digitsum import shell
from digitsum.runs.checks.rules import near
from digitsum.runs.manual import composed
from digitsum.runs.search_path import CONF
from digitsum.runs.typed import quoted_form

# Choices that come with packages of their own.
PLUGINS = {
    "hydra/sweeper=optuna": "search",
    "hydra/launcher=joblib": "scale",
    "hydra/launcher=submitit_slurm": "scale",
    "hydra/launcher=submitit_local": "scale",
}


def of_the_machine(error: Exception) -> str | None:
    """A full disk, a folder that may not be written, no memory left, a worker that was killed: what
    to say of it. None for what is a defect.
    """
    if isinstance(error, OSError) and not (error.filename is None and error.errno is None):
        if error.filename is None:
            return f"{error.strerror or error} (HYDRA_FULL_ERROR=1 shows where)"
        place = f"{os.fsdecode(error.filename)}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    kind, text = type(error).__name__, str(error)
    if isinstance(error, MemoryError) or kind == "OutOfMemoryError" or "can't allocate" in text:
        return "out of memory; fewer replicas at once (seed=0,16 replicas=16) need less"
    if kind == "FailedJobError" and "sbatch" in text:  # submitit's, of a cluster that takes no jobs
        return text.splitlines()[0].strip()
    if kind in ("TerminatedWorkerError", "BrokenProcessPool"):
        return "a worker process was killed; what was complete stays, the same command goes on"
    return None


def in_one_line(error: Exception, config_name: str) -> str:
    """What to say of an error of ours, Hydra's or OmegaConf's."""
    if isinstance(error, MissingConfigException):
        missing = (error.missing_cfg_file or "").removesuffix(".yaml")
        group, _, choice = missing.rpartition("/")
        if group:
            options = [option for option in error.options or [] if option]
            if (needed := PLUGINS.get(missing.replace(f"{group}/", f"{group}="))) is not None:
                return f"{group}={choice} needs packages: pip install -r requirements-{needed}.txt"
            words = f"{group}={choice}: no such choice; {group} has {', '.join(options)}"
            return words + near(choice, options)
    unmatched = "Could not override '"
    if isinstance(error, ConfigCompositionException) and str(error).startswith(unmatched):
        key = str(error).split("'")[1]
        keys = _keys(config_name)
        if key not in keys:
            return f"{key}: no such key{near(key, keys)}"
    if isinstance(error, OverrideParseException):
        if (form := quoted_form(error.override)) is not None:
            return (
                f"{error.override}: Hydra can't read the value; it can in quotes: "
                + shell.quoted([form])
            )
        return f"{error.override}: not an override; KEY=VALUE is expected"
    if isinstance(error, ConfigCompositionException) and (signs := _of_signs(str(error))):
        return signs
    text = str(error).strip() or type(error).__name__
    if isinstance(error, HydraException) and error.__cause__ is not None:
        text += f" ({str(error.__cause__).splitlines()[0]})"
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _of_signs(text: str) -> str | None:
    """What to say of an override with a `+` too many, or with several values for one run."""
    added = re.search(r"Could not append to config(?: group)?\.? .*?'([^']+)'", text)
    if added is not None:
        word = next((one for one in sys.argv if one.startswith(f"+{added[1].split('@')[0]}")), "")
        return f"{word or added[1]}: there is one already; write {word.lstrip('+')}, without the +"
    doubled = re.search(r"Multiple values for ([^.]+)\. To override", text)
    if doubled is not None:
        word = next((one for one in sys.argv if one.startswith(f"+{doubled[1]}=")), "")
        told = word or f"+{doubled[1]}=..."
        return f"{told}: there is one already; write {told[1:]}, without the +"
    several = re.search(r"Ambiguous value for argument '([^']*)'", text)
    if several is not None:
        form = shell.quoted([quoted_form(several[1]) or several[1]])
        words = f"{several[1]}: one value is expected; one that has commas stands in quotes: {form}"
        if Path(sys.argv[0]).stem.endswith("evaluate"):
            return words
        return f"{words}; several make a sweep: {shell.command('train', '-m', *sys.argv[1:])}"
    return None


def _keys(config_name: str) -> list[str]:
    """All keys that the configuration has without overrides, and its groups."""
    config = composed(str(CONF), config_name)
    groups = [str(group) for group in config.hydra.runtime.choices if "hydra/" not in str(group)]

    def walk(node: object, prefix: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        paths = {f"{prefix}{name}": child for name, child in node.items()}
        return [key for path, child in paths.items() for key in (path, *walk(child, f"{path}."))]

    tree = OmegaConf.to_container(config)
    assert isinstance(tree, dict)
    tree.pop("hydra")
    return groups + walk(tree, "")
