"""Clusters of hidden states, and the automaton that they trace."""

import dataclasses

import numpy as np
import pytest
import reference
from sklearn.metrics import adjusted_mutual_info_score
from test_tracking import made

from dragonn_lite.interpretation.recurrent import Clusters, cluster_states

# Outside, inside, broken: an opening (1) or closing (2) is read, or nothing (0).
NEXT = np.array([[0, 1, 2], [1, 2, 0], [2, 2, 2]])
NAMES = ("outside", "inside", "broken")


def read(n, n_steps, rng, rate=0.08):
    """States of the brackets' automaton while random letters are read."""
    letters = rng.choice(3, (n, n_steps), p=[1 - 2 * rate, rate, rate])
    states, state = np.zeros((n, n_steps), int), np.zeros(n, int)
    for step in range(n_steps):
        state = NEXT[state, letters[:, step]]
        states[:, step] = state
    return states


def remembered(grammar, rng, *, n_units=8, noise=0.05, n_paths=1):
    """Hidden states with a place for each state of the grammar, or several, and some noise."""
    places = rng.normal(size=(grammar.max() + 1, n_paths, n_units))
    path = rng.integers(0, n_paths, grammar.shape)
    return places[grammar, path] + noise * rng.normal(size=(*grammar.shape, n_units))


def agreement(traced):
    return traced.agreement.set_index("measure")


# --- a known automaton -----------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_paths", [1, 2])
def test_a_known_automaton_is_recovered_exactly(seed, n_paths):
    rng = np.random.default_rng(seed)
    grammar = read(60, 50, rng)
    hidden = remembered(grammar, rng, n_paths=n_paths)
    found = cluster_states(made(hidden), 3 * n_paths, rng=seed)
    traced = found.automaton(grammar, NAMES, rng=seed)
    assert sorted(traced.clusters["state"]) == sorted(NAMES * n_paths)
    assert (traced.clusters["share"] == 1).all()
    assert traced.clusters["n_steps"].is_monotonic_decreasing
    assert (traced.states == grammar).all()
    table = traced.transitions.set_index(["state", "next"])
    assert (table["traced"] == table["grammar"]).all()
    possible = {(NAMES[i], NAMES[j]) for i in range(3) for j in NEXT[i]}
    assert set(table.index[table["traced"] > 0]) == possible
    assert table["traced"].sum() == pytest.approx(49)  # steps from one to the next
    values = agreement(traced)["value"]
    assert values[["steps", "transitions", "changes"]].tolist() == [1, 1, 1]
    assert values["adjusted mutual information"] == pytest.approx(1) if n_paths == 1 else True
    assert (agreement(traced)["p_value"] == 0.01).all()
    control = agreement(traced)["control"]
    assert (control < 0.9).all()  # most steps leave the state as it was
    assert (control[["adjusted mutual information", "changes"]] < 0.2).all()
    if n_paths == 1:
        own = np.zeros((3, 3), int)
        for row in grammar:
            np.add.at(own, (row[:-1], row[1:]), 1)
        order = [traced.clusters["state"].tolist().index(name) for name in NAMES]
        assert (found.transitions[np.ix_(order, order)] == own).all()


def test_a_cluster_is_the_one_with_the_nearest_centre_and_its_centre_the_mean():
    rng = np.random.default_rng(0)
    hidden = remembered(read(20, 30, rng), rng, noise=0.3)
    found = cluster_states(made(hidden), 4, rng=0)
    scale = hidden.std(axis=(0, 1))
    distance = (((hidden[:, :, None] - found.centres) / scale) ** 2).sum(axis=3)
    assert (distance.argmin(axis=2) == found.clusters).mean() > 0.999
    for cluster in range(4):
        mean = hidden[found.clusters == cluster].mean(axis=0)
        np.testing.assert_allclose(found.centres[cluster], mean, atol=0.01)
    sizes = np.bincount(found.clusters.ravel())
    assert (np.diff(sizes) <= 0).all()


def test_units_count_alike_whatever_their_scale_and_the_cell_state_can_be_clustered():
    rng = np.random.default_rng(2)
    grammar = read(40, 50, rng)
    hidden = remembered(grammar, rng)
    loud = np.concatenate([hidden, 100 * rng.normal(size=hidden.shape[:2] + (1,))], axis=2)
    found = cluster_states(made(loud), 3, rng=2)
    assert (found.automaton(grammar, rng=2).states == grammar).all()
    states = dataclasses.replace(made(rng.normal(size=loud.shape)), cell="LSTM", memory=loud)
    found = cluster_states(states, 3, of="memory", rng=2)
    assert (found.automaton(grammar, rng=2).states == grammar).all()
    assert np.abs(found.centres[:, -1]).max() > 1


def test_more_steps_than_clusters_are_made_from():
    rng = np.random.default_rng(1)
    grammar = read(400, 60, rng)
    found = cluster_states(made(remembered(grammar, rng)), 3, rng=1)
    assert (found.automaton(grammar, rng=1).states == grammar).all()


# --- the measures ----------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(8))
def test_agreement_is_that_of_the_slow_version_and_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    grammar = read(12, 25, rng)
    clusters = rng.integers(0, 5, grammar.shape)
    clusters = np.where(rng.random(grammar.shape) < 0.6, grammar, clusters)
    made_of = Clusters(made(np.zeros((12, 25, 1))), "forward", clusters, np.zeros((5, 1)))
    traced = made_of.automaton(grammar, NAMES, rng=seed)
    shares, names = reference.traced(clusters.tolist(), grammar.tolist())
    values = agreement(traced)["value"]
    np.testing.assert_allclose(values[["steps", "transitions", "changes"]], shares, atol=1e-12)
    known = adjusted_mutual_info_score(grammar.ravel(), clusters.ravel())
    assert values["adjusted mutual information"] == pytest.approx(known, abs=1e-9)
    named = dict(zip(traced.clusters["cluster"], traced.clusters["state"]))
    assert named == {cluster: NAMES[state] for cluster, state in names.items()}
    assert (traced.states == np.vectorize(names.get)(clusters)).all()


def test_clusters_without_relation_are_seldom_said_to_agree():
    """The control keeps that both change with time: broken is likelier late, as is the cluster."""
    p_values = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        grammar, other = read(15, 30, rng), read(15, 30, rng)
        made_of = Clusters(made(np.zeros((15, 30, 1))), "forward", other, np.zeros((3, 1)))
        p_values.append(made_of.automaton(grammar, n_shuffles=19, rng=rng).agreement["p_value"])
    wrong = (np.array(p_values) <= 0.05).mean(axis=0)
    assert (wrong <= 0.13).all()  # 5 % of 100, and four standard errors of 2 %
    assert (np.array(p_values) > 0.5).mean() > 0.3


def test_backward_units_are_read_from_the_end():
    rng = np.random.default_rng(3)
    grammar = read(30, 40, rng)[:, ::-1]
    hidden = np.concatenate([rng.normal(size=grammar.shape + (3,)), remembered(grammar, rng)], 2)
    states = made(hidden, directions=["forward"] * 3 + ["backward"] * 8)
    found = cluster_states(states, 3, direction="backward", rng=3)
    assert found.centres.shape == (3, 8)
    traced = found.automaton(grammar, NAMES, rng=3)
    assert (traced.states == grammar).all()
    table = traced.transitions.set_index(["state", "next"])["traced"]
    assert table["inside", "broken"] > 0
    assert table["broken", "inside"] == 0
    forward = cluster_states(states, 3, rng=3).automaton(grammar, NAMES, rng=3)
    assert agreement(forward)["value"]["adjusted mutual information"] < 0.05


def test_steps_through_a_convolution_go_with_the_last_base_and_padding_is_left_out():
    rng = np.random.default_rng(4)
    grammar = read(40, 30, rng)
    starts, stops = np.arange(0, 26, 3), np.arange(0, 26, 3) + 6
    starts, stops = np.append(starts, 30), np.append(stops.clip(max=30), 30)
    hidden = remembered(grammar[:, stops - 1], rng)
    hidden[:, -1] = rng.normal(size=(40, 8))
    found = cluster_states(made(hidden, starts=starts, stops=stops), 3, rng=4)
    traced = found.automaton(grammar, NAMES, rng=4)
    assert agreement(traced)["value"]["steps"] == 1
    assert traced.states.shape == (40, 10)
    assert traced.clusters["n_steps"].sum() == 40 * 9


def test_a_state_that_never_changes_has_no_changes_to_agree_on():
    grammar = np.repeat([0, 1] * 5, 6).reshape(10, 6)
    traced = cluster_states(made(grammar[:, :, None]), 2, rng=0).automaton(grammar, rng=0)
    changes = agreement(traced).loc["changes"]
    assert np.isnan(changes[["value", "control", "p_value"]].astype(float)).all()
    assert agreement(traced)["value"]["transitions"] == 1
    assert traced.names == ("0", "1")


def test_a_single_step_has_no_transitions():
    grammar = np.array([[0], [1], [1], [0], [1]])
    traced = cluster_states(made(grammar[:, :, None]), 2, rng=0).automaton(grammar, rng=0)
    assert agreement(traced)["value"]["steps"] == 1
    assert agreement(traced).loc[["transitions", "changes"], "value"].isna().all()


def test_the_same_seed_gives_the_same():
    rng = np.random.default_rng(5)
    grammar = read(20, 30, rng)
    states = made(remembered(grammar, rng, noise=0.5))
    one, two = (cluster_states(states, 6, rng=2) for _ in range(2))
    assert (one.clusters == two.clusters).all()
    again = two.automaton(grammar, rng=2).agreement
    assert one.automaton(grammar, rng=2).agreement.equals(again)


# --- bad input -------------------------------------------------------------------------------
GRAMMAR = np.tile([0, 1, 1, 0, 2], (4, 1))
STATES = made(GRAMMAR[:, :, None])


@pytest.mark.parametrize(
    ("n_clusters", "options", "words"),
    [
        (1, {}, "n_clusters is 1, expected a whole number of at least 2"),
        (4, {}, "n_clusters is 4, but there are 3 different states"),
        (2, {"of": "memory"}, "of is 'memory', expected one of what these states hold: hidden"),
        (2, {"of": "output"}, "of is 'output'"),
        (2, {"direction": "backward"}, "direction is 'backward', but the units read forward"),
    ],
)
def test_wrong_clusters_are_told(n_clusters, options, words):
    with pytest.raises(ValueError, match=words):
        cluster_states(STATES, n_clusters, rng=0, **options)


@pytest.mark.parametrize(
    ("grammar", "names", "error", "words"),
    [
        (GRAMMAR * 0.5, None, TypeError, "dtype float64, expected whole numbers"),
        (GRAMMAR[:3], None, ValueError, r"shape \(3, 5\), expected \(4, length\)"),
        (GRAMMAR[0], None, ValueError, r"shape \(5,\), expected \(4, length\)"),
        (GRAMMAR[:, :3], None, ValueError, "grammar_states has 3 columns, but the steps read 5"),
        (GRAMMAR - 1, None, ValueError, "holds values from -1 to 1, expected 0 to 1"),
        (GRAMMAR, ["outside", "inside"], ValueError, "expected 0 to 1: the numbers of 2 states"),
        (GRAMMAR * 0 + 1, None, ValueError, "is 1 at every step: there is nothing to compare"),
    ],
)
def test_wrong_states_of_the_grammar_are_told(grammar, names, error, words):
    with pytest.raises(error, match=words):
        cluster_states(STATES, 3, rng=0).automaton(grammar, names, rng=0)


def test_a_wrong_number_of_shuffles_is_told():
    with pytest.raises(ValueError, match="n_shuffles is 18"):
        cluster_states(STATES, 3, rng=0).automaton(GRAMMAR, n_shuffles=18, rng=0)
