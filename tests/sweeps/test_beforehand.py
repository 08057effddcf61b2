"""Of a grid few jobs are composed before it begins, and those find what can't be composed."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitsum.sweeps.beforehand import representatives

from ..conftest import REPO, Command

GROUPS = ("model", "optimizer", "hydra/launcher")
values = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True)
grids = st.dictionaries(st.sampled_from([*GROUPS, "lr", "data.length", "+seed"]), values)


@given(grids)
def test_every_value_and_every_combination_of_files_is_among_them(
    grid: dict[str, list[str]],
) -> None:
    words = [[f"{key}={value}" for value in several] for key, several in grid.items()]
    jobs = [list(job) for job in itertools.product(*words)]
    kept = representatives(jobs, GROUPS)
    assert all(job in jobs for job in kept)
    assert set(itertools.chain(*kept)) == set(itertools.chain(*jobs))
    files = [one for one in words if one[0].partition("=")[0] in GROUPS]
    for combination in itertools.product(*files):
        assert any(set(combination) <= set(job) for job in kept)
    # One for each combination, and for each value that none of those has.
    numbers = [len(one) for one in words if one not in files]
    combinations = len([*itertools.product(*files)])
    assert len(kept) <= combinations + sum(numbers) - len(numbers)


def test_a_hundred_jobs_of_five_cells_are_told_by_few() -> None:
    jobs = [
        [f"model={model}", f"lr={lr}", f"data.length={length}"]
        for model, lr, length in itertools.product("abcde", range(4), range(5))
    ]
    assert len(representatives(jobs, GROUPS)) == 5 + 3 + 4


@pytest.mark.commands
def test_another_program_in_the_same_environment_sweeps_as_it_did(tmp_path: Path) -> None:
    """Hydra finds plugins for all programs of an environment, and ours stands for its own."""
    (tmp_path / "app.py").write_text(
        "import hydra, sys\n"
        "@hydra.main(version_base=None)\n"
        "def main(config): print(config, {'torch', 'lightning'} & {*sys.modules}, flush=True)\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "app.py", "-m", "+model=1,2", "+lr=0.1"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(REPO / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert said == [f"{{'model': {one}, 'lr': 0.1}} set()" for one in (1, 2)]


@pytest.mark.faults
@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("model=srn,srn_residual,lstn", "lstn"),  # a file that isn't there
        ("model=srn,srn_skip model.skip=0.5", "skip"),  # a key that one of them hasn't
    ],
)
def test_a_job_that_cannot_be_composed_is_told_before_the_first_trains(
    typed: str, told: str, command: Command, tmp_path: Path
) -> None:
    words = ("-m", *typed.split(" "), "lr=0.1,0.01", "trainer.max_steps=2", "hydra.sweep.dir=s")
    done = command("train.py", *words)
    assert done.returncode == 1
    assert told in done.stderr.splitlines()[-1]
    assert not list(tmp_path.rglob("results.json"))
