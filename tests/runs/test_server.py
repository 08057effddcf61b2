"""A real tracking server on this machine: there, gone, silent, and back again."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ..conftest import Command, begin, start

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        importlib.util.find_spec("mlflow") is None,
        reason="requirements-loggers.txt is not installed",
    ),
]
RUN = ("logger=mlflow", "data.length=5", "replicas=2", "evaluate_every=50", "hydra.run.dir=run")
SHORT = (*RUN, "trainer.max_epochs=10")
LONG = (*RUN, "trainer.max_epochs=4000")


class Server:
    """`mlflow server`, as a process group that can be stopped and begun anew."""

    def __init__(self, place: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.place, self.address = place, f"http://127.0.0.1:{self.port}"
        self.begin()

    def begin(self) -> None:
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        words += ["--backend-store-uri", f"sqlite:///{self.place}/store.db"]
        words += ["--artifacts-destination", str(self.place / "artifacts")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *words],
            cwd=self.place,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 90
        while True:
            try:
                urllib.request.urlopen(f"{self.address}/health", timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.2)

    def send(self, number: int) -> None:
        own = psutil.Process(self.process.pid)
        for one in [*own.children(recursive=True), own]:
            os.kill(one.pid, number)

    def end(self) -> None:
        self.send(signal.SIGCONT)
        self.send(signal.SIGKILL)
        self.process.wait()

    def runs(self) -> list[Any]:
        from mlflow import MlflowClient

        client = MlflowClient(self.address)
        (found,) = [one for one in client.search_experiments() if one.name == "digitsum"]
        return list(client.search_runs([found.experiment_id]))

    def curve(self, run: Any) -> dict[int, float]:
        from mlflow import MlflowClient

        told = MlflowClient(self.address).get_metric_history(run.info.run_id, "dev/accuracy")
        assert len({point.step for point in told}) == len(told)
        return {point.step: point.value for point in told}


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.end()


def result(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "run" / "results.json").read_text())
    return found


def under_way(place: Path, running: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while not list(place.glob("run/config.yaml")):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1.5)  # some of the curves are told by then


def test_what_is_told_is_one_run_with_everything(
    server: Server, command: Command, tmp_path: Path
) -> None:
    done = command("train.py", *SHORT, f"logger.tracking_uri={server.address}")
    assert (done.returncode, done.stderr) == (0, "")
    (run,) = server.runs()  # the check before the run has left none
    assert run.info.status == "FINISHED"
    assert sorted(server.curve(run)) == [50, 100, 150, 200, 250, 300, 350, 380]
    mean = result(tmp_path)["summary"]["test_accuracy"]["mean"]
    assert run.data.metrics["final/test_accuracy"] == pytest.approx(mean)
    assert run.data.params["data.length"] == "5"
    assert not (tmp_path / "run" / "untold.json").exists()


def test_a_server_that_is_not_there_is_told_before_anything_is_written(
    command: Command, tmp_path: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for listening in (False, True):  # nobody there; somebody who never answers
            if listening:
                silent.listen()
            begun = time.monotonic()
            many = ("-m", "lr=0.1,0.01", "hydra.sweep.dir=s") if listening else ()
            done = command("train.py", *many, *SHORT, f"logger.tracking_uri={address}")
            assert time.monotonic() - begun < 25
            assert done.returncode == 1
            assert len(done.stderr.splitlines()) == 1, done.stderr
            assert f"{address} doesn't answer" in done.stderr
            assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_server_that_goes_away_costs_no_step(how: str, server: Server, tmp_path: Path) -> None:
    plain = start(tmp_path, "train.py", *LONG[1:-2], LONG[-1], "hydra.run.dir=plain")
    assert plain.returncode == 0, plain.stderr
    running = begin(tmp_path, *LONG, f"logger.tracking_uri={server.address}")
    under_way(tmp_path, running)
    server.send(signal.SIGKILL if how == "killed" else signal.SIGSTOP)
    output, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    assert errors == ""
    assert f"{server.address} was not told all" in output
    found, wanted = result(tmp_path), json.loads((tmp_path / "plain/results.json").read_text())
    assert found["replicas"] == wanted["replicas"]
    assert found["seconds"] < wanted["seconds"] + 15
    assert (tmp_path / "run" / "untold.json").exists()
    if how == "killed":
        server.process.wait()
        refused = start(tmp_path, "evaluate.py", "run=run", "tell=true")
        assert refused.returncode == 1
        assert len(refused.stderr.splitlines()) == 1, refused.stderr
        server.begin()
    else:
        server.send(signal.SIGCONT)
    told = start(tmp_path, "evaluate.py", "run=run", "tell=true")
    assert told.returncode == 0, told.stderr
    (run,) = server.runs()
    assert run.info.status == "FINISHED"
    assert len(server.curve(run)) == 4000 * 38 // 50
    assert not (tmp_path / "run" / "untold.json").exists()
    again = start(tmp_path, "evaluate.py", "run=run", "tell=true")
    assert "nothing is left to tell" in again.stderr


def test_a_server_that_comes_back_is_told_all(server: Server, tmp_path: Path) -> None:
    running = begin(tmp_path, *LONG, f"logger.tracking_uri={server.address}")
    under_way(tmp_path, running)
    server.send(signal.SIGKILL)
    server.process.wait()
    server.begin()
    output, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    if "was not told all" in output:  # the training was faster than the server's start
        assert start(tmp_path, "evaluate.py", "run=run", "tell=true").returncode == 0
    (run,) = server.runs()
    assert len(server.curve(run)) == 4000 * 38 // 50


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b'{"messages": []}', b'{"tracking_uri": "file:///etc", "messages": []}'],
)
def test_a_torn_list_of_what_is_left_to_tell_is_named(
    content: bytes, tmp_path: Path, command: Command
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "untold.json").write_bytes(content)
    done = command("evaluate.py", "run=run", "tell=true")
    assert done.returncode == 1
    assert "untold.json" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
