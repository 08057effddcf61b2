"""A run writes in its own folder alone, and which loggers talk to somebody else's machine."""

import re
from typing import Any

import pytest
from omegaconf import OmegaConf, open_dict

from digitsum.errors import UserError
from digitsum.runs.checks.inside import check_places
from digitsum.runs.loggers import server_of
from digitsum.runs.places import SHARED

from .test_configs import composed


@pytest.mark.parametrize(
    ("key", "value", "well"),
    [
        ("logger.save_dir", "elsewhere", False),
        ("logger.save_dir", "${hydra:runtime.output_dir}/../other", False),
        ("logger.save_dir", "${hydra:runtime.output_dir}/inside", True),
        ("logger.save_dir", "${hydra:runtime.output_dir}s", False),
        ("logger.save_dir", None, True),
        ("trainer.default_root_dir", "/tmp", False),
        ("callbacks.progress.folder", "here", False),
        ("logger.tracking_uri", "https://somewhere", True),
        ("logger.tracking_uri", "ftp://somewhere", False),
        ("logger.tracking_uri", f"sqlite:///{SHARED}/runs.db", True),
        ("logger.tracking_uri", f"sqlite:///{SHARED}/../runs.db", False),
        ("logger.artifact_location", f"{SHARED}/artifacts", True),
        ("logger.artifact_location", "/home", False),
    ],
)
def test_a_run_writes_in_its_own_folder_alone(key: str, value: str | None, well: bool) -> None:
    config = composed("logger=none")
    with open_dict(config):
        OmegaConf.update(config, key, value, force_add=True)
    if well:
        check_places(config)
    else:
        with pytest.raises(UserError, match=f"^{re.escape(key)} is {re.escape(str(value))}; "):
            check_places(config)


@pytest.mark.parametrize(
    ("node", "server"),
    [
        ({"_target_": "a.WandbLogger", "offline": True}, None),
        ({"_target_": "a.WandbLogger"}, None),
        ({"_target_": "a.WandbLogger", "offline": False}, "https://api.wandb.ai"),
        ({"_target_": "a.MLFlowLogger", "tracking_uri": "http://here:5000"}, "http://here:5000"),
        ({"_target_": "a.MLFlowLogger", "tracking_uri": "${other}", "other": "https://b"}, None),
        ({"_target_": "a.MLFlowLogger", "tracking_uri": f"sqlite:///{SHARED}/runs.db"}, None),
        ({"_target_": "a.MLFlowLogger"}, None),
        ({"_target_": "a.CSVLogger", "tracking_uri": "http://here:5000"}, None),
    ],
)
def test_which_loggers_talk_to_a_server(
    node: dict[str, Any], server: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_BASE_URL", raising=False)
    tree = OmegaConf.create({"logger": node, "other": "http://found"})
    wanted = "http://found" if node.get("tracking_uri") == "${other}" else server
    assert server_of(tree.logger) == wanted
    if node["_target_"].endswith("WandbLogger") and server:
        monkeypatch.setenv("WANDB_BASE_URL", "https://own")
        assert server_of(tree.logger) == "https://own"
