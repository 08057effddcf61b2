"""Installed as a package: the wheel is whole, and knows what it needs."""

import re
import subprocess
import sys
import sysconfig
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from .conftest import REPO


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    tree = place / "tree"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if name.startswith(("src/", "conf/", "multirun_sweeps/")) or "/" not in name:
            target = tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((REPO / name).read_bytes())
    # By the setuptools that PyTorch needs, not by one that would be fetched for this alone.
    here = ["-q", "--no-deps", "--no-build-isolation", "-w", str(place)]
    build = [sys.executable, "-m", "pip", "wheel", *here, str(tree)]
    subprocess.run(build, check=True, capture_output=True)
    (made,) = place.glob("*.whl")
    return made


def test_the_wheel_has_all_configurations_and_needs_what_is_pinned(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (meta,) = [name for name in names if name.endswith("/METADATA")]
        told = Parser().parsestr(archive.read(meta).decode())
    for folder in ("conf", "multirun_sweeps"):
        for path in (REPO / folder).rglob("*.yaml"):
            assert f"digitsum/{path.relative_to(REPO).as_posix()}" in names
    pins = re.findall(r"^[\w-]+==.*$", (REPO / "requirements.txt").read_text(), flags=re.M)
    required = [one for one in told.get_all("Requires-Dist", []) if "extra ==" not in one]
    assert sorted(required) == sorted(pins)


def test_installed_elsewhere_it_runs_a_study_from_an_empty_folder(
    wheel: Path, tmp_path: Path
) -> None:
    env = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(env)], check=True)
    (site,) = [*env.glob("lib/python*/site-packages"), *env.glob("Lib/site-packages")]
    pip = [sys.executable, "-m", "pip", "--python", str(env), "install", "-q", "--no-deps"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True)
    # What it needs is taken from where the tests have it; this checkout is not on that path.
    (site / "needed.pth").write_text(sysconfig.get_paths()["purelib"])
    scripts = env / ("Scripts" if sys.platform == "win32" else "bin")
    place = tmp_path / "empty"
    place.mkdir()

    def run(name: str, *words: str) -> str:
        done = subprocess.run(
            [scripts / name, *words], cwd=place, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "accuracy_vs_length" in run("digitsum-train", "study=")
    words = ("recurrence=reference", "trainer.max_epochs=1", "hydra.sweep.dir=multirun/smoke")
    told = run("digitsum-train", "study=smoke", "model=srn", "data.length=5", *words)
    assert "1 of 1 jobs complete" in told
    (following,) = re.findall(r"Next     (digitsum-evaluate .*)", told)
    assert "lengths=5,10,20,40" in following
    assert "Table" in run("digitsum-evaluate", "sweep=multirun/smoke", "lengths=5,10")
    assert (place / "multirun" / "smoke" / "report.html").exists()
    # What Hydra is given is where it looks for it.
    plugins = run("digitsum-train", "--info", "plugins")
    assert "SpanSweeper" in plugins
    assert "StudySearchPath" in plugins
