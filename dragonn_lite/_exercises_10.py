"""The exercises of lesson 10, *What does it remember?*"""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise, number

_WORDS = ("GATAAG", "CAGCTG")
_MOST_VALUES = 60


@exercise(
    "10.half",
    "after one letter the gate f leaves f of the memory, after two letters f * f.",
    "f ** 100 has to be 0.5.",
    "the hundredth root of 0.5: 0.5 ** (1 / 100).",
    remark="So near 1 has a gate to stand, and so little does it take to forget: with 0.9, half is "
    "gone after seven letters.",
)
def _(answer):
    wrong = number(answer, 0.5**0.01, 0.0003)
    if not wrong.endswith("is not it."):
        return wrong
    value = float(answer)
    if not 0 < value < 1:
        return f"{value:g} is no forget gate: they stand between 0 and 1."
    return f"With {value:g}, {value**100:.2g} of the memory is left after 100 letters."


@exercise(
    "10.gru",
    "write gate = lambda z: 1 / (1 + np.exp(-z)) first, and translate line by line; @ is the matrix "
    "product, * multiplies unit by unit.",
    'update = gate(x @ W["update"] + h @ U["update"] + b["update"]), and reset likewise.',
    'candidate = np.tanh(x @ W["candidate"] + (reset * h) @ U["candidate"] + b["candidate"]); '
    "return update * h + (1 - update) * candidate.",
    remark="With the update gate at 1 a GRU keeps what it has, whatever comes: that is its patience.",
)
def _(answer):
    rng = np.random.default_rng(0)
    for _ in range(10):
        n, channels, units = rng.integers(2, 6, size=3)
        x, h = rng.normal(size=(n, channels)), rng.normal(size=(n, units))
        W, U, b = (
            {name: rng.normal(size=shape) for name in ("update", "reset", "candidate")}
            for shape in ((channels, units), (units, units), (units,))
        )
        got = answer(x.copy(), h.copy(), *({k: v.copy() for k, v in p.items()} for p in (W, U, b)))
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != (n, units):
            return f"Expected a new state of shape ({n}, {units}), got {np.shape(got)}."
        steps = _gru_steps(x, h, W, U, b)
        fitting = [why for why, step in steps.items() if np.allclose(got, step, atol=1e-6)]
        if "" not in fitting:
            off = float(np.abs(np.asarray(got, float) - steps[""]).max())
            return fitting[0] if fitting else f"The new state is off by up to {off:.2g}."
    return ""


def _gru_steps(x, h, W, U, b):
    """The right new state, under no name, and wrong ones under what is wrong with them."""

    def sums(name, h=h):
        return x @ W[name] + h @ U[name] + b[name]

    u, r = (1 / (1 + np.exp(-sums(name))) for name in ("update", "reset"))
    c = np.tanh(sums("candidate", r * h))
    return {
        "": u * h + (1 - u) * c,
        "The update gate is the wrong way round: 1 keeps the old.": (1 - u) * h + u * c,
        "The candidate does not use the reset gate.": u * h + (1 - u) * np.tanh(sums("candidate")),
        "The reset gate multiplies h before U does, not after.": u * h
        + (1 - u) * np.tanh(x @ W["candidate"] + r * (h @ U["candidate"]) + b["candidate"]),
        "The candidate needs a tanh.": u * h + (1 - u) * sums("candidate", r * h),
        "That is the candidate alone; the new state mixes it with the old one.": c,
    }


@exercise(
    "10.memory",
    "a tuple of two things: how much of a word you have just read, and whether you are outside, "
    "inside or broken.",
    "of the letters read, keep the longest end that begins one of the words: after ...TGA that is GA. "
    "With the next letter, cut from the left until what is left begins a word.",
    "end = end + letter; if end is a word: change the state, and go on with end[1:]; while no word "
    "begins with end: end = end[1:]. The memory is (end, state).",
    remark="Yours is the automaton in full: 33 values do. The one in the lesson's picture needs "
    "three because somebody had found the words for it.",
)
def _(answer):
    if not (isinstance(answer, tuple | list) and len(answer) == 2 and all(map(callable, answer))):
        return "Expected two functions: (my_step, my_verdict)."
    step, verdict = answer
    rng, values = np.random.default_rng(0), set()
    for _ in range(300):
        sequence, names = _sequence(rng)
        memory = None
        for letter in sequence:
            memory = step(memory, letter)
            try:
                values.add(memory)
            except TypeError:  # a list, say
                values.add(repr(memory))
        if memory is None:
            return "Your memory is None after the last letter: end my_step with return."
        if len(values) > _MOST_VALUES:
            return f"Your memory took more than {_MOST_VALUES} different values."
        got, bound = verdict(memory), _is_bound(names)
        if got not in (0, 1):
            return f"my_verdict returned {got!r}, expected True or False."
        if bool(got) != bound:
            said = ", ".join(names) or "no word at all"
            return (
                f"A sequence of {len(sequence)} letters with {said} is "
                f"{'bound' if bound else 'not bound'}; you say otherwise. It begins with "
                f"{sequence[:40]}."
            )
    return ""


def _sequence(rng):
    """A sequence, and the words in it from left to right; none stands there by chance."""
    while True:
        n_pairs = int(rng.integers(0, 7))
        names = list(_WORDS) * n_pairs
        change = rng.choice(["none", "swap", "leave open"], p=[0.5, 0.3, 0.2]) if n_pairs else ""
        if change == "swap":
            at = int(rng.integers(len(names) - 1))
            names[at : at + 2] = names[at : at + 2][::-1]
        elif change == "leave open":
            names.pop()
        gaps = [
            "".join(rng.choice(list("ACGT"), rng.integers(1, 30))) for _ in range(len(names) + 1)
        ]
        sequence = gaps[0] + "".join(word + gap for word, gap in zip(names, gaps[1:], strict=True))
        found = sum(sequence.startswith(_WORDS, i) for i in range(len(sequence)))
        if found == len(names):
            return sequence, names


def _is_bound(names):
    """Whether each opening is closed before the next one, and nothing else is."""
    return names == list(_WORDS) * (len(names) // 2)
