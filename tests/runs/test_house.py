"""The house that a command runs in: environments, notebooks, folders of configurations."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from digitsum.errors import UserError
from digitsum.runs.notebook import compose

from ..conftest import REPO, Command
from ..forks import Forks

pytestmark = pytest.mark.faults
F = ["trainer.max_epochs=2", "data.length=5", "hydra.run.dir=run"]


def test_a_notebook_that_has_hydra_initialised_keeps_it(tmp_path: Path) -> None:
    with initialize_config_dir(str(REPO / "conf"), version_base="1.3"):
        theirs = GlobalHydra.instance().hydra
        data, module = compose("data.length=5", "replicas=2", f"data.root={tmp_path}")
        assert GlobalHydra.instance().hydra is theirs
    assert (data.length, len(module.best_accuracy)) == (5, 2)
    assert GlobalHydra.instance().hydra is None or not GlobalHydra.instance().is_initialized()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("lrr=1", "lrr: no such key; did you mean lr"),
        ("data.length=2", "data.length is 2"),
        ("model=lst", "did you mean lstm"),
        ("+model=lstm", "without the +"),
        ("a b", "KEY=VALUE"),
    ],
)
def test_a_notebooks_mistake_is_one_error(typed: str, words: str) -> None:
    with pytest.raises(UserError) as error:
        compose(typed)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_an_odd_environment_changes_no_result(command: Command, tmp_path: Path) -> None:
    env = {"MPLBACKEND": "no_such_backend", "NUMBA_DISABLE_JIT": "1"}
    env |= dict.fromkeys(("MPLCONFIGDIR", "NUMBA_CACHE_DIR"), "/proc/nowhere")
    done = command("train.py", *F, "trainer.max_steps=20", "evaluate_every=10", **env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "results.json").exists()
    told = [line for line in done.stderr.splitlines() if "/proc/nowhere" not in line]
    assert told == ["NUMBA_DISABLE_JIT is set: trained the plain, slower way"]


@pytest.mark.parametrize(
    "env", [{"COLUMNS": "1"}, {"COLUMNS": "200"}, {"TERM": "dumb", "NO_COLOR": "1"}], ids=str
)
def test_a_terminal_of_any_kind_changes_no_result(
    env: dict[str, str], tmp_path: Path, forks: Forks
) -> None:
    ended = forks.run([*F, "trainer.max_steps=20"], tmp_path, **env)
    assert (ended.status, ended.err) == (0, "")
    assert (tmp_path / "run" / "results.json").exists()


def test_no_number_is_cut_in_a_narrow_terminal(tmp_path: Path, forks: Forks) -> None:
    words = ["-m", *F[:2], "lr=0.1,0.01", "replicas=2", "hydra.sweep.dir=s"]
    wide = forks.run(words, tmp_path, COLUMNS="200")
    assert wide.status == 0, wide.err
    numbers = [line.split("│")[1:] for line in wide.out.splitlines() if line.startswith("│")]
    assert numbers
    for width in ("20", "40"):
        narrow = forks.run(words, tmp_path, COLUMNS=width)  # complete already: told again
        assert narrow.status == 0, narrow.err
        for row in numbers:
            for cell in row:
                assert cell.strip() in narrow.out
        assert "…" not in narrow.out


def test_an_unforeseen_failure_of_the_check_ends_the_command(
    tmp_path: Path, command: Command
) -> None:
    code = (
        "import runpy, sys\n"
        "import digitsum.runs.checks.check as checks\n"
        "def broken(*args): raise KeyError('surprise')\n"
        "checks.check_plugins = broken\n"
        f"sys.argv = ['train.py', *{F}]\n"
        f"runpy.run_path({str(REPO / 'train.py')!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: the check before a run failed: KeyError")
    assert not list(tmp_path.iterdir())


def test_full_errors_are_to_be_had(tmp_path: Path, forks: Forks) -> None:
    words = ["data.length=2", "hydra.run.dir=run"]
    plain = forks.run(words, tmp_path)
    full = forks.run(words, tmp_path, HYDRA_FULL_ERROR="1")
    assert (plain.status, full.status) == (1, 1)
    assert "Traceback" not in plain.err
    assert "Traceback" in full.err
    assert full.err.splitlines()[-1] == plain.err.splitlines()[-1]


def test_a_stored_configuration_can_be_run_again(tmp_path: Path, forks: Forks) -> None:
    assert forks.run([*F, "model=srn_residual"], tmp_path).status == 0
    words = ["--config-path", str(tmp_path / "run" / ".hydra"), "--config-name", "config"]
    ended = forks.run([*words, "hydra.run.dir=again"], tmp_path)
    assert ended.status == 0, ended.err
    first, second = ((tmp_path / one / "results.json").read_text() for one in ("run", "again"))
    assert '"model": "SRNResidual"' in second
    assert (
        first.partition('"replicas"')[2].partition('"seconds"')[0].split('"summary"')[1]
        == (second.partition('"replicas"')[2].partition('"seconds"')[0].split('"summary"')[1])
    )


def test_a_study_of_ones_own_is_found_without_the_catalogue(tmp_path: Path, forks: Forks) -> None:
    (tmp_path / "mine" / "study").mkdir(parents=True)
    text = (REPO / "multirun_sweeps" / "study" / "smoke.yaml").read_text()
    (tmp_path / "mine" / "study" / "own.yaml").write_text(text)
    words = ["--config-dir", str(tmp_path / "mine"), "study=own", "trainer.max_epochs=1"]
    ended = forks.run(words, tmp_path)
    assert ended.status == 0, ended.err
    assert "its question" not in ended.out
    assert "4 of 4 jobs complete" in ended.out


@pytest.mark.skipif(os.name == "nt", reason="POSIX's descriptors")
def test_closed_descriptors_are_nobodys_files(tmp_path: Path) -> None:
    words = " ".join([*F, "trainer.max_steps=20"])
    line = f"{sys.executable} {REPO / 'train.py'} {words} <&- >&- 2>&-"
    done = subprocess.run(["bash", "-c", line], cwd=tmp_path, check=False)
    assert done.returncode == 0
    assert (tmp_path / "run" / "results.json").read_text().startswith("{")
    assert "test accuracy" not in (tmp_path / "run" / "train.log").read_text()


def test_own_examples_that_lack_a_sum_are_no_warning(tmp_path: Path, forks: Forks) -> None:
    (tmp_path / "own").mkdir()
    for split in ("train", "dev", "test"):
        (tmp_path / "own" / f"{split}.txt").write_text("1 2 0 0\t3\n4 5 0 0\t9\n")
    words = ["trainer.max_epochs=2", "data.dir=own", "hydra.run.dir=run", "replicas=2"]
    ended = forks.run(words, tmp_path)
    assert (ended.status, ended.err) == (0, "")
    asked = forks.run(["run=run"], tmp_path, "evaluate.py")
    assert (asked.status, asked.err) == (0, "")
