"""Where DigitSum files lie: generated ones kept by what made them, and a person's own folder."""

from pathlib import Path

from digitsum.errors import UserError
from digitsum.task.examples import SPLITS, Distractors, Examples, Source, Split
from digitsum.task.fileformat import encode, read
from digitsum.writing import write_aside


def generated_path(
    root: Path,
    source: Source,
    length: int,
    split: Split,
    copies: int,
    seed: int,
    distractors: Distractors = 1,
) -> Path:
    """`ROOT/SourceName/length=L/[distractors=D/][seed=S/]copies=K/SPLIT.txt`: all that decides a
    file's content.
    """
    folder = root / type(source).__name__ / f"length={length}"
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
) -> Examples:
    """What a generated file holds, writing it first where it is missing.

    A kept file is compared with what the source draws, since drawing is cheaper than trusting.

    Raises:
        UserError: the file is there and differs, naming the first line that does.
    """
    drawn = source.draw(length, split, copies, seed, distractors)
    expected = encode(drawn)
    path = generated_path(root, source, length, split, copies, seed, distractors)
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


def load_folder(directory: Path) -> dict[Split, Examples]:
    """Read a person's `train.txt`, `dev.txt` and `test.txt`; the first line decides the length.

    Raises:
        UserError: a missing folder or split, or a line that isn't in the format.
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
        found[split] = read(path, length)
        length = found[split].digits.shape[1]
    return found
