"""MonitorCallback: watch one metric and know whether it got better."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import gt, lt
from typing import Any, ClassVar

import numpy as np

from annette.config import floatx
from annette.graph.dtypes import numpy_dtype
from annette.training.callbacks.callback import Callback
from annette.training.plausible import Check, is_number, or_none
from annette.utils.warning import warn

# For metrics that do not tell themselves (several outputs put the output's name in front).
_LESS_IS_BETTER = ("loss", "error", "crossentropy", "divergence", "hinge", "mse", "mae")
_MORE_IS_BETTER = ("accuracy", "_acc", "_auc", "precision", "recall", "similarity", "score")


class MonitorCallback(Callback):
    """Base class of callbacks that watch a metric.

    Args:
        monitor: the metric's name in the logs.
        mode: ``"min"`` if less is better, ``"max"`` if more is, ``"auto"`` to know by the metric.
        baseline: the value to beat at first, None for none.
        min_delta: by how much a value must be better to count.
    """

    _remembered: ClassVar[dict[str, Check]] = {"best": or_none(is_number)}

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warn(f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode.")
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)
        self.monitor_op: Callable[[Any, Any], bool] | None = None

    def _set_monitor_op(self) -> None:
        """Decide which way is better.

        Raises:
            ValueError: if the mode is auto and the metric does not tell.
        """
        better = {"min": lt, "max": gt}.get(self.mode) or self._better_by_metric()
        if better is None:
            raise ValueError(
                f"{type(self).__name__} cannot tell whether more or less of "
                f"monitor={self.monitor!r} is better. Pass mode='max' or mode='min'."
            )
        self.monitor_op = better
        if better is lt:
            self.min_delta = -self.min_delta

    def _better_by_metric(self) -> Callable[[Any, Any], bool] | None:
        name = self.monitor.removeprefix("val_")
        for metric in _metrics(getattr(self.model, "metrics", None) or ()):
            direction = getattr(metric, "_direction", None)
            if getattr(metric, "name", None) == name and direction is not None:
                return gt if direction == "up" else lt
        if any(word in name for word in _LESS_IS_BETTER):
            return lt
        if any(word in name for word in _MORE_IS_BETTER) or name in ("acc", "auc"):
            return gt
        return None

    def _is_improvement(self, value: Any, reference: Any) -> bool:
        if reference is None:
            return True
        if self.monitor_op is None:
            self._set_monitor_op()
        better = self.monitor_op or lt
        # compared as the network's floats, in which 0.91 - 0.05 and 0.86 are the same
        pair = np.array([value - self.min_delta, reference], numpy_dtype(floatx()))
        return bool(better(pair[0], pair[1]))


def _metrics(metrics: Iterable[Any]) -> Iterable[Any]:
    """Yield metrics, and those inside of collections of them."""
    for metric in metrics:
        yield metric
        inner = getattr(metric, "metrics", None)
        if isinstance(inner, (list, tuple)):
            yield from _metrics(inner)
