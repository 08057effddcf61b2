"""Compiled copies: shared by processes, renewed with their sources, kept where one may write."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import torch

from digitsum.kernels import CACHE, digest, writable
from digitsum.kernels.copies import there
from digitsum.kernels.steps import step_of
from digitsum.network.cells import SRN, SRNResidual

from ..conftest import REPO
from ..networks import classifier

RUN = ("trainer.max_epochs=3", "model=srn", "data.length=5", "logger=none", "~callbacks.progress")


def _said(ours: int, theirs: int) -> str:
    """What a program that has ended wrote to its terminal; it may be nothing at all."""
    os.close(theirs)
    said = b""
    # A terminal whose other side is closed raises at its end, where a pipe would be empty.
    with suppress(OSError):
        while piece := os.read(ours, 65_536):
            said += piece
    os.close(ours)
    return said.decode()


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="what is told is told to a terminal")
def test_two_processes_may_compile_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    terminals = [os.openpty() for _ in range(2)]
    runs = [
        subprocess.Popen(
            [sys.executable, str(REPO / "train.py"), *RUN, f"hydra.run.dir=run{i}"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=terminal,
        )
        for i, (_, terminal) in enumerate(terminals)
    ]
    ends = [run.wait(timeout=240) for run in runs]
    errors = [_said(*terminal) for terminal in terminals]
    assert ends == [0, 0], errors
    # One compiles and says so, the other waits and finds what it needs.
    assert sorted("compiling SRN" in one for one in errors) == [False, True], errors
    weights = [
        torch.load(tmp_path / f"run{i}" / "checkpoint.ckpt", weights_only=True)["state_dict"]
        for i in range(2)
    ]
    # Also, the one that compiled computes the same numbers as the one that loaded its copy.
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())
    # What was compiled beside the imports is what training calls: there is no second copy.
    copies = list((tmp_path / "cache").rglob("*.nbc"))
    assert sorted(path.name.partition("-")[0].rpartition(".")[2] for path in copies) == [
        "_go",
        "back",
        "there",
    ]


def test_what_compiles_ahead_ends_with_its_command(tmp_path: Path) -> None:
    code = (
        "import psutil; from digitsum.kernels.ahead import begin; begin('float32');"
        "print(*(one.pid for one in psutil.Process().children())); raise SystemExit('a mistake')"
    )
    new, found = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}, os.environ
    said = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        for env in (new, found)
    ]
    assert [one.stderr for one in said] == ["a mistake\n"] * 2
    (child,) = said[0].stdout.split()
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(child)).wait(timeout=20)
    # Nor is one begun where all is there: another test of this suite has trained.
    if there("epoch.float32"):
        assert said[1].stdout == "\n"


def test_copies_are_renewed_when_a_source_changes(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1")
    before = digest(tmp_path)
    assert digest(tmp_path) == before
    (tmp_path / "one.py").write_text("a = 2")
    assert digest(tmp_path) != before


def test_a_read_only_installation_uses_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    monkeypatch.setattr("sys.platform", "linux")
    assert writable(tmp_path / "beside") == tmp_path / "beside"
    (tmp_path / "file").write_text("in the way")
    assert writable(tmp_path / "file" / "beside") == tmp_path / "own" / "digitsum"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert writable(tmp_path / "file" / "beside").is_dir()


def test_a_printed_step_can_be_read_and_is_named_by_its_content() -> None:
    plain, residual = (step_of(classifier(kind, 1).cell) for kind in (SRN, SRNResidual))
    assert plain.name.startswith("SRN_")
    text = (CACHE / f"{plain.name}.py").read_text(encoding="utf-8")
    assert "store(at_h_after, b, j, tanh_1)" in text
    assert "d_h*(1 - tanh_1*tanh_1)" in text
    changed = type("SRN", (SRN,), {"step": SRNResidual.step})
    assert step_of(classifier(changed, 1).cell).name != plain.name
    assert "h + tanh_1" in residual.step.source
