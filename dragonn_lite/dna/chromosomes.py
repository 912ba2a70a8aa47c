"""Names of chromosomes: one is chr4, 4 or IV, and tables must agree on which."""

from __future__ import annotations

from collections.abc import Iterable

_ONES = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"]
_ROMANS = {
    str(10 * tens + ones): tens_letters + ones_letters
    for tens, tens_letters in enumerate(["", "X", "XX", "XXX"])
    for ones, ones_letters in enumerate(["", *_ONES])
}
del _ROMANS["0"]
_NUMBERS = {letters: number for number, letters in _ROMANS.items()}


def matching_names(names: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Match names of chromosomes that differ by ``chr``, Roman numerals, or M, MT and Mito.

    Parameters
    ----------
    names, known : list of str
        The names in use and those wanted, such as ``genome.sizes``.

    Returns
    -------
    dict of str to str
        What to give to :func:`rename_chromosomes`. Names that are among `known` or match none of
        them are not in it.

    Examples
    --------
    >>> matching_names(["chr4", "chrM", "chr2-micron", "I"], ["I", "II", "III", "IV", "Mito"])
    {'chr4': 'IV', 'chrM': 'Mito'}
    """
    names, known = list(dict.fromkeys(names)), list(dict.fromkeys(known))
    bare = {_bare(name): name for name in known}
    # X is no sign: it may be the chromosome X.
    roman = any(_bare(name) != "X" and _bare(name) in _NUMBERS for name in [*names, *known])
    found = {}
    for name in names:
        key = _bare(name)
        if key not in bare and roman:
            key = _ROMANS.get(key) or _NUMBERS.get(key)
        if name not in known and key in bare:
            found[name] = bare[key]
    return found


def check_chromosomes(names, known, argument: str, owner: str) -> None:
    """Refuse names of chromosomes that are not among those known, and say how to mend them.

    Parameters
    ----------
    names, known : list of str
    argument : str
        The argument with the names, for the message.
    owner : str
        What has the known ones, with its verb: "the genome has".

    Raises
    ------
    ValueError

    Examples
    --------
    >>> check_chromosomes(["I"], ["I", "II"], "intervals", "the genome has")
    """
    unknown = [name for name in dict.fromkeys(names) if name not in set(known)]
    if not unknown:
        return
    mapping = matching_names(unknown, known)
    mend = f"; leave {'it' if len(unknown) == 1 else 'them'} out"
    if mapping:
        pair = next(iter(mapping.items()))
        mend = (
            f"; these are other names of the same ({pair[0]} is {pair[1]}): see "
            "genome.rename_chromosomes and genome.matching_names"
        )
    raise ValueError(f"{argument} names {listed(unknown)}, and {owner} {listed(known)}{mend}")


def listed(names: Iterable, most: int = 20) -> str:
    """Write names in a row, for a message; not all where there are many.

    Examples
    --------
    >>> listed("abcd", most=2)
    'a, b and 2 more'
    """
    names = list(map(str, names))
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + rest


def _bare(name: str) -> str:
    name = name[3:] if name[:3].lower() == "chr" else name
    return "MT" if name.upper() in ("M", "MT", "MITO") else name
