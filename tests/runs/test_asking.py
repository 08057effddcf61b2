"""A network asked of sequences that somebody types."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from digitsum.errors import UserError
from digitsum.figures.gates import SEQUENCE, sequence_of
from digitsum.figures.reading import reading
from digitsum.network.cells import IRNN
from digitsum.runs.asking import _right, _votes, ask
from digitsum.task.question import PAIR, SUM, Question
from digitsum.task.sequences import sequences

from ..forks import Forks
from ..networks import classifier

OWN = Question("label", 256, 2, 0, 0.5)


def test_what_was_typed() -> None:
    assert sequences("670, 0123", SUM) == [[6, 7, 0], [0, 1, 2, 3]]
    assert sequences("6 7 0", SUM) == [[6, 7, 0]]
    assert sequences("255 0 17,1 2 3", OWN) == [[255, 0, 17], [1, 2, 3]]
    assert len(sequences("9" * 1000, SUM)[0]) == 1000


@pytest.mark.parametrize(
    ("text", "asked", "words"),
    [
        ("6x0", SUM, "item 2 is 'x'; it must be from 0 to 9"),
        ("12", SUM, "with 2 items"),
        ("670,", SUM, "digits is empty"),
        ("1 2 256", OWN, "item 3 is '256'; it must be from 0 to 255"),
        ("1 -2 3", OWN, "item 2 is '-2'"),
        ("9" * 1001, SUM, "a sequence has from 3 to 1000"),
        ("\N{ARABIC-INDIC DIGIT THREE}70", SUM, "item 1"),
    ],
)
def test_what_cannot_be_asked(text: str, asked: Question, words: str) -> None:
    with pytest.raises(UserError, match=words):
        sequences(text, asked)


def test_the_commonest_answers_are_told_one_by_one() -> None:
    """By hand: four gave 13, with 0.2 to 0.8. One that is left over alone is told, too."""
    said = ask(classifier(IRNN, 1), [6, 7, 0], SUM)
    answers = [8, 13, 13, 13, 13, 8, 8, 10, 10, 2, 18]
    sure = [0.5, 0.2, 0.4, 0.6, 0.8, 0.5, 0.8, 0.9, 0.9, 0.1, 0.1]
    told = "13: 4 of 11 (0.50); 8: 3 of 11 (0.60); 10: 2 of 11 (0.90); 2 others"
    assert _votes(said._replace(answers=answers, probabilities=sure)) == told
    ten = "13: 4 of 10 (0.50); 8: 3 of 10 (0.60); 10: 2 of 10 (0.90); 2: 1 of 10 (0.10)"
    assert _votes(said._replace(answers=answers[:10], probabilities=sure[:10])) == ten


def test_what_is_right_is_told_where_it_is_known() -> None:
    said = ask(classifier(IRNN, 1), [6, 7, 0], SUM)._replace(answers=[13, 8, 13])
    assert _right(said) == "13, by 2 of 3"
    assert _right(said._replace(right=None)) == "-"


def test_answers_are_those_of_the_network() -> None:
    network = classifier(IRNN, 3)
    said = ask(network, [4, 5, 0, 2], SUM)
    logits = network(torch.tensor([4, 5, 0, 2]).expand(3, 1, 4))[:, 0]
    assert said.answers == logits.argmax(-1).tolist()
    assert said.probabilities == pytest.approx(logits.softmax(-1).amax(-1).tolist())
    assert said.right == 9
    assert ask(network, [4, 5, 0, 2], PAIR).right == 45
    assert ask(network, [1, 0, 1], OWN).right is None
    assert said.earlier.shape == (3, 4, 19)
    # After two items it answers as to these two alone.
    shorter = network(torch.tensor([4, 5]).expand(3, 1, 2))[:, 0].softmax(-1)
    torch.testing.assert_close(said.earlier[:, 1], shorter)
    hidden = network.hidden(torch.tensor([4, 5, 0, 2]).expand(3, 1, 4).contiguous())
    torch.testing.assert_close(said.states, hidden[0, :, 0])


def test_the_picture_is_time_across() -> None:
    states = np.arange(12.0).reshape(4, 3)
    likely = np.tile(np.array([0.1, 0.5, 0.9, 0.7])[:, None], (1, 5))
    above, below, *_ = reading(states, likely, [6, 7, 0, 1], "13").axes
    assert np.asarray(above.images[0].get_array()).tolist() == states.T.tolist()
    assert np.asarray(below.lines[0].get_ydata()) == pytest.approx([0.1, 0.5, 0.9, 0.7])
    assert [text.get_text() for text in below.get_xticklabels()] == ["6", "7", "0", "1"]


def test_gates_are_drawn_at_the_length_asked_for() -> None:
    assert sequence_of(10) == SEQUENCE
    assert sequence_of(4) == (6, 7, 0, 0)
    assert sequence_of(20) == SEQUENCE + (0,) * 10


def test_a_run_is_asked_as_a_person_would(tmp_path: Path, forks: Forks) -> None:
    small = ["trainer.max_epochs=2", "data.length=5", "replicas=3", "model=gru"]
    assert forks.run([*small, "hydra.run.dir=run"], tmp_path).status == 0
    asked = forks.run(["run=run", "digits=0670,999"], tmp_path, "evaluate.py")
    assert asked.status == 0, asked.err
    assert "0 6 7 0" in asked.out
    assert "Trained at length 5; asked at 3, 4." in asked.out
    place = tmp_path / "run" / "evaluation" / "digits=0670"
    told = json.loads((place / "asked.json").read_text())
    assert told["right"] == 6
    assert len(told["answers"]) == 3
    assert (place / "reading.png").exists()
    drawn = forks.run(["run=run", "figures=gates", "data.length=12"], tmp_path, "evaluate.py")
    assert drawn.status == 0, drawn.err
    for words, line in (
        (["run=run", "digits=6a7"], "item 2 is 'a'"),
        (["sweep=run", "digits=670"], "digits is for run=FOLDER"),
    ):
        ended = forks.run(words, tmp_path, "evaluate.py")
        assert ended.status == 1
        assert line in ended.err
        assert len(ended.err.splitlines()) == 1
