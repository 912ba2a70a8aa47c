"""Slow, obvious versions, with loops over strings, that the fast code is held against."""

import bisect
import gzip
import itertools
import math
import random
import zlib
from collections import Counter
from fractions import Fraction

import numpy as np

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
        if all(_leads_to(last, letter, final) for letter in final):
            break
    unused = {letter: iter(letters) for letter, letters in exits.items()}
    path = sequence[0]
    while len(path) < len(sequence):
        path += next(unused[path[-1]])
    return path


def _leads_to(last, letter, final):
    seen = set()
    while letter != last and letter not in seen:
        seen.add(letter)
        letter = final[letter]
    return letter == last


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


def overlap_bp(interval, others):
    """Most bases shared with one of the others, base by base; each is (chromosome, start, stop)."""
    chromosome, start, stop = interval
    shared = [
        len(set(range(start, stop)) & set(range(*places)))
        for other, *places in others
        if other == chromosome
    ]
    return max(shared, default=0)


def windows(sizes, width_bp, stride_bp):
    """Step along each chromosome as long as a whole window fits."""
    found = []
    for chromosome, size in sizes.items():
        start = 0
        while start + width_bp <= size:
            found.append((chromosome, start, start + width_bp))
            start += stride_bp
    return found


def cut(sequence, start, stop, strand):
    """Part of a string, turned where the strand is "-"."""
    part = sequence[start:stop]
    return reverse_complement(part) if strand == "-" else part


# --- assays ----------------------------------------------------------------------------------


def shared_words(sequences, others, k):
    """Which strings hold k known letters in a row that another one has, turned or not."""
    there = set()
    for other in others:
        there |= set(words(other, k)) | set(words(reverse_complement(other), k))
    there = {word for word in there if "N" not in word}
    return [bool(there & set(words(sequence, k))) for sequence in sequences]


def site_probability(letters, site):
    """Probability of a planted site's letters, on the forward strand, over both strands."""
    total = 0.0
    for strand, share in (("+", 1 - site.reverse_fraction), ("-", site.reverse_fraction)):
        read = letters if strand == "+" else reverse_complement(letters)
        product = share
        for letter, row in zip(read, site.motif.probabilities.tolist()):
            row = [(p + 0.001) / 1.004 for p in row]
            if site.best:
                row = [float(i == row.index(max(row))) for i in range(4)]
            kept = row["ACGT".index(letter)]
            product *= kept * (1 - site.mutation_rate) + (1 - kept) * site.mutation_rate / 3
        total += product
    return total


def contents(part):
    """Every content of one part: its probability, and its blocks.

    A block is a position, a list of (site, offset), its rank in an order (0 without one), and how
    many free bp it keeps on its right.
    """
    if hasattr(part, "parts"):
        for size, probability in part.size.items():
            chosen = list(itertools.combinations(part.parts, size))
            for parts in chosen:
                for p, blocks in all_contents(parts):
                    yield probability / len(chosen) * p, blocks
    elif hasattr(part, "sites"):
        last = len(part.sites)
        yield (
            1.0,
            [
                (part.position, [(site, part.min_spacing)], rank, part.min_spacing * (rank == last))
                for rank, site in enumerate(part.sites, 1)
            ],
        )
    elif hasattr(part, "first"):
        orders = [(part.first, part.second), (part.second, part.first)][: 1 + part.any_order]
        single = [
            (p / len(orders), (part.position, [(a, 0), (b, a.width_bp + spacing)], 0, 0))
            for a, b in orders
            for spacing, p in part.spacing_bp.items()
        ]
        for k, probability in part.count.items():
            for pairs in itertools.product(single, repeat=k):  # in order: each pair for itself
                yield probability * math.prod(p for p, _ in pairs), [block for _, block in pairs]
    else:
        for k, probability in part.count.items():
            yield probability, [(part.position, [(part.site, 0)], 0, 0)] * k


def all_contents(parts):
    """Every content of several parts together."""
    for combined in itertools.product(*[list(contents(part)) for part in parts]):
        yield math.prod(p for p, _ in combined), [b for _, blocks in combined for b in blocks]


def content_probability(sequence, blocks, background):
    """P(sequence | blocks): over every arrangement without overlap, by its weight."""
    length = len(sequence)
    widths = [
        max(offset + site.width_bp for site, offset in sites) + free for _, sites, _, free in blocks
    ]
    weights = [
        [float(w) for w in position.weights(length, width)]
        for (position, *_), width in zip(blocks, widths)
    ]
    total = norm = 0.0
    for starts in itertools.product(*[range(length - width + 1) for width in widths]):
        placed = sorted(zip(starts, widths))
        if any(a + w > b for (a, w), (b, _) in itertools.pairwise(placed)):
            continue
        in_order = sorted((rank, start) for (*_, rank, _), start in zip(blocks, starts) if rank)
        if any(a > b for (_, a), (_, b) in itertools.pairwise(in_order)):
            continue
        weight = math.prod(w[start] for w, start in zip(weights, starts))
        planted = {}
        probability = 1.0
        for start, (_, sites, *_) in zip(starts, blocks):
            for site, offset in sites:
                low = start + offset
                probability *= site_probability(sequence[low : low + site.width_bp], site)
                planted.update(dict.fromkeys(range(low, low + site.width_bp)))
        for i, letter in enumerate(sequence):
            if i not in planted:
                probability *= background["ACGT".index(letter)]
        total += weight * probability
        norm += weight
    return total / norm


def log_odds(sequence, groups, background, tasks):
    """Log-likelihood ratio of each task, by adding up everything that a simulation can do."""
    result = []
    for task in tasks:
        likelihood, prior = [0.0, 0.0], [0.0, 0.0]
        for group in groups:
            for p, blocks in all_contents(group.grammar):
                names = {site.motif.name for _, sites, *_ in blocks for site, _ in sites}
                label = group.label if group.label is not None else int(task in names)
                likelihood[label] += group.n * p * content_probability(sequence, blocks, background)
                prior[label] += group.n * p
        result.append(math.log(likelihood[1] / prior[1] / likelihood[0] * prior[0]))
    return result


def states_read(length, sites):
    """State of brackets after each base: 0 outside, 1 inside, 2 broken.

    Sites are (stop, "(" or ")"), from left to right.
    """
    states, seen = [], ""
    for i in range(length):
        seen += "".join(bracket for stop, bracket in sites if stop - 1 == i)
        while seen.startswith("()"):
            seen = seen[2:]
        states.append(0 if seen == "" else 1 if seen == "(" else 2)
    return states


def label_from_peaks(window, peaks, rule, amount, lower=()):
    """Label of one window (chromosome, start, stop), base by base.

    Peaks are (chromosome, start, stop, summit); the rule is "overlap" with the text of a fraction,
    or "summit" with a distance in bp.
    """
    bases = {(window[0], base) for base in range(window[1], window[2])}
    label = 0
    for chromosome, start, stop, summit in [*peaks, *lower]:
        if bases & {(chromosome, base) for base in range(start, stop)}:
            label = -1
    for chromosome, start, stop, summit in peaks:
        if rule == "overlap":
            shared = len(bases & {(chromosome, base) for base in range(start, stop)})
            enough = Fraction(shared) >= Fraction(amount) * min(len(bases), stop - start)
            bound = shared > 0 and enough
        else:
            middle = Fraction(start + stop, 2) if summit < 0 else summit + Fraction(1, 2)
            centre = Fraction(window[1] + window[2], 2)
            bound = chromosome == window[0] and abs(middle - centre) <= Fraction(amount)
        if bound:
            return 1
    return label


def occupancies(sites, half_occupied_bits):
    """Share of the time of each site (chromosome, start, stop, bits, open), alone or in a clump.

    A clump is a chain of sites that overlap, of which one is bound or none: an open one.
    """
    clumps = []
    for site in sorted(sites):
        if clumps and clumps[-1][-1][0] == site[0] and site[1] < clumps[-1][-1][2]:
            clumps[-1].append(site)
        else:
            clumps.append([site])
    result = []
    for clump in clumps:
        weights = [
            2 ** (bits - half_occupied_bits) if is_open else 0.0 for *_, bits, is_open in clump
        ]
        result += [weight / (1 + sum(weights)) for weight in weights]
    return result


def expected_fragments(window, sites, stretches, depth, fragment_bp, background_per_kb):
    """Mean number of fragments whose middle lies in a window (chromosome, start, stop)."""

    def shared(chromosome, start, stop):
        inside = min(stop, window[2]) - max(start, window[1])
        return max(inside, 0) if chromosome == window[0] else 0

    total = 0.0
    for chromosome, start, stop, occupancy in sites:
        middle = (start + stop) / 2
        around = shared(chromosome, middle - fragment_bp / 2, middle + fragment_bp / 2)
        total += depth * occupancy * around / fragment_bp
    for chromosome, start, stop, rate in stretches:
        total += background_per_kb / 1000 * rate * shared(chromosome, start, stop)
    return total


# --- evaluation ------------------------------------------------------------------------------


def recall_at_fdr(labels, scores, fdr):
    """Largest recall over all thresholds, in exact fractions; `fdr` is text such as "0.05"."""
    examples = [(y, s) for y, s in zip(labels, scores) if y != -1]
    n_bound = sum(y == 1 for y, _ in examples)
    best = Fraction(0)
    for threshold in {s for _, s in examples}:
        called = [y for y, s in examples if s >= threshold]
        if Fraction(called.count(0), len(called)) <= Fraction(fdr):
            best = max(best, Fraction(called.count(1), n_bound))
    return best


def auroc(labels, scores):
    """Share of pairs of a bound and an unbound example in the right order; ties count half."""
    bound = [s for y, s in zip(labels, scores) if y == 1]
    unbound = [s for y, s in zip(labels, scores) if y == 0]
    return sum((b > u) + (b == u) / 2 for b in bound for u in unbound) / len(bound) / len(unbound)


def calls(labels, scores):
    """(true, false) calls at each threshold, from the strictest on."""
    examples = sorted(((s, y) for y, s in zip(labels, scores) if y != -1), reverse=True)
    result, true, false = [], 0, 0
    for _, tied in itertools.groupby(examples, lambda example: example[0]):
        tied = [y for _, y in tied]
        true, false = true + tied.count(1), false + tied.count(0)
        result.append((true, false))
    return result


def binary_search_recall_at_fdr(labels, scores, fdr):
    """DragoNN's way: halve the precision curve, loosest threshold first, as if it were sorted.

    The curve ends with the customary precision 1 at recall 0.
    """
    curve = calls(labels, scores)[::-1]
    precision = [Fraction(true, true + false) for true, false in curve] + [Fraction(1)]
    recall = [Fraction(true, curve[0][0]) for true, _ in curve] + [Fraction(0)]
    return recall[bisect.bisect_left(precision, 1 - Fraction(fdr))]


def fdr_at_recall(labels, scores, recall):
    """Smallest FDR over all thresholds that reach a recall, in exact fractions."""
    curve = calls(labels, scores)
    n_bound = curve[-1][0]
    reached = [(true, false) for true, false in curve if true >= Fraction(recall) * n_bound]
    return min(Fraction(false, true + false) for true, false in reached)


def precision_at_k(labels, scores, k):
    """Mean over every order of examples that are tied, one by one."""
    examples = sorted(((s, y) for y, s in zip(labels, scores) if y != -1), reverse=True)
    ties = [[y for _, y in group] for _, group in itertools.groupby(examples, lambda e: e[0])]
    orders = itertools.product(*[set(itertools.permutations(range(len(tie)))) for tie in ties])
    found = []
    for order in orders:
        listed = [tie[i] for tie, places in zip(ties, order) for i in places]
        found.append(Fraction(listed[:k].count(1), k))
    return sum(found) / len(found)


def spearman(x, y):
    """Pearson's correlation of the ranks; tied values share the mean of their places."""
    ranks = [[sum(b < a for b in v) + sum(b == a for b in v) / 2 for a in v] for v in (x, y)]
    return _pearson(*ranks)


# --- interpretation --------------------------------------------------------------------------


def deeplift_multipliers(end, start, weights, rule):
    """DeepLIFT through dense layers (tanh, relu, none), a weight at a time; one output."""
    functions = [math.tanh, lambda z: max(z, 0.0), lambda z: z]
    stages = []
    for i, function in enumerate(functions):
        kernel, bias = weights[2 * i], weights[2 * i + 1]
        z, z0 = (
            [b + sum(row[j] * v for row, v in zip(kernel, x)) for j, b in enumerate(bias)]
            for x in (end, start)
        )
        stages.append((function, kernel, start, end, z0))
        start, end = [function(v) for v in z0], [function(v) for v in z]
    multipliers = [1.0]
    for function, kernel, start, end, z0 in reversed(stages):
        multipliers = _through_dense(function, kernel, start, end, z0, multipliers, rule)
    return multipliers


def _through_dense(function, kernel, start, end, z0, given, rule):
    result = [0.0] * len(start)
    for j, base in enumerate(z0):
        steps = [(b - a) * row[j] for a, b, row in zip(start, end, kernel)]
        up, down = sum(s for s in steps if s > 0), sum(s for s in steps if s < 0)
        end_ = base + up + down
        if rule == "rescale":
            of_up = of_down = _chord(function, base, end_)
        else:
            of_up = _chord(function, base, base + up) + _chord(function, base + down, end_)
            of_down = _chord(function, base, base + down) + _chord(function, base + up, end_)
            of_up, of_down = of_up / 2, of_down / 2
        for i, step in enumerate(steps):
            share = of_up if step > 0 else of_down if step < 0 else (of_up + of_down) / 2
            result[i] += given[j] * kernel[i][j] * share
    return result


def _chord(function, start, end):
    if start == end:
        start, end = start - 1e-6, end + 1e-6
    return (function(end) - function(start)) / (end - start)


def deeplift_of_minimum(end, start, rule):
    """Contributions of i1 and i2 to i1 - relu(i1 - i2), written out."""
    h0, up, down = start[0] - start[1], end[0] - start[0], -(end[1] - start[1])

    def relu(z):
        return max(z, 0.0)

    if rule == "rescale":
        total = up + down
        slope = (relu(h0 + total) - relu(h0)) / total if total else 0.5
        of_up, of_down = slope * up, slope * down
    else:
        of_up = (relu(h0 + up) - relu(h0) + relu(h0 + down + up) - relu(h0 + down)) / 2
        of_down = (relu(h0 + down) - relu(h0) + relu(h0 + up + down) - relu(h0 + up)) / 2
    return [up - of_up, -of_down]


def small_network(x, weights, function):
    """Convolution, mean of pairs, convolution, best of three, dense: the logits, in loops."""
    first, bias1, second, bias2, dense, bias3 = weights

    def convolve(rows, kernel, bias):
        return [
            [
                function(
                    bias[f]
                    + sum(
                        kernel[i][c][f] * rows[start + i][c]
                        for i in range(len(kernel))
                        for c in range(len(kernel[0]))
                    )
                )
                for f in range(len(bias))
            ]
            for start in range(len(rows) - len(kernel) + 1)
        ]

    z = convolve(x, first, bias1)
    z = [[(a + b) / 2 for a, b in zip(z[i], z[i + 1])] for i in range(0, len(z) - 1, 2)]
    z = convolve(z, second, bias2)
    best = [max(column) for i in range(0, len(z) - 2, 3) for column in zip(*z[i : i + 3])]
    return [b + sum(v * row[j] for v, row in zip(best, dense)) for j, b in enumerate(bias3)]


def signal_through_relus(x, weights, method):
    """What comes back through dense layers with ReLU, one output, a weight at a time."""
    stages = []
    for kernel, bias in zip(weights[::2], weights[1::2]):
        z = [b + sum(row[j] * v for row, v in zip(kernel, x)) for j, b in enumerate(bias)]
        stages.append((kernel, z))
        x = [max(v, 0.0) for v in z]
    signal = [1.0]
    for i, (kernel, z) in enumerate(reversed(stages)):
        if i:  # the logit itself has no ReLU
            signal = [max(s, 0.0) for s in signal]
            if method == "guided_backpropagation":
                signal = [s if v > 0 else 0.0 for s, v in zip(signal, z)]
        signal = [sum(w * s for w, s in zip(row, signal)) for row in kernel]
    return signal


def relevance(x, weights, epsilon):
    """The epsilon rule through dense layers (tanh, relu, none), a weight at a time."""
    functions = [math.tanh, lambda z: max(z, 0.0), lambda z: z]
    stages = []
    for i, function in enumerate(functions):
        kernel, bias = weights[2 * i], weights[2 * i + 1]
        z = [b + sum(row[j] * v for row, v in zip(kernel, x)) for j, b in enumerate(bias)]
        stages.append((kernel, x, z))
        x = [function(v) for v in z]
    shares = x  # the logit, which the first step down divides as the others do
    for i, (kernel, x, z) in enumerate(reversed(stages)):
        sizes = [v + math.copysign(epsilon, v) for v in z]
        if i:  # the activation hands its value down to its sum, which it divides first
            shares = [s * v / size for s, v, size in zip(shares, z, sizes)]
        shares = [
            sum(v * w * s / size for w, s, size in zip(row, shares, sizes))
            for v, row in zip(x, kernel)
        ]
    return shares


def followed_by(values, followed):
    """How a unit goes with a property, pair of steps by pair of steps; -1 does not count.

    The share of right pairs for yes or no, the correlation of ranks for counts.
    """
    both = [(v, f) for row, other in zip(values, followed) for v, f in zip(row, other) if f != -1]
    if all(f in (0, 1) for _, f in both):
        pairs = [(v, w) for v, f in both if f for w, g in both if not g]
        return sum((v > w) + (v == w) / 2 for v, w in pairs) / len(pairs)
    return spearman(*zip(*both))


def selected(hidden, steps, others, threshold):
    """Units of one sequence that are on at all of these steps and at none of the others."""
    return [
        unit
        for unit in range(len(hidden[0]))
        if all(hidden[step][unit] >= threshold for step in steps)
        and not any(hidden[step][unit] >= threshold for step in others)
    ]


def matches(hidden, units, threshold):
    """(sequence, first step, last step, units on, others on) wherever the same units stay on."""
    found = []
    for i, steps in enumerate(hidden):
        on = [[unit for unit in units if state[unit] >= threshold] for state in steps]
        for first, last in itertools.combinations_with_replacement(range(len(steps)), 2):
            whole = all(on[step] == on[first] for step in range(first, last + 1))
            ends = first == 0 or on[first - 1] != on[first]
            ends &= last == len(steps) - 1 or on[last + 1] != on[last]
            if on[first] and whole and ends:
                rest = [
                    unit
                    for unit in range(len(steps[0]))
                    if unit not in units
                    and all(steps[s][unit] >= threshold for s in range(first, last + 1))
                ]
                found.append((i, first, last, len(on[first]), len(rest)))
    return sorted(found, key=lambda m: (-m[3], m[4], m[1] - m[2], m[0], m[1]))


def traced(clusters, grammar):
    """How clusters agree with a grammar's states: steps, transitions, changes; and their names."""
    names = {}
    for cluster in sorted({c for row in clusters for c in row}):
        states = Counter(
            g for row, other in zip(clusters, grammar) for c, g in zip(row, other) if c == cluster
        )
        names[cluster] = min(states, key=lambda state: (-states[state], state))
    steps, transitions, changes = [], [], []
    for row, own in zip(clusters, grammar):
        named = [names[cluster] for cluster in row]
        steps += [a == b for a, b in zip(named, own)]
        pairs = zip(itertools.pairwise(named), itertools.pairwise(own))
        transitions += [a == b for a, b in pairs]
        stretches = [
            list(group) for _, group in itertools.groupby(range(len(own)), own.__getitem__)
        ]
        middles = [(part[0] + part[-1] + 1) // 2 for part in stretches]
        right = [named[middle] == own[middle] for middle in middles]
        changes += [a and b for a, b in itertools.pairwise(right)]
    shares = [sum(part) / len(part) for part in (steps, transitions, changes)]
    return shares, names


# --- memories --------------------------------------------------------------------------------


def recurrent_states(kind, steps, kernel, recurrent, bias, activation, gate_activation, after):
    """States and gates of an LSTM, GRU or SimpleRNN after each step, unit by unit."""
    functions = {
        "tanh": math.tanh,
        "sigmoid": lambda z: 1 / (1 + math.exp(-z)),
        "relu": lambda z: max(0.0, z),
        "softsign": lambda z: z / (1 + abs(z)),
        "hard_sigmoid": lambda z: min(1.0, max(0.0, z / 6 + 0.5)),
    }
    act, gate = functions[activation], functions.get(gate_activation)
    n_units = len(recurrent)
    units = range(n_units)
    read_bias, own_bias = bias if isinstance(bias[0], list) else (bias, [0.0] * len(bias))
    h, c = [0.0] * n_units, [0.0] * n_units
    names = {"LSTM": ("input", "forget", "candidate", "output"),
             "GRU": ("update", "reset", "candidate"), "SimpleRNN": ()}[kind]  # fmt: skip
    found = {name: [] for name in ("hidden", *names, *(["memory"] if kind == "LSTM" else []))}
    for x in steps:

        def read(column, x=x):
            return sum(value * row[column] for value, row in zip(x, kernel)) + read_bias[column]

        def recalled(column, h):
            return sum(value * row[column] for value, row in zip(h, recurrent))

        blocks = [[block * n_units + unit for unit in units] for block in range(len(names) or 1)]
        if kind == "SimpleRNN":
            h = [act(read(j) + recalled(j, h)) for j in blocks[0]]
            values = ()
        elif kind == "LSTM":
            z = [[read(j) + recalled(j, h) for j in block] for block in blocks]
            enter, forget = [gate(v) for v in z[0]], [gate(v) for v in z[1]]
            new, leave = [act(v) for v in z[2]], [gate(v) for v in z[3]]
            c = [forget[u] * c[u] + enter[u] * new[u] for u in units]
            h = [leave[u] * act(c[u]) for u in units]
            values = (enter, forget, new, leave)
        else:
            update, reset = (
                [gate(read(j) + recalled(j, h) + own_bias[j]) for j in block]
                for block in blocks[:2]
            )
            if after:  # the reset gate comes after the product
                old = [reset[u] * (recalled(j, h) + own_bias[j]) for u, j in enumerate(blocks[2])]
            else:
                left = [reset[u] * h[u] for u in units]
                old = [recalled(j, left) for j in blocks[2]]
            new = [act(read(j) + old[u]) for u, j in enumerate(blocks[2])]
            h = [update[u] * h[u] + (1 - update[u]) * new[u] for u in units]
            values = (update, reset, new)
        found["hidden"].append(h)
        for name, value in zip(names, values):
            found[name].append(value)
        if kind == "LSTM":
            found["memory"].append(c)
    return found


def lstm_contributions(memories, forgets, leave, weight, variant):
    """Murdoch and Szlam's contributions of the steps, of one unit of an LSTM."""
    found = []
    for t in range(len(memories)):
        now, before = memories[t], memories[t - 1] if t else 0.0
        if variant == "gamma":
            now *= math.prod(forgets[t + 1 :])
            before *= math.prod(forgets[t:])
        found.append(weight * leave * (math.tanh(now) - math.tanh(before)))
    return found


# --- networks of Keras 0.3 on Theano -----------------------------------------------------------


def theano_convolution(x, kernel):
    """True convolution: (n, inputs, rows, columns), (filters, inputs, height, width).

    Value (a, b) of a kernel meets the place that lies a rows and b columns *before* its last one.
    """
    n_filters, n_inputs, height, width = kernel.shape
    n_rows, n_columns = x.shape[2] - height + 1, x.shape[3] - width + 1
    result = np.zeros((len(x), n_filters, n_rows, n_columns))
    for f, c, a, b in itertools.product(*map(range, (n_filters, n_inputs, height, width))):
        rows = slice(height - 1 - a, height - 1 - a + n_rows)
        columns = slice(width - 1 - b, width - 1 - b + n_columns)
        result[:, f] += kernel[f, c, a, b] * x[:, c, rows, columns]
    return result


def theano_network(layers, weights, x):
    """What a network gives: its layers' options, their arrays, and (n, 1, 4, length)."""
    activations = {
        "linear": lambda z: z,
        "relu": lambda z: np.maximum(z, 0),
        "tanh": np.tanh,
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    }
    x = np.asarray(x, float)
    for options, arrays in zip(layers, weights, strict=True):
        kind = options["name"]
        if kind == "Convolution2D":
            x = theano_convolution(x, arrays[0]) + arrays[1][None, :, None, None]
        elif kind == "MaxPooling2D":
            width = options["pool_size"][1]
            step = (options["strides"] or options["pool_size"])[1]
            starts = range(0, x.shape[3] - width + 1, step)
            x = np.stack([x[..., i : i + width].max(axis=3) for i in starts], axis=3)
        elif kind == "Flatten":
            x = x.reshape(len(x), -1)
        elif kind == "Dense":
            x = x @ np.asarray(arrays[0], float) + arrays[1]
        x = activations[options.get("activation", "linear")](x)
    return x
