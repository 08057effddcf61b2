"""What a sweep's report shows: functions of this package, named in a study's YAML."""

from typing import Any

from hydra.utils import get_method

from digitsum.errors import UserError

Shown = dict[str, list[dict[str, Any]]]  # by kind; each function named by `_target_`
KINDS = ("answers", "figures", "tables", "claims")
# Of a sweep that doesn't say, as those before there were answers.
ASKED = [
    {"_target_": "digitsum.studies.answers.lengths.at_the_longest"},
    {"_target_": "digitsum.studies.answers.best.best_setting"},
]
_OURS = "digitsum."


def check_shown(shown: Any, place: str) -> Shown:
    """What a report is to show, once it is sure that all of it is there and this package's.

    Raises:
        UserError: naming the entry.
    """
    found: Shown = {}
    for kind in KINDS:
        found[kind] = list((shown or {}).get(kind) or (ASKED if kind == "answers" else []))
        for number, entry in enumerate(found[kind]):
            target = entry.get("_target_") if isinstance(entry, dict) else None
            if not str(target).startswith(_OURS):
                raise UserError(
                    f"{place}.{kind}[{number}] is {entry}; it must name a function of digitsum by "
                    "_target_"
                )
            try:
                get_method(str(target))
            except Exception as error:
                reason = str(error).splitlines()[0]
                raise UserError(f"{place}.{kind}[{number}]: {target}: {reason}") from None
    return found
