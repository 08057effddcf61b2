"""Where a run's files lie, and what all jobs of a sweep share."""

from pathlib import Path

import pytest
from hydra.types import RunMode
from omegaconf import OmegaConf

from digitsum.runs.places import shared_folder


@pytest.mark.parametrize(
    ("mode", "own", "sweep", "expected"),
    [
        (RunMode.RUN, "outputs/a", "multirun/b", "outputs/a"),
        (RunMode.MULTIRUN, "multirun/b/lr=1", "multirun/b", "multirun/b"),
        # Trained anew in a folder within its own, which then takes the place of what was there.
        (RunMode.RUN, "outputs/a/.attempt", "multirun/b", "outputs/a"),
    ],
)
def test_a_run_shares_its_folder_and_a_job_its_sweeps(
    mode: RunMode,
    own: str,
    sweep: str,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hydra = {"mode": mode, "sweep": {"dir": sweep}, "runtime": {"output_dir": own}}
    monkeypatch.setattr(
        "digitsum.runs.places.HydraConfig.get", staticmethod(lambda: OmegaConf.create(hydra))
    )
    monkeypatch.chdir(tmp_path)
    assert shared_folder() == (tmp_path / expected).as_posix()
