"""Where DigitSum files lie: generated ones kept by what made them, and a person's own folder."""

from pathlib import Path

import numpy as np

from digitsum.errors import UserError
from digitsum.task.examples import SPLITS, Distractors, Examples, Source, Split
from digitsum.task.fileformat import encode, read
from digitsum.task.question import KNOWN, SUM, Ask, Question, question_of_labels
from digitsum.writing import write_aside


def generated_path(
    root: Path,
    source: Source,
    length: int,
    split: Split,
    copies: int,
    seed: int,
    distractors: Distractors = 1,
    asked: Question = SUM,
) -> Path:
    """`ROOT/SourceName/length=L/[ask=A/][distractors=D/][seed=S/]copies=K/SPLIT.txt`: all that
    decides a file's content.
    """
    folder = root / type(source).__name__ / f"length={length}"
    if asked != SUM:
        folder /= f"ask={asked.ask}"
    if distractors != 1:
        folder /= f"distractors={distractors}"
    if not source.shared:
        folder /= f"seed={seed}"
    return folder / f"copies={copies}" / f"{split}.txt"


def generated(
    root: Path,
    source: Source,
    length: int,
    split: Split,
    copies: int,
    seed: int,
    distractors: Distractors = 1,
    asked: Question = SUM,
) -> Examples:
    """What a generated file holds, writing it first where it is missing.

    A kept file is compared with what the source draws, since drawing is cheaper than trusting.

    Raises:
        UserError: the file is there and differs, naming the first line that does.
    """
    digits = source.draw(length, split, copies, seed, distractors).digits
    drawn = Examples(digits, asked.labels(digits))
    expected = encode(drawn)
    path = generated_path(root, source, length, split, copies, seed, distractors, asked)
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        write_aside(path, expected)
        found = expected
    if found != expected:
        lines = zip(found.split(b"\n"), expected.split(b"\n"), strict=False)
        number = next((i for i, (a, b) in enumerate(lines, 1) if a != b), 1)
        raise UserError(
            f"{path}:{number}: differs from what this configuration generates; "
            "delete the file, or use it as it is with data.dir"
        )
    return drawn


def load_folder(directory: Path, ask: Ask = "sum") -> dict[Split, Examples]:
    """Read a person's `train.txt`, `dev.txt` and `test.txt`; the first line decides the length.

    Args:
        directory: theirs.
        ask: what the labels are; `label` takes them as they are.

    Raises:
        UserError: a missing folder or split, a line that isn't in the format, or a label that
            no training example has.
    """
    if not directory.is_dir():
        raise UserError(f"data.dir: {directory} is not a folder; it must hold train, dev, test.txt")
    paths = {split: directory / f"{split}.txt" for split in SPLITS}
    missing = [path.name for path in paths.values() if not path.is_file()]
    if missing:
        raise UserError(f"data.dir: {directory} lacks {', '.join(missing)}")
    found: dict[Split, Examples] = {}
    length = None
    for split, path in paths.items():
        found[split] = read(path, length, KNOWN.get(ask))
        length = found[split].digits.shape[1]
    if ask == "label":
        for split in SPLITS[1:]:
            _check_known(found[split], found["train"], paths[split])
    return found


def _check_known(held_out: Examples, train: Examples, path: Path) -> None:
    strange = ~np.isin(held_out.labels, train.labels)
    if strange.any():
        first = int(strange.argmax())
        raise UserError(
            f"{path}:{first + 1}: label is {held_out.labels[first]}; no line of train.txt has it, "
            "so that nothing can learn it"
        )


def question_of(ask: Ask, directory: Path | None) -> Question:
    """What is asked: known by name, or, of a person's own labels, by their files.

    Raises:
        UserError: from `load_folder`, or where there is no folder.
    """
    if ask != "label":
        return KNOWN[ask]
    if directory is None:
        raise UserError("data.ask is label; labels are read from files: give data.dir=FOLDER")
    return question_in(load_folder(directory, ask))


def question_in(found: dict[Split, Examples]) -> Question:
    """What a person's own labels ask, of files that were read."""
    largest = max(int(one.digits.max()) for one in found.values())
    return question_of_labels(largest, found["train"].labels, found["test"].labels)
