"""Compiling begins before PyTorch is imported, where a training will call what is compiled."""

from omegaconf import DictConfig, OmegaConf

from digitsum.machine import compiles
from digitsum.runs.checks.trainer_flags import doubles


def compile_ahead(config: DictConfig) -> None:
    """For a run on this machine's processor, or a sweep of them; of values not checked yet."""
    dtype = compiled_for(config)
    if dtype:
        from digitsum.kernels.ahead import begin  # only now: whoever asks for help needs no LLVM

        begin(dtype)


def compiled_for(config: DictConfig) -> str | None:
    """The kind of number, `float32`; None where nothing is trained by what is compiled."""
    accelerator, precision = (
        OmegaConf.select(config, f"trainer.{key}", throw_on_missing=False)
        for key in ("accelerator", "precision")
    )
    if config.get("recurrence") != "fast" or accelerator != "cpu" or not compiles():
        return None
    return "float64" if doubles(precision) else "float32"
