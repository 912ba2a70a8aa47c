"""The exercises of the lessons: what is right, and three hints for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple


class Exercise(NamedTuple):
    """An exercise.

    Parameters
    ----------
    judge : callable
        From the answer to "" where it is right, or to what is wrong, in the student's terms.
    hints : tuple of str
        From a nudge to nearly the solution.
    """

    judge: Callable[[object], str]
    hints: tuple[str, ...]


EXERCISES: dict[str, Exercise] = {}
_tries: Counter = Counter()


def exercise(name: str, *hints: str):
    """Register a judge under the name of its exercise."""

    def register(judge):
        EXERCISES[name] = Exercise(judge, hints)
        return judge

    return register


def verdict(name: str, answer) -> str:
    """One line: right, or what is wrong and the next hint."""
    if name not in EXERCISES:
        raise ValueError(f"exercise is {name!r}, expected one of {', '.join(sorted(EXERCISES))}")
    judge, hints = EXERCISES[name]
    if answer is None:
        wrong = "Not yet."
    else:
        try:
            wrong = judge(answer)
        except Exception as error:  # a student's function may do anything
            wrong = f"Your answer stopped with {type(error).__name__}: {error}."
        if not wrong:
            _tries[name] = 0
            return "Right!"
    number = min(_tries[name], len(hints) - 1)
    _tries[name] += 1
    return f"{wrong} Hint {number + 1}: {hints[number]}"


def number(answer, expected: float, tolerance: float) -> str:
    """Judge a number."""
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return f"Expected a number, got {type(answer).__name__}."
    return "" if abs(value - expected) <= tolerance else f"{value:g} is not it."


# --- lesson 00 ----------------------------------------------------------------------------------
@exercise(
    "00.width",
    "a motif has one column for each base pair of the site.",
    "ask the motif: motifs.builtin('CTCF_known1').width_bp",
)
def _(answer):
    return number(answer, 19, 0)
