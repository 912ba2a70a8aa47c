"""Optimal masks: do they find what a network of known reasons needs?"""

import keras
import numpy as np
import pytest

from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import masks
from dragonn_lite.networks import architectures

SITE = slice(20, 28)


@pytest.fixture(scope="module")
def planted():
    """A network that scores its best match of GATTACAG, and sequences that hold one."""
    model = architectures.filter_bank(60, n_filters=2, width_bp=8, rng=0)
    letters = dna.one_hot("GATTACAG")[0].astype(np.float32)
    kernel = np.zeros((8, 4, 2), np.float32)
    kernel[:, :, 0] = 2 * letters - 1
    model.set_weights([kernel, np.zeros(2), np.array([[1.0], [0.0]]), np.zeros(1)])
    x = dna.random_sequences(3, 60, rng=1)
    x[:, SITE] = dna.one_hot("GATTACAG")[0]
    x[2, 40:45] = 0
    return model, x


def faded(x, covered):
    known = x.any(axis=2, keepdims=True)
    return x + covered[..., None] * (0.25 * known - x)


@pytest.mark.parametrize("goal", ["destroy", "keep"])
def test_masks_lie_on_the_site_and_do_what_they_promise(planted, goal):
    model, x = planted
    found = masks.optimal_mask(model, x, goal=goal)
    mask = found.contributions
    inside = mask[:, SITE].mean(axis=1)
    outside = np.delete(mask, np.s_[SITE], axis=1).mean(axis=1)
    assert (inside > 3 * outside).all() and (outside < 0.25).all()
    assert (mask[2, 40:45] == 0).all() and mask.min() >= 0 and mask.max() <= 1
    covered = mask if goal == "destroy" else 1 - mask
    after = np.asarray(model(faded(x, covered).astype(np.float32)))[:, 0]
    if goal == "destroy":
        assert (after < 0.6 * found.logits).all()
    else:
        assert (after > 0.7 * found.logits).all()
    assert found.completeness_error is None


def test_a_dearer_mask_is_smaller(planted):
    model, x = planted
    areas = [
        masks.optimal_mask(model, x, goal="keep", area_weight=price).contributions.mean()
        for price in (0.2, 5.0, 50.0)
    ]
    assert areas[0] > areas[1] > areas[2]


def test_bad_input_is_one_sentence(planted):
    model, x = planted
    for options, message in (
        ({"goal": "hide"}, "goal is 'hide'"),
        ({"area_weight": -1.0}, "area_weight is -1.0"),
        ({"smoothness": -1.0}, "smoothness is -1.0"),
        ({"n_steps": 0}, "n_steps is 0"),
        ({"target": 1}, "target is 1"),
    ):
        with pytest.raises(ValueError, match=message):
            masks.optimal_mask(model, x, **options)
    with pytest.raises(TypeError, match="whose layers are not known"):
        masks.optimal_mask(lambda x: x[:, 0, 0], x)
    with pytest.raises(ValueError, match="reads"):
        masks.optimal_mask(model, x[:, :50])
    assert isinstance(model, keras.Model)
