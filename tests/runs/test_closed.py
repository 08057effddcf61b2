"""Nothing that a stored run or sweep names is executed: each place has a closed set of names."""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import OmegaConf

import digitsum
from digitsum.errors import UserError
from digitsum.questions.shown import KINDS, ROOM, check_shown, function
from digitsum.reports.report import report
from digitsum.runs import closed
from digitsum.runs.build import build_classifier
from digitsum.runs.closed import allowed, check_closed, defined
from digitsum.runs.configuration import fingerprint, read_config
from digitsum.sweeps.collected import collect
from digitsum.sweeps.manifest import read_manifest

from ..forks import Forks
from ..invented import invented
from .test_configs import composed, kept

pytestmark = pytest.mark.faults
PLACES = ("model", "embedding", "init", "init.input", "init.recurrent", "init.bias", "data")
PLACES = (*PLACES, "data.source")


def tree() -> dict[str, Any]:
    config = composed("init=orthogonal")
    kept = OmegaConf.masked_copy(config, ["model", "embedding", "init", "data"])
    return dict(OmegaConf.to_container(kept, resolve=True))  # type: ignore[arg-type]


def modules() -> Iterator[Any]:
    yield digitsum
    for one in pkgutil.walk_packages(digitsum.__path__, "digitsum."):
        try:
            yield importlib.import_module(one.name)
        except ImportError:
            continue  # of a package that isn't installed


@cache
def reachable() -> list[str]:
    """Every name that some module of the package lets one reach, by one and by two steps."""
    names = set()
    for module in modules():
        for name, value in vars(module).items():
            names.add(f"{module.__name__}.{name}")
            if inspect.ismodule(value):
                names |= {f"{module.__name__}.{name}.{inner}" for inner in dir(value)}
    return sorted(names)


def at(node: dict[str, Any], place: str) -> dict[str, Any]:
    for key in place.split("."):
        node = node[key]
    return node


@pytest.mark.parametrize("place", PLACES)
def test_every_name_that_can_be_reached_is_refused_but_for_the_choices(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []

    def noted(name: str) -> Callable[..., Any]:
        looked_up.append(name)
        return defined(name)

    monkeypatch.setattr(closed, "defined", noted)
    plain = tree()
    accepted, told = set(), []
    for name in reachable():
        # The place alone: the others are as they were.
        node = at(plain, place) | {"_target_": name}
        try:
            closed._check_place(node, place, "config.yaml")
            accepted.add(name)
        except UserError as error:
            told.append(str(error))
    assert not [words for words in told if "\n" in words]
    assert accepted <= allowed()[place]
    check_closed(plain, "config.yaml")
    at(plain, place)["_target_"] = "digitsum.writing.remove"
    with pytest.raises(UserError, match=place):
        check_closed(plain, "config.yaml")
    # What isn't among the choices isn't even looked up.
    assert set(looked_up) <= set().union(*allowed().values())
    assert len(reachable()) > 2000


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_calls_functions_of_its_kind_alone(kind: str) -> None:
    accepted, told = [], []
    for name in reachable():
        try:
            function({"_target_": name}, kind)
            accepted.append(name)
        except UserError as error:
            told.append(str(error))
    assert not [words for words in told if "\n" in words]
    listed = set()
    for path in [*Path(closed.CONF / "report").glob("*.yaml"), *_studies()]:
        text = yaml.safe_load(path.read_text(encoding="utf-8"))
        for entry in (text.get("report") or text).get(kind) or []:
            listed.add(entry["_target_"])
    assert listed <= set(accepted)
    for name in accepted:
        found = defined(name)
        assert name.startswith(ROOM)
        returned = inspect.formatannotation(inspect.signature(found).return_annotation)
        assert returned == KINDS[kind]


def _studies() -> list[Path]:
    return [*(closed.CONF.parent / "multirun_sweeps").rglob("*.yaml")]


@pytest.mark.parametrize("group", closed.GROUPS)
def test_every_choice_is_read_back(group: str, tmp_path: Path) -> None:
    for path in sorted((closed.CONF / group).glob("*.yaml")):
        more = ("model=gru",) if path.stem == "chrono" else ()  # which is of gates
        config = composed(*more, f"{group}={path.stem}", f"data.root={tmp_path}")
        (tmp_path / "config.yaml").write_text(OmegaConf.to_yaml(kept(config), resolve=True))
        stored = read_config(tmp_path / "config.yaml")
        assert fingerprint(stored) == fingerprint(config), path.stem
        build_classifier(stored)


HOSTILE = {
    "a function of a library": ("init.bias", {"_target_": "torch.load", "f": "x.pt"}),
    "one through a module": (
        "init.bias",
        {"_target_": "digitsum.runs.stored.torch.load", "f": "x.pt", "weights_only": False},
    ),
    "one of ours that is no choice": (
        "init.bias",
        {"_target_": "digitsum.writing.remove", "path": "x"},
    ),
    "a choice of another place": ("model", {"_target_": "digitsum.network.embedding.Frozen"}),
    "nested": (
        "embedding",
        {"_target_": "digitsum.network.embedding.Frozen", "size": {"_target_": "os.getpid"}},
    ),
    "in a list": (
        "embedding",
        {"_target_": "digitsum.network.embedding.Frozen", "size": [{"_target_": "os.getpid"}]},
    ),
    "arguments by place": (
        "model",
        {"_target_": "digitsum.network.cells.SRN", "_args_": ["x"]},
    ),
    "an argument that isn't known": (
        "model",
        {"_target_": "digitsum.network.cells.SRN", "hidden_size": 4, "hook": "os.system"},
    ),
    "an interpolation": (
        "embedding",
        {"_target_": "digitsum.network.embedding.Frozen", "size": "${oc.env:HOME}"},
    ),
    "no name": ("model", {"hidden_size": 3}),
    "a text": ("model", "digitsum.network.cells.SRN"),
    "a number": ("data", 5),
    "nothing": ("init", None),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_strangers_run_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    place, node = HOSTILE[kind]
    changed = tree()
    parent, _, last = place.rpartition(".")
    (at(changed, parent) if parent else changed)[last] = node
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(changed))
    with pytest.raises(UserError, match=r"config\.yaml") as error:
        read_config(tmp_path / "config.yaml")
    assert "\n" not in str(error.value)


def test_a_strangers_pickle_is_not_opened(tmp_path: Path, forks: Forks) -> None:
    import pickle

    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return (exec, (f"open({str(tmp_path / 'executed')!r}, 'w')",))

    words = ["trainer.max_epochs=2", "data.length=5", "init=orthogonal", "hydra.run.dir=run"]
    assert forks.run(words, tmp_path).status == 0
    (tmp_path / "x.pt").write_bytes(pickle.dumps(Payload()))
    path = tmp_path / "run" / "config.yaml"
    stored = yaml.safe_load(path.read_text())
    for name in ("digitsum.runs.stored.torch.load", "digitsum.runs.stored.pickle.load"):
        stored["init"]["bias"] = {"_target_": name, "f": str(tmp_path / "x.pt")}
        path.write_text(yaml.safe_dump(stored))
        ended = forks.run(["run=run"], tmp_path, "evaluate.py")
        assert ended.status == 1
        assert len(ended.err.splitlines()) == 1, ended.err
    assert not (tmp_path / "executed").exists()


SWEEPS = {
    "a function": {"report": {"figures": [{"_target_": "os.system"}]}},
    "one through a module": {
        "report": {"answers": [{"_target_": "digitsum.questions.span.np.load"}]}
    },
    "one with arguments": {
        "report": {
            "figures": [
                {
                    "_target_": "digitsum.questions.settings.accuracy",
                    "more": {"_target_": "os.getpid"},
                }
            ]
        }
    },
    "a helper": {"report": {"figures": [{"_target_": "digitsum.questions.settings.roles"}]}},
    "no list": {"report": {"figures": "all"}},
    "a text": {"report": "os.system"},
    "a folder above": {"jobs": [{"folder": "../x", "overrides": []}]},
    "a job that is none": {"jobs": ["x"]},
    "overrides that are none": {"jobs": [{"folder": "x", "overrides": [1]}]},
    "no jobs": {"jobs": None},
    "trials": {"trials": "many"},
    "a study": {"study": ["x"]},
    "fixed": {"fixed": [{"_target_": "os.getpid"}]},
}


@pytest.mark.parametrize("kind", SWEEPS)
def test_a_strangers_sweep_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    invented(tmp_path, {"srn": 0.8}, {"srn": 0.1})
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | SWEEPS[kind]))
    with pytest.raises(UserError) as error:
        check_shown(read_manifest(tmp_path)["report"], "report")
    assert "\n" not in str(error.value)


def test_marks_of_trials_that_are_none_are_passed_over(tmp_path: Path) -> None:
    told = {"schema": 1, "study": None, "trials": 3, "started": 1.0, "jobs": []}
    (tmp_path / "sweep.json").write_text(json.dumps(told))
    for number, mark in enumerate(
        (b"", b"[]", b"7", b'{"started": 1.0}', b'{"started":1.0,"number":"x","overrides":[]}')
    ):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "trial.json").write_bytes(mark)
    assert collect(tmp_path).jobs == []


TEXTS = [
    "<script>alert(1)</script>",
    "![x](http://x/y.png)",
    "[x](javascript:x)",
    "`rm`",
    "a|b\n# c",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_from_a_stranger_is_text(text: str, tmp_path: Path) -> None:
    invented(tmp_path, {"srn": 0.8}, {"srn": 0.1})
    path = tmp_path / "sweep.json"
    manifest = json.loads(path.read_text()) | {"study": text, "fixed": [text], "report": {}}
    path.write_text(json.dumps(manifest))
    job = tmp_path / manifest["jobs"][0]["folder"] / "results.json"
    failed = {"schema": 1, "status": "failed", "error": text, "settings": {"lr": text}}
    job.write_text(json.dumps(failed))
    report(tmp_path)
    shown = (tmp_path / "report.md").read_text(encoding="utf-8")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script" not in shown + page
    assert "](http" not in shown
    assert "](javascript" not in shown
    assert "`" not in shown
    assert "\n# c" not in shown
