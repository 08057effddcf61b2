"""What a sweep's folders say of its jobs: complete, failed, torn, of another run, of many seeds."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitsum.errors import UserError
from digitsum.sweeps.collected import _of_another, collect
from digitsum.sweeps.jobs import Job, TornFileError, on_dev
from digitsum.sweeps.made import Made

from ..invented import chosen

SETTINGS: dict[str, Any] = {
    **{"model": "srn", "lr": 0.1, "init": "off", "clip.value": "null", "data.shuffle": True},
    **{"data.dir": "/mine", "replicas": 8, "optimizer": "adam", "data.length": 10},
}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({"lr": "0.1", "model": "srn", "replicas": "8"}, ""),
        ({"lr": "0.10", "data.length": "10.0"}, ""),
        ({"lr": "0.2"}, "lr is 0.1"),
        ({"optimizer.lr": "0.1"}, ""),
        ({"optimizer.lr": "0.2"}, "optimizer.lr is 0.1"),
        ({"model": "gru"}, "model is srn"),
        ({"lr": "0.1", "model": "gru"}, "model is srn"),
        ({"init": "off"}, ""),  # which YAML reads as false
        ({"init": "zeros"}, "init is off"),
        ({"clip.value": "null"}, ""),
        ({"clip.value": "20"}, "clip.value is null"),
        ({"data.shuffle": "true"}, ""),
        ({"data.shuffle": "false"}, "data.shuffle is True"),
        ({"data.dir": "elsewhere"}, ""),  # which may be written in many ways
        ({"lr": "${data.length}"}, ""),
        ({"evaluate_every": "50"}, ""),  # of which the result says nothing
    ],
)
def test_settings_are_held_to_what_was_typed(typed: dict[str, str], found: str) -> None:
    assert _of_another(SETTINGS, typed) == found


def job(sweep: Path, **files: object) -> Job:
    """The first of two jobs, once files lie in its folder, `None` for none, by their stems."""
    for stem, content in files.items():
        path = sweep / "0" / f"{stem}.json"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
    first, second = collect(sweep).jobs
    assert second.complete
    assert first.folder == sweep / "0"
    return first


def test_a_job_is_what_its_folder_says(tmp_path: Path) -> None:
    sweep = tmp_path / "s"
    assert chosen(sweep, [{"lr": 0.1}, {"lr": 0.2}]).jobs[0].complete
    whole = json.loads((sweep / "0" / "results.json").read_text())
    failed = {"schema": 1, "status": "failed", "error": "no room", "settings": {"lr": 0.1}}

    assert (job(sweep, results=None).status, job(sweep).result) == ("missing", None)
    torn = job(sweep, results="{")
    assert torn.status == "torn"
    assert torn.result is not None
    assert "results.json" in torn.result["error"]
    told = job(sweep, failure=failed)  # beside what is torn
    assert told.result == failed
    # A failure of this very configuration leaves a complete result what it is, another doesn't.
    assert job(sweep, results=whole | {"fingerprint": "a"}).status == "failed"
    assert job(sweep, failure=failed | {"fingerprint": "a"}).complete
    assert job(sweep, failure=failed | {"fingerprint": "b"}).result == failed | {"fingerprint": "b"}
    assert job(sweep, failure=None).complete
    # Of another run than the one that the job was told to be.
    listed = json.loads((sweep / "sweep.json").read_text())
    listed["jobs"][0]["overrides"] = ["lr=0.3"]
    (sweep / "sweep.json").write_text(json.dumps(listed))
    other = job(sweep)
    assert other.status == "failed"
    assert other.result is not None
    assert other.result["error"] == "what is there is of another run (lr is 0.1)"
    assert other.settings == {}
    assert [one.folder.name for one in collect(sweep).unfinished] == ["0"]


def test_jobs_that_differ_in_seed_alone_are_one(tmp_path: Path) -> None:
    """Replicas by seed, arrays side by side in the same order."""
    arrays = [{"dev_accuracy": np.full((3, 8), at), "step": np.arange(3)} for at in (0.7, 0.2)]
    jobs = [
        {"seed": seed, "test": at, "arrays": {"curves": own}}
        for seed, at, own in zip((8, 0), (0.7, 0.2), arrays, strict=True)
    ]
    found = chosen(tmp_path / "s", jobs)
    (one,) = found.complete
    assert [shard.folder.name for shard in one.shards] == ["1", "0"]
    assert [replica["seed"] for replica in one.replicas] == list(range(16))
    assert one.settings["replicas"] == 16
    assert one.values("test_accuracy").round(1)[[0, 15]].tolist() == [0.2, 0.7]
    together = one.arrays()
    assert together["step"].tolist() == [0, 1, 2]
    assert together["dev_accuracy"].shape == (3, 16)
    assert together["dev_accuracy"][0, [0, 8]].tolist() == [0.2, 0.7]
    assert (found.varied, found.done) == ([], "2 of 2 jobs complete")


def test_arrays_that_a_part_of_a_job_lacks_are_not_had(tmp_path: Path) -> None:
    curves = {"dev_accuracy": np.zeros((3, 8)), "step": np.arange(3)}
    norms = {"norms": np.ones((3, 8)), "step": np.arange(3)}
    found = chosen(
        tmp_path / "s",
        [
            {"seed": 0, "arrays": {"curves": curves, "gradient_norms": norms}},
            {"seed": 8, "arrays": {"curves": curves}},
        ],
    )
    (job,) = found.complete
    assert job.arrays()["dev_accuracy"].shape == (3, 16)
    assert job.arrays("gradient_norms") == {}


def test_who_has_nothing_on_dev_is_behind_all_that_have(tmp_path: Path) -> None:
    nan = float("nan")
    some, none, all_ = chosen(
        tmp_path,
        [
            {"lr": 0.1, "dev": [0.2, nan, 0.4, *[nan] * 5]},
            {"lr": 0.2, "dev": [nan] * 8},
            {"lr": 0.3, "dev": [0.0] * 8},
        ],
    ).jobs
    assert [on_dev(one) for one in (some, none, all_)] == pytest.approx([0.3, -1.0, 0.0])


def test_a_torn_array_is_its_own_jobs(tmp_path: Path) -> None:
    own = {"curves": {"dev_accuracy": np.zeros((3, 8)), "step": np.arange(3)}}
    found = chosen(tmp_path / "s", [{"lr": 0.1, "arrays": own}, {"lr": 0.2, "arrays": own}])
    (tmp_path / "s" / "1" / "curves.npz").write_bytes(b"PK torn")
    with pytest.raises(TornFileError, match=r"curves\.npz can't be read") as error:
        found.jobs[1].arrays()
    left = found.without(error.value)
    assert [one.status for one in left.jobs] == ["complete", "torn"]
    assert left.jobs[1].settings["lr"] == 0.2
    (tmp_path / "s" / "1" / "curves.npz").unlink()
    with pytest.raises(TornFileError, match=r"curves\.npz is missing") as error:
        found.jobs[1].arrays()
    assert error.value.folder == tmp_path / "s" / "1"
    assert found.jobs[1].arrays("memory") == {}


def test_a_seed_in_two_jobs_of_one_setting_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"seed 4 occurs twice in lr=0\.1; jobs that differ only"):
        chosen(tmp_path / "s", [{"lr": 0.1}, {"lr": 0.1, "seed": 4}, {"lr": 0.2, "seed": 4}])


def test_what_a_manifest_says_is_the_sweeps(tmp_path: Path) -> None:
    made = {"command": "python train.py -m lr=1,2", "commit": "abc", "machine": "mine"}
    told = {"fixed": ["seed=0"], "grows": 160, "made": made, "report": {"figures": []}}
    found = chosen(tmp_path / "s", [{"lr": 1.0}, {"lr": 2.0}], **told)
    assert found.folder == tmp_path / "s"
    assert (found.study, found.fixed) == ("s", ["seed=0"])
    assert (found.grows, found.trials, found.shown) == (160, 0, {"figures": []})
    assert found.made == Made(**made, started=0.0)


def test_settings_that_a_result_lacks_are_those_typed(tmp_path: Path) -> None:
    """How a run was told may be what varies; a word of which nothing is known is no setting."""
    chosen(tmp_path / "s", [{"lr": 0.1}, {"lr": 0.1, "seed": 8}])
    listed = json.loads((tmp_path / "s" / "sweep.json").read_text())
    for number, one in enumerate(listed["jobs"]):
        one["overrides"] = [f"logger={'ab'[number]}", "callbacks.x=1", "word=3", "optimizer.lr=0.1"]
    (tmp_path / "s" / "sweep.json").write_text(json.dumps(listed))
    found = collect(tmp_path / "s")
    first, second = found.jobs
    assert (first.settings["logger"], second.settings["logger"]) == ("a", "b")
    assert first.settings["callbacks.x"] == "1"
    assert not {"word", "optimizer.lr"} & first.settings.keys()
    assert found.varied == ["logger"]
