"""Units that follow a property: against slow versions, and how often they are wrongly found."""

import numpy as np
import pytest
import reference
from scipy import stats
from sklearn.metrics import roc_auc_score

from dragonn_lite.interpretation import recurrent, tracking
from dragonn_lite.interpretation.recurrent import tracking_units


def made(hidden, *, directions=None, starts=None, stops=None):
    """States of one layer, by default read base by base."""
    hidden = np.asarray(hidden, np.float32)
    _, n_steps, n_units = hidden.shape
    return recurrent.States(
        layer="memory",
        cell="GRU",
        hidden=hidden,
        memory=None,
        gates={},
        directions=np.repeat("forward", n_units) if directions is None else np.array(directions),
        starts=np.arange(n_steps) if starts is None else np.array(starts),
        stops=np.arange(n_steps) + 1 if stops is None else np.array(stops),
    )


def switching(n, n_steps, rng, rate=0.1):
    """A property that goes on and off, of its own in each sequence."""
    return (rng.random((n, n_steps)) < rate).cumsum(axis=1) % 2


def by_unit(table):
    return table.set_index("unit").sort_index()


# --- the association -------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["yes or no", "counts"])
@pytest.mark.parametrize("ignored", ["none", "the same steps", "steps of its own"])
@pytest.mark.parametrize("levels", [3, 10**9])
def test_association_is_that_of_the_slow_version_and_of_the_libraries(seed, kind, ignored, levels):
    rng = np.random.default_rng(seed)
    n, n_steps = 5, 12
    hidden = np.round(rng.normal(size=(n, n_steps, 3)) * levels) / levels  # 3: many ties
    followed = rng.integers(0, 2 if kind == "yes or no" else 5, (n, n_steps))
    if ignored == "the same steps":
        followed[:, 4:7] = -1
    elif ignored == "steps of its own":
        followed[rng.random((n, n_steps)) < 0.3] = -1
    table = by_unit(tracking_units(made(hidden), followed, rng=seed))
    counts = followed >= 0
    for unit, found in table["association"].items():
        values = made(hidden).hidden[:, :, unit]
        assert found == pytest.approx(reference.followed_by(values, followed), abs=1e-12)
        if kind == "yes or no":
            known = roc_auc_score(followed[counts], values[counts])
        else:
            known = stats.spearmanr(followed[counts], values[counts])[0]
        assert found == pytest.approx(known, abs=1e-12)
    assert set(table["measure"]) == {"auROC" if kind == "yes or no" else "rank correlation"}


@pytest.mark.parametrize("kind", [2, 5])
@pytest.mark.parametrize("share_ignored", [0, 0.3])
def test_each_shuffle_is_the_association_with_the_property_of_other_sequences(kind, share_ignored):
    rng = np.random.default_rng(0)
    values, followed = rng.normal(size=(6, 9)).round(1), rng.integers(0, kind, (6, 9))
    followed[rng.random((6, 9)) < share_ignored] = -1
    orders = np.array([rng.permutation(6) for _ in range(4)])
    found = tracking._associations(
        values, *tracking._target(followed.astype(float)), orders, yes_or_no=kind == 2
    )
    slow = [reference.followed_by(values, followed[order]) for order in orders]
    np.testing.assert_allclose(found, slow, atol=1e-12)


def test_more_sequences_than_are_compared_at_a_time(monkeypatch):
    rng = np.random.default_rng(1)
    states, followed = made(rng.normal(size=(23, 8, 2))), switching(23, 8, rng)
    at_once = tracking_units(states, followed, rng=1)
    monkeypatch.setattr(tracking, "_AT_ONCE", 5)
    assert tracking_units(states, followed, rng=1).equals(at_once)


def test_a_step_goes_with_the_last_base_that_it_reads():
    rng = np.random.default_rng(2)
    followed = switching(40, 14, rng, rate=0.5)
    starts, stops = np.arange(0, 10, 2), np.arange(0, 10, 2) + 5  # as through a convolution
    hidden = rng.normal(size=(40, 5, 3)) * 0.01
    hidden[:, :, 0] += followed[:, stops - 1]
    hidden[:, :, 1] += followed[:, starts]
    ways = ["forward", "backward", "backward"]
    table = by_unit(
        tracking_units(made(hidden, directions=ways, starts=starts, stops=stops), followed, rng=2)
    )
    assert table["association"][[0, 1]].tolist() == [1, 1]
    assert abs(table["association"][2] - 0.5) < 0.15
    assert table["direction"].tolist() == ways


def test_a_step_that_reads_padding_alone_does_not_count():
    rng = np.random.default_rng(3)
    followed = switching(20, 6, rng, rate=0.5)
    hidden = np.repeat(followed[:, :, None], 2, axis=2).astype(float)
    hidden[:, 0], hidden[:, 5] = rng.normal(size=(2, 20, 2))
    starts, stops = [0, 1, 2, 3, 4, 6], [0, 2, 3, 4, 5, 6]
    states = made(hidden, starts=starts, stops=stops, directions=["forward", "backward"])
    assert tracking_units(states, followed, rng=3)["association"].tolist() == [1, 1]


# --- the control -----------------------------------------------------------------------------
def test_planted_units_are_found_also_if_switched_off_and_the_constant_one_is_said():
    for seed in range(5):
        rng = np.random.default_rng(seed)
        followed = switching(30, 40, rng)
        hidden = rng.normal(size=(30, 40, 10))
        hidden[:, :, 3] += followed
        hidden[:, :, 7] -= 2 * followed
        hidden[:, :, 5] = 0.25
        table = tracking_units(made(hidden), followed, rng=seed)
        assert table["unit"][:2].tolist() == [7, 3]
        assert table["verdict"][:2].tolist() == ["follows inversely", "follows"]
        verdicts = by_unit(table)["verdict"].drop([3, 7])
        assert verdicts[5] == "constant"
        assert (verdicts.drop(5) == "not shown").sum() >= 6
        flat = by_unit(table).loc[5, ["association", "control", "effect", "p_value"]]
        assert flat.tolist() == [0.5, 0.5, 0, 1]


def test_the_control_keeps_what_both_owe_to_time():
    """A unit that counts steps, and a property likelier late: associated, but not following."""
    verdicts = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        hidden = rng.normal(size=(40, 30, 4)) * 0.1
        hidden[:, :, 2] += np.linspace(-1, 1, 30)
        followed = rng.random((40, 30)) < np.linspace(0.1, 0.9, 30)
        clock = by_unit(tracking_units(made(hidden), followed, rng=seed)).loc[2]
        assert clock["association"] > 0.7
        assert abs(clock["control"] - clock["association"]) < 0.02
        verdicts.append(clock["verdict"])
    assert verdicts.count("follows") + verdicts.count("follows inversely") <= 3  # 20 at 5 %


def test_a_clock_does_not_hide_a_unit_that_follows():
    """The furthest is judged in standard deviations of each unit, from its own control."""
    rng = np.random.default_rng(0)
    followed = rng.random((60, 30)) < np.linspace(0.1, 0.9, 30)
    hidden = rng.normal(size=(60, 30, 4)) * 0.1
    hidden[:, :, 2] = np.linspace(-1, 1, 30)
    hidden[:, :, 0] += 0.1 * followed
    table = by_unit(tracking_units(made(hidden), followed, rng=0))
    assert table["association"][2] > table["association"][0]  # the clock alone
    assert table["verdict"].tolist() == ["follows", "not shown", "not shown", "not shown"]


def random_memory(sequences, n_units, rng):
    """Hidden states of an untrained recurrent network that reads these."""
    n, n_steps, _ = sequences.shape
    read, kept = rng.normal(size=(4, n_units)), rng.normal(size=(n_units, n_units)) * n_units**-0.5
    hidden = np.zeros((n, n_steps, n_units))
    state = np.zeros((n, n_units))
    for step in range(n_steps):
        state = np.tanh(sequences[:, step] @ read + state @ kept)
        hidden[:, step] = state
    return hidden


@pytest.mark.parametrize("ignored", [False, True])
def test_family_wise_error_is_at_most_five_percent(ignored):
    """Networks that read sequences, and a property of other sequences, with a course in time."""
    n_runs, wrong = 400, 0
    for seed in range(n_runs):
        rng = np.random.default_rng([seed, ignored])
        x = np.eye(4)[rng.integers(0, 4, (12, 15))]
        hidden = random_memory(x, 8, rng)
        hidden[:, :, 1] += np.linspace(0, 1, 15)
        followed = (rng.random((12, 15)) < np.linspace(0.05, 0.3, 15)).cumsum(axis=1) % 2
        if ignored:
            followed[rng.random((12, 15)).cumsum(axis=1) > 6] = -1
        table = tracking_units(made(hidden), followed, n_shuffles=80, rng=rng)
        wrong += table["verdict"].str.startswith("follows").any()
    # With 40 of the shuffles judging, p at most .05 is 2 of 41: 4.9 % in truth.
    assert stats.binomtest(wrong, n_runs, 2 / 41, alternative="greater").pvalue > 0.01
    assert stats.binomtest(wrong, n_runs, 2 / 41, alternative="less").pvalue > 0.01


def test_shuffles_that_change_nothing_count_against_a_unit():
    """Of two sequences, every second shuffle is the order that was observed."""
    followed = np.array([[0, 0, 1, 1, 0], [1, 1, 0, 0, 0]])
    for seed in range(10):
        found = tracking_units(made(followed[:, :, None]), followed, rng=seed).iloc[0]
        assert found["association"] == 1
        assert found["p_value"] > 0.3
        assert found["verdict"] == "not shown"


@pytest.mark.parametrize("n_shuffles", [40, 41, 100, 201])
def test_the_line_says_the_same_as_the_p_value(n_shuffles):
    rng = np.random.default_rng(n_shuffles)
    followed = switching(20, 25, rng)
    hidden = rng.normal(size=(20, 25, 12))
    hidden += followed[:, :, None] * np.linspace(-0.6, 0.6, 12)
    table = tracking_units(made(hidden), followed, n_shuffles=n_shuffles, rng=1)
    beyond = (table["association"] > table["high"]) | (table["association"] < table["low"])
    assert 0 < beyond.sum() < len(table)
    assert ((table["p_value"] <= 0.05) == beyond).all()
    assert (table["effect"] == table["association"] - table["control"]).all()
    assert table["p_value"].min() == 1 / (1 + n_shuffles - n_shuffles // 2)


def test_the_same_seed_gives_the_same_table_and_inputs_are_kept():
    rng = np.random.default_rng(5)
    states, followed = made(rng.normal(size=(10, 12, 3))), switching(10, 12, rng)
    before = followed.copy()
    assert tracking_units(states, followed, rng=7).equals(tracking_units(states, followed, rng=7))
    assert (followed == before).all()
    as_bool = tracking_units(states, followed.astype(bool), rng=7)
    assert as_bool.equals(tracking_units(states, followed, rng=7))


# --- bad input -------------------------------------------------------------------------------
STATES = made(np.random.default_rng(0).normal(size=(4, 6, 2)))
MIXED = np.arange(24).reshape(4, 6) % 5 % 2


@pytest.mark.parametrize(
    ("followed", "error", "words"),
    [
        (np.zeros((4, 6)), ValueError, "followed is 0 at every step"),
        (np.full((4, 6), -1), ValueError, "followed is -1 .ignored. at every step"),
        (np.tile([0, 1, 1, 0, 0, 1], (4, 1)), ValueError, "the same in every sequence"),
        (MIXED[:3], ValueError, r"shape \(3, 6\), expected \(4, length\)"),
        (MIXED[0], ValueError, r"shape \(6,\), expected \(4, length\)"),
        (MIXED[:, :5], ValueError, "5 columns, but the steps read 6 bases"),
        (MIXED * -2, ValueError, "NaN or a negative number"),
        (np.where(MIXED, np.nan, 0), ValueError, "NaN or a negative number"),
        (np.full((4, 6), "inside"), TypeError, "dtype <U6, expected numbers"),
    ],
)
def test_a_wrong_property_is_told(followed, error, words):
    with pytest.raises(error, match=words):
        tracking_units(STATES, followed, rng=0)


def test_a_wrong_number_of_shuffles_is_told():
    with pytest.raises(
        ValueError, match="n_shuffles is 39, expected a whole number of at least 40"
    ):
        tracking_units(STATES, MIXED, n_shuffles=39, rng=0)
