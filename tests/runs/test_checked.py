"""Mistakes word by word, and what is accepted."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf, open_dict

from digitsum.errors import UserError
from digitsum.runs.build import question
from digitsum.runs.checks.check import check
from digitsum.runs.checks.meant import settle
from digitsum.runs.checks.shape import check_override, check_shape
from digitsum.runs.checks.trainer_flags import check_device

from .test_configs import composed


def _mistake(*typed: str) -> str:
    with pytest.raises(UserError) as error:
        check(composed(*typed), typed)
    return str(error.value)


@pytest.mark.parametrize(
    ("typed", "allowed"),
    [
        ("lr=0", "a number above 0"),
        ("lr=nan", "a number above 0"),
        ("lr=null", "a number above 0"),
        ("seed=-1", f"a whole number from 0 to {2**62}"),
        ("replicas=0", "a whole number, at least 1"),
        ("replicas=true", "a whole number, at least 1"),
        ("recurrence=slow", "one of fast, reference"),
        ("resume=1", "true or false"),
        ("data.root=", "a path"),
        ("data.length=2", "a whole number, at least 3"),
        ("data.distractors=0", "a whole number, at least 1, or all"),
        ("data.ask=both", "one of sum, first, pair, label"),
        ("init.forget_bias=a", "a number, or null"),
        ("clip.value=0", "a number above 0, or null"),
        ("clip.algorithm=l2", "one of norm, tensor_norm, value"),
        ("trainer.max_epochs=0", "1 or more, or -1 for no limit, or null"),
        ("trainer.devices=2", "1: for more, spread seeds over jobs (seed=0,64 replicas=64)"),
        ("trainer.accelerator=tpu", "one of cpu, gpu, cuda, mps, auto"),
        ("+trainer.precision=16", "null or 32 or 32-true or 64 or 64-true"),
        ("trainer.fast_dev_run=true", "false: trainer=debug takes five steps"),
        ("data.length=abc", "a whole number, at least 3"),
        ("data.length=10.5", "a whole number, at least 3"),
        ("data.length=true", "a whole number, at least 3"),
        ("data.copies=0", "a whole number, at least 1"),
        ("data.batch_size=0", "a whole number, at least 1"),
        ("data.batch_size=-8", "a whole number, at least 1"),
        ("data.shuffle=maybe", "true or false"),
        ("callbacks.progress.lines=2", "true or false"),
        ("callbacks.checkpoints.seconds=-1", "a number, 0 or more"),
        ("lr=-0.1", "a number above 0"),
        ("lr=inf", "a number above 0"),
        ("replicas=1.5", "a whole number, at least 1"),
        ("seed=x", f"a whole number from 0 to {2**62}"),
        ("evaluate_every=0", "a whole number, at least 1"),
        ("resume=perhaps", "true or false"),
        ("loss.reduction=median", "one of mean, sum"),
        ("clip.algorithm=l1", "one of norm, tensor_norm, value"),
        ("optimizer.weight_decay=-1", "a number, 0 or more"),
        ("model.hidden_size=0", "a whole number, at least 1"),
        ("embedding.size=none", "a whole number, at least 1"),
        ("trainer.max_steps=-5", "1 or more, or -1 for no limit"),
        ("trainer.limit_train_batches=0.5", "a whole number of mini-batches, or 1.0 for all"),
    ],
)
def test_a_wrong_value_is_told_word_by_word(typed: str, allowed: str) -> None:
    key, _, value = typed.lstrip("+").partition("=")
    assert _mistake(typed) == f"{key} is {value or 'empty'}; it must be {allowed}"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("~lr", "~lr: a run reads lr; give it a value instead"),
        ("lr=???", "lr is ???; it needs a value"),
        ("lr=${nothing}", "lr: Interpolation key 'nothing' not found"),
    ],
)
def test_a_value_that_is_not_there(typed: str, words: str) -> None:
    assert _mistake(typed) == words


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("data.length", 11, "data.length is 11; {} it must be one of 5, 10, 15, 20, 25, 30, 35"),
        ("data.copies", 2, "data.copies is 2; {} it is 3"),
        ("data.fresh", "true", "data.fresh is true; {} it must be false: its examples are fixed"),
        ("data.distractors", 2, "data.distractors is 2; {} it must be 1"),
        ("data.ask", "pair", "data.ask is pair; {} it must be sum"),
    ],
)
def test_the_blogs_examples_are_fixed(key: str, value: object, words: str) -> None:
    assert _mistake("data=blog", f"{key}={value}") == words.format("with data=blog")


def test_a_server_is_asked_of_a_run_that_has_a_folder(tmp_path: Path) -> None:
    typed = ["logger=mlflow", "logger.tracking_uri=http://127.0.0.1:9"]
    check(composed(*typed), typed)
    with pytest.raises(UserError, match=r"^logger: http://127\.0\.0\.1:9 doesn't answer \("):
        check(composed(*typed, f"data.root={tmp_path}"), typed, tmp_path / "run")


@pytest.mark.parametrize(
    ("accelerator", "precision", "there", "words"),
    [
        ("gpu", "64", {"mps"}, "trainer.precision is 64; Apple's GPU has no doubles (trainer=cpu)"),
        ("mps", "64-true", {"mps"}, "trainer.precision is 64-true; Apple's GPU has no doubles"),
        ("auto", "64", {"mps"}, "trainer.precision is 64; Apple's GPU has no doubles"),
        ("cuda", "64", {"mps"}, "trainer.accelerator is cuda; this machine has none (trainer=cpu)"),
        ("gpu", "32", set(), "trainer.accelerator is gpu; this machine has none (trainer=cpu)"),
        ("gpu", "64", {"cuda"}, ""),
        ("gpu", "32", {"mps"}, ""),
        ("auto", "64", set(), ""),
        ("cpu", "64", {"mps"}, ""),
    ],
)
def test_a_device_that_can_not_is_told(
    accelerator: str,
    precision: str,
    there: set[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: "cuda" in there)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: "mps" in there)
    trainer = composed(f"trainer.accelerator={accelerator}", f"+trainer.precision={precision}")
    if not words:
        check_device(trainer.trainer)
        return
    with pytest.raises(UserError) as error:
        check_device(trainer.trainer)
    assert str(error.value).startswith(words)


def test_two_keys_that_say_the_same() -> None:
    words = "optimizer.lr is 0.2 and lr is 0.1; they are the same: give lr alone"
    assert _mistake("lr=0.1", "optimizer.lr=0.2") == words


@pytest.mark.parametrize(
    "typed",
    [
        ("lr=0.1", "optimizer.lr=0.1"),
        ("data=blog", "data.length=35"),
        ("data=blog", "data.copies=3"),
        ("data=fresh", "data.distractors=all"),
        ("trainer.max_epochs=null", "trainer.max_steps=5"),
        ("+trainer.precision=64",),
        ("init.forget_bias=-1",),
        ("~callbacks.progress",),
        ("optimizer.weight_decay=0",),
    ],
    ids=str,
)
def test_what_goes_together_is_accepted(typed: tuple[str, ...]) -> None:
    check(composed(*typed), typed)


def test_brought_files_say_their_length_and_what_is_asked(tmp_path: Path) -> None:
    for name in ("train", "dev", "test"):
        (tmp_path / f"{name}.txt").write_text("1 2 0 0\t7\n", encoding="utf-8")
    brought = f"data.dir={tmp_path}"
    config = composed(brought, "data.ask=label")
    check(config, [brought, "data.ask=label"])
    assert config.data.length == 4
    assert (question(config).ask, question(config).classes) == ("label", 8)
    assert _mistake(brought, "data.ask=label", "data.length=9") == (
        f"data.length is 9; {tmp_path}/train.txt:1 has 4"
    )
    same = composed(brought, "data.ask=label", "data.length=4")
    check(same, [brought, "data.ask=label", "data.length=4"])
    wrong = _mistake(brought)  # 1 + 2 isn't 7
    assert wrong.startswith(f"{tmp_path}/train.txt:")
    for typed in ("data.fresh=true", "data.distractors=2"):
        assert f"; with data.dir it must be {'false' if 'fresh' in typed else '1'}" in _mistake(
            brought, "data.ask=label", typed
        )


def test_text_that_is_a_number_is_one_and_a_path_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = composed(
        "lr='0.5'", "replicas='3'", "data.root=here", "data.ask='sum'", "clip.value='null'"
    )
    settle(config)
    assert (config.lr, config.replicas, config.data.ask) == (0.5, 3, "sum")
    assert config.data.root == str(tmp_path / "here")
    assert config.clip.value == "null"  # what can't be meant stays, and is told
    config = composed("lr='[1]'", "replicas='0'", "data.length='5.5'")
    settle(config)
    assert (config.lr, config.replicas, config.data.length) == ("[1]", "0", "5.5")
    config = composed("lr='[1'", "replicas='\"'")  # which isn't even YAML
    settle(config)
    assert (config.lr, config.replicas) == ("[1", '"')
    config = composed("optimizer.lr=0.25")
    settle(config)
    assert config.lr == config.optimizer.lr == 0.25
    assert OmegaConf.to_container(config.optimizer, resolve=False)["lr"] == "${lr}"  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("+lrr=1", "+lrr=1: lrr is not a key that anything reads; the top level has "),
        ("+model.hiden_size=3", "; did you mean hidden_size?"),
        ("+init.input.odd=1", "init.input.odd is not a key that anything reads; init.input has "),
        ("+loss.odd=1", "loss.odd is not a key that anything reads; loss has reduction"),
        ("+callbacks/odd=1", "callbacks/odd is not a key that anything reads"),
        (
            "+optimizer.momentun=0.5",
            "optimizer.momentun is not a key that anything reads",
        ),
        (
            "~model.hidden_size",
            ": a run reads model.hidden_size; give it a value instead",
        ),
    ],
)
def test_a_key_that_nothing_reads(typed: str, words: str) -> None:
    with pytest.raises(UserError) as error:
        check_override(composed(), typed)
    assert words in str(error.value)


@pytest.mark.parametrize("typed", ["+optimizer.eps=1", "~callbacks.progress"])
def test_a_key_that_something_reads(typed: str) -> None:
    check_override(composed(), typed)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("+callbacks.mine=1", ""),  # all that is in these is built, and told there
        ("+logger.prefix=x", ""),
        ("+callbacks/mine=x", "callbacks/mine is not a key that anything reads"),
        ("+optimizer.eps=1", ""),
        ("+optimizer.epsilon=1", "epsilon is not a key that anything reads; optimizer has"),
    ],
)
def test_what_is_added_is_read_by_what_it_is_added_to(typed: str, words: str) -> None:
    if not words:
        check_override(composed(), typed)
        return
    with pytest.raises(UserError) as error:
        check_override(composed(), typed)
    assert words in str(error.value)


@pytest.mark.parametrize("target", ["nothing.there", "digitsum.network.nothing"])
def test_what_is_not_there_is_given_nothing(target: str) -> None:
    config = composed()
    config.optimizer._target_ = target
    with pytest.raises(UserError, match="optimizer has none"):
        check_override(config, "+optimizer.eps=1")


def test_a_group_stays_a_group() -> None:
    for group in ("loss", "callbacks", "logger", "report"):
        config = composed()
        with open_dict(config):
            config[group] = 3
        with pytest.raises(UserError, match=f"^{group} is 3; it must be a group$"):
            check_shape(config)
    config = composed()
    with open_dict(config):
        config.callbacks.progress = {"lines": True}
    with pytest.raises(UserError, match=r"^callbacks\.progress\._target_ is None; "):
        check_shape(config)
    config = composed()
    config.model._target_ = "nothing"
    with pytest.raises(UserError) as error:
        check_shape(config)
    assert str(error.value) == (
        "model._target_ is nothing; model must name what it builds (_target_)"
    )
    with open_dict(config):
        del config.report  # a stored run has none
        config.model._target_ = "digitsum.network.cells.SRN"
    check_shape(config)
