"""Any file of a job, torn at any byte or absent, costs that job its row, never the report."""

import json
import shutil
from pathlib import Path

import pytest

from digitsum.errors import UserError
from digitsum.runs.stored import load

from ..forks import Forks

pytestmark = pytest.mark.faults
READ = ("results.json", "curves.npz")  # by a report


@pytest.fixture(scope="module")
def sweep(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("whole")
    words = ["-m", "data.length=5,6,7", "replicas=2", "trainer.max_epochs=10", "evaluate_every=20"]
    ended = forks.run([*words, "hydra.sweep.dir=s"], place)
    assert ended.status == 0, ended.err
    return place / "s"


PARTS = [None, 0.0, 0.01, 0.5, 0.97, "flipped", "{}"]
TORN = [(name, part) for name in READ for part in PARTS]
TORN += [(name, part) for name in ("config.yaml", "checkpoint.ckpt") for part in (None, 0.5)]


@pytest.mark.parametrize(("name", "part"), TORN)
def test_a_torn_file_costs_its_jobs_row(
    name: str, part: float | str | None, sweep: Path, tmp_path: Path, forks: Forks
) -> None:
    shutil.copytree(sweep, tmp_path / "s")
    path = tmp_path / "s" / "data.length=6" / name
    content = path.read_bytes()
    if part is None:
        path.unlink()
    elif isinstance(part, float):
        path.write_bytes(content[: int(part * len(content))])
    elif part == "flipped":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 0x55]) + content[middle + 1 :])
    else:
        path.write_text(part)
    ended = forks.run(["sweep=s"], tmp_path, "evaluate.py")
    assert ended.status == 0, ended.err
    table = (tmp_path / "s" / "results.csv").read_text()
    report = (tmp_path / "s" / "report.md").read_text(encoding="utf-8")
    for whole in ("data.length=5", "data.length=7"):
        assert f"{whole},complete" in table
    read = name in READ
    hurt = part != "flipped" or name == "curves.npz"
    if read and hurt:
        assert "data.length=6,complete" not in table
        reason = "no result yet" if part is None and name == "results.json" else name
        assert reason in report
        assert "2 of 3 jobs complete" in ended.out
    elif not read:
        assert "3 of 3 jobs complete" in ended.out
    # Asked at other lengths, what can't be asked is left out and named.
    asked = forks.run(["sweep=s", "lengths=5"], tmp_path, "evaluate.py")
    assert asked.status == 0, asked.err
    assert "Traceback" not in asked.err


def test_a_configuration_cut_anywhere_is_told(sweep: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(sweep / "data.length=6", folder)
    content = (folder / "config.yaml").read_bytes()
    told = []
    for cut in range(0, len(content), 23):
        (folder / "config.yaml").write_bytes(content[:cut])
        try:
            load(folder)
        except UserError as error:
            told.append(str(error))
    assert len(told) > 20
    assert not [words for words in told if "\n" in words or str(folder) not in words]


def test_what_is_missing_of_all_leaves_a_report(sweep: Path, tmp_path: Path, forks: Forks) -> None:
    shutil.copytree(sweep, tmp_path / "s")
    for path in (tmp_path / "s").glob("*/curves.npz"):
        path.write_bytes(b"")
    ended = forks.run(["sweep=s"], tmp_path, "evaluate.py")
    assert ended.status == 0, ended.err
    assert "0 of 3 jobs complete" in ended.out


def test_a_result_of_another_run_is_not_this_jobs(
    sweep: Path, tmp_path: Path, forks: Forks
) -> None:
    shutil.copytree(sweep, tmp_path / "s")
    path = tmp_path / "s" / "data.length=6" / "results.json"
    found = json.loads(path.read_text())
    found["settings"]["data.length"] = 8
    path.write_text(json.dumps(found))
    ended = forks.run(["sweep=s"], tmp_path, "evaluate.py")
    assert ended.status == 0
    assert "2 of 3 jobs complete" in ended.out
    assert "of another run (data.length is 8)" in (tmp_path / "s" / "results.csv").read_text()
