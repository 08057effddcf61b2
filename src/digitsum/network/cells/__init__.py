"""The cells, as their equations. A new cell is one class here and one YAML in conf/model."""

from digitsum.network.cells.cell import Cell, State
from digitsum.network.cells.gated import GRU, LSTM
from digitsum.network.cells.one_gate import MGU, UGRNN, MinGRU
from digitsum.network.cells.rectified import IRNN, IndRNN
from digitsum.network.cells.srn import SRN, SRNResidual, SRNSkip

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
