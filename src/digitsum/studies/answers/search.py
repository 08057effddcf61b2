"""What a search has found."""

from digitsum.studies.collected import Sweep


def found_by_search(found: Sweep) -> str:
    """The best on dev, and how it alone does on test, on which nothing was chosen."""
    best = found.best
    if not found.trials or best is None:
        return ""
    dev = best.summary("best_dev_accuracy")
    return (
        f"Best of {len(found.complete)} on dev is {best.name(found.varied)}, with {dev}, which "
        f"flatters the best of many; its test accuracy is {best.tested}, by chance "
        f"{found.by_chance}."
    )
