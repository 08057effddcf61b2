"""Which way a training takes on the CPU: the compiled one wherever it can."""

import sys

import torch

from digitsum.machine import compiles
from digitsum.training.learner import Learner
from digitsum.training.onlooker import needs_each_step
from digitsum.training.ways.plain import PlainWay
from digitsum.training.ways.way import Way


def fastest_way(module: Learner) -> Way:
    """The compiled way, unless a callback needs every step, autograd is watched for anomalies, or
    something can't be compiled.
    """
    if needs_each_step(module.trainer) or torch.is_anomaly_enabled():  # which is autograd's
        return PlainWay(module)
    if not compiles():
        told = "NUMBA_DISABLE_JIT is set: trained the plain, slower way"
        print(told, file=sys.stderr, flush=True)
        return PlainWay(module)
    # Imported here: Numba is not for those who never train.
    from digitsum.training.ways.compiled import CompiledWay

    try:
        return CompiledWay(module)
    except TypeError as reason:
        print(f"trained the plain, slower way: {reason}", file=sys.stderr, flush=True)
        return PlainWay(module)
