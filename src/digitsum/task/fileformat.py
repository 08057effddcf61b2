"""The file format: one example a line, digits joined by single spaces, a tab, the label.

``6 7 0 0 1 0 0 0 0 0<TAB>13`` with ``\\n`` at the end, UTF-8, no header.

Written it is always so. Read, it may be as editors leave it: a byte-order mark, ``\\r\\n``, blank
lines or no newline at the end, spaces at a line's ends, several spaces or tabs between its items.
The label is what follows the last tab: without one, a line could end in a digit or in its label.
"""

import re
from codecs import BOM_UTF8
from pathlib import Path

import numpy as np

from digitsum.errors import UserError
from digitsum.task.examples import SHORTEST, Examples

BLANKS = " \t"


def encode(examples: Examples) -> bytes:
    """Examples as the bytes of a file."""
    lines = (
        " ".join(map(str, digits)) + f"\t{label}\n"
        for digits, label in zip(examples.digits.tolist(), examples.labels.tolist(), strict=True)
    )
    return "".join(lines).encode()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _decode_line(line: str, place: str, length: int | None) -> tuple[list[int], int]:
    before, tab, label = line.strip(BLANKS).rpartition("\t")
    if not tab:
        raise UserError(
            f"{place}: found no tab in {_shown(line)}; a line is digits, a tab, a label"
        )
    label = label.strip(BLANKS)
    digits = re.split(f"[{BLANKS}]+", before.strip(BLANKS))
    for column, digit in enumerate(digits, 1):
        if len(digit) != 1 or digit not in "0123456789":
            raise UserError(
                f"{place}: item {column} is {_shown(digit)}; "
                "items are single digits 0-9 with spaces between them"
            )
    if len(digits) < SHORTEST:
        raise UserError(f"{place}: found {len(digits)} digit(s); at least {SHORTEST} are needed")
    if length is not None and len(digits) != length:
        raise UserError(f"{place}: found {len(digits)} digits; {length} are expected")
    values = [int(digit) for digit in digits]
    if label != str(values[0] + values[1]):
        raise UserError(
            f"{place}: label is {_shown(label)}; it must be {values[0] + values[1]}, "
            f"the sum of {values[0]} and {values[1]}"
        )
    return values, values[0] + values[1]


def decode(content: bytes, name: str, length: int | None = None) -> Examples:
    """Read the bytes of a file.

    Args:
        content: the whole file.
        name: what to call it in errors, usually its path.
        length: the number of digits every line must have; None takes the first line's.

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
        digits, label = _decode_line(line, place, length)
        length = len(digits)
        rows.append(digits)
        labels.append(label)
    return Examples(np.array(rows, np.int64), np.array(labels, np.int64))


def read(path: Path, length: int | None = None) -> Examples:
    """Read one file. Raises: UserError, also where it can't be opened."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror})") from None
    return decode(content, str(path), length)
