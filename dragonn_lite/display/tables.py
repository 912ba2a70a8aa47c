"""Arrays to tidy tables: what a picture shows, one row a mark, before anything is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_one_hot
from dragonn_lite.dna.encoding import BASES, decode
from dragonn_lite.dna.matrices import Motif


def logo_table(matrix, *, start: int = 0) -> pd.DataFrame:
    """Return one row for each letter of a logo, stacked at its position.

    Positive letters stand on the zero line, the smallest lowest; negative letters hang from it,
    the smallest nearest to it. Zeros have no letter.

    Parameters
    ----------
    matrix : array (length, 4)
        The height of A, C, G and T at each position, in any unit.
    start : int
        The coordinate of the first position, in bp.

    Returns
    -------
    pandas.DataFrame
        ``position`` (bp), ``base``, ``height``, ``y0`` (where the foot of the letter stands) and
        ``y1`` (where its head is: below `y0` where the letter hangs).

    Raises
    ------
    ValueError
        If `matrix` has another shape or holds a NaN or an infinity.

    Examples
    --------
    >>> logo_table([[0.5, 0, 1.5, -1]])
       position base  height   y0   y1
    0         0    A     0.5  0.0  0.5
    1         0    T    -1.0  0.0 -1.0
    2         0    G     1.5  0.5  2.0
    """
    heights = as_matrix(matrix)
    rank = np.argsort(np.abs(heights), axis=1, kind="stable")
    ordered = np.take_along_axis(heights, rank, axis=1)
    y1 = np.where(
        ordered > 0,
        np.cumsum(np.maximum(ordered, 0), axis=1),
        np.cumsum(np.minimum(ordered, 0), axis=1),
    )
    position, level = np.nonzero(ordered)  # both in reading order: position, then height
    height = ordered[position, level]
    return pd.DataFrame(
        {
            "position": position + start,
            "base": np.array(list(BASES), dtype=object)[rank[position, level]],
            "height": height,
            "y0": y1[position, level] - height,
            "y1": y1[position, level],
        }
    )


def information_heights(motif) -> np.ndarray:
    """Return the heights of a motif's letters in bits: probability times information.

    A position holds ``2 + sum(p log2 p)`` bits over a uniform background.

    Parameters
    ----------
    motif : Motif or array (length, 4)
        Base probabilities: rows that sum to 1.

    Returns
    -------
    array (length, 4)

    Raises
    ------
    ValueError
        If a row does not sum to 1 within 0.001 or holds a negative number.

    References
    ----------
    Schneider, Stephens 1990, doi:10.1093/nar/18.20.6097.

    Examples
    --------
    >>> information_heights([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]])
    array([[2. , 0. , 0. , 0. ],
           [0.5, 0.5, 0. , 0. ],
           [0. , 0. , 0. , 0. ]])
    """
    if not isinstance(motif, Motif):
        motif = Motif("motif", as_matrix(motif, "motif"))
    return motif.probabilities * motif.information_bits[:, None]


def contribution_table(x, contributions, *, start: int = 0) -> pd.DataFrame:
    """Return one row for each position of a sequence: its base and its contribution (logit).

    Parameters
    ----------
    x : str or array (length, 4) or (1, length, 4)
        The sequence; an all-zero row is N.
    contributions : array (length,)
        Positive pushes the logit up.
    start : int
        The coordinate of the first position, in bp.

    Raises
    ------
    ValueError
        If the lengths differ, several sequences are given, or a contribution is not finite.

    Examples
    --------
    >>> contribution_table("GAN", [0.1, -0.2, 0.0])
       position base  contribution
    0         0    G           0.1
    1         1    A          -0.2
    2         2    N           0.0
    """
    bases = as_letters(x)
    values = np.asarray(contributions, dtype=float)
    if values.ndim == 2 and values.shape[0] == 1:
        values = values[0]
    if values.shape != (len(bases),):
        raise ValueError(
            f"contributions has shape {values.shape}, expected ({len(bases)},): one number for "
            "each base of x (project(...) hypothetical contributions first)"
        )
    check_finite(values, "contributions")
    return pd.DataFrame(
        {
            "position": np.arange(len(bases)) + start,
            "base": list(bases),
            "contribution": values,
        }
    )


def one_hot_table(x, *, start: int = 0) -> pd.DataFrame:
    """Return one row for each cell of a one-hot sequence: position, base and 0 or 1.

    Parameters
    ----------
    x : str or array (length, 4) or (1, length, 4)
    start : int
        The coordinate of the first position, in bp.

    Examples
    --------
    >>> one_hot_table("GN")["value"].tolist()
    [0, 0, 1, 0, 0, 0, 0, 0]
    """
    bases = as_letters(x)
    return pd.DataFrame(
        {
            "position": np.repeat(np.arange(len(bases)) + start, 4),
            "base": list(BASES) * len(bases),
            "value": [int(base == letter) for base in bases for letter in BASES],
        }
    )


def site_table(
    sites: pd.DataFrame,
    *,
    sequence: int | None = None,
    letter_bp: float = 0,
    within: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """Return bands to draw from a table of sites: each with a middle, a label and a free row.

    Parameters
    ----------
    sites : pandas.DataFrame
        Columns ``motif``, ``start``, ``stop`` (half-open, bp), ``strand``; ``sequence`` and
        ``score`` if there are any.
    sequence : int, optional
        Only the sites of this sequence.
    letter_bp : float
        Width of a letter of the label, in bp of the axis: labels too keep to their lanes.
    within : (start, stop), optional
        The axis, in bp: labels move inwards rather than over its ends.

    Returns
    -------
    pandas.DataFrame
        The columns above and ``middle`` (bp, of the label), ``label`` (name and strand) and
        ``lane``: overlapping sites lie in different lanes.

    Raises
    ------
    ValueError
        If a column is missing.

    Examples
    --------
    >>> sites = pd.DataFrame({"motif": ["SPI1", "IRF"], "start": [10, 14], "stop": [18, 30],
    ...                       "strand": ["+", "-"]})
    >>> site_table(sites)[["label", "middle", "lane"]]
        label  middle  lane
    0  SPI1 →    14.0     0
    1   ← IRF    22.0     1
    """
    require_columns(sites, ["motif", "start", "stop", "strand"], "sites")
    if sequence is not None:
        require_columns(sites, ["sequence"], "sites")
        sites = sites[sites["sequence"] == sequence]
    bands = sites.sort_values(["start", "stop"], kind="stable").reset_index(drop=True)
    labels = [
        f"← {motif}" if strand == "-" else f"{motif} →"
        for motif, strand in zip(bands["motif"], bands["strand"], strict=True)
    ]
    middle = (bands["start"] + bands["stop"]) / 2
    half = np.array([letter_bp * len(label) / 2 for label in labels])
    if within is not None:
        middle = np.maximum(np.minimum(middle, within[1] - half), within[0] + half)
    lanes = _lanes(
        np.minimum(bands["start"], middle - half), np.maximum(bands["stop"], middle + half)
    )
    return bands.assign(middle=middle, label=labels, lane=lanes)


def _lanes(starts, stops) -> np.ndarray:
    """Give each interval, from the left, the lowest lane whose last interval has ended."""
    starts, stops = np.asarray(starts), np.asarray(stops)
    ends: list[float] = []
    lanes = np.zeros(len(starts), dtype=int)
    for row in np.argsort(starts, kind="stable"):
        lane = next((i for i, end in enumerate(ends) if end <= starts[row]), len(ends))
        ends[lane : lane + 1] = [stops[row]]
        lanes[row] = lane
    return lanes


def thin(x, y, *, tolerance: float = 0.001, n_max: int = 800) -> np.ndarray:
    """Return the indices of the vertices that a curve needs to look the same on a screen.

    No vertex is moved: those within `tolerance` of the straight line between their kept neighbours
    are left out (Ramer, Douglas and Peucker).

    Parameters
    ----------
    x, y : array (n,)
        The curve, in units of the axes' ranges.
    tolerance : float
        The largest deviation. It is doubled until at most `n_max` vertices stay.

    References
    ----------
    Douglas, Peucker 1973, doi:10.3138/FM57-6770-U75U-7727.

    Examples
    --------
    >>> thin([0, 0.1, 0.2, 0.3, 1], [0, 0.1, 0.2, 1, 1])
    array([0, 2, 3, 4])
    """
    points = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    if len(points) < 3:
        return np.arange(len(points))
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    pieces = [(0, len(points) - 1)]
    while pieces:
        first, last = pieces.pop()
        if last - first < 2:
            continue
        distance = _segment_distance(points[first + 1 : last], points[first], points[last])
        worst = int(distance.argmax())
        if distance[worst] > tolerance:
            middle = first + 1 + worst
            keep[middle] = True
            pieces += [(first, middle), (middle, last)]
    if keep.sum() > n_max:
        return thin(x, y, tolerance=2 * tolerance, n_max=n_max)
    return np.flatnonzero(keep)


def _segment_distance(points: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    along = last - first
    length = float(along @ along)
    share = np.clip((points - first) @ along / length, 0, 1) if length else np.zeros(len(points))
    return np.linalg.norm(points - first - share[:, None] * along, axis=1)


def as_letters(x, name: str = "x") -> str:
    """Return one sequence as letters, from letters or from one-hot.

    Raises
    ------
    ValueError
        If `x` holds several sequences, none, or is not one-hot.

    Examples
    --------
    >>> as_letters(np.eye(4))
    'ACGT'
    """
    if isinstance(x, str):
        letters = x.upper()
        other = set(letters) - set("ACGTN")
        if other:
            raise ValueError(f"{name} holds the letter {min(other)!r}, expected A, C, G, T or N")
    else:
        codes = np.asarray(x)
        if codes.ndim == 3 and len(codes) == 1:
            codes = codes[0]
        if codes.ndim != 2 or codes.shape[1] != 4:
            raise ValueError(
                f"{name} has shape {codes.shape}, expected one sequence (length, 4): pick one, as "
                f"in {name}[0]"
            )
        letters = decode(as_one_hot(codes[None], name))[0] if len(codes) else ""
    if not letters:
        raise ValueError(f"{name} is empty, expected at least one base")
    return letters


def as_matrix(matrix, name: str = "matrix") -> np.ndarray:
    """Return the heights of a logo, (length, 4) float64, from an array or a motif.

    Raises
    ------
    ValueError
        If the shape is another one, or a value is not finite.

    Examples
    --------
    >>> as_matrix([[0, 1, 0, 0]]).shape
    (1, 4)
    """
    if isinstance(matrix, str):
        raise TypeError(f"{name} is text, expected numbers: take motifs.builtin({matrix!r})")
    try:
        heights = np.asarray(getattr(matrix, "probabilities", matrix), dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not a table of numbers, expected (length, 4)") from None
    if heights.ndim != 2 or heights.shape[1] != 4 or not len(heights):
        raise ValueError(f"{name} has shape {heights.shape}, expected (length, 4)")
    check_finite(heights, name)
    return heights


def check_finite(values, name: str) -> None:
    """Raise a ValueError that counts the values that are NaN or infinite, if there are any.

    Examples
    --------
    >>> check_finite([0.5, 1.0], "scores")
    """
    bad = ~np.isfinite(np.asarray(values, dtype=float))
    if bad.any():
        raise ValueError(
            f"{name} holds {int(bad.sum())} of {bad.size} values that are NaN or infinite; "
            "drop or replace them first"
        )


def counted(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural where there is not one.

    Examples
    --------
    >>> counted(1, "site"), counted(2500, "site")
    ('1 site', '2,500 sites')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def require_columns(table, columns: list[str], name: str) -> None:
    """Raise an error that names the first column a table lacks.

    Raises
    ------
    TypeError
        If `table` is not a pandas DataFrame.
    ValueError
        If a column is missing.

    Examples
    --------
    >>> require_columns(pd.DataFrame({"start": [1]}), ["start"], "sites")
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{name} is a {type(table).__name__}, expected a pandas DataFrame")
    for column in columns:
        if column not in table.columns:
            raise ValueError(
                f"{name} has no column {column!r}, expected the columns {', '.join(columns)}"
            )
