"""The cells, as their equations. A new cell is one class here and one YAML in conf/model."""

from digitsum.cells.cell import Cell, State
from digitsum.cells.gated import GRU, LSTM
from digitsum.cells.one_gate import MGU, UGRNN, MinGRU
from digitsum.cells.rectified import IRNN, IndRNN
from digitsum.cells.srn import SRN, SRNResidual, SRNSkip

__all__ = [
    "GRU",
    "IRNN",
    "LSTM",
    "MGU",
    "SRN",
    "UGRNN",
    "Cell",
    "IndRNN",
    "MinGRU",
    "SRNResidual",
    "SRNSkip",
    "State",
]
