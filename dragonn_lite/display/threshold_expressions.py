"""What the threshold explorer works out, in the language of Vega: the same sums as in its state."""

from __future__ import annotations

import altair as alt
import numpy as np

from dragonn_lite.display.threshold_explorer import HALF, N_WINDOWS, PREVALENCES, ThresholdState

_NUMBER = "replace(replace(format({}, ',.2f'), /0+$/, ''), /\\.$/, '')"


def short(value: str) -> str:
    """As :func:`threshold_explorer.short`."""
    return _NUMBER.format(f"floor(100 * ({value}) + {HALF}) / 100")


def percent(share: str) -> str:
    """A share in percent with at most one decimal."""
    return f"{_NUMBER.format(f'floor(1000 * ({share}) + {HALF}) / 10')} + ' %'"


def parameters(state: ThresholdState, interactive: bool) -> list[alt.Parameter]:
    """What sliders set, and what follows from it: the same sums as in the state."""
    stops = np.union1d(state.stops, [state.threshold]) if interactive else [state.threshold]
    recall, false_positive_rate = zip(*(state.rates(stop) for stop in stops), strict=True)
    prevalences = sorted({*PREVALENCES, state.prevalence}) if interactive else [state.prevalence]
    lists = {
        "stops": stops,
        "recalls": recall,
        "false_rates": false_positive_rate,
        "prevalences": prevalences,
        "trusted": [state.at(prevalence=share).recall_at_fdr() for share in prevalences],
    }
    follow = {
        "threshold": "stops[stop]",
        "recall": "recalls[stop]",
        "false_rate": "false_rates[stop]",
        "prevalence": "prevalences[rarity]",
        "recall_at_fdr": "trusted[rarity]",
        "n_bound": f"floor({N_WINDOWS} * prevalence + {HALF})",
        "hits": f"floor({N_WINDOWS} * prevalence * recall + {HALF})",
        "wrong": f"min(floor({N_WINDOWS} * (1 - prevalence) * false_rate + {HALF}), "
        f"{N_WINDOWS} - n_bound)",
        "missed": "n_bound - hits",
        "left_alone": f"{N_WINDOWS} - n_bound - wrong",
        "finding": "'Of 1,000 windows ' + (n_bound ? n_bound : 'fewer than one')"
        " + (n_bound <= 1 ? ' is' : ' are') + ' bound. You test ' + (hits + wrong"
        " ? (hits + wrong) + ': ' + hits + (hits == 1 ? ' hit, ' : ' hits, ') + wrong + ' wrong'"
        " : recall + false_rate > 0 ? 'fewer than one' : 'none')",
        "setting": f"'Threshold ' + format(threshold, '.2f') + ' · ' + {short('100 * prevalence')}"
        f" + ' % bound · cost ' + {short('cost')}",
        "net_words": f"'Net gain: ' + hits + ' hits − ' + {short('cost')}"
        f" + ' × ' + wrong + ' wrong = ' + {short('hits - cost * wrong')}",
    }
    return [
        *_dials(
            {
                "stop": (list(stops).index(state.threshold), len(stops) - 1, 1),
                "rarity": (prevalences.index(state.prevalence), len(prevalences) - 1, 1),
                "cost": (state.cost, max(10, state.cost), 0.25),
            },
            interactive,
        ),
        *(alt.param(name, value=[float(v) for v in values]) for name, values in lists.items()),
        *(alt.param(name, expr=text) for name, text in follow.items()),
    ]


_DIALS = {
    "stop": "threshold (lax to strict)",
    "rarity": "prevalence (rare to common)",
    "cost": "cost of a wrong pick",
}


def _dials(settings: dict, interactive: bool) -> list[alt.Parameter]:
    return [
        alt.param(
            name,
            value=value,
            **{"bind": alt.binding_range(min=0, max=most, step=step, name=_DIALS[name])}
            if interactive
            else {},
        )
        for name, (value, most, step) in settings.items()
    ]


def gain_of(recall: str, false_rate: str) -> str:
    """The net gain of 1,000 windows, expected at these two rates."""
    return f"{N_WINDOWS} * (prevalence * {recall} - cost * (1 - prevalence) * {false_rate})"


def precision_of(recall: str, false_rate: str) -> str:
    """The precision at these two rates."""
    true = f"prevalence * {recall}"
    return f"{true} / ({true} + (1 - prevalence) * {false_rate})"
