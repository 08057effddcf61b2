"""`--help`: what there is to choose from and to set, a line each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from rich.box import SIMPLE
from rich.table import Table

from digitsum import paper
from digitsum.runs.search_path import STUDIES

KEYS = Path(__file__).with_name("keys.yaml")
TAIL = """The configuration that overrides make, without a run: --cfg job.  Hydra's own options:
--hydra-help.  What the terms mean, with figures: README.md."""


def said_of(config_name: str) -> dict[str, dict[str, str]]:
    """Groups and keys of a command's configuration, each with its line."""
    return dict(yaml.safe_load(KEYS.read_text(encoding="utf-8"))[config_name])


def choices(conf: Path, group: str) -> list[str]:
    """What a group has, among the configurations and the studies."""
    found = [path.stem for top in (conf, STUDIES) for path in (top / group).glob("*.yaml")]
    return sorted(found)


def show(usage: str, conf: Path, config_name: str) -> None:
    """Print it.

    Args:
        usage: how to call the command, with examples.
        conf: the folder of configurations.
        config_name: the one that the command composes.
    """
    said = said_of(config_name)
    config = composed(str(conf), config_name)
    paper.paper().print(usage.strip())
    if said["groups"]:
        table = Table("GROUP=", "default", "what it is", "choices", box=SIMPLE)
        chosen = config.hydra.runtime.choices
        for group, words in said["groups"].items():
            table.add_row(group, _text(chosen.get(group)), words, ", ".join(choices(conf, group)))
        paper.show(table, paper.READABLE)
    table = Table("KEY=", "default", "what it does", box=SIMPLE)
    for key, words in said["keys"].items():
        table.add_row(key, _text(OmegaConf.select(config, key)), words)
    paper.show(table, paper.READABLE)
    paper.paper().print(TAIL)


def composed(conf: str, config_name: str, overrides: Sequence[str] = ()) -> DictConfig:
    """A configuration, whoever else has Hydra initialised in this process."""
    from hydra.core.global_hydra import GlobalHydra

    theirs = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with initialize_config_dir(conf, version_base="1.3"):
            return compose(config_name, list(overrides), return_hydra_config=True)
    finally:
        GlobalHydra.instance().hydra = theirs


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
