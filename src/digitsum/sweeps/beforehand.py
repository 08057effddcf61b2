"""Which of a grid's jobs are composed before the first one trains, to see that all can be."""

from collections.abc import Collection, Sequence

from digitsum.runs.places import key_of


def representatives(jobs: Sequence[Sequence[str]], groups: Collection[str]) -> list[Sequence[str]]:
    """Jobs among which every override occurs, and every combination of choices of groups.

    Whether a job can be composed depends on which files it is made of, on its keys, which all jobs
    of a grid share, and on each value by itself; so these few answer for all.

    Args:
        jobs: their overrides, of one grid.
        groups: keys whose values are files (`model`, `hydra/launcher`).
    """
    seen: set[object] = set()
    kept = []
    for job in jobs:
        chosen = frozenset(one for one in job if key_of(one) in groups)
        new = {chosen, *job} - seen
        if new:
            seen |= new
            kept.append(job)
    return kept
