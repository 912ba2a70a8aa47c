"""How sure is a share of a few? Wilson's interval."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from dragonn_lite._contract import as_fraction


def wilson_interval(share, n, confidence: float = 0.95):
    """Return the ends of Wilson's interval for shares of n; n need not be whole.

    Examples
    --------
    >>> [round(float(end), 3) for end in wilson_interval(0.8, 10)]
    [0.49, 0.943]
    """
    if not 0 < as_fraction(confidence, "confidence") < 1:
        raise ValueError(f"confidence is {confidence!r}, expected a number between 0 and 1")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, n = np.asarray(share, float), np.asarray(n, float)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return np.clip(middle - half, 0, share), np.clip(middle + half, share, 1)
