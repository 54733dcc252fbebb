"""The progress bar: ``313/313 ━━━━━━━━━━━━━━━━━━━━ 2s 4ms/step - loss: 0.0903``."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from typing import Any

from annette.utils.io import print_msg

_BOLD, _GREEN, _WHITE, _END = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class Progbar:
    """A progress bar with the time left and metrics.

    In a terminal or a notebook it is drawn again and again in its place; in a file it is one line,
    written at the end, without colours.

    Args:
        target: the number of steps, None if it is not known.
        width: of the bar, in characters.
        verbose: 0 for nothing, 1 for the bar, 2 for one line at the end.
        interval: seconds between two drawings at least.
        stateful_metrics: names shown as they come; all others are averaged over the steps.
        stateless_metrics: names averaged over the steps; all others are shown as they come.
        unit_name: what a step is called.

    Raises:
        ValueError: if both kinds of names are given.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError(
                "Progbar takes stateful_metrics or stateless_metrics, not both: each names the "
                "exceptions from the other."
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics) if stateful_metrics is not None else None
        self.stateless_metrics = set(stateless_metrics) if stateless_metrics is not None else None
        if self.stateful_metrics is None and self.stateless_metrics is None:
            self.stateful_metrics = set()
        self._dynamic = _redraws()
        self._coloured = self._dynamic and _coloured()
        self._values: dict[str, tuple[float, float]] = {}  # name: (sum, number of steps)
        self._seen = 0
        self._start = time.time()
        self._after_first_step: float | None = None
        self._last_drawn = 0.0
        self._last_width = 0

    def update(
        self,
        current: int,
        values: Iterable[tuple[str, Any]] | None = None,
        finalize: bool | None = None,
    ) -> None:
        """Show that `current` steps are done.

        Args:
            current: the number of steps done.
            values: pairs of a metric's name and its value.
            finalize: whether this is the end; None means when `current` has reached the target.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        for name, value in values or ():
            self._take(name, value, current, finalize)
        self._seen = current
        now = time.time()
        step_time = self._step_time(current, now)
        if self.verbose == 1:
            if finalize or (self._dynamic and now - self._last_drawn >= self.interval):
                self._draw(current, now, step_time, finalize)
                self._last_drawn = now
        elif self.verbose == 2 and finalize and self.target:
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            line = f"{count} - {now - self._start:.0f}s -{self._format_time(step_time)}"
            print_msg(line + self._metrics(signed=True) + "\n", line_break=False)

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Show that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _take(self, name: str, value: Any, current: int, finalize: bool) -> None:
        number = _number(value)
        if self.stateful_metrics is not None:
            as_is = name in self.stateful_metrics
        else:
            as_is = name not in (self.stateless_metrics or ())
        if as_is or finalize:
            self._values[name] = (number, 1)
            return
        steps = max(current - self._seen, 1)
        total, count = self._values.get(name, (0.0, 0))
        self._values[name] = (total + number * steps, count + steps)

    def _draw(self, current: int, now: float, step_time: float, finalize: bool) -> None:
        head = self._bar(current)
        if self.target and not finalize:
            clock = _remaining(step_time * (self.target - current))
        else:
            clock = f"{now - self._start:.0f}s"
        tail = self._format_time(step_time) + self._metrics()
        plain = len(head) + len(clock) + 2
        room = _columns() if self._dynamic and not finalize else None
        if room is not None and plain + len(tail) >= room:
            tail = tail[: max(0, room - plain - 1)]  # a wrapped line could not be drawn over
        text = f"{self._paint(head, current)} {self._style(_BOLD, clock)}{tail}"
        width = plain - 1 + len(tail)
        if self._dynamic:
            text = "\r" + text + " " * max(0, self._last_width - width)
        self._last_width = width
        print_msg(text + ("\n" if finalize else ""), line_break=False)

    def _bar(self, current: int) -> str:
        if not self.target:
            return f"{current:7d}/Unknown"
        return f"{current:{len(str(self.target))}d}/{self.target} {'━' * self.width}"

    def _paint(self, head: str, current: int) -> str:
        if not self._coloured or not self.target:
            return head
        done = max(0, min(self.width, int(self.width * current / self.target)))
        count = head[: len(head) - self.width - 1]
        bar = self._style(_GREEN, "━" * done) if done else ""
        return f"{self._style(_BOLD, count)} {bar}{self._style(_WHITE, '━' * (self.width - done))}"

    def _style(self, code: str, text: str) -> str:
        return f"{code}{text}{_END}" if self._coloured else text

    def _metrics(self, signed: bool = False) -> str:
        text = ""
        for name, (total, count) in self._values.items():
            mean = total / max(1, count)
            large = (mean if signed else abs(mean)) > 1e-3
            text += f" - {name}: {mean:.4f}" if large else f" - {name}: {mean:.4e}"
        return text

    def _format_time(self, step_time: float) -> str:
        if step_time >= 1 or step_time == 0:
            return f" {step_time:.0f}s/{self.unit_name}"
        if step_time >= 1e-3:
            return f" {step_time * 1e3:.0f}ms/{self.unit_name}"
        return f" {step_time * 1e6:.0f}us/{self.unit_name}"

    def _step_time(self, current: int, now: float) -> float:
        """Return seconds a step; the first one, which prepares everything, does not count."""
        if not current:
            return 0.0
        if self._after_first_step is not None and current > 1:
            seconds = (now - self._after_first_step) / (current - 1)
        else:
            seconds = (now - self._start) / current
        if current == 1:
            self._after_first_step = now
        return seconds


def _number(value: Any) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    import numpy as np

    return float(np.mean(np.asarray(value)))


def _remaining(seconds: float) -> str:
    if seconds > 3600:
        return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"
    if seconds > 60:
        return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
    return f"{int(seconds)}s"


def _redraws() -> bool:
    """Say whether output can be drawn over: in a terminal or a notebook, not in a file."""
    if "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ:
        return True
    try:
        return bool(sys.stdout.isatty())
    except (AttributeError, ValueError):  # replaced or closed
        return False


def _coloured() -> bool:
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _columns() -> int | None:
    """Return the terminal's width, None where there is none (a notebook wraps by itself)."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError, AttributeError):
        return None
