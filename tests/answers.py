"""Answers to exercises as a student gives them: the first try of each, and what is said of it."""

import pytest

from dragonn_lite import _exercises


@pytest.fixture(autouse=True)
def first_try():
    _exercises._tries.clear()
    yield
    _exercises._tries.clear()


def said(name, answer):
    """What is said of a wrong answer that is given first."""
    _exercises._tries.clear()
    words = _exercises.verdict(name, answer)
    assert " Hint 1: " in words and not words.startswith("Not yet")
    return words
