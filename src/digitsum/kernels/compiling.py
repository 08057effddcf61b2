"""How the kernels' functions are compiled: into one piece of machine code for each that is called.

Left to itself Numba optimises every function and makes machine code of it, though it is called by
other compiled functions alone, and does so again wherever a copy of it lies within one of those.
"""

from typing import Any

from numba import njit
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

# No fast mathematics: NaN and infinity must stay what they are, and sums in their order.
OPTIONS: Any = {"error_model": "numpy"}
# What runs inside a step allocates nothing, and so counts no references: a call of the counter for
# every view of an array would take as long as the step's products.
UNCOUNTED: Any = OPTIONS | {"_nrt": False}


class Part(JITCodeLibrary):
    """A function's code where other compiled functions alone call it.

    It is optimised within each of them, and has no machine code of its own, nor a place where
    Python's names would be.
    """

    @property
    def codegen(self) -> Any:
        return self

    def set_env(self, name: str, env: object) -> None:
        pass

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


class Apart(Compiler):
    """Compiles functions whose arrays never overlap, which LLVM can't see by itself."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.state.flags = self.state.flags.copy()
        self.state.flags.noalias = True


class Within(Apart):
    """Compiles a `Part` of others."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.state.flags.no_cpython_wrapper = self.state.flags.no_cfunc_wrapper = True
        self.state.library = Part(self.state.targetctx.codegen(), "part")


# Called from Python; called by its address; and within these.
CALLED: Any = OPTIONS | {"pipeline_class": Apart, "no_cfunc_wrapper": True}
ADDRESSED: Any = UNCOUNTED | CALLED | {"no_cpython_wrapper": True}
WITHIN: Any = UNCOUNTED | {"pipeline_class": Within}
inlined = njit(**WITHIN)
# Where LLVM would leave a call in a loop over time, with some fifty numbers to hand over each time.
forced = njit(forceinline=True, **WITHIN)
