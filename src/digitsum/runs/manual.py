"""`--help`: what there is to choose from and to set, a line each."""

from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from digitsum.runs.search_path import STUDIES

KEYS = Path(__file__).with_name("keys.yaml")
NARROWEST = 110  # characters; a pipe says it has 80
TAIL = """The configuration that overrides make, without a run: --cfg job.  Hydra's own options:
--hydra-help.  What the terms mean, with figures: README.md."""


def said_of(config_name: str) -> dict[str, dict[str, str]]:
    """Groups and keys of a command's configuration, each with its line."""
    return dict(yaml.safe_load(KEYS.read_text(encoding="utf-8"))[config_name])


def choices(conf: Path, group: str) -> list[str]:
    """What a group has, among the configurations and the studies."""
    found = [path.stem for top in (conf, STUDIES) for path in (top / group).glob("*.yaml")]
    return sorted(found)


def paper() -> Console:
    """A terminal, or a pipe that is wide enough for a table."""
    console = Console()
    console.width = max(NARROWEST, console.width)
    return console


def show(usage: str, conf: Path, config_name: str) -> None:
    """Print it.

    Args:
        usage: how to call the command, with examples.
        conf: the folder of configurations.
        config_name: the one that the command composes.
    """
    said = said_of(config_name)
    with initialize_config_dir(str(conf), version_base="1.3"):
        config = compose(config_name, return_hydra_config=True)
    console = paper()
    console.print(usage.strip(), highlight=False, markup=False)
    if said["groups"]:
        table = Table("GROUP=", "default", "what it is", "choices", box=SIMPLE)
        chosen = config.hydra.runtime.choices
        for group, words in said["groups"].items():
            table.add_row(group, _text(chosen.get(group)), words, ", ".join(choices(conf, group)))
        console.print(table)
    table = Table("KEY=", "default", "what it does", box=SIMPLE)
    for key, words in said["keys"].items():
        table.add_row(key, _text(OmegaConf.select(config, key)), words)
    console.print(table)
    console.print(TAIL, highlight=False, markup=False)


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
