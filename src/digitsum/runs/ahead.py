"""Compiling begins before PyTorch is imported, where a training will call what is compiled."""

from omegaconf import DictConfig, OmegaConf


def compile_ahead(config: DictConfig) -> None:
    """For a run on this machine's processor, or a sweep of them; of values not checked yet."""
    accelerator, precision = (
        OmegaConf.select(config, f"trainer.{key}", throw_on_missing=False)
        for key in ("accelerator", "precision")
    )
    if config.get("recurrence") == "fast" and accelerator == "cpu":
        from digitsum.kernels.ahead import begin  # only now: whoever asks for help needs no LLVM

        begin("float64" if str(precision).startswith("64") else "float32")
