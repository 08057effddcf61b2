"""Every flag of Lightning's Trainer, and which of its values fit a training here.

A flag does what Lightning's documentation says, or is refused in words that say what does it here:
a training step is one or several passes over all examples, replicas are trained side by side on one
device, and dev examples are evaluated within the passes.
"""

from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.checks.rules import LARGEST, SWITCH, Rule, one_of, only, or_null, whole

_EVALUATED = "evaluate_every says how often dev examples are evaluated"
_LIMIT: Rule = (
    lambda v: type(v) is int and (v == -1 or 1 <= v < LARGEST),
    "1 or more, or -1 for no limit",
)

FLAGS: dict[str, Rule] = {
    "accelerator": one_of("cpu", "gpu", "cuda", "mps", "auto"),
    "strategy": only("auto", instead="replicas are trained side by side on one device"),
    "devices": only(1, instead="for more, spread seeds over jobs (seed=0,64 replicas=64)"),
    "num_nodes": only(1, instead="for more, spread seeds over jobs (hydra/launcher=slurm)"),
    "precision": only(None, 32, "32-true", 64, "64-true"),
    "logger": only(None, instead="logger=NAME chooses it"),
    "callbacks": only(None, instead="callbacks=NAME chooses them"),
    "fast_dev_run": only(False, instead="trainer=debug takes five steps"),
    "max_epochs": or_null(_LIMIT),
    "min_epochs": or_null(whole(0)),
    "max_steps": _LIMIT,
    "min_steps": or_null(whole(0)),
    "max_time": only(None, instead="a stopped run goes on with resume=true"),
    "limit_train_batches": (
        lambda v: (type(v) is float and v == 1.0) or (type(v) is int and 1 <= v < LARGEST),
        "a whole number of mini-batches, or 1.0 for all",
    ),
    "limit_val_batches": only(0, instead=_EVALUATED),
    "limit_test_batches": only(None, 1.0, instead="all are measured"),
    "limit_predict_batches": only(None, 1.0, instead="nothing is predicted"),
    "overfit_batches": only(0, 0.0, instead="limit_train_batches takes fewer"),
    "val_check_interval": only(None, instead=_EVALUATED),
    "check_val_every_n_epoch": only(None, 1, instead=_EVALUATED),
    "num_sanity_val_steps": only(0, instead=_EVALUATED),
    "log_every_n_steps": only(None, instead=f"{_EVALUATED} and logged"),
    "enable_checkpointing": only(False, instead="callbacks.checkpoints writes them"),
    "enable_progress_bar": only(False, instead="callbacks.progress shows it"),
    "enable_model_summary": SWITCH,
    "accumulate_grad_batches": only(1, instead="data.batch_size takes more at once"),
    "gradient_clip_val": only(None, instead="clip.value clips, each replica by its own norm"),
    "gradient_clip_algorithm": only(None, instead="clip.algorithm says how to clip"),
    "deterministic": or_null(
        (lambda v: isinstance(v, bool) or v == "warn", "true, false or warn"),
    ),
    "benchmark": or_null(SWITCH),
    "inference_mode": SWITCH,
    "use_distributed_sampler": SWITCH,
    "profiler": or_null(one_of("simple", "advanced")),
    "detect_anomaly": SWITCH,
    "barebones": only(False, instead="it would leave no results"),
    "sync_batchnorm": only(False, instead="no network here has batch normalisation"),
    "reload_dataloaders_every_n_epochs": only(0, instead="data.shuffle=true reorders them"),
    "enable_autolog_hparams": SWITCH,
    "model_registry": only(None, instead="checkpoints stay in the run's folder"),
}
PLUGIN = "lightning.pytorch.plugins.environments.LightningEnvironment"
# Checked below and as a place (`digitsum.runs.places`).
ELSEWHERE = {"plugins", "default_root_dir"}


def check_plugins(trainer: DictConfig) -> None:
    """Raises: UserError, for other plugins than the one that is always there."""
    plugins = trainer.get("plugins")
    plain = OmegaConf.to_container(plugins) if OmegaConf.is_config(plugins) else plugins
    if plain is not None and plain != {"_target_": PLUGIN}:
        raise UserError("trainer.plugins can't be changed: it keeps Lightning off SLURM's signals")


def on_cpu(accelerator: str) -> bool:
    """Whether training runs on the CPU, where it is compiled; `auto` prefers another device."""
    if accelerator != "auto":
        return accelerator == "cpu"
    import torch

    return not (torch.cuda.is_available() or torch.backends.mps.is_available())


def on_cuda(accelerator: str) -> bool:
    """Whether training runs on a GPU that has memory of its own."""
    if accelerator in ("cpu", "mps"):
        return False
    import torch

    return bool(torch.cuda.is_available())


def doubles(precision: object) -> bool:
    """Whether training is in double precision."""
    return str(precision).startswith("64")


def check_device(trainer: DictConfig) -> None:
    """Raises: UserError, where the device that is wanted isn't here, or has no doubles."""
    wanted, double = trainer.accelerator, doubles(trainer.get("precision"))
    if wanted == "cpu" or (wanted == "auto" and not double):
        return
    import torch  # only now, since it takes a second

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted != "auto" and not (any(there.values()) if wanted == "gpu" else there[wanted]):
        raise UserError(f"trainer.accelerator is {wanted}; this machine has none (trainer=cpu)")
    if double and there["mps"] and not there["cuda"]:
        raise UserError(
            f"trainer.precision is {trainer.precision}; Apple's GPU has no doubles (trainer=cpu)"
        )
