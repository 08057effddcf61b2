"""Where a sweep lies and what it says of its jobs, by hand."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from digitsum.errors import UserError
from digitsum.sweeps.manifest import (
    check_seeds,
    fixed_in,
    folder_of,
    is_job,
    job_folder,
    named,
    portable,
    read_manifest,
)

JOBS = [["lr=0.1", "model=gru", "replicas=4"], ["lr=0.2", "model=gru", "replicas=4"]]
FIXED = ["model=gru", "replicas=4"]


def written(folder: Path, **manifest: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    keys = ["model", "replicas"]
    jobs = [{"folder": job_folder(job, keys), "overrides": job} for job in JOBS]
    told = {"schema": 1, "study": "s", "jobs": jobs, "fixed": FIXED} | manifest
    (folder / "sweep.json").write_text(json.dumps(told))
    return folder


def test_a_study_is_named_by_what_is_overridden() -> None:
    plain = Path("multirun/smoke")
    assert named(plain, []) == plain
    assert named(plain, ["study=smoke", "resume=true", "overwrite=true", "data.root=/x"]) == plain
    assert named(plain, ["seed=3", "lr=0.1"]).name == "smoke,lr=0.1,seed=3"
    assert named(plain, ["seed=3"]).parent == plain.parent


def test_names_that_any_system_can_have() -> None:
    assert portable("lr=0.1,model=gru") == "lr=0.1,model=gru"
    assert portable("x" * 120) == "x" * 120
    for said in ("x" * 121, "a:b", "a..b", "ends.", "ends ", "nul", "COM1.a=2", "a\x1fb"):
        name = portable(said)
        assert name != said
        assert re.fullmatch("[0-9a-f]{8}", name.rpartition("-")[2])
        assert len(name) <= 120 + 9
        assert portable(said) == name
    assert portable("COM1.a=2").startswith("_COM1.a=2-")
    assert portable("a:b").startswith("a_b-")


def test_the_same_grid_with_other_fixed_values_lies_beside(tmp_path: Path) -> None:
    folder = tmp_path / "grid"
    assert folder_of(folder, JOBS, FIXED) == folder  # nothing is there
    written(folder)
    assert folder_of(folder, JOBS, FIXED) == folder
    changed = ["model=gru", "replicas=8"]
    more = [[*job[:2], "replicas=8"] for job in JOBS]
    assert folder_of(folder, more, changed) == tmp_path / "grid,replicas=8"
    # What the study says anyway is no difference; nor is a grid of other jobs.
    assert folder_of(folder, more, changed, usual=["replicas=4", "replicas=8"]) == folder
    assert folder_of(folder, [["lr=0.7", *changed]], changed) == folder
    # Less than before: there is nothing to name it by.
    fewer = [[*job[:2]] for job in JOBS]
    assert folder_of(folder, fewer, ["model=gru"]) == tmp_path / "grid,unchanged"
    # A manifest of before fixed values were listed: they are those that all jobs have.
    written(folder, fixed=[])
    assert folder_of(folder, JOBS, FIXED) == folder
    assert folder_of(folder, more, changed) == tmp_path / "grid,replicas=8"


def test_a_search_lies_beside_by_its_fixed_values_alone(tmp_path: Path) -> None:
    folder = written(tmp_path / "search", trials=10)
    assert folder_of(folder, [], FIXED) == folder
    assert folder_of(folder, [], ["model=lstm"]) == tmp_path / "search,model=lstm"
    written(folder, trials=0)
    assert folder_of(folder, [], ["model=lstm"]) == folder


def test_fixed_is_what_all_jobs_have() -> None:
    assert fixed_in(JOBS) == FIXED
    assert fixed_in([[*job, "study=x", "resume=true"] for job in JOBS]) == FIXED
    assert fixed_in(JOBS[:1]) == ["lr=0.1", *FIXED]
    assert fixed_in([]) == []


@pytest.mark.parametrize(
    ("jobs", "twice"),
    [
        ([["seed=0"], ["seed=4"]], None),
        ([["seed=0"], ["seed=3"]], 3),
        ([["seed=3"], ["seed=0"]], 3),
        ([["seed=4"], ["seed=0"]], None),
        ([["seed=2", "replicas=1"], ["seed=0", "replicas=2"]], None),
        ([["seed=2", "replicas=1"], ["seed=0", "replicas=3"]], 2),
        ([["lr=1", "seed=0"], ["lr=2", "seed=0"]], None),
        ([["lr=1", "seed=0"], ["seed=1", "lr=1"]], 1),
        ([["lr=1"], ["lr=1", "seed=9"]], 9),  # where it doesn't say, seed 7 and four replicas
        ([["seed=x"], ["seed=0"]], None),
    ],
)
def test_jobs_that_share_a_seed(jobs: list[list[str]], twice: int | None) -> None:
    if twice is None:
        check_seeds(jobs, 7, 4)
        return
    with pytest.raises(UserError, match=f"both have seed {twice};") as error:
        check_seeds(jobs, 7, 4)
    assert "\n" not in str(error.value)


def test_how_to_give_seeds_is_told() -> None:
    with pytest.raises(UserError) as error:
        check_seeds([["seed=0", "replicas=4"], ["seed=3", "replicas=2"]], 0, 1)
    words = "seed: 0 with replicas=4 and 3 with replicas=2 both have seed 3; jobs that differ only "
    assert str(error.value) == (
        f"{words}in seed are one row, so give seeds that differ by replicas or more: seed=0,4"
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"schema": 2}, "not a sweep of schema 1"),
        ({"study": 3}, "study is 3"),
        ({"trials": "x"}, "trials is 'x'"),
        ({"grows": None}, "grows is None"),
        ({"started": "now"}, "started is 'now'"),
        ({"jobs": {}}, "jobs is {}"),
        ({"fixed": "a"}, "fixed is 'a'"),
        ({"fixed": ["a", 1]}, "fixed is ['a', 1]; it must be overrides"),
        ({"jobs": [{"folder": "a", "overrides": []}, 7]}, "jobs[1] is 7; it must be a folder"),
    ],
)
def test_a_manifest_is_as_a_sweep_writes_it(
    changed: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        read_manifest(written(tmp_path, **changed))
    assert words in str(error.value)
    assert str(tmp_path / "sweep.json") in str(error.value)


def test_what_a_manifest_lacks_is_usual(tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text('{"schema": 1, "jobs": []}')
    found = read_manifest(tmp_path)
    usual = {"study": None, "report": None, "fixed": [], "trials": 0, "started": 0, "grows": 0}
    assert found == usual | {"schema": 1, "jobs": []}


def test_a_job_lies_right_in_the_sweeps_folder() -> None:
    assert is_job({"folder": "a", "overrides": ["x=1"]})
    for folder in ("", ".", "..", "a/b", "a\\b", "/a", 3, None):
        assert not is_job({"folder": folder, "overrides": []})
    for overrides in ("x", None, [1], ["a", None]):
        assert not is_job({"folder": "a", "overrides": overrides})
    assert not is_job(["a"])
