"""What a step may do to numbers one by one: torch's name, the kernels' function, its slopes.

A slope is an expression in the function's value y and its arguments; where it needs a function
itself (the cosine of a sine's argument), that is called when the way back comes by.
"""

from collections.abc import Callable
from typing import Any

import sympy as sp

Slopes = Callable[..., tuple[Any, ...]]


def _call(name: str) -> Callable[..., Any]:
    made: Callable[..., Any] = sp.Function(name)
    return made


positive, inverse, sign, wins, within = map(
    _call, ("positive", "inverse", "sign", "wins", "within")
)

# `same` gives a name to what is computed of weights alone without a function.
# By the name in `kernels.numerics` or `kernels.elementary`: y, then the arguments.
SLOPES: dict[str, Slopes] = {
    "same": lambda y, x: (1,),
    "tanh": lambda y, x: (1 - y**2,),
    "sigmoid": lambda y, x: (y - y**2,),
    "relu": lambda y, x: (positive(y),),
    "exponential": lambda y, x: (y,),
    "logarithm": lambda y, x: (inverse(x),),
    "root": lambda y, x: (inverse(2 * y),),
    "absolute": lambda y, x: (sign(x),),
    "softplus": lambda y, x: (_call("sigmoid")(x),),
    "sine": lambda y, x: (_call("cosine")(x),),
    "cosine": lambda y, x: (-_call("sine")(x),),
    "divide": lambda y, x, z: (inverse(z), -y * inverse(z)),
    "maximum": lambda y, x, z: (wins(x, z), wins(z, x)),
    "minimum": lambda y, x, z: (wins(z, x), wins(x, z)),
    "clamp": lambda y, x, low, high: (within(x, low, high), 0, 0),
    "greater": lambda y, x, z: (0, 0),
    "at_least": lambda y, x, z: (0, 0),
    "chosen": lambda y, c, x, z: (0, c, 1 - c),
}
# Where the kernels' functions are; and those that only slopes call.
NUMERICS = ("tanh", "sigmoid", "relu", "positive")
ELEMENTARY = (
    *(name for name in SLOPES if name not in NUMERICS),
    "inverse",
    "sign",
    "wins",
    "within",
)
# Of one argument, by torch's name; as functions and as methods.
UNARY = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "exp": "exponential",
    "log": "logarithm",
    "sqrt": "root",
    "abs": "absolute",
    "absolute": "absolute",
    "softplus": "softplus",
    "sin": "sine",
    "cos": "cosine",
}
