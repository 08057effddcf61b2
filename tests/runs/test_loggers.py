"""What arrives in each logger, read back from its files."""

import csv
import importlib.util
import json
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from digitsum.errors import UserError
from digitsum.runs import loggers
from digitsum.runs.checks.inside import check_places
from digitsum.runs.loggers import build_logger

from ..conftest import REPO, Command, start

INSTALLED = all(importlib.util.find_spec(name) for name in ("wandb", "mlflow"))
SHORT = ("data.length=5", "trainer.max_epochs=6", "evaluate_every=50", "replicas=2")
RATES = ("0.01", "0.1")


def records(path: Path) -> Iterator[Any]:
    """Of an offline run of wandb: records in LevelDB's log format, after a head of seven bytes."""
    from wandb.proto import wandb_internal_pb2 as messages

    content, place, held = path.read_bytes(), 7, b""
    while place + 7 <= len(content):
        if 32768 - place % 32768 < 7:  # the rest of a block that holds no head
            place += 32768 - place % 32768
        _, size, kind = struct.unpack_from("<IHB", content, place)
        held += content[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # whole, or the last part
            record = messages.Record()
            record.ParseFromString(held)
            held = b""
            yield record


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not INSTALLED:
        pytest.skip("requirements-loggers.txt is not installed")
    place = tmp_path_factory.mktemp("grid")
    words = ("-m", "logger=many", f"lr={','.join(RATES)}", *SHORT, "hydra.sweep.dir=grid")
    done = start(place, "train.py", *words)
    assert done.returncode == 0, done.stderr
    return place / "grid"


def result(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("lr", RATES)
def test_mlflow_has_curves_settings_figures_and_the_table(grid: Path, lr: str) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{(grid / 'mlflow.db').as_posix()}")
    (experiment,) = [one for one in client.search_experiments() if one.name == "digitsum"]
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.info.run_name for run in runs) == [f"lr={rate}" for rate in RATES]
    (run,) = [one for one in runs if one.info.run_name == f"lr={lr}"]
    assert run.info.status == "FINISHED"
    wanted = result(grid / f"lr={lr}")
    assert run.data.params["lr"] == lr
    assert run.data.params["data.length"] == "5"
    mean = wanted["summary"]["test_accuracy"]["mean"]
    assert run.data.metrics["final/test_accuracy"] == pytest.approx(mean)
    curve = client.get_metric_history(run.info.run_id, "dev/accuracy")
    assert [point.step for point in curve] == [50, 100, 150, 200, 228]
    figures = [one.path for one in client.list_artifacts(run.info.run_id, "figures")]
    assert figures == ["figures/curves.png"]
    table = client.download_artifacts(run.info.run_id, "results.md")
    assert f"| test accuracy | {mean:.3f} |" in Path(table).read_text(encoding="utf-8")


@pytest.mark.parametrize("lr", RATES)
def test_wandb_has_curves_settings_figures_and_the_table(grid: Path, lr: str) -> None:
    (path,) = (grid / f"lr={lr}").glob("wandb/offline-run-*/*.wandb")
    found = list(records(path))
    (run,) = [one.run for one in found if one.HasField("run")]
    assert (run.project, run.display_name) == ("digitsum", f"lr={lr}")
    settings = {}
    for one in (one.config for one in found if one.HasField("config")):
        settings |= {item.key or item.nested_key[0]: item.value_json for item in one.update}
    settings |= {item.key: item.value_json for item in run.config.update}
    assert json.loads(settings["lr"]) == float(lr)
    rows = [
        {item.key or item.nested_key[0]: item.value_json for item in one.history.item}
        for one in found
        if one.HasField("history")
    ]
    steps = [int(row["trainer/global_step"]) for row in rows if "dev/accuracy" in row]
    assert steps == [50, 100, 150, 200, 228]
    (final,) = [row["final/test_accuracy"] for row in rows if "final/test_accuracy" in row]
    mean = result(grid / f"lr={lr}")["summary"]["test_accuracy"]["mean"]
    assert json.loads(final) == pytest.approx(mean)
    media = path.parent / "files" / "media"
    assert len(list(media.glob("images/curves*.png"))) == 1
    (table,) = media.glob("table/results*.table.json")
    cells = json.loads(table.read_text(encoding="utf-8"))
    assert cells["columns"][:2] == ["measure", "mean"]
    assert cells["data"][0][:2] == ["test_accuracy", pytest.approx(mean)]


def test_csv_stands_beside_them(grid: Path) -> None:
    with (grid / "lr=0.1" / "csv" / "metrics.csv").open() as file:
        assert {"dev/accuracy", "final/test_accuracy"} <= set(next(csv.reader(file)))


@pytest.mark.faults
def test_a_run_made_anew_is_in_the_stores_once(grid: Path) -> None:
    from mlflow import MlflowClient

    for rate in RATES:
        (grid / f"lr={rate}" / "results.json").unlink()
    words = ("-m", "logger=many", f"lr={','.join(RATES)}", *SHORT, "hydra.sweep.dir=grid")
    assert start(grid.parent, "train.py", *words).returncode == 0
    client = MlflowClient(f"sqlite:///{(grid / 'mlflow.db').as_posix()}")
    (experiment,) = [one for one in client.search_experiments() if one.name == "digitsum"]
    assert len(client.search_runs([experiment.experiment_id])) == len(RATES)
    for rate in RATES:
        assert len(list(grid.glob(f"lr={rate}/wandb/offline-run-*"))) == 1


@pytest.mark.faults
@pytest.mark.skipif(INSTALLED, reason="requirements-loggers.txt is installed")
@pytest.mark.parametrize("logger", ["wandb", "mlflow", "many"])
def test_a_package_that_is_not_there_is_told(logger: str, command: Command, tmp_path: Path) -> None:
    done = command("train.py", f"logger={logger}", *SHORT)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pip install -r requirements-loggers.txt" in done.stderr
    assert not list(tmp_path.glob("outputs"))


@pytest.mark.faults
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("logger.tracking_uri", "sqlite:////tmp/elsewhere.db"),
        ("logger.tracking_uri", "mlruns"),
        ("logger.artifact_location", "${shared_folder:}/../x"),
        ("logger.save_dir", "/tmp"),
    ],
)
def test_a_store_elsewhere_is_refused(key: str, value: str) -> None:
    config = OmegaConf.create({"logger": {}})
    OmegaConf.update(config, key, value, force_add=True)
    with pytest.raises(UserError, match=key.rpartition(".")[2]):
        check_places(config)


def test_a_server_is_a_store() -> None:
    check_places(OmegaConf.create({"logger": {"tracking_uri": "https://mlflow.example.org"}}))


def test_whatever_logger_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loggers, "find_spec", lambda package: None)
    node = OmegaConf.load(REPO / "conf" / "logger" / "wandb.yaml")
    with pytest.raises(UserError, match=r"needs wandb.*requirements-loggers"):
        build_logger("logger", node)


@pytest.mark.faults
def test_a_run_that_fails_does_not_go_on_in_the_next(tmp_path: Path) -> None:
    if not INSTALLED:
        pytest.skip("requirements-loggers.txt is not installed")
    from mlflow import MlflowClient

    # Both in one process; the first can't write its hyperparameters.
    words = ("-m", "logger=many", "lr=0.01,0.1", *SHORT, "hydra.sweep.dir=grid")
    (tmp_path / "grid" / "lr=0.01" / "hparams.yaml").mkdir(parents=True)
    done = start(tmp_path, "train.py", *words)
    assert done.returncode == 1
    client = MlflowClient(f"sqlite:///{(tmp_path / 'grid' / 'mlflow.db').as_posix()}")
    (experiment,) = [one for one in client.search_experiments() if one.name == "digitsum"]
    runs = client.search_runs([experiment.experiment_id])
    states = {run.info.run_name: run.info.status for run in runs}
    for rate in RATES:
        (path,) = (tmp_path / "grid" / f"lr={rate}").glob("wandb/offline-run-*/*.wandb")
        names = [one.run.display_name for one in records(path) if one.HasField("run")]
        assert names == [f"lr={rate}"]
    assert states == {"lr=0.01": "FAILED", "lr=0.1": "FINISHED"}


@pytest.mark.faults
def test_without_an_account_nothing_is_sent_and_nothing_left(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not INSTALLED:
        pytest.skip("requirements-loggers.txt is not installed")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    done = command("train.py", "logger=wandb", "logger.offline=false", *SHORT, "hydra.run.dir=run")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "wandb login" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.fixture
def answering() -> Iterator[str]:
    """A server that has no page, but is there."""

    class NoPage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), NoPage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_that_answers_anything_is_there(answering: str) -> None:
    node = {"_target_": "lightning.pytorch.loggers.MLFlowLogger", "tracking_uri": answering}
    loggers.ask_servers(OmegaConf.create(node))
    gone = node | {"tracking_uri": "http://127.0.0.1:9"}
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9 doesn't answer"):
        loggers.ask_servers(OmegaConf.create(gone))
