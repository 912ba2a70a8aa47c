"""Windows of a sequence that is too long to be shown whole, and how they are moved."""

from __future__ import annotations


def within(start: int, width: int, length: int) -> tuple[int, int]:
    """Return a window of some width, moved so that it lies in the sequence.

    Examples
    --------
    >>> within(-5, 20, 100), within(95, 20, 100), within(0, 300, 100)
    ((0, 20), (80, 100), (0, 100))
    """
    width = min(width, length)
    start = min(max(start, 0), length - width)
    return start, start + width


def brushed(first: float, last: float, window: tuple[int, int], length: int) -> tuple[int, int]:
    """Return the window that was dragged over; a mere press brings the window there.

    Parameters
    ----------
    first, last : float
        Where across the sequence the mouse went down and up: shares from 0 to 1.

    Examples
    --------
    >>> brushed(0.75, 0.25, (0, 10), 100), brushed(0.5, 0.5, (0, 10), 100)
    ((25, 75), (45, 55))
    """
    (low, high), (start, stop) = (round(share * length) for share in sorted((first, last))), window
    if high - low < 2:
        return within(low - (stop - start) // 2, stop - start, length)
    return low, high
