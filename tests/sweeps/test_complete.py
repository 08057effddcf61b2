"""Of a sweep given again, only jobs without a result are launched, under the numbers they had."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf, open_dict

import digitsum.runs.search_path  # noqa: F401  registers the folder of studies
from digitsum.runs import results
from digitsum.runs.configuration import ASIDE, fingerprint
from digitsum.sweeps.complete import Jobs

from ..conftest import REPO, Command
from ..invented import chosen


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    chosen(tmp_path / "s", [{}], fixed=["optimizer=adam"])
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


def test_files_are_read_once_for_each_choice_of_them(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    load = jobs._loader.load_sweep_config
    monkeypatch.setattr(
        jobs._loader,
        "load_sweep_config",
        lambda config, job: asked.append(job) or load(config, job),
    )
    for cell in ("gru", "lstm"):
        for lr in (0.1, 0.2):
            assert jobs.composed([f"lr={lr}", f"model={cell}", "clip=none", "seed=4"]).lr == lr
    assert asked == [["model=gru", "clip=none"], ["model=lstm", "clip=none"]]


def test_a_jobs_folder_is_named_as_the_sweep_names_it(jobs: Jobs) -> None:
    job = ["optimizer=adam", "model=gru", "lr=0.1"]
    assert jobs.place(job) == jobs.folder / "lr=0.1,model=gru"


def finish(jobs: Jobs, job: list[str], **said: str) -> Path:
    """Leave the result of a job, but for what is `said` of it."""
    place = jobs.place(job)
    place.mkdir(exist_ok=True)
    result = {"schema": 1, "status": "complete", "fingerprint": fingerprint(jobs.composed(job))}
    complete = {"replicas": [{"seed": 0} | dict.fromkeys(results.MEASURES, 0.5)], "settings": {}}
    (place / "results.json").write_text(json.dumps(result | complete | said))
    return place


def test_a_job_is_complete_by_its_result_alone(
    jobs: Jobs, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = (["model=gru", f"lr={lr}", "data.root=there"] for lr in (0.1, 0.2, 0.3))
    assert jobs.to_do([first, second]) == [first, second]
    assert not jobs.all_done([first], 0)
    assert capsys.readouterr().out == ""
    finish(jobs, first)
    finish(jobs, third)
    assert jobs.to_do([first, second, third]) == [second]
    assert capsys.readouterr().out == "2 of 3 jobs complete already, skipped\n"
    assert not jobs.all_done([first, second], 4)
    assert not list(jobs.folder.glob("*/trial.json"))
    finish(jobs, second)
    assert jobs.all_done([third, second], 4)
    assert capsys.readouterr().out == "2 of 2 jobs complete already, skipped\n"
    marked = [json.loads((jobs.place(job) / "trial.json").read_text()) for job in (third, second)]
    started = jobs.manifest["started"]
    assert marked == [
        {"number": 4, "started": started, "overrides": third},
        {"number": 5, "started": started, "overrides": second},
    ]
    assert not (jobs.place(first) / "trial.json").exists()
    for job, said in (
        (["lr=0.5", "overwrite=true"], {}),  # to be made anew
        (["lr=0.6"], {"fingerprint": "of another"}),
        (["lr=0.7"], {"status": "failed"}),
        (["lr=0.8", "replicas=3"], {"fingerprint": fingerprint(jobs.composed(["lr=0.8"]))}),
    ):
        finish(jobs, job, **said)
        assert not jobs.is_complete(job), job


def test_of_a_version_that_counted_otherwise_the_configuration_is_read(jobs: Jobs) -> None:
    def stored(job: list[str]) -> str:
        kept = {key: value for key, value in jobs.composed(job).items() if key not in ASIDE}
        return OmegaConf.to_yaml(OmegaConf.to_container(OmegaConf.create(kept), resolve=True))

    place = finish(jobs, ["lr=0.4"], fingerprint="as it was counted")
    assert not jobs.is_complete(["lr=0.4"])
    (place / "config.yaml").write_text(stored(["lr=0.5"]))
    assert not jobs.is_complete(["lr=0.4"])
    (place / "config.yaml").write_text(stored(["lr=0.4"]))
    assert jobs.is_complete(["lr=0.4"])


def test_what_can_not_be_composed_is_not_complete(jobs: Jobs) -> None:
    for job in (["model=lstn"], ["model.skip=0.5"], ["lr="], ["lr=${nowhere}"]):
        finish(jobs, ["lr=0.1"]).rename(jobs.place(job))
        assert results.complete_in(jobs.place(job)) is not None
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
