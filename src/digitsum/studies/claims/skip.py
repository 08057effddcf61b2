"""What the dial between the plain and the residual SRN does to memory."""

from collections.abc import Callable

import numpy as np

from digitsum.studies.claims.forest import Forest, Row
from digitsum.studies.claims.judgement import MARGIN, Claim, Judgement, decide
from digitsum.studies.collected import Sweep
from digitsum.studies.dial import Dial, accuracy, dials, first_digit_gradient, rising
from digitsum.studies.jobs import Array, Job

WORDS = "The more of the state is carried over (s from 0 to 1), the further back the SRN remembers."


def skip_remembers(found: Sweep) -> Claim:
    known = dials(found)
    flowing = [dial for dial in known if dial.recorded("gradient_flow")]
    judged = []
    if known:
        judged.append(_rises("test accuracy rises with s at every length", known, accuracy, MARGIN))
    if flowing:
        part = "the gradient that reaches the first digit (log10, against the last) rises with s"
        judged.append(_rises(part, flowing, first_digit_gradient, None))
    return Claim("skip", WORDS, judged)


def _rises(
    part: str, known: list[Dial], measure: Callable[[Job], Array], margin: float | None
) -> Judgement:
    draws = [rising(dial, measure) for dial in known]
    changes = [
        Row(f"{dial.length}", one.mean(), *np.quantile(one, [0.025, 0.975]))
        for dial, one in zip(known, draws, strict=True)
    ]
    forest = Forest("change from s = 0 to 1", changes, signed=True)
    count = len(known[0].values(measure)[0])
    test = f"least squares over s, 95 % bootstrap interval, n = {count} each"
    numbers = f"change over the whole dial at {forest.listed()}"
    return Judgement(part, numbers, test, decide(draws, margin), forest)
