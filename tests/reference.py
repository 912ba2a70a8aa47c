"""Slow, obvious versions, with loops over strings, that the fast code is held against."""

import gzip
import itertools
import math
import random
import zlib
from collections import Counter

# --- dna -------------------------------------------------------------------------------------

IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT",
    "K": "GT", "M": "AC", "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
PAIRED = {"A": "T", "C": "G", "G": "C", "T": "A"}


def one_hot(sequences):
    """Nested lists of 0 and 1."""
    return [
        [[int(letter == base) for base in "ACGT"] for letter in sequence.upper()]
        for sequence in sequences
    ]


def reverse_complement(sequence):
    """Complement a letter by complementing each base it stands for."""
    result = ""
    for letter in reversed(sequence):
        paired = {PAIRED[base] for base in IUPAC[letter.upper()]}
        found = next(other for other, bases in IUPAC.items() if set(bases) == paired)
        result += found if letter.isupper() else found.lower()
    return result


def words(sequence, k):
    """Counter of the overlapping words of k letters."""
    return Counter(sequence[i : i + k] for i in range(len(sequence) - k + 1))


def eulerian_sequences(sequence):
    """Every sequence with the same first letter and the same counts of neighbouring pairs."""
    found = set()

    def extend(path, left):
        if not left:
            found.add(path)
        for pair in left:
            if pair[0] == path[-1]:
                extend(path + pair[1], left - Counter([pair]))

    extend(sequence[0], words(sequence, 2))
    return sorted(found)


def dinucleotide_shuffle(sequence, seed):
    """Altschul and Erickson's shuffle: draw last exits until they form a tree, then walk."""
    rng = random.Random(seed)
    exits = {}
    for before, after in itertools.pairwise(sequence):
        exits.setdefault(before, []).append(after)
    last = sequence[-1]
    while True:
        for letters in exits.values():
            rng.shuffle(letters)
        final = {letter: letters[-1] for letter, letters in exits.items() if letter != last}

        def leads_home(letter):
            seen = set()
            while letter != last and letter not in seen:
                seen.add(letter)
                letter = final[letter]
            return letter == last

        if all(leads_home(letter) for letter in final):
            break
    unused = {letter: iter(letters) for letter, letters in exits.items()}
    path = sequence[0]
    while len(path) < len(sequence):
        path += next(unused[path[-1]])
    return path


def scan(sequence, log_odds):
    """Scores (forward, reverse) at each position; a letter that is no base scores 0."""
    width = len(log_odds)
    scores = []
    for start in range(len(sequence) - width + 1):
        site = sequence[start : start + width]
        strands = []
        for read in (site, reverse_complement(site)):
            strands.append(
                sum(row["ACGT".index(b)] for row, b in zip(log_odds, read) if b in "ACGT")
            )
        scores.append(tuple(strands))
    return scores


def best_correlation(query, known):
    """Pearson's correlation over the union of positions, best offset and strand."""
    best = (-2, None, None)
    for strand in "+-":
        turned = known if strand == "+" else [row[::-1] for row in known[::-1]]
        for offset in range(-len(turned) + 1, len(query)):
            first, stop = min(0, offset), max(len(query), offset + len(turned))
            a, b = [], []
            for position in range(first, stop):
                a += query[position] if 0 <= position < len(query) else [0.25] * 4
                inside = 0 <= position - offset < len(turned)
                b += turned[position - offset] if inside else [0.25] * 4
            best = max(best, (_pearson(a, b), offset, strand))
    return best


def _pearson(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    covariance = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    return covariance / math.sqrt(
        sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)
    )


def read_fasta(content):
    """Names and sequences of a FASTA file's bytes, letter by letter, or None if it is faulty."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error):
            return None
    if content[:3] == b"\xef\xbb\xbf":
        content = content[3:]
    records = []
    in_header, at_line_start = False, True
    for byte in content.replace(b"\r\n", b"\n"):
        letter = chr(byte)
        if letter in "\r\n":
            in_header, at_line_start = False, True
            continue
        if at_line_start and letter == ">":
            records.append([bytearray(), ""])
            in_header = True
        elif in_header:
            records[-1][0].append(byte)
        elif letter not in " \t":
            if not records or letter.upper() not in IUPAC:
                return None
            records[-1][1] += letter
        at_line_start = False
    named = []
    for header, sequence in records:
        try:
            text = header.decode("utf-8").replace("\t", " ")
        except UnicodeDecodeError:
            return None
        words = [word for word in text.split(" ") if word]
        control = any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029" for c in text)
        if not words or not sequence or control:
            return None
        named.append((words[0], sequence))
    return named or None
