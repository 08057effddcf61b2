"""Why answers are wrong, and each claim judged twice, as a page: not a number here is typed."""

from collections.abc import Sequence
from typing import NamedTuple

from findings import claims, copied, made_by

from digitsum.questions.curves import AS_MADE, FRESH
from digitsum.questions.judgement import Claim, Judgement
from digitsum.questions.settings import side_by_side
from digitsum.questions.why import CONDITIONS, LONG, SHUFFLED, by_condition, parts
from digitsum.questions.why import FRESH as ON_FRESH
from digitsum.sweeps.collected import Sweep

HEAD = """# Learnt by heart, not yet learnt, or forgotten?

The textbook's networks see 300 examples, three copies of each pair, again and again. One that learns them by heart is wrong on others without having forgotten anything; so what [findings](findings.md) and the textbook call forgetting is partly that. Here the same cells, for the same 19,000 steps, are trained on *fresh* examples too: every pass draws its own, and nothing can be learnt by heart. "Memory" is said only of these. What each part means, and how claims are judged, was written down before the numbers: [method](method.md). Every number is made by `tools/make_why.py` from a study's files."""  # noqa: E501


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def trained(found: Sweep) -> list[str]:
    """Accuracy and losses under each kind of training; then the parts."""
    rows = []
    for (model, length), jobs in by_condition(found).items():
        told = [
            f"{job.tested.mean:.2f} ({job.summary('final_train_loss').mean:.2f} / "
            f"{job.summary('final_dev_loss').mean:.2f})"
            if (job := jobs.get(name))
            else "-"
            for name in CONDITIONS
        ]
        rows.append([model, str(length), *told])
    ((head, body),) = parts(found).values()
    return [
        "## The same cell, trained five times",
        "Test accuracy, in brackets the final train and dev loss (nats). A train loss far below "
        "that on dev is learning by heart; both high is not having learnt.",
        table(["cell", "length", *CONDITIONS.values()], rows),
        f"![why]({copied(found.folder, 'why.png')})",
        "## The parts",
        "Fractions of test answers. *Right* and the four parts add up to 1; what is below zero is "
        "a loss. They aren't separate causes: [method](method.md) says where they overlap; and a "
        "network that has not left its start after five times the steps counts as one that keeps "
        "nothing, since nothing has told it to.",
        table(head, body),
        made_by(found),
    ]


def beside(found: Sweep, title: str, words: str) -> list[str]:
    ((head, body),) = side_by_side(found).values()
    picture = f"![{found.study}]({copied(found.folder, 'accuracy.png')})"
    return [f"## {title}", words, table(head, body), picture, made_by(found)]


class Twice(NamedTuple):
    """A claim, the sweep that judged it, and its parts by the examples that networks had."""

    claim: Claim
    found: Sweep
    parts: dict[str, dict[str, Judgement]]


def twice(sweeps: Sequence[Sweep]) -> list[Twice]:
    """Each claim, by the first study that can judge a part of it on both kinds of examples."""
    made: dict[str, Twice] = {}
    for found in sweeps:
        for claim in claims(found):
            on: dict[str, dict[str, Judgement]] = {}
            for one in claim.judgements:
                on.setdefault(one.part, {})[one.on] = one
            both = {part: kinds for part, kinds in on.items() if {AS_MADE, FRESH} <= set(kinds)}
            if both:
                made.setdefault(claim.name, Twice(claim, found, both))
    return [one for _, one in sorted(made.items())]


def judged_twice(known: Sequence[Twice]) -> list[str]:
    """Both verdicts of each part, and what the second was made from."""
    lines = ["## The claims, judged twice"] if known else []
    for claim, found, parts_of in known:
        rows = [
            [part, on[AS_MADE].verdict, f"**{on[FRESH].verdict}**"] for part, on in parts_of.items()
        ]
        lines += [
            f"### {claim.name}. {claim.words}",
            table(["", "three copies, sorted", "fresh examples"], rows),
            "\n".join(_numbers(on[FRESH]) for on in parts_of.values()),
            made_by(found),
        ]
    return lines


def _numbers(one: Judgement) -> str:
    return f"- on fresh examples, {one.part}: {one.numbers}."


def page(sweeps: Sequence[Sweep], known: Sequence[Twice]) -> str:
    """why.md."""
    by_study = {found.study or "": found for found in sweeps}
    told = [HEAD]
    if "why" in by_study:
        told += trained(by_study["why"])
    if "ask" in by_study:
        told += beside(
            by_study["ask"],
            "Asked for the first digit, for both, for their sum",
            "Fresh examples. By chance 0.10 of first digits and of sums are right, 0.01 of pairs.",
        )
    if "distractors" in by_study:
        told += beside(
            by_study["distractors"],
            "What is read meanwhile",
            "Fresh examples, with so many digits at random places behind the first two; at length "
            "10, eight are all.",
        )
    return "\n\n".join([*told, *judged_twice(known)]) + "\n"


def lines(sweeps: Sequence[Sweep], known: Sequence[Twice]) -> str:
    """The same in three lines, for the README; empty where a study is missing."""
    found = next((one for one in sweeps if one.study == "why"), None)
    cells = by_condition(found) if found else {}
    if not {("srn", 10), ("gru", 35), ("lstm", 35)} <= set(cells):
        return ""

    def tested(model: str, length: int, name: str) -> str:
        return str(cells[model, length][name].tested)

    count = len(cells["srn", 10][SHUFFLED].replicas)
    both = [on for one in known for on in one.parts.values()]
    turned = [
        f"{on[AS_MADE].part} ({on[AS_MADE].verdict}, on fresh examples {on[FRESH].verdict})"
        for on in both
        if on[AS_MADE].verdict != on[FRESH].verdict
    ]
    return "\n".join(
        [
            "- **300 examples learnt by heart pass for forgetting.** Test accuracy on three copies "
            "of each pair, shuffled, against fresh examples in as many steps "
            f"({count} replicas): plain SRN at length 10 {tested('srn', 10, SHUFFLED)} and "
            f"{tested('srn', 10, ON_FRESH)}, GRU at 35 {tested('gru', 35, SHUFFLED)} and "
            f"{tested('gru', 35, ON_FRESH)}.",
            "- **The LSTM at 35 is another case**: "
            f"{tested('lstm', 35, SHUFFLED)} on three copies, {tested('lstm', 35, ON_FRESH)} on "
            f"fresh examples, {tested('lstm', 35, LONG)} after five times the steps.",
            f"- **Of {len(both)} parts of the textbook's claims, judged again on fresh "
            f"examples, {len(turned)} have another verdict**: {'; '.join(turned)}.",
            "",
        ]
    )
