"""What a run has left, found again: where its examples lie, and what is no checkpoint."""

import pickle
from pathlib import Path

import pytest
import torch
from omegaconf import DictConfig, OmegaConf

from digitsum.errors import UserError
from digitsum.runs.stored import _weights, find_places


def config(**data: str | None) -> DictConfig:
    return OmegaConf.create({"data": {"dir": None, "root": "/nowhere/data"} | data})


def said_by_hydra(folder: Path, text: str) -> None:
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "hydra.yaml").write_text(text, encoding="utf-8")


def test_a_relative_folder_is_where_the_command_was_given(tmp_path: Path) -> None:
    said_by_hydra(tmp_path, "hydra:\n  runtime:\n    cwd: /home/me\n")
    found = config(dir="own")
    find_places(found, tmp_path)
    assert Path(found.data.dir) == Path("/home/me/own")


@pytest.mark.parametrize("text", [None, "", "hydra: 5", "hydra: {runtime: {}}", "a: [", "\0"])
def test_where_that_is_not_known_it_is_told(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        said_by_hydra(tmp_path, text)
    with pytest.raises(UserError) as error:
        find_places(config(dir="own"), tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'config.yaml'}: data.dir is own, relative to a folder that isn't known; "
        "write an absolute path there"
    )


def test_a_tree_that_was_moved_is_searched_from_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new" / "files").mkdir(parents=True)
    run = tmp_path / "new" / "outputs" / "run"
    was = tmp_path / "old" / "outputs" / "run"
    monkeypatch.setattr("digitsum.runs.stored.made_at", lambda _: was)
    old = str(tmp_path / "old" / "files")
    found = config(dir=old)
    find_places(found, run)
    assert Path(found.data.dir) == tmp_path / "new" / "files"
    assert found.data.root == "data"  # isn't there; generated anew

    kept = config(dir=str(tmp_path / "old" / "other"))  # isn't here either
    find_places(kept, run)
    assert Path(kept.data.dir) == tmp_path / "old" / "other"

    (tmp_path / "new" / "data").mkdir()
    there = config(dir=str(tmp_path / "new"), root=str(tmp_path / "old" / "data"))
    find_places(there, run)  # what is there stays, what isn't is sought
    assert Path(there.data.dir) == tmp_path / "new"
    assert Path(there.data.root) == tmp_path / "new" / "data"

    monkeypatch.setattr("digitsum.runs.stored.made_at", lambda _: None)
    unknown = config(dir=old)  # of a folder without a mark
    find_places(unknown, run)
    assert Path(unknown.data.dir) == Path(old)
    monkeypatch.setattr("digitsum.runs.stored.made_at", lambda _: was)

    (tmp_path / "old" / "files").mkdir(parents=True)
    stays = config(dir=old, root=str(tmp_path))
    find_places(stays, run)
    assert (Path(stays.data.dir), Path(stays.data.root)) == (Path(old), tmp_path)


def test_another_drive_has_no_way_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between drives, which Windows has, no path is relative to another."""

    def none(*_: object) -> str:
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("digitsum.runs.stored.made_at", lambda _: tmp_path)
    monkeypatch.setattr("os.path.relpath", none)
    found = config(dir=str(tmp_path / "gone"))
    find_places(found, tmp_path)
    assert Path(found.data.dir) == tmp_path / "gone"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is missing"),
        (pickle.dumps(print, protocol=2), "holds more than plain tensors and is refused"),
        (b"torn", "can't be read as a checkpoint"),
        ([1, 2], "no state_dict in it; it isn't a checkpoint of this project"),
        ({"weights": torch.zeros(2)}, "no state_dict in it"),
        ({"state_dict": 5}, "no state_dict in it"),
    ],
    ids=["missing", "code", "torn", "list", "weights alone", "number"],
)
def test_what_is_no_checkpoint_is_told(content: object, words: str, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.ckpt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(UserError) as error:
        _weights(path)
    assert str(error.value).startswith(str(path))
    assert words in str(error.value)


def test_of_a_checkpoint_its_weights_are_read(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": torch.ones(2)}, "epoch": 3}, tmp_path / "checkpoint.ckpt")
    (found,) = _weights(tmp_path / "checkpoint.ckpt").items()
    assert (found[0], found[1].tolist()) == ("a", [1, 1])
