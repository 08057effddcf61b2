from pathlib import Path


def report(folder: Path) -> None:
    print(folder)
