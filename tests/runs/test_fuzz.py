"""Whatever is typed, there is a complete run, or one line and status 1 with nothing left behind."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from digitsum.reports.catalogue import wants_a_list

from ..conftest import REPO
from ..forks import Ended, Forks
from .test_configs import composed
from .test_folders import THEIRS, put, state

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="each command is run in a fork"),
]
# Small where it is valid; what is tried comes later and may say otherwise.
BASE = ["trainer.max_steps=3", "evaluate_every=2", "hydra.run.dir=run", "hydra.sweep.dir=sweep"]
BASE += ["data.root=data"]


def _groups() -> dict[str, list[str]]:
    folders = [one for one in (REPO / "conf").iterdir() if one.is_dir() and one.name != "hydra"]
    folders.append(REPO / "multirun_sweeps" / "study")
    found = {one.name: [yaml.stem for yaml in one.glob("*.yaml")] for one in folders}
    return found | {"search": []}  # those that there are take long


def _keys(tree: Any, prefix: str = "") -> Iterator[str]:
    for name, child in tree.items():
        yield f"{prefix}{name}"
        if isinstance(child, dict):
            yield from _keys(child, f"{prefix}{name}.")


GROUPS = _groups()
TREE: Any = OmegaConf.to_container(composed("model=srn_skip", "optimizer=sgd"), resolve=False)
KEYS = list(_keys(TREE))
# Valid, but endless or long: what isn't small isn't tried.
LONG = {"trainer.max_epochs", "trainer.max_steps", "study", "experiment"}
WILD = """null true false nan inf -inf -1 0 1 2 0.5 1.0 1e400 -0.0 1000000000 99999999999999999999
[] {} [1,2] {a:1} '' "" " ' ( [ } , 1,2 1,1 1,,2 a,b é 数 %s ../up /dev/null . .. ~ ???
${lr} ${nothing} ${oc.env:HOME} ${now:%Y} ${ glob(*) choice(1,2) range(1,3) interval(0,1)
shuffle(1,2) sort(2,1) float(1) int(2.5) str(3) bool(1) json_str('1') 0x10 1_000 5,000 1e3
CON nul: a:b a=b a/b a@b a\\,b \\ NaN NULL True yes no on off"""
wild = st.sampled_from(["", *WILD.split()]) | st.text(max_size=8).filter(
    lambda text: "\x00" not in text
)
small = st.sampled_from(["1", "2", "3", "0", "-1", "x", "null", "0.5", "1e3"])
near = st.builds(
    lambda key, at, letter: key[:at] + letter + key[at:],
    st.sampled_from(KEYS),
    st.integers(0, 8),
    st.sampled_from("ae._-@/"),
)


@st.composite
def overrides(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["key", "key", "key", "group", "added", "deleted", "near", "any"]))
    if kind == "group":
        group = draw(st.sampled_from([one for one in GROUPS if one != "study"]))
        known = [one for one in GROUPS[group] if one not in ("blog", "book", "explosion")]
        choice = draw(st.sampled_from(known) | wild) if known else draw(wild)
        return f"{draw(st.sampled_from(['', '', '+', '++']))}{group}={choice}"
    if kind == "any":
        return draw(wild)
    key = draw(near if kind == "near" else st.sampled_from([k for k in KEYS if k not in LONG]))
    if kind == "deleted":
        return f"~{key}" + draw(st.sampled_from(["", "=1"]))
    value = draw(small if key in LONG else wild)
    return f"{draw(st.sampled_from(['+', '++'])) if kind == 'added' else ''}{key}={value}"


letters = st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/")
PLACES = ["hydra.run.dir", "hydra.sweep.dir", "data.root", "data.dir"]
odd_paths = st.builds(
    lambda key, parts: f"{key}={'/'.join(parts)}",
    st.sampled_from(PLACES),
    st.lists(st.text(letters, min_size=1, max_size=6), min_size=1, max_size=2),
).filter(lambda word: ".." not in word and "~" not in word)
words = st.tuples(
    st.lists(overrides(), min_size=1, max_size=3) | st.lists(odd_paths, min_size=1, max_size=2),
    st.sampled_from([[], [], [], ["-m"]]),
).map(lambda both: [*both[1], *BASE, *both[0]])
STREAMS = [*[""] * 6, "out:broken", "out:full", "out:closed", "out:ascii", "err:closed"]
STREAMS += ["err:broken", "err:full", "err:ascii", "out:closed err:closed"]
ENVS: list[dict[str, str]] = [{}, {}, {}, {"COLUMNS": "20"}, {"COLUMNS": "1"}, {"TERM": "dumb"}]
ENVS += [{"TMPDIR": "/nowhere"}, {"HOME": "/nowhere"}, {"LC_ALL": "C"}, {"NO_COLOR": "1"}]
theirs = st.lists(
    st.builds(
        "{}/{}".format, st.sampled_from(["run", "sweep", "data", "."]), st.sampled_from(THEIRS)
    ),
    max_size=2,
)


class House(NamedTuple):
    """Where a command is typed: what is wrong with its streams, and what lies there already."""

    streams: str
    env: dict[str, str]
    theirs: list[str]


houses = st.builds(
    House, st.sampled_from(STREAMS), st.sampled_from(ENVS), st.just([]) | st.just([]) | theirs
)


def complaint(words: list[str], house: House, ended: Ended, folder: Path) -> str:
    """What is wrong with how a command ended; empty where nothing is."""
    status, _, errors = ended
    names = ("results.json", "failure.json")
    paths = [path for name in names for path in folder.rglob(name)]
    paths = [path for path in paths if not path.read_bytes().startswith(b"theirs")]
    found = {path: json.loads(path.read_bytes()) for path in paths}
    if status is None:
        return "it hangs"
    if "Traceback" in errors:
        return "a traceback"
    if status == 0 and wants_a_list(words):
        return f"left behind: {found}" if found else ""
    if status == 0:
        states = {one["status"] for one in found.values()}
        return "" if states == {"complete"} else f"ended well with results {states}"
    if "err" not in house.streams:
        last = (errors.strip().splitlines() or ["nothing"])[-1]
        if status != 1 or not last.startswith("error: "):
            return f"status {status} and {last}"
    if "-m" in words or any(word.startswith("study=") for word in words):
        jobs = [one.parent for one in folder.rglob("config.yaml") if one.parent.name != ".hydra"]
        torn = [one.name for one in jobs if not any((one / name).exists() for name in names)]
        return f"jobs without a result: {torn}" if torn and not house.theirs else ""
    if "err" not in house.streams and len(errors.strip().splitlines()) != 1:
        return "several lines"
    left = {str(one.relative_to(folder)) for one in folder.rglob("*")}
    left -= {str(one) for name in house.theirs for one in (Path(name), *Path(name).parents)}
    return f"left behind: {sorted(left)[:5]}" if left else ""


def lay(folder: Path, names: list[str]) -> dict[str, str]:
    """A folder with what somebody has in it, beside something of theirs; all that is there."""
    place = folder.parent
    shutil.rmtree(place, ignore_errors=True)
    put(place, ["beside/precious", "above.txt"])
    folder.mkdir()
    put(folder, names)
    return state(place)


@pytest.mark.parametrize("part", range(2))
def test_whatever_is_typed(
    part: int,
    forks: Forks,
    request: pytest.FixtureRequest,
    record_property: Any,
    tmp_path: Path,
) -> None:
    examples = request.config.getoption("--fuzz") // 2
    tried, folder = 0, tmp_path / "place" / "cwd"

    @seed(part)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(words, houses)
    def type_it(words: list[str], house: House) -> None:
        nonlocal tried
        tried += 1
        before = lay(folder, house.theirs)
        ended = forks.run(words, folder, streams=house.streams, draws=True, **house.env)
        wrong = complaint(words, house, ended, folder)
        after = state(folder.parent)
        changed = [name for name in before if after.get(name) != before[name]]
        outside = [name for name in after.keys() - before if not name.startswith("cwd/")]
        wrong = wrong or (
            f"changed: {changed}, made outside: {outside}" if changed or outside else ""
        )
        assert not wrong, f"{wrong}\n{words}\n{house}\n{ended.err[-3000:]}"

    type_it()
    record_property("faults", tried)
