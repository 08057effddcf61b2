"""The cells, as their equations. A new cell is one class here and one YAML in conf/model."""

from digitsum.network.cells.blind import LRU, RGLRU, MinGRU, MinLSTM
from digitsum.network.cells.cell import Cell, State
from digitsum.network.cells.context import SCRN
from digitsum.network.cells.flows import AntisymmetricRNN, CoRNN
from digitsum.network.cells.gated import GRU, LSTM
from digitsum.network.cells.lstm_kin import JANET, SLSTM, CoupledLSTM, PeepholeLSTM
from digitsum.network.cells.one_gate import MGU, NBRC, UGRNN, FastGRNN
from digitsum.network.cells.rectified import IRNN, IndRNN
from digitsum.network.cells.srn import SRN, SRNLinear, SRNResidual, SRNSkip
from digitsum.network.cells.stack import Stack

__all__ = [
    "GRU",
    "IRNN",
    "JANET",
    "LRU",
    "LSTM",
    "MGU",
    "NBRC",
    "RGLRU",
    "SCRN",
    "SLSTM",
    "SRN",
    "UGRNN",
    "AntisymmetricRNN",
    "Cell",
    "CoRNN",
    "CoupledLSTM",
    "FastGRNN",
    "IndRNN",
    "MinGRU",
    "MinLSTM",
    "PeepholeLSTM",
    "SRNLinear",
    "SRNResidual",
    "SRNSkip",
    "Stack",
    "State",
]
