"""Claim 3: which learning rates are bad, and where the lowest does best."""

import numpy as np

from digitsum.questions.curves import LR, On, by_length, claimed
from digitsum.questions.judgement import Claim, Judgement, compared_at
from digitsum.statistics import difference
from digitsum.sweeps.collected import Sweep

WORDS = "Learning rates 0.01 and 0.1 are bad; 0.0001 underfits, and there length 35 does best."
LOW = 0.0001
LOSS = "difference in train loss (nats)"


def learning_rates_decide(found: Sweep) -> Claim:
    return claimed("3", WORDS, found, _judged)


def _judged(found: Sweep, on: On) -> list[Judgement]:
    usual, low = (by_length(found, on, "srn_residual", lr=lr) for lr in (LR, LOW))
    judged = []
    for lr in (0.1, 0.01):
        other = by_length(found, on, "srn_residual", lr=lr)
        if usual.beside(other):
            part = f"residual SRN: lr {LR:g} minus lr {lr:g}, test accuracy"
            judged.append(compared_at(part, usual.lengths, usual.minus(other)))
    if usual.beside(low):
        fit = [by_length(found, on, "srn_residual", "final_train_loss", lr) for lr in (LOW, LR)]
        part = "lr 0.0001 underfits: final train loss minus that at 0.001"
        judged.append(compared_at(part, low.lengths, fit[0].minus(fit[1]), None, LOSS))
    if low.enough and 35 in low.lengths:
        others = [length for length in low.lengths if length != 35]
        compared = [difference(low.at(35), low.at(length)) for length in others]
        part = "at lr 0.0001 length 35 is above every other length"
        judged.append(compared_at(part, np.array(others), compared))
    return judged
