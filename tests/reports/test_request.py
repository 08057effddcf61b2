"""What `evaluate.py` can be asked for, and what not, before anything heavy is imported."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from digitsum.errors import UserError
from digitsum.reports.request import check_request, lengths

from ..conftest import REPO, light
from ..invented import chosen

USUAL = OmegaConf.load(REPO / "conf" / "evaluate.yaml")


@pytest.fixture(scope="session")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of two jobs, `0` that was asked for the sum and `1` for the labels of files."""
    place = tmp_path_factory.mktemp("s")
    chosen(place, [{}, {"data.ask": "label"}])
    return place


def _asked(place: Path, *typed: str) -> None:
    words = [one.replace("SWEEP", str(place)) for one in typed]
    check_request(OmegaConf.merge(USUAL, OmegaConf.from_dotlist(words)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ((), "give one of run=FOLDER and sweep=FOLDER"),
        (("run=SWEEP/0", "sweep=SWEEP"), "give one of run=FOLDER and sweep=FOLDER"),
        (("run=SWEEP/0", "split=tset"), "split is tset; it must be one of train, dev, test; did"),
        (("run=SWEEP/0", "tell=1"), "tell is 1; it must be true or false"),
        (("sweep=SWEEP", "status=maybe"), "status is maybe; it must be true or false"),
        (("run=SWEEP/0", "figures=gate"), "figures is gate; it must be gates, or null"),
        (("run=SWEEP/0", "data.length=2"), "data.length is 2; it must be a whole number, at"),
        (("run=SWEEP/0", "data.length=5.5"), "data.length is 5.5; it must be a whole number"),
        (("sweep=SWEEP", "lengths=[5,2]"), "lengths is 5,2; it must be whole numbers, at least 3"),
        (("sweep=SWEEP", "lengths=[true]"), "lengths is True; it must be whole numbers"),
        (("sweep=SWEEP", "lengths=[]"), "lengths is ; it must be whole numbers"),
        (("run=SWEEP/0", "lengths=5"), "lengths is for sweep=FOLDER; with run=FOLDER give data"),
        (("run=SWEEP/0", "status=true"), "status is for sweep=FOLDER"),
        (("sweep=SWEEP", "tell=true"), "tell is for run=FOLDER"),
        (("sweep=SWEEP", "digits=670"), "digits is for run=FOLDER"),
        (("run=SWEEP/0", "digits=67a"), "digits is 67a: item 3 is 'a'; it must be from 0 to 9"),
        (("run=SWEEP/0", "digits=67"), "digits is 67, with 2 items; a sequence has from 3 to 1000"),
        (("run=SWEEP/2",), "run: SWEEP/2 is not a folder; it must be that of a finished run"),
        (("run=SWEEP",), "SWEEP/results.json is missing; is SWEEP the folder of a finished run?"),
        (("sweep=SWEEP/0",), "SWEEP/0/sweep.json is missing"),
    ],
)
def test_what_cannot_be_asked_is_told(typed: tuple[str, ...], words: str, sweep: Path) -> None:
    with pytest.raises(UserError) as error:
        _asked(sweep, *typed)
    assert str(error.value).startswith(words.replace("SWEEP", str(sweep)))


@pytest.mark.parametrize(
    "typed",
    [
        ("run=SWEEP/0",),
        ("run=SWEEP/0", "split=dev", "data.length=3", "figures=gates"),
        ("run=SWEEP/0", "tell=true"),
        ("run=SWEEP/0", "digits=670"),
        ("run=SWEEP/1", "digits=255 0 1"),  # what items there are is in its files
        ("sweep=SWEEP",),
        ("sweep=SWEEP", "status=true"),
        ("sweep=SWEEP", "lengths=3"),
        ("sweep=SWEEP", "lengths=[3,40]"),
    ],
)
def test_what_can_be_asked(typed: tuple[str, ...], sweep: Path) -> None:
    _asked(sweep, *typed)


def test_a_run_that_is_not_complete_is_not_asked(tmp_path: Path) -> None:
    chosen(tmp_path, [{}])
    path = tmp_path / "0" / "results.json"
    path.write_text(path.read_text().replace('"complete"', '"failed"'))
    with pytest.raises(UserError, match=r"results\.json: status is failed, not complete$"):
        _asked(tmp_path, "run=SWEEP/0")


def test_lengths_are_a_list() -> None:
    for typed, found in (("null", []), ("5", [5]), ("[5,10]", [5, 10])):
        assert lengths(OmegaConf.from_dotlist([f"lengths={typed}"])) == found


def test_a_mistake_waits_for_nothing_heavy(tmp_path: Path) -> None:
    words = f"run: {tmp_path / 'nowhere'} is not a folder; it must be that of a finished run"
    assert light(tmp_path, "evaluate.py", "run=nowhere", "digits=670") == f"error: {words}\n"
