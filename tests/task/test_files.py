from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from digitsum.errors import UserError
from digitsum.task.examples import BlogStream, IndependentStreams
from digitsum.task.files import generated, generated_path, load_folder

SOURCE = IndependentStreams()


def test_missing_files_are_written_and_kept(tmp_path: Path) -> None:
    first = generated(tmp_path, SOURCE, 5, "dev", 1, 3)
    path = generated_path(tmp_path, SOURCE, 5, "dev", 1, 3)
    written = path.stat().st_mtime_ns
    again = generated(tmp_path, SOURCE, 5, "dev", 1, 3)
    assert (first.digits == again.digits).all()
    assert path.stat().st_mtime_ns == written


def test_a_kept_file_that_differs_is_never_used(tmp_path: Path) -> None:
    generated(tmp_path, SOURCE, 5, "dev", 1, 3)
    path = generated_path(tmp_path, SOURCE, 5, "dev", 1, 3)
    lines = path.read_text().splitlines(keepends=True)
    lines[6] = "9 9 9 9 9\t18\n"
    path.write_text("".join(lines))
    with pytest.raises(UserError, match=r"dev\.txt:7: differs"):
        generated(tmp_path, SOURCE, 5, "dev", 1, 3)


def test_all_that_decides_the_content_is_in_the_path(tmp_path: Path) -> None:
    paths = {
        generated_path(tmp_path, source, length, split, copies, seed)
        for source in (SOURCE, BlogStream())
        for length in (5, 10)
        for split in ("train", "dev")
        for copies in (1, 3)
        for seed in (0, 1)
    }
    assert len(paths) == 16 + 8  # the blog's files are the same for every seed


def test_many_writers_at_once_all_succeed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        jobs = [pool.submit(generated, tmp_path, SOURCE, 9, "train", 3, 0) for _ in range(64)]
        drawn = [job.result() for job in jobs]
    assert all((one.digits == drawn[0].digits).all() for one in drawn)
    assert len(list(tmp_path.rglob("*"))) == 5  # four folders, one file, nothing left aside


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a folder"):
        load_folder(tmp_path / "none")
    for split in ("train", "dev"):
        (tmp_path / f"{split}.txt").write_text("1 2 0 4\t3\n")
    with pytest.raises(UserError, match=r"lacks test\.txt"):
        load_folder(tmp_path)
    (tmp_path / "test.txt").write_text("1 2 0\t3\n")
    with pytest.raises(UserError, match=r"test\.txt:1: found 3 digits; 4 are expected"):
        load_folder(tmp_path)
    (tmp_path / "test.txt").write_text("5 2 0 0\t7\n")
    assert load_folder(tmp_path)["test"].labels.tolist() == [7]
