"""The exercises of the lessons: what is right, and three hints for each."""

from __future__ import annotations

import importlib
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
    remark : str
        Said to whoever is right.
    """

    judge: Callable[[object], str]
    hints: tuple[str, ...]
    remark: str = ""


EXERCISES: dict[str, Exercise] = {}
_tries: Counter = Counter()


def exercise(name: str, *hints: str, remark: str = ""):
    """Register a judge under the name of its exercise."""

    def register(judge):
        EXERCISES[name] = Exercise(judge, hints, remark)
        return judge

    return register


def verdict(name: str, answer) -> str:
    """One line: right, or what is wrong and the next hint."""
    if name not in EXERCISES:
        raise ValueError(f"exercise is {name!r}, expected one of {', '.join(sorted(EXERCISES))}")
    judge, hints, remark = EXERCISES[name]
    if answer is None:
        wrong = "Not yet."
    else:
        try:
            wrong = judge(answer)
        except Exception as error:  # noqa: BLE001 - a student's function may do anything
            wrong = f"Your answer stopped with {type(error).__name__}: {error}."
            if not callable(answer) and "object is not callable" in wrong:
                wrong += " Hand in the function itself: its name, without brackets behind it."
        if not wrong:
            _tries[name] = 0
            return f"Right! {remark}".rstrip()
    number = min(_tries[name], len(hints) - 1)
    _tries[name] += answer is not None  # a cell run without a try gives nothing away
    return f"{wrong} Hint {number + 1}: {hints[number]}"


def number(answer, expected: float, tolerance: float) -> str:
    """Judge a number."""
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return f"Expected a number, got {type(answer).__name__}."
    return "" if abs(value - expected) <= tolerance else f"{value:g} is not it."


# A file for each lesson, which registers its judges with `exercise` when it is imported.
for _lesson in ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"):
    importlib.import_module(f"dragonn_lite._exercises_{_lesson}")
