"""What is asked of a sequence, and how often guessing is right.

Of `6 7 0 0 1 0 0 0 0 0` the `sum` is 13, `first` is 6 (remembering alone), `pair` is 67
(remembering both, adding nothing). With files of a person's own, `label` is what they say.
"""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

Int = npt.NDArray[np.int64]
Ask = Literal["sum", "first", "pair", "label"]
ASKS: tuple[Ask, ...] = get_args(Ask)
DIGITS = 10
# Of a person's own files.
LARGEST_ITEM, LARGEST_LABEL = 255, 999


@dataclass(frozen=True)
class Question:
    """A question and its answers.

    Attributes:
        ask: its name.
        items: V, how many items there are; a sequence holds numbers from 0 to V - 1.
        classes: C; answers are numbers from 0 to C - 1.
        commonest: the answer that a guess is best off with, whatever the sequence.
        chance: accuracy of giving it always.
    """

    ask: Ask
    items: int
    classes: int
    commonest: int
    chance: float

    def labels(self, digits: Any) -> Any:
        """The answers [...] to sequences [..., T], arrays or tensors.

        Raises:
            ValueError: of `label`, which only a file knows.
        """
        if self.ask == "sum":
            return digits[..., 0] + digits[..., 1]
        if self.ask == "first":
            return digits[..., 0]
        if self.ask == "pair":
            return DIGITS * digits[..., 0] + digits[..., 1]
        raise ValueError("a file's labels follow from nothing but the file")

    def said(self, label: int) -> str:
        """An answer for people."""
        return " ".join(f"{label:02d}") if self.ask == "pair" else str(label)

    @property
    def by_chance(self) -> str:
        """`0.10 (always 9)`."""
        return f"{self.chance:.2f} (always {self.said(self.commonest)})"


# Each of the 100 pairs comes equally often: ten of them add up to 9, ten begin with any one digit.
SUM = Question("sum", DIGITS, 19, commonest=9, chance=0.10)
FIRST = Question("first", DIGITS, DIGITS, commonest=0, chance=0.10)
PAIR = Question("pair", DIGITS, DIGITS**2, commonest=0, chance=0.01)
KNOWN: dict[str, Question] = {one.ask: one for one in (SUM, FIRST, PAIR)}


def question_of_labels(largest_item: int, train: Int, test: Int) -> Question:
    """What a person's own labels ask: guessing gives the commonest training label.

    Args:
        largest_item: of all sequences.
        train, test: labels [N].
    """
    counts = np.bincount(train)
    commonest = int(counts.argmax())
    chance = float((test == commonest).mean())
    return Question("label", largest_item + 1, len(counts), commonest, chance)
