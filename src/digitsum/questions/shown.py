"""What a sweep's report shows: functions that take a sweep, named in a study's YAML.

The list comes back from a sweep's folder, perhaps a stranger's: so it is a closed set, for each
kind the public functions of this room that return what the kind is.
"""

import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from digitsum.errors import UserError
from digitsum.runs.closed import TARGET, Plain, defined

Shown = dict[str, list[dict[str, Any]]]  # by kind; each function named by `_target_`
ROOM = "digitsum.questions."
# By kind: what its functions return, as Python spells it.
KINDS = {
    "answers": "str",
    "figures": "dict[str, matplotlib.figure.Figure]",
    "tables": "dict[str, tuple[list[str], list[list[str]]]]",
    "claims": f"{ROOM}judgement.Claim",
}
_SWEEP = "digitsum.sweeps.collected.Sweep"
# Of a sweep that doesn't say, as those before there were answers.
ASKED = [
    {"_target_": f"{ROOM}lengths.at_the_longest"},
    {"_target_": f"{ROOM}settings.best_setting"},
]
# Sweeps of earlier versions name functions where they were: by kind, then by question.
_WAS = re.compile(r"digitsum\.studies\.(?:answers\.|figures\.|claims\.)?(\w+)\.(\w+)")
_QUESTIONS = {"against": "settings", "beside": "settings", "best": "settings", "skip": "dial"}


def _now(name: str) -> str:
    """Where a function is that an earlier version had elsewhere."""
    was = _WAS.fullmatch(name)
    return f"{ROOM}{_QUESTIONS.get(was[1], was[1])}.{was[2]}" if was else name


def check_shown(shown: Any, place: str) -> Shown:
    """What a report is to show, once it is sure that all of it can be shown.

    Raises:
        UserError: naming the entry.
    """
    if shown is not None and not isinstance(shown, dict):
        raise UserError(f"{place} is {shown}; it must name {', '.join(KINDS)}")
    found: Shown = {}
    for kind in KINDS:
        listed = (shown or {}).get(kind) or (ASKED if kind == "answers" else [])
        if not isinstance(listed, list):
            raise UserError(f"{place}.{kind} is {listed}; it must be a list")
        found[kind] = listed
        for number, entry in enumerate(found[kind]):
            function(entry, kind, f"{place}.{kind}[{number}]")
    return found


def function(entry: Any, kind: str, place: str = "report") -> Callable[[Any], Any]:
    """The function that an entry names, with the arguments that it gives.

    Raises:
        UserError: it names something else than a function of this kind, or gives it something that
            it doesn't take.
    """
    name = entry.get(TARGET) if isinstance(entry, dict) else None
    name = _now(name) if isinstance(name, str) else ""
    if not name.startswith(ROOM):
        raise UserError(f"{place} is {entry}; it must name a function of {ROOM}* by _target_")
    try:
        found = defined(name)
    except (ImportError, UserError, ValueError, AssertionError) as error:
        raise UserError(f"{place}: {name}: {str(error).splitlines()[0]}") from None
    signature = inspect.signature(found) if inspect.isfunction(found) else None
    parameters = list(signature.parameters.values()) if signature else []
    takes = bool(parameters) and inspect.formatannotation(parameters[0].annotation) == _SWEEP
    gives = signature and inspect.formatannotation(signature.return_annotation)
    if not (takes and gives == KINDS[kind]):
        raise UserError(f"{place}: {name} is not one of the {kind} that a report shows")
    given = {key: value for key, value in entry.items() if key != TARGET}
    for key, value in given.items():
        if key not in [one.name for one in parameters[1:]] or not isinstance(value, Plain):
            raise UserError(f"{place}: {key} is nothing that {name} takes")
    return partial(found, **given)
