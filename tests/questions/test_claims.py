"""Verdicts on sweeps whose results we choose."""

from pathlib import Path

from hydra.utils import instantiate
from omegaconf import OmegaConf

from digitsum.sweeps.collected import collect

from ..conftest import REPO
from ..invented import invented


def verdicts(folder: Path) -> dict[str, str]:
    found = collect(folder)
    listed = OmegaConf.load(REPO / "conf" / "report" / "default.yaml").claims
    claims = [instantiate(entry, _partial_=True)(found) for entry in listed]
    return {one.part: one.verdict for claim in claims for one in claim.judgements}


def test_claims_that_hold_are_confirmed(tmp_path: Path) -> None:
    invented(
        tmp_path,
        {"srn": 0.8, "srn_residual": 0.95, "lstm": 0.97},
        {"srn": 0.2, "srn_residual": 0.01, "lstm": 0.03},
    )
    found = verdicts(tmp_path)
    assert found["plain SRN: accuracy falls with length"] == "confirmed"
    assert found["residual SRN above 0.8 at every length"] == "confirmed"
    gap = "the gap (dev minus train loss at the end) is smaller than the plain SRN's"
    assert found[gap] == "confirmed"
    assert found["LSTM minus plain SRN, test accuracy"] == "confirmed"
    assert found["plain SRN: the mean dips at some length (below both neighbours)"] == "refuted"


def test_claims_that_do_not_hold_are_refuted(tmp_path: Path) -> None:
    invented(
        tmp_path,
        {"srn": 0.5, "srn_residual": 0.6, "lstm": 0.3},
        {"srn": -0.05, "srn_residual": 0.0, "lstm": -0.02},
    )
    found = verdicts(tmp_path)
    assert found["plain SRN: accuracy falls with length"] == "refuted"
    assert found["residual SRN above 0.8 at every length"] == "refuted"
    assert found["LSTM minus plain SRN, test accuracy"] == "refuted"
    assert found["LSTM: accuracy falls with length"] == "refuted"


def test_what_is_unclear_is_not_decided(tmp_path: Path) -> None:
    invented(tmp_path, {"srn_residual": 0.8}, {"srn_residual": 0.0}, spread=0.1)
    assert verdicts(tmp_path)["residual SRN above 0.8 at every length"] == "not decided"


def test_what_is_too_small_to_matter_is_refuted(tmp_path: Path) -> None:
    invented(tmp_path, {"srn_residual": 0.8}, {"srn_residual": 0.0}, spread=0.002)
    assert verdicts(tmp_path)["residual SRN above 0.8 at every length"] == "refuted"
