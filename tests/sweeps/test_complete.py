"""Of a sweep given again, only jobs without a result are launched, under the numbers they had."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

import digitsum.runs.search_path  # noqa: F401  registers the folder of studies
from digitsum.runs.configuration import fingerprint
from digitsum.sweeps.complete import Jobs

from ..conftest import REPO, Command
from ..invented import chosen


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    chosen(tmp_path / "s", [{}], fixed=[])
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        assert hydra is not None
        config = hydra.compose_config(
            "config",
            [f"hydra.sweep.dir={tmp_path / 's'}"],
            run_mode=RunMode.MULTIRUN,
            with_log_configuration=False,
        )
        yield Jobs(config, hydra.config_loader)


@pytest.mark.parametrize(
    "job",
    [
        ["model=gru", "lr=0.1", "data.length=7"],
        ["lr=0.2", "model=gru", "optimizer.lr=0.3", "model.hidden_size=8"],
        ["+trainer.min_epochs=1", "++replicas=3", "~data.copies", "lr=0.1"],
        ["clip=blog", "clip.value=null", "data.length=${replicas}", "logger=none"],
        ["lr=0.1", "experiment=explosion", "model=srn"],
        ["study=smoke", "model=srn_residual", "lr=1e-3"],
    ],
)
def test_a_job_is_composed_as_the_launcher_does(job: list[str], jobs: Jobs) -> None:
    loader = GlobalHydra.instance().config_loader()
    wanted = loader.load_sweep_config(jobs.config, job)
    for _ in range(2):  # what is kept of the files is as it was
        found = jobs.composed(job)
        assert fingerprint(found) == fingerprint(wanted)
        with open_dict(wanted):
            wanted.pop("hydra", None)
        assert OmegaConf.to_yaml(found) == OmegaConf.to_yaml(wanted)
        jobs.composed([*job, "seed=5"])


def test_what_can_not_be_composed_is_not_complete(jobs: Jobs) -> None:
    for job in (["model=lstn"], ["model.skip=0.5"], ["lr="]):
        jobs.place(job).mkdir()
        (jobs.place(job) / "results.json").write_text(
            '{"schema": 1, "status": "complete", "replicas": [], "settings": {}}'
        )
        assert not jobs.is_complete(job)


def test_only_what_is_missing_is_launched(command: Command, tmp_path: Path) -> None:
    words = ("-m", "trainer.max_steps=2", "evaluate_every=2", "hydra.sweep.dir=s")
    three = (*words, "lr=0.1,0.2,0.3", "logger=none")
    assert command("train.py", *words, "lr=0.1,0.3", "logger=none").returncode == 0
    more = command("train.py", *three)
    assert more.returncode == 0, more.stderr
    assert "2 of 3 jobs complete already, skipped" in more.stdout
    begun = [line for line in more.stdout.splitlines() if line.startswith("job ")]
    assert [line.split(" · ")[:2] for line in begun] == [["job 2 of 3", "lr=0.2"]]
    same = command("train.py", *three)
    assert same.returncode == 0, same.stderr
    assert "job 1 of 3" not in same.stdout
    assert "3 of 3 jobs complete already, skipped" in same.stdout
    anew = command("train.py", *three, "overwrite=true")
    assert anew.returncode == 0, anew.stderr
    assert "skipped" not in anew.stdout
    assert "job 3 of 3" in anew.stdout
