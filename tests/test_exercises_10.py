"""The exercises of lesson 10: right answers pass, wrong ones are told what is wrong."""

import numpy as np
import pytest

from answers import first_try, said  # noqa: F401 - the first is used by every test

from dragonn_lite._exercises import verdict


def test_half_of_a_memory():
    assert verdict("10.half", 0.5 ** (1 / 100)).startswith("Right! So near 1")
    assert verdict("10.half", 0.993).startswith("Right!")
    for answer, why in (
        (0.99, "With 0.99, 0.37 of the memory is left after 100 letters."), (0.5, "7.9e-31 of"),
        (0.995, "0.61 of the memory"), (50, "50 is no forget gate"), ("half", "Expected a number"),
    ):  # fmt: skip
        assert why in said("10.half", answer)


def gate(z):
    return 1 / (1 + np.exp(-z))


def gru(x, h, W, U, b, *, keep=lambda u, h, c: u * h + (1 - u) * c, reset_before=True):
    u, r = (gate(x @ W[k] + h @ U[k] + b[k]) for k in ("update", "reset"))
    old = (r * h) @ U["candidate"] if reset_before else r * (h @ U["candidate"])
    return keep(u, h, np.tanh(x @ W["candidate"] + old + b["candidate"]))


def test_a_right_step_of_a_gru_passes():
    assert verdict("10.gru", gru).startswith("Right! With the update gate at 1")


def without_reset(x, h, W, U, b):
    z = {k: x @ W[k] + h @ U[k] + b[k] for k in W}
    return gate(z["update"]) * h + (1 - gate(z["update"])) * np.tanh(z["candidate"])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda *a: None, "returns nothing"),
        (lambda *a: gru(*a)[0], "Expected a new state of shape"),
        (lambda *a: gru(*a, keep=lambda u, h, c: (1 - u) * h + u * c), "wrong way round"),
        (without_reset, "does not use the reset gate"),
        (lambda *a: gru(*a, reset_before=False), "before U does, not after"),
        (lambda *a: gru(*a, keep=lambda u, h, c: c), "the candidate alone"),
        (lambda *a: gru(*a) + 0.1, "off by up to 0.1."),
        (lambda x, h, W, U, b: x @ W["Update"], "KeyError"),
        (gru(*[np.zeros((2, 2))] * 2, *[dict.fromkeys(("update", "reset", "candidate"), np.eye(2))] * 3),
         "Hand in the function itself"),
    ],
)  # fmt: skip
def test_wrong_steps_of_a_gru_are_told_why(answer, why):
    assert why in said("10.gru", answer)


WORDS = ("GATAAG", "CAGCTG")


def step(memory, letter):
    end, state = memory or ("", "outside")
    end += letter
    if end in WORDS:
        follows = {("outside", WORDS[0]): "inside", ("inside", WORDS[1]): "outside"}
        state, end = follows.get((state, end), "broken"), end[1:]
    while not any(word.startswith(end) for word in WORDS):
        end = end[1:]
    return end, state


def last_letters(memory, letter):
    """All of the last six letters: too much to remember."""
    end, state = memory or ("", "outside")
    end = (end + letter)[-6:]
    if end in WORDS:
        follows = {("outside", WORDS[0]): "inside", ("inside", WORDS[1]): "outside"}
        state = follows.get((state, end), "broken")
    return end, state


def forgiving(memory, letter):
    """A broken sequence is mended by its next opening."""
    end, state = step(memory, letter)
    return end, "outside" if state == "broken" else state


def starts_anew(memory, letter):
    """What does not fit is thrown away, although the letter may begin a word."""
    end, state = memory or ("", "outside")
    end += letter
    if end in WORDS:
        return "", "inside" if end == WORDS[0] else "outside"
    return (end if any(word.startswith(end) for word in WORDS) else ""), state


def outside(memory):
    return memory[1] == "outside"


@pytest.mark.parametrize("said_as", [bool, int, np.bool_, np.int64, float, np.array])
def test_a_small_memory_that_never_fails_passes(said_as):
    answer = [step, lambda memory: said_as(outside(memory))]
    assert verdict("10.memory", answer).startswith("Right! Yours is the automaton")


def in_a_list(memory, letter):
    memory = memory or ["", "outside"]
    memory[:] = step(tuple(memory), letter)
    return memory


def test_the_memory_may_be_a_list_that_is_changed():
    assert verdict("10.memory", (in_a_list, outside)).startswith("Right!")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (step, "Expected two functions"),
        ((last_letters, outside), "more than 60 different values"),
        ((forgiving, outside), "is not bound; you say otherwise"),
        ((starts_anew, outside), "you say otherwise"),
        ((step, lambda memory: True), "is not bound"),
        ((step, lambda memory: memory[1] != "broken"), "GATAAG is not bound"),  # left open
        ((step, lambda memory: None), "my_verdict returned None"),
        ((step, lambda memory: memory[1]), "my_verdict returned 'outside'"),
        ((lambda memory, letter: None, outside), "end my_step with return"),
        ((lambda memory, letter: [*(memory or []), letter], outside), "more than 60 different"),
        ((lambda memory: 0, outside), "TypeError"),
    ],
)
def test_other_memories_are_told_what_is_wrong(answer, why):
    assert why in said("10.memory", answer)
