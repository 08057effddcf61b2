"""A mutation run: which mutants are tried, by which tests, and how many these have killed.

    mutmut run "digitsum.paper.x_duration*"      makes all mutants, and sees which tests reach which
    python tools/mutants.py near                leaves to each mutant the tests of its own room
    python tools/mutants.py names questions 1   of a room those that count and haven't been tried;
                                                by 2 every second
    python tools/mutants.py names statistics 1 | xargs mutmut run
    python tools/mutants.py                     a table of the rooms
    python tools/mutants.py alive questions     the survivors, each with the lines that it changed

What changes words that people read, looks of a figure, or guards that hold wherever the program is
right (`zip(strict=True)`, `encoding=`, `cast`) is not counted: no result depends on it.
"""

import ast
import difflib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MADE = Path("mutants/src/digitsum")
KILLED = {1, 3, 24, -24, 36, 37, 152, 255, -9, -11}  # by a test, by its time, by a crash
SURVIVED, UNTESTED = {0}, {5, 33}
GUARDS = {"strict", "encoding", "newline", "errors"}
LOOKS = set(
    re.findall(
        r"\w+",
        """alpha aspect bbox_to_anchor clip_on cmap color colors edgecolor facecolor fontsize
        frameon ha hatch height_ratios label labelpad linestyle linewidth loc marker
        markerfacecolor markersize ncols pad rasterized rotation style textcoords va width_ratios
        xycoords xytext zorder""",
    )
)
STATS = Path("mutants/mutmut-stats.json")
SECONDS = 12.0  # of tests for a mutant, the fastest first
SHAPES = {"figure", "subplots_adjust", "tick_params", "despine", "set_size_inches", "margins"}


class Mutant(NamedTuple):
    """Attributes:
    name: as `mutmut show` takes it.
    room: the folder that it lies in, or the file.
    code: how pytest ended, see mutmut; None where it hasn't been tried.
    kind: `counted`, or why it isn't: `words`, `looks`, `guard`.
    change: lines that differ.
    """

    name: str
    room: str
    code: int | None
    kind: str
    change: list[str]


def _differing(one: object, other: object, within: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Ways down to where two trees differ: keywords and calls on the way, at its end the kind."""
    if type(one) is not type(other):
        yield (*within, f"{type(one).__name__}:{type(other).__name__}")
    elif isinstance(one, ast.AST):
        if isinstance(one, ast.keyword) and one.arg:
            within = (*within, f"{one.arg}=")
        if isinstance(one, ast.Call):
            called = one.func.attr if isinstance(one.func, ast.Attribute) else ast.unparse(one.func)
            within = (*within, f"{called}()")
            theirs = other.keywords if isinstance(other, ast.Call) else []
            gone = {word.arg for word in one.keywords} - {word.arg for word in theirs}
            if gone:
                yield (*within, *(f"{word}=" for word in gone), "gone")
                return
        for name, value in ast.iter_fields(one):
            yield from _differing(value, getattr(other, name, None), within)
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield (*within, "gone")
        else:
            for mine, theirs in zip(one, other, strict=True):
                yield from _differing(mine, theirs, within)
    elif one != other:
        yield (*within, type(one).__name__)


def kind_of(original: ast.AST, mutant: ast.AST) -> str:
    """Whether a mutant is counted; else why not."""
    ways = [way for way in _differing(original, mutant, ()) if way[-1] != "name"]
    for way in ways:
        keys = {word[:-1] for word in way if word.endswith("=")}
        calls = {word[:-2] for word in way if word.endswith("()")}
        if keys & GUARDS or "cast" in calls:
            return "guard"
        if keys & LOOKS or calls & SHAPES:
            return "looks"
        if way[-1] == "str":
            return "words"
    return "counted"


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and "__mutmut_" in node.name:
            found[node.name] = node
    return found


def _lines(original: str, mutant: str) -> list[str]:
    both = original.splitlines(), mutant.splitlines()
    return [
        line
        for line in difflib.unified_diff(*both, n=0, lineterm="")
        if line[:2] not in ("--", "++", "@@")
    ]


def mutants(of: str = "") -> Iterator[Mutant]:
    """All that were made, file by file; or those of a room."""
    for meta in sorted(MADE.rglob("*.py.meta")):
        room = meta.relative_to(MADE).parts[0].removesuffix(".py.meta")
        if of not in ("", room):
            continue
        codes = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
        known = _functions(ast.parse(meta.with_suffix("").read_text("utf-8"))) if codes else {}
        for name, code in codes.items():
            own = name.rpartition(".")[2]
            node, first = known[own], known[own.rpartition("_")[0] + "_orig"]
            node.name = first.name = "it"
            kind = kind_of(first, node)
            change = []
            if code in SURVIVED and kind == "counted":
                change = _lines(ast.unparse(first), ast.unparse(node))
            yield Mutant(name, room, code, kind, change)


def near() -> None:
    """Tests of a function's own room alone; of the small files beside the rooms, all."""
    stats = json.loads(STATS.read_text("utf-8"))
    took: dict[str, float] = stats["duration_by_test"]
    reached: dict[str, list[str]] = stats["tests_by_mangled_function_name"]
    for name, tests in reached.items():
        room = f"tests/{name.split('.')[1]}/"
        own = [one for one in tests if one.startswith(room)] or tests
        kept, seconds = [], 0.0
        for one in sorted(own, key=lambda test: took[test]):
            seconds += took[one]
            if kept and seconds > SECONDS:
                break
            kept.append(one)
        reached[name] = kept
    STATS.write_text(json.dumps(stats), "utf-8")


def table() -> None:
    """On the terminal, as Markdown."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in mutants():
        ends = {"killed": KILLED, "survived": SURVIVED, "untested": UNTESTED}
        ended = next((name for name, codes in ends.items() if one.code in codes), "not tried")
        counts[one.room][ended if one.kind == "counted" else "left out"] += 1
    print("| room | mutants | left out | not tried | untested | survived | killed | score |")
    print("| --- " * 8 + "|")
    for room, known in counts.items():
        tried = known["killed"] + known["survived"]
        cells = [known[key] for key in ("left out", "not tried", "untested", "survived", "killed")]
        score = f"{known['killed'] / tried:.0%}" if tried else ""
        print("|", " | ".join([room, *map(str, (known.total(), *cells)), score]), "|")


def main(words: list[str]) -> None:
    match words:
        case ["near"]:
            near()
        case ["names", room, every]:
            counted = [one for one in mutants(room) if one.kind == "counted"]
            print("\n".join(one.name for one in counted[:: int(every)] if one.code is None))
        case ["alive", room]:
            for one in mutants(room):
                if one.change:
                    print(one.name, *one.change, sep="\n    ")
        case []:
            table()
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
