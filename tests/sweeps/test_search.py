"""A search as a user runs it: chosen on dev, told on test, the same again."""

import importlib.util
import json
from pathlib import Path

import pytest
import yaml

from digitsum.questions.search import found_by_search, history
from digitsum.questions.settings import accuracy
from digitsum.reports.table import best_first, csv_of, head, rows
from digitsum.sweeps.collected import collect
from digitsum.sweeps.search import mark, marked

from ..conftest import Command
from ..invented import sweep

SMOKE = ("data.length=5", "trainer.max_epochs=8", "evaluate_every=50", "replicas=4")
SEARCH = ("search=lr_and_clip", "optimizer=adam", *SMOKE, "hydra.sweep.dir=multirun/lr_and_clip")
HAS_OPTUNA = importlib.util.find_spec("hydra_plugins.hydra_optuna_sweeper") is not None
wants_optuna = pytest.mark.skipif(not HAS_OPTUNA, reason="requirements-search.txt isn't installed")


def dev(folder: Path) -> float:
    found = json.loads((folder / "results.json").read_text())
    return float(found["summary"]["best_dev_accuracy"]["mean"])


@wants_optuna
def test_a_search_beats_the_default_on_dev_and_is_the_same_again(
    command: Command, tmp_path: Path
) -> None:
    done = command("train.py", *SEARCH, "hydra.sweeper.n_trials=6")
    assert done.returncode == 0, done.stderr
    assert "6 of 6 trials complete" in done.stdout
    folder = tmp_path / "multirun" / "lr_and_clip"
    found = collect(folder)
    assert found.varied == ["lr", "clip.value"]
    assert len(found.complete) == 6
    best = max(dev(job.folder) for job in found.complete)
    assert found.best is not None
    assert dev(found.best.folder) == best
    for name in ("history.png", "history.pdf", "report.html", "optimization_results.yaml"):
        assert (folder / name).stat().st_size > 100
    (answer,) = [line for line in done.stdout.splitlines() if line.startswith("Answer")]
    assert f"with {best:.3f} [" in answer
    # Of all others nobody is told how they do on test.
    assert done.stdout.count("test accuracy") == 1
    assert "test_accuracy" not in (folder / "results.csv").read_text()

    (following,) = [line for line in done.stdout.splitlines() if line.startswith("Next")]
    asked = command(*following.partition("python ")[2].split(" "))
    assert asked.returncode == 0, asked.stderr

    usual = command("train.py", "model=srn_residual", *SMOKE, "hydra.run.dir=usual")
    assert usual.returncode == 0, usual.stderr
    assert best > dev(tmp_path / "usual")

    again = command("train.py", *SEARCH, "hydra.sweeper.n_trials=3")
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("complete already, skipped") == 3
    assert len(collect(folder).complete) == 3


@wants_optuna
def test_a_sweeper_is_told_what_to_do(command: Command, tmp_path: Path) -> None:
    words = ("-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=2", "hydra.sweep.dir=s", *SMOKE)
    done = command("train.py", *words, "lr=tag(log,interval(0.001,0.1))")
    assert done.returncode == 0, done.stderr
    told = yaml.safe_load((tmp_path / "s" / "optimization_results.yaml").read_text())
    found = [dev(job.folder) for job in collect(tmp_path / "s").complete]
    assert len(found) == 2
    assert told["best_value"] == pytest.approx(max(found))
    assert not list((tmp_path / "s").glob("*replicas*"))


@pytest.mark.faults
@pytest.mark.skipif(HAS_OPTUNA, reason="requirements-search.txt is installed")
def test_a_sweeper_that_is_not_there_is_told(command: Command, tmp_path: Path) -> None:
    done = command("train.py", "search=lr_and_clip")
    assert done.returncode == 1
    assert "pip install -r requirements-search.txt" in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.faults
def test_a_search_holds_its_own_trials_alone(tmp_path: Path) -> None:
    jobs = [
        {"lr": 0.1, "dev": 0.3, "test": 0.9},
        {"lr": 0.012345678901, "dev": 0.8, "test": 0.7},
        {"lr": 0.001, "dev": 0.9, "test": 0.99},
    ]
    sweep(tmp_path, jobs)
    manifest = json.loads((tmp_path / "sweep.json").read_text())
    manifest |= {"trials": 5, "started": 2.0, "jobs": []}
    (tmp_path / "sweep.json").write_text(json.dumps(manifest))
    for number, (name, started) in enumerate((("1", 2.0), ("0", 2.0), ("2", 1.0))):
        mark(tmp_path / name, number, started, [f"n={name}"])
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "trial.json").write_text("{")
    assert [one["folder"] for one in marked(tmp_path, 2.0)] == ["1", "0"]
    found = collect(tmp_path)
    assert found.done == "2 of 5 trials complete"
    assert found_by_search(found).startswith("Best of 2 on dev is lr=0.01235, with 0.800 [")
    assert "test accuracy is 0.700 [" in found_by_search(found)
    assert not accuracy(found)
    assert list(history(found)) == ["history"]


def test_the_table_of_a_search_has_dev_alone(tmp_path: Path) -> None:
    sweep(tmp_path, [{"lr": 0.1, "dev": 0.3, "test": 0.9}, {"lr": 0.2, "dev": 0.4, "test": 0.8}])
    grid = collect(tmp_path)
    assert "test accuracy" in head(grid)
    assert "test_accuracy" in csv_of(grid)
    manifest = json.loads((tmp_path / "sweep.json").read_text()) | {"trials": 2, "started": 1.0}
    (tmp_path / "sweep.json").write_text(json.dumps(manifest))
    for number in range(2):
        mark(tmp_path / f"{number}", number, 1.0, [])
        path = tmp_path / f"{number}" / "results.json"
        result = json.loads(path.read_text())
        result["replicas"] = [
            one | {"final_train_loss": 0.1, "final_dev_loss": 0.2, "diverged_at": None}
            for one in result["replicas"]
        ]
        path.write_text(json.dumps(result))
    search = collect(tmp_path)
    assert head(search) == ["lr", "best dev", "95 % interval", "replicas", "diverged"]
    assert [row[:2] for row in rows(search)] == [["0.1", "0.300"], ["0.2", "0.400"]]
    assert [row[0] for row in best_first(search, rows(search))] == ["0.2", "0.1"]
    assert "test_accuracy" not in csv_of(search)
