"""The training picture: a learning curve that grows while a network trains.

A pure ``state -> chart`` function, and a small object that shows it and knows nothing of networks:
training calls it with a table after each epoch. Call it as ``widgets.training_picture()``.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass

import altair as alt
import pandas as pd

from dragonn_lite.display import comparisons, theme

_KEEPS = "interrupt (■) keeps the best weights"


@dataclass(frozen=True)
class TrainingState:
    """How far a training is: all that its picture shows.

    Parameters
    ----------
    history : pandas.DataFrame
        ``epoch``, ``split``, ``metric``, ``value``.
    epoch, n_epochs : int
        Epochs done, and epochs at most.
    seconds : float
        Time spent so far.
    finished : bool
        Nothing more will come: also after an early stop.

    Examples
    --------
    >>> state = TrainingState(pd.DataFrame(), 5, 20, 10.0)
    >>> state.seconds_left, state.words()
    (30.0, 'epoch 5 of 20 · 10 s · about 30 s left · interrupt (■) keeps the best weights')
    """

    history: pd.DataFrame
    epoch: int
    n_epochs: int
    seconds: float
    finished: bool = False

    @property
    def seconds_left(self) -> float:
        """Time left at the pace so far, should training not stop early."""
        return self.seconds / max(self.epoch, 1) * (self.n_epochs - self.epoch)

    def words(self) -> str:
        """Return the line under the title."""
        done = f"epoch {self.epoch} of {self.n_epochs} · {_time(self.seconds)}"
        if self.finished or self.epoch >= self.n_epochs:
            return f"{done} · finished"
        return f"{done} · about {_time(self.seconds_left)} left · {_KEEPS}"


def training_chart(state: TrainingState, *, title: str | None = None) -> alt.HConcatChart:
    """Return the picture of a training at one moment.

    Parameters
    ----------
    state : TrainingState
    title : str, optional
        By default the validation of the best epoch so far.

    Examples
    --------
    >>> history = pd.DataFrame({"epoch": [1], "split": ["validation"], "metric": ["loss"],
    ...                         "value": [0.6]})
    >>> training_chart(TrainingState(history, 1, 4, 2.0)).title.subtitle
    ['epoch 1 of 4 · 2 s · about 6 s left · interrupt (■) keeps the best weights']
    """
    running = not state.finished and state.epoch < state.n_epochs
    return comparisons.learning_curve(
        state.history,
        n_epochs=state.n_epochs if running else None,
        title=title,
        subtitle=state.words(),
    )


class TrainingPicture:
    """Shows a training while it runs: give it to ``training.fit(..., progress=...)``.

    In a notebook it keeps one picture up to date, in a terminal one line on standard error.
    Drawing takes at most about a tenth of the time: epochs that come faster are drawn together.
    Where ``DRAGONN_LITE_RENDERER`` is ``svg``, as under papermill, only the end is drawn.

    Parameters
    ----------
    title : str, optional
        Stands over the picture in place of the finding.
    show : {"auto", "picture", "line", "nothing"}
        ``"auto"`` is the picture in a notebook, else the line.

    Raises
    ------
    ValueError
        If `show` is something else.

    Examples
    --------
    >>> picture = TrainingPicture(show="nothing")
    >>> picture(pd.DataFrame(), 10, 10, 2.0)
    >>> picture.state.words()
    'epoch 10 of 10 · 2 s · finished'
    """

    def __init__(self, *, title: str | None = None, show: str = "auto"):
        if show not in ("auto", "picture", "line", "nothing"):
            raise ValueError(f"show is {show!r}, expected 'auto', 'picture', 'line' or 'nothing'")
        self.title = title
        self.show = show if show != "auto" else ("picture" if _in_notebook() else "line")
        self.state: TrainingState | None = None
        self._handle = None
        self._drawn_at = self._cost = 0.0

    def __call__(self, history: pd.DataFrame, epoch: int, n_epochs: int, seconds: float) -> None:
        """Take in an epoch: `history` so far, the number of it, of how many, seconds so far."""
        self.state = TrainingState(history, epoch, n_epochs, seconds)
        last = epoch >= n_epochs
        if self.show == "line":
            self._write_line(last)
        elif self.show == "picture":
            waits = theme.renderer() == "svg" or seconds - self._drawn_at < 10 * self._cost
            if last or not waits:
                self._draw()

    def finish(self) -> None:
        """Draw the last state, where training ended before its last epoch."""
        if self.state is None or self.state.finished or self.state.epoch >= self.state.n_epochs:
            return
        state = self.state
        self.state = TrainingState(state.history, state.epoch, state.n_epochs, state.seconds, True)
        if self.show == "line":
            self._write_line(True)
        elif self.show == "picture":
            self._draw()

    def _draw(self) -> None:
        import time

        from IPython.display import display

        started = time.perf_counter()
        picture = _shown(training_chart(self.state, title=self.title))
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)
        self._cost = time.perf_counter() - started
        self._drawn_at = self.state.seconds

    def _write_line(self, last: bool) -> None:
        rows = self.state.history
        now = rows[rows["epoch"] == self.state.epoch]
        values = [f"{r.split} {r.metric} {r.value:.3f}" for r in now.itertuples()]
        words = self.state.words().replace("interrupt (■)", "Ctrl-C")
        line = " · ".join([words.split(" · ")[0], *values, *words.split(" · ")[1:]])
        if sys.stderr.isatty():
            # One line that rewrites itself: it must not wrap.
            columns = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r" + line[:columns].ljust(columns) + ("\n" if last else ""))
        else:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()


def training_picture(*, title: str | None = None, show: str = "auto") -> TrainingPicture:
    """Return what shows a training while it runs, for ``training.fit(..., progress=...)``.

    Parameters
    ----------
    title : str, optional
        Stands over the picture in place of the finding.
    show : {"auto", "picture", "line", "nothing"}
        As in :class:`TrainingPicture`; with ``"nothing"`` it still remembers its state.

    Examples
    --------
    >>> picture = training_picture(show="nothing")
    >>> picture(pd.DataFrame(), 1, 10, 2.0)
    >>> picture.state.seconds_left
    18.0
    """
    return TrainingPicture(title=title, show=show)


def _shown(chart):
    """A static picture where it can be drawn: it does not flicker, and needs no network."""
    if not theme.can_draw():
        return chart
    from IPython.display import HTML

    return HTML(theme.svg(chart))


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def _time(seconds: float) -> str:
    seconds = int(round(seconds))
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} min {seconds % 60:02d} s"
