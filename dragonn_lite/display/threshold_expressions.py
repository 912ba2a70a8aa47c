"""What the threshold explorer works out, in the language of Vega: the same sums as in its state."""

from __future__ import annotations

import math

import altair as alt
import numpy as np

from dragonn_lite.display.threshold_explorer import HALF, N_WINDOWS, ThresholdState

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
    lists = {"stops": stops, "recalls": recall, "false_rates": false_positive_rate}
    follow = {
        "threshold": "stops[stop]",
        "recall": "recalls[stop]",
        "false_rate": "false_rates[stop]",
        "n_bound": f"floor({N_WINDOWS} * prevalence + {HALF})",
        "hits": f"floor({N_WINDOWS} * prevalence * recall + {HALF})",
        "wrong": f"min(floor({N_WINDOWS} * (1 - prevalence) * false_rate + {HALF}), "
        f"{N_WINDOWS} - n_bound)",
        "missed": "n_bound - hits",
        "left_alone": f"{N_WINDOWS} - n_bound - wrong",
        "finding": "'Of 1,000 windows ' + (n_bound ? n_bound : 'none')"
        " + (n_bound <= 1 ? ' is' : ' are') + ' bound. You test ' + (hits + wrong"
        " ? (hits + wrong) + ': ' + hits + (hits == 1 ? ' hit, ' : ' hits, ') + wrong + ' wrong'"
        " : 'none')",
        "setting": f"'Threshold ' + format(threshold, '.2f') + ' · ' + {short('100 * prevalence')}"
        f" + ' % bound · cost ' + {short('cost')}",
        "net_words": f"'Net gain: ' + hits + ' hits − ' + {short('cost')}"
        f" + ' × ' + wrong + ' wrong = ' + {short('hits - cost * wrong')}",
    }
    return [
        *_dials(state, list(stops).index(state.threshold), len(stops), interactive),
        *(alt.param(name, value=[float(v) for v in values]) for name, values in lists.items()),
        *(alt.param(name, expr=text) for name, text in follow.items()),
    ]


def _dials(state, stop: int, n_stops: int, interactive: bool) -> list[alt.Parameter]:
    power = math.log10(state.prevalence)
    settings = [
        ("stop", stop, (0, n_stops - 1, 1), "threshold (lax to strict)"),
        ("power", power, (min(-3, power), max(-0.3, power), 0.05), "prevalence (power of ten)"),
        ("cost", state.cost, (0, max(10, state.cost), 0.25), "cost of a wrong pick"),
    ]
    dials = [
        alt.param(
            name,
            value=value,
            **{"bind": alt.binding_range(min=low, max=high, step=step, name=label)}
            if interactive
            else {},
        )
        for name, value, (low, high, step), label in settings
    ]
    return [*dials, alt.param("prevalence", expr="pow(10, power)")]


def gain_of(recall: str, false_rate: str) -> str:
    """The net gain of 1,000 windows, expected at these two rates."""
    return f"{N_WINDOWS} * (prevalence * {recall} - cost * (1 - prevalence) * {false_rate})"


def precision_of(recall: str, false_rate: str) -> str:
    """The precision at these two rates."""
    true = f"prevalence * {recall}"
    return f"{true} / ({true} + (1 - prevalence) * {false_rate})"
