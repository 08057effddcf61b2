"""`results.json`: what may stand in it, what is refused, and what a failure leaves."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitsum.errors import UserError
from digitsum.runs.results import (
    MEASURES,
    SCHEMA,
    complete_in,
    failure,
    finite,
    read,
    read_arrays,
    read_json,
    summary,
    write,
    write_failure,
)

REPLICA: dict[str, Any] = {"seed": 0, "test_accuracy": 0.5, "best_dev_accuracy": None}
WHOLE: dict[str, Any] = {
    "schema": SCHEMA,
    "status": "complete",
    "settings": {"model": "srn", "lr": 0.001, "data.fresh": False, "data.length": 10},
    "replicas": [REPLICA | {"final_train_loss": 1}, REPLICA],
}


def stored(folder: Path, **changed: Any) -> Path:
    (folder / "results.json").write_text(json.dumps(WHOLE | changed))
    return folder


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    assert read(stored(tmp_path)) == WHOLE
    assert complete_in(tmp_path) == WHOLE
    assert read(stored(tmp_path, chance=1, versions={})) == WHOLE | {"chance": 1, "versions": {}}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"schema": 2}, "schema is 2; this version reads 1"),
        ({"settings": None}, "no settings"),
        ({"settings": {"model": ["srn"]}}, "settings that are no scalars"),
        ({"settings": {"model": None}}, "settings that are no scalars"),
        ({"replicas": []}, "no replicas"),
        ({"replicas": {"0": REPLICA}}, "no replicas"),
        ({"replicas": [REPLICA, 3]}, "replica 1 is no object"),
        ({"replicas": [{"seed": 0, "test_accuracy": 1}]}, "replica 0 has no best_dev_accuracy"),
        ({"replicas": [REPLICA, REPLICA | {"final_dev_loss": "1"}]}, "replica 1 has no final_dev"),
        ({"replicas": [REPLICA | {"seed": 0.5}]}, "replica 0 has no seed"),
        ({"replicas": [REPLICA | {"seed": None}]}, "replica 0 has no seed"),
        ({"chance": "0.1"}, "no chance"),
        ({"versions": []}, "no versions"),
    ],
)
def test_what_lacks_is_told(changed: dict[str, Any], told: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        read(stored(tmp_path, **changed))
    assert str(error.value).startswith(f"{tmp_path / 'results.json'}: {told}")
    if "schema" not in changed:
        assert str(error.value).endswith("; it isn't a result of this project")
    assert complete_in(tmp_path) is None


def test_what_is_no_result_at_all(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    with pytest.raises(UserError) as error:
        read(tmp_path)
    assert str(error.value) == f"{path} is missing; is {tmp_path} the folder of a finished run?"
    path.write_text("[1]")
    with pytest.raises(UserError, match="schema is None; this version reads 1"):
        read(tmp_path)
    path.write_text("{")
    with pytest.raises(UserError, match="can't be read as JSON"):
        read_json(path, "a run")
    # What isn't complete may lack anything.
    stored(tmp_path, status="failed", replicas=None)
    assert read(tmp_path)["status"] == "failed"
    assert complete_in(tmp_path) is None


def test_a_failure_stands_beside_and_goes_with_the_next_result(tmp_path: Path) -> None:
    assert failure(tmp_path) is None
    stored(tmp_path)
    assert failure(tmp_path) is None
    write_failure(tmp_path, {"schema": 1, "status": "failed", "error": "no memory", "x": math.nan})
    assert failure(tmp_path) == {
        **{"schema": 1, "status": "failed", "error": "no memory", "x": None},
        "settings": {},
    }
    assert read(tmp_path) == WHOLE
    write(tmp_path, WHOLE | {"seconds": math.inf})
    assert failure(tmp_path) is None
    assert read(tmp_path) == WHOLE | {"seconds": None}
    # Earlier versions said so in the result's own place.
    stored(tmp_path, status="failed", error=7)
    assert failure(tmp_path) == WHOLE | {"status": "failed", "error": "7"}
    (tmp_path / "failure.json").write_text('["failed"]')
    told = failure(tmp_path)
    assert told is not None
    assert told["error"] == "7"


def test_json_has_no_nan() -> None:
    given = {"a": [1, math.nan, (math.inf, "x")], "b": {"c": -math.inf, "d": None, "e": True}}
    assert finite(given) == {"a": [1, None, [None, "x"]], "b": {"c": None, "d": None, "e": True}}


def test_a_summary_is_over_replicas() -> None:
    told = [dict.fromkeys(MEASURES, value) for value in (0.25, 0.5, None, math.nan)]
    told[0]["final_dev_loss"] = 9.0
    found = summary(told)
    assert list(found) == list(MEASURES)
    assert found["test_accuracy"] == {
        **{"mean": 0.375, "low": 0.25, "high": 0.5, "min": 0.25, "max": 0.5, "replicas": 2}
    }
    assert found["final_dev_loss"]["max"] == 9.0


def test_arrays_are_read_without_running_anything(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", one=np.arange(3), two=np.eye(2))
    assert {name: one.shape for name, one in read_arrays(tmp_path / "a.npz").items()} == {
        **{"one": (3,), "two": (2, 2)}
    }
    np.savez(tmp_path / "b.npz", one=np.array([print], object))
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 torn")
    (tmp_path / "d.npz").write_bytes(b"anything")
    for name in ("b.npz", "c.npz", "d.npz", "none.npz"):
        with pytest.raises(UserError) as error:
            read_arrays(tmp_path / name)
        assert "\n" not in str(error.value)
        assert str(error.value)
        assert "pickle" not in str(error.value)  # nobody is told how to load it unsafely
