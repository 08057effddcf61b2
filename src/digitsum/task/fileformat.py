"""The file format: one example a line, digits joined by single spaces, a tab, the label.

``6 7 0 0 1 0 0 0 0 0<TAB>13`` with ``\\n`` at the end, UTF-8, no header.

Written it is always so. Read, it may be as editors leave it: a byte-order mark, ``\\r\\n``, blank
lines or no newline at the end, spaces at a line's ends, several spaces or tabs between its items.
The label is what follows the last tab: without one, a line could end in a digit or in its label.

Where it is the sum that is asked, or whatever else follows from the digits (`question`), a label
must be it. Where a file alone knows (`ask=label`), items are whole numbers from 0 to 255, and
labels from 0 to 999.
"""

import re
from codecs import BOM_UTF8
from pathlib import Path

import numpy as np

from digitsum.errors import UserError
from digitsum.task.examples import SHORTEST, Examples
from digitsum.task.question import LARGEST_ITEM, LARGEST_LABEL, SUM, Question

BLANKS = " \t"
_WHOLE = re.compile(r"0|[1-9][0-9]*", re.ASCII)
# How a message goes on from the label that it must be.
_WHY = {"sum": "the sum of {} and {}", "first": "the first digit", "pair": "the digits {} and {}"}


def encode(examples: Examples) -> bytes:
    """Examples as the bytes of a file."""
    lines = (
        " ".join(map(str, digits)) + f"\t{label}\n"
        for digits, label in zip(examples.digits.tolist(), examples.labels.tolist(), strict=True)
    )
    return "".join(lines).encode()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _number(text: str, largest: int) -> int | None:
    """A whole number up to the largest; None where it is something else."""
    whole = _WHOLE.fullmatch(text) and len(text) <= len(str(largest))
    return int(text) if whole and int(text) <= largest else None


def _decode_line(
    line: str, place: str, length: int | None, asked: Question | None
) -> tuple[list[int], int]:
    before, tab, label = line.strip(BLANKS).rpartition("\t")
    if not tab:
        raise UserError(
            f"{place}: found no tab in {_shown(line)}; a line is digits, a tab, a label"
        )
    label = label.strip(BLANKS)
    digits = re.split(f"[{BLANKS}]+", before.strip(BLANKS))
    kind = "single digits 0-9" if asked else f"whole numbers 0-{LARGEST_ITEM}"
    values = []
    for column, digit in enumerate(digits, 1):
        value = _number(digit, 9 if asked else LARGEST_ITEM)
        if value is None:
            raise UserError(
                f"{place}: item {column} is {_shown(digit)}; "
                f"items are {kind} with spaces between them"
            )
        values.append(value)
    if len(digits) < SHORTEST:
        raise UserError(f"{place}: found {len(digits)} digit(s); at least {SHORTEST} are needed")
    if length is not None and len(digits) != length:
        raise UserError(f"{place}: found {len(digits)} digits; {length} are expected")
    found = _number(label, LARGEST_LABEL)
    if asked is None:
        if found is None:
            raise UserError(
                f"{place}: label is {_shown(label)}; it must be a whole number from 0 to "
                f"{LARGEST_LABEL}"
            )
        return values, found
    true = int(asked.labels(np.array(values)))
    if found != true:
        why = _WHY[asked.ask].format(*values)
        raise UserError(f"{place}: label is {_shown(label)}; it must be {true}, {why}")
    return values, true


def decode(
    content: bytes, name: str, length: int | None = None, asked: Question | None = SUM
) -> Examples:
    """Read the bytes of a file.

    Args:
        content: the whole file.
        name: what to call it in errors, usually its path.
        length: the number of digits every line must have; None takes the first line's.
        asked: what the labels must be; None takes them as they are.

    Raises:
        UserError: naming `name:line`, what was found and what is allowed.
    """
    lines = [line.removesuffix(b"\r") for line in content.removeprefix(BOM_UTF8).split(b"\n")]
    while lines and not lines[-1].strip(BLANKS.encode()):
        lines.pop()
    if not lines:
        raise UserError(f"{name}:1: the file is empty; at least one example is needed")
    rows, labels = [], []
    for number, raw in enumerate(lines, 1):
        place = f"{name}:{number}"
        if not raw.strip(BLANKS.encode()):
            raise UserError(f"{place}: a blank line; there may be some at the end alone")
        try:
            line = raw.decode()
        except UnicodeDecodeError as error:
            raise UserError(
                f"{place}: byte {error.start + 1} is 0x{raw[error.start]:02x}, not UTF-8"
            ) from None
        digits, label = _decode_line(line, place, length, asked)
        length = len(digits)
        rows.append(digits)
        labels.append(label)
    return Examples(np.array(rows, np.int64), np.array(labels, np.int64))


def read(path: Path, length: int | None = None, asked: Question | None = SUM) -> Examples:
    """Read one file. Raises: UserError, also where it can't be opened."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from None
    return decode(content, str(path), length, asked)
