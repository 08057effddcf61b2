"""Every flag of Lightning's Trainer has a verdict; a new Lightning with a new flag fails here."""

import inspect
from functools import cache
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from hydra.utils import instantiate

from digitsum.errors import UserError
from digitsum.runs.build import build_data, build_module
from digitsum.runs.checks.check import check
from digitsum.runs.checks.trainer_flags import ELSEWHERE, FLAGS, on_cpu

from .test_configs import composed

# Of each flag: values that a training takes, and values that are refused with a word that says why.
VERDICTS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "accelerator": (("cpu", "auto"), {"tpu": "one of cpu", "gpu": "this machine has none"}),
    "strategy": (("auto",), {"ddp": "side by side"}),
    "devices": (("1",), {"2": "spread seeds over jobs", "auto": "spread", "-1": "spread"}),
    "num_nodes": (("1",), {"2": "spread seeds over jobs"}),
    "precision": (("32", "32-true", "64", "64-true", "null"), {"16": "64-true", "bf16": "64-true"}),
    "logger": ((), {"true": "logger=NAME"}),
    "callbacks": ((), {"[]": "callbacks=NAME"}),
    "fast_dev_run": (("false",), {"true": "trainer=debug", "3": "trainer=debug"}),
    "max_epochs": (("1", "null", "-1"), {"0": "1 or more", "1.5": "1 or more", "-2": "1 or more"}),
    "min_epochs": (("1", "null"), {"-1": "at least 0"}),
    "max_steps": (("2", "-1"), {"0": "1 or more", "null": "1 or more"}),
    "min_steps": (("1", "null"), {"-1": "at least 0"}),
    "max_time": (("null",), {"00:00:10:00": "resume=true"}),
    "limit_train_batches": (("2", "1.0"), {"0.5": "whole number", "0": "whole number"}),
    "limit_val_batches": (("0",), {"1.0": "evaluate_every"}),
    "limit_test_batches": (("null", "1.0"), {"1": "all are measured", "0": "all"}),
    "limit_predict_batches": (("null",), {"1": "nothing is predicted"}),
    "overfit_batches": (("0", "0.0"), {"1": "limit_train_batches", "0.5": "limit_train_batches"}),
    "val_check_interval": (("null",), {"0.5": "evaluate_every", "10": "evaluate_every"}),
    "check_val_every_n_epoch": (("1", "null"), {"2": "evaluate_every"}),
    "num_sanity_val_steps": (("0",), {"2": "evaluate_every"}),
    "log_every_n_steps": (("null",), {"1": "evaluate_every"}),
    "enable_checkpointing": (("false",), {"true": "callbacks.checkpoints"}),
    "enable_progress_bar": (("false",), {"true": "callbacks.progress"}),
    "enable_model_summary": (("true", "false"), {"5": "true or false"}),
    "accumulate_grad_batches": (("1",), {"4": "data.batch_size"}),
    "gradient_clip_val": (("null",), {"1": "clip.value", "0": "clip.value"}),
    "gradient_clip_algorithm": (("null",), {"norm": "clip.algorithm"}),
    "deterministic": (("true", "warn", "null"), {"maybe": "warn"}),
    "benchmark": (("true", "null"), {"1": "true or false"}),
    "inference_mode": (("true", "false"), {"null": "true or false"}),
    "use_distributed_sampler": (("true", "false"), {"2": "true or false"}),
    "profiler": (("simple", "advanced", "null"), {"xla": "one of simple", "pytorch": "simple"}),
    "detect_anomaly": (("true", "false"), {"null": "true or false"}),
    "barebones": (("false",), {"true": "no results"}),
    "plugins": (("null",), {"5": "SLURM"}),
    "sync_batchnorm": (("false",), {"true": "batch normalisation"}),
    "reload_dataloaders_every_n_epochs": (("0",), {"1": "data.shuffle"}),
    "default_root_dir": (("null",), {"/tmp/elsewhere": "own folder"}),
    "enable_autolog_hparams": (("true", "false"), {"1": "true or false"}),
    "model_registry": (("null",), {"name": "the run's folder"}),
}


def words(flag: str, value: str) -> str:
    typed = f"trainer.{flag}={value}"
    return typed if flag in usual() else f"+{typed}"


@cache
def usual() -> frozenset[str]:
    """Flags that the configuration has anyway."""
    return frozenset(map(str, composed().trainer))


def test_every_flag_has_a_verdict() -> None:
    flags = set(inspect.signature(pl.Trainer).parameters)
    assert flags == set(FLAGS) | ELSEWHERE
    assert flags == set(VERDICTS)


@pytest.mark.parametrize(
    ("flag", "value"), [(flag, value) for flag in VERDICTS for value in VERDICTS[flag][0]]
)
def test_a_supported_value_trains(flag: str, value: str, tmp_path: Path) -> None:
    short = ("trainer.max_steps=2",) if flag != "max_steps" or value == "-1" else ()
    short = ("trainer.max_epochs=1",) if (flag, value) == ("max_steps", "-1") else short
    typed = (words(flag, value), *short, f"data.root={tmp_path}", "evaluate_every=2")
    config = composed(*typed)
    check(config)
    data, module = build_data(config), build_module(config, {})
    trainer: Any = instantiate(config.trainer, logger=False)
    trainer.fit(module, data)
    trainer.test(module, data, verbose=False)
    assert module.curves.steps[-1] == trainer.global_step >= 2
    wanted = torch.float64 if value.startswith("64") else torch.float32
    assert module.best.cell.W.dtype == wanted
    assert module.measured["test"].isfinite().all()


@pytest.mark.parametrize(
    ("flag", "value"), [(flag, value) for flag in VERDICTS for value in VERDICTS[flag][1]]
)
def test_an_unfit_value_is_refused_with_what_to_use_instead(flag: str, value: str) -> None:
    if (flag, value) == ("accelerator", "gpu") and torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(UserError) as error:
        check(composed(words(flag, value)), folder=".")
    assert str(error.value).startswith(f"trainer.{flag} ")
    assert VERDICTS[flag][1][value] in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("wanted", "cuda", "mps", "cpu"),
    [
        ("cpu", True, True, True),
        ("gpu", False, False, False),
        ("auto", False, False, True),
        ("auto", True, False, False),
        ("auto", False, True, False),
    ],
)
def test_auto_is_the_cpu_where_there_is_nothing_else(
    wanted: str, cuda: bool, mps: bool, cpu: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: mps)
    assert on_cpu(wanted) is cpu
