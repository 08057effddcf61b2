"""What a run needs is known before it begins, and what can't fit is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from digitsum import machine
from digitsum.errors import UserError
from digitsum.runs.checks.check import check
from digitsum.runs.checks.sizes import check_sizes, sizes

from ..conftest import REPO, Command
from .test_configs import composed

# A process counts what it was forked from, so a small one stands between.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
# Estimated in the process that then runs, which holds what a run holds when it asks.
ESTIMATED = """
import runpy, sys
import digitsum.runs.search_path, digitsum.sweeps.manifest
from hydra import compose, initialize_config_dir
from digitsum.runs.checks.check import check
from digitsum.runs.checks.sizes import sizes
from digitsum.runs.notebook import CONF
with initialize_config_dir(str(CONF), version_base="1.3"):
    config = compose("config", sys.argv[2:])
check(config, folder=".")
print(*sizes(config))
sys.argv = [*sys.argv[1:], "hydra.run.dir=run"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
FEW = ("trainer.max_steps=2", "evaluate_every=2")


RUNS = [
    ("replicas=16", "data.length=1400"),
    ("model=gru", "recurrence=reference", "data.length=500", "data.batch_size=300"),
]


@pytest.mark.skipif(os.name == "nt", reason="the peak is asked of POSIX")
@pytest.mark.parametrize("words", RUNS)
def test_a_run_needs_what_was_estimated(words: tuple[str, ...], tmp_path: Path) -> None:
    typed = [sys.executable, "-c", ESTIMATED, str(REPO / "train.py"), *words, *FEW]
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *typed], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    estimated, *_, last = done.stdout.splitlines()
    peak = int(last) * (1 if sys.platform == "darwin" else 1024)
    memory, _, left, _ = map(float, estimated.split())
    assert peak / 1.5 < memory < peak * 1.5
    found = sum(one.stat().st_size for one in tmp_path.rglob("*") if one.is_file())
    assert found / 1.5 < left < found * 1.5


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("data.length=1000000000", "data.length=1000000000 needs about 5"),
        ("model.hidden_size=1000000", "model.hidden_size=1000000 needs about 36.4 TiB of memory"),
        ("embedding.size=10000000000", "embedding.size=10000000000 needs about 15.3 TiB"),
        ("replicas=1000000000", "replicas=1000000000 needs about 266 TiB of memory"),
    ],
)
def test_what_cannot_fit_is_named(typed: str, words: str) -> None:
    with pytest.raises(UserError) as error:
        check(composed(typed), folder=".")
    assert str(error.value).startswith(words)
    assert str(error.value).endswith("are free")


def test_nothing_is_written_for_a_run_that_cannot_fit(command: Command, tmp_path: Path) -> None:
    done = command("train.py", "data.length=1000000000")
    assert done.returncode == 1
    assert done.stderr.startswith("error: data.length=1000000000 needs about"), done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_in_a_sweep_only_the_job_that_cannot_fit_is_refused(
    command: Command, tmp_path: Path
) -> None:
    done = command(
        "train.py", "-m", "data.length=5,1000000000", "trainer.max_steps=2", "hydra.sweep.dir=sweep"
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: data.length=1000000000 needs about")
    assert "1 of 2 jobs complete" in done.stdout


MIB = 2**20
DIGITS = 8 * 64 * 500 * 400 / MIB
# Of 64 networks of GRUs: 500 sequences of 400 digits; the states of 8 of them, 2.4 a gate.
KEPT = 4 * 64 * 8 * 400 * 32 * 2.4 * 3 / MIB
PROBED = 4 * 64 * 2000 * 400 * 32 / MIB
PROBES = 8 * 64 * 2000 * 400 / MIB + PROBED


@pytest.mark.parametrize("probes", [(), ("callbacks=memory",)])
@pytest.mark.parametrize("cuda", [False, True])
def test_what_is_on_a_gpu_is_counted_the_plain_way_and_apart(
    cuda: bool, probes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else what this process happens to hold, which grows, decides.
    monkeypatch.setattr("digitsum.runs.checks.sizes.taken_memory", lambda: 500 * MIB)
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    words = ("replicas=64", "data.length=400", "model=gru", *probes)
    shared = "mps", *(() if cuda else ("gpu", "cuda"))
    needed = {
        device: sizes(composed(f"trainer.accelerator={device}", *words))
        for device in ("cpu", "gpu", "cuda", "mps", "auto")
    }
    own = set(needed) - {"cpu", *shared} if cuda else set()
    assert all(needed[one].gpu == 0 for one in {*needed} - own)
    assert len({needed[one] for one in shared}) == 1
    assert needed["cpu"] != needed["mps"]
    for one in own:
        there = 32 + DIGITS + KEPT + (PROBES if probes else 0)
        assert needed[one].gpu / MIB == pytest.approx(there, abs=20)  # and weights
        # Trajectories aren't on the CPU's side, and states of what is probed but once.
        less = (needed["mps"].memory - needed[one].memory) / MIB
        assert less == pytest.approx(KEPT - 600 + (PROBED if probes else 0), abs=20)


def test_what_does_not_fit_on_the_gpu_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    free = 2 * 2**30
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (free, 2 * free))
    check_sizes(composed("trainer=gpu", "data.length=400"), Path("."))
    config = composed("trainer=gpu", "data.length=400", "replicas=2000")
    with pytest.raises(UserError) as error:
        check_sizes(config, Path("."))
    assert str(error.value).startswith("replicas=2000 needs about ")
    assert str(error.value).endswith(" GiB of the GPU's memory; 2 GiB are free")


def group(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def test_a_container_bounds_memory_and_cores(tmp_path: Path) -> None:
    own, groups = tmp_path / "own", tmp_path / "groups"
    own.write_text("0::/batch/job\n")
    group(groups / "batch", memory__max="3000000\n", memory__current="1000000\n")
    group(groups / "batch", memory__stat="anon 5\ninactive_file 200000\n", cpu__max="50000 100000")
    group(groups / "batch" / "job", memory__max="max\n", cpu__max="max 100000\n")
    assert machine.free_memory(groups, own) == 2_200_000
    assert machine.usable_cores(groups, own) == 1


def test_so_does_one_of_the_first_version(tmp_path: Path) -> None:
    own, groups = tmp_path / "own", tmp_path / "groups"
    own.write_text("4:memory:/job\n3:cpu,cpuacct:/\n")
    group(
        groups / "memory" / "job",
        memory__limit_in_bytes="3000000",
        memory__usage_in_bytes="1000000",
    )
    group(groups / "cpu,cpuacct", cpu__cfs_quota_us="100000", cpu__cfs_period_us="100000")
    assert machine.free_memory(groups, own) == 2_000_000
    assert machine.usable_cores(groups, own) == 1


def test_without_bounds_it_is_what_the_machine_has(tmp_path: Path) -> None:
    assert machine.free_memory(tmp_path, tmp_path / "own") > 2**28
    assert machine.usable_cores(tmp_path, tmp_path / "own") >= 1
