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


PARTS = [None, 0.0, 0.01, 0.5, 0.97, "flipped", "{}"]
TORN = [(name, part) for name in READ for part in PARTS]
TORN += [(name, part) for name in ("config.yaml", "checkpoint.ckpt") for part in (None, 0.5)]
# Six jobs at a time are hurt, by their lengths, between two that stay whole.
LENGTHS = range(5, 13)
HURT = LENGTHS[1:-1]
GROUPS = [TORN[at : at + len(HURT)] for at in range(0, len(TORN), len(HURT))]


@pytest.fixture(scope="session")
def sweep(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("whole")
    words = ["-m", f"data.length={','.join(map(str, LENGTHS))}", "replicas=2", "logger=none"]
    words += ["trainer.max_epochs=10", "evaluate_every=20", "hydra.sweep.dir=s"]
    ended = forks.run(words, place)
    assert ended.status == 0, ended.err
    return place / "s"


def tear(path: Path, part: float | str | None) -> None:
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


@pytest.mark.parametrize("group", GROUPS)
def test_a_torn_file_costs_its_jobs_row(
    group: list[tuple[str, float | str | None]], sweep: Path, tmp_path: Path, forks: Forks
) -> None:
    shutil.copytree(sweep, tmp_path / "s")
    for length, (name, part) in zip(HURT, group, strict=False):
        tear(tmp_path / "s" / f"data.length={length}" / name, part)
    ended = forks.run(["sweep=s"], tmp_path, "evaluate.py")
    assert ended.status == 0, ended.err
    table = (tmp_path / "s" / "results.csv").read_text().splitlines()
    page = (tmp_path / "s" / "report.md").read_text(encoding="utf-8")
    complete = {
        length: sum(row.startswith(f"data.length={length},complete") for row in table)
        for length in LENGTHS
    }
    assert complete[LENGTHS[0]] == complete[LENGTHS[-1]] == 2  # replicas
    for length, (name, part) in zip(HURT, group, strict=False):
        if name not in READ:
            assert complete[length] == 2, (name, part)
        elif part != "flipped" or name == "curves.npz":  # a flipped bit may leave JSON whole
            assert complete[length] == 0, (name, part)
            missing = part is None and name == "results.json"
            (told,) = [row for row in table if row.startswith(f"data.length={length},")]
            assert ("missing" if missing else name) in told
            assert ("no result yet" if missing else name) in page
    jobs = len([count for count in complete.values() if count])
    assert f"{jobs} of {len(LENGTHS)} jobs complete" in ended.out
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
    assert f"0 of {len(LENGTHS)} jobs complete" in ended.out


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
    assert f"{len(LENGTHS) - 1} of {len(LENGTHS)} jobs complete" in ended.out
    assert "of another run (data.length is 8)" in (tmp_path / "s" / "results.csv").read_text()
