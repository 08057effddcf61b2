"""What a search has found."""

from digitsum.statistics import summarise
from digitsum.studies.answers.best import on_test
from digitsum.studies.collected import Sweep
from digitsum.task.examples import CHANCE


def found_by_search(found: Sweep) -> str:
    """The best on dev, and how it alone does on test, on which nothing was chosen."""
    best = found.best
    if not found.trials or best is None:
        return ""
    dev = summarise(best.values("best_dev_accuracy").tolist())
    return (
        f"Best of {len(found.complete)} on dev is {best.name(found.varied)}, with {dev}, which "
        f"flatters the best of many; its test accuracy is {on_test(best)}, by chance {CHANCE:.2f}."
    )
