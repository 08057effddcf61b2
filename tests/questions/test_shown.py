"""Sweeps of earlier versions name what they show where it was then."""

import json
from pathlib import Path

import pytest

from digitsum.errors import UserError
from digitsum.questions.shown import KINDS, check_shown, function
from digitsum.reports.report import report

from ..invented import invented

# What manifests have named since there were any.
WAS = {
    "answers": "search.found_by_search lengths.at_the_longest best.best_setting "
    "dial.best_on_the_dial explosion.exploding span.furthest",
    "figures": "search.history against.accuracy losses.losses explosion.explosion skip.skip "
    "span.memory_spans",
    "claims": "forgetting.plain_srn_forgets residual.residual_srn_remembers "
    "learning_rates.learning_rates_decide turning.accuracy_turns explosion.gradients_explode "
    "lstm.lstm_remembers skip.skip_remembers",
}
TABLES = [
    "digitsum.studies.beside.side_by_side",
    "digitsum.studies.dial.best_skips",
    "digitsum.studies.span.span_table",
]
NAMED = [(kind, f"digitsum.studies.{kind}.{one}") for kind in WAS for one in WAS[kind].split()]
NAMED += [("tables", one) for one in TABLES]


@pytest.mark.parametrize(("kind", "name"), NAMED)
def test_a_function_is_found_where_it_is_now(kind: str, name: str) -> None:
    found = function({"_target_": name}, kind)
    assert found.func.__name__ == name.rpartition(".")[2]  # type: ignore[attr-defined]
    for other in set(KINDS) - {kind}:
        with pytest.raises(UserError):
            function({"_target_": name}, other)


@pytest.mark.parametrize("name", ["digitsum.studies.span.np.load", "digitsum.studies.figures.span"])
def test_nothing_else_comes_in_by_an_old_name(name: str) -> None:
    for kind in KINDS:
        with pytest.raises(UserError):
            check_shown({kind: [{"_target_": name}]}, "report")


def test_an_old_sweep_makes_the_report_of_a_new_one(tmp_path: Path) -> None:
    made = []
    for number, room in enumerate(("digitsum.studies.{}", "digitsum.questions")):
        folder = tmp_path / f"{number}" / "sweep"
        invented(folder, {"srn": 0.8, "lstm": 0.9}, {"srn": 0.2, "lstm": 0.01})
        names = {"answers": "lengths.at_the_longest", "claims": "forgetting.plain_srn_forgets"}
        names["figures"] = "against.accuracy" if number == 0 else "settings.accuracy"
        shown = {k: [{"_target_": f"{room.format(k)}.{v}"}] for k, v in names.items()}
        manifest = json.loads((folder / "sweep.json").read_text()) | {"report": shown}
        (folder / "sweep.json").write_text(json.dumps(manifest))
        report(folder)
        made.append([(folder / f"report.{kind}").read_text() for kind in ("md", "html")])
    assert made[0] == made[1]
    assert "confirmed" in made[0][0]
