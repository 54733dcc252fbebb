"""What `compile` was given, made ready: a loss for each output, metrics for each output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from annette import losses as losses_module, metrics as metrics_module, ops
from annette.utils import tree

_ACCURACY = ("accuracy", "acc")


def named_outputs(y_pred: Any, output_names: list[str] | None) -> list[tuple[str, Any]]:
    """Return (name, value) of each output; a name is empty where there is one output alone."""
    flat = tree.flatten(y_pred)
    if len(flat) == 1 and not isinstance(y_pred, dict):
        return [("", flat[0])]
    if isinstance(y_pred, dict):
        return [(str(k), v) for k, v in sorted(y_pred.items())]
    names = output_names if output_names and len(output_names) == len(flat) else None
    return list(zip(names or [f"output_{i}" for i in range(len(flat))], flat, strict=True))


def per_output(what: str, given: Any, names: list[str], keys: list[Any]) -> list[Any]:
    """Spread a list or dict over the outputs.

    Raises:
        ValueError: if it has another number of entries, or an unknown output's name.
    """
    if isinstance(given, dict):
        unknown = [k for k in given if k not in names and k not in keys]
        if unknown:
            raise ValueError(
                f"{what} has the key {unknown[0]!r}, but the outputs are called "
                f"{', '.join(map(repr, names))}. Use those names, or name the layers so."
            )
        return [given.get(n, given.get(k)) for n, k in zip(names, keys, strict=True)]
    if isinstance(given, (list, tuple)):
        if len(given) != len(names):
            raise ValueError(
                f"{what} has {len(given)} entries for a model with {len(names)} "
                f"output{'s' * (len(names) > 1)}. Give one for each output, None for none."
            )
        return list(given)
    return [given] * len(names)


class CompiledLoss:
    """The total loss of all outputs: each one's loss times its weight, summed.

    Args:
        loss: a loss, or a list or dict of them by output.
        loss_weights: a number for each output, as a list or dict.
        output_names: names of the outputs in their order, if they have any.
    """

    def __init__(self, loss: Any, loss_weights: Any, output_names: list[str] | None) -> None:
        self.given, self.weights_given, self.output_names = loss, loss_weights, output_names
        self.losses: list[Any] = []
        self.weights: list[float | None] = []
        self.trackers: list[Any] = []
        self.built = False

    def build(self, y_pred: Any) -> None:
        """Find the loss of each output."""
        outputs = named_outputs(y_pred, self.output_names)
        names = [n for n, _ in outputs]
        keys = _keys(y_pred)
        several = len(outputs) > 1
        given = self.given
        if not several and isinstance(given, (list, tuple)) and len(given) == 1:
            given = given[0]
        if not several and isinstance(given, dict):
            names = self.output_names or names
        chosen = per_output("loss", given, names, keys)
        self.losses = [_as_loss(x) for x in chosen]
        self.weights = [None] * len(names)
        if self.weights_given is not None:
            weights = self.weights_given
            if isinstance(weights, (int, float)):
                weights = [weights] * len(names)
            self.weights = per_output("loss_weights", weights, names, keys)
        if several:
            self.trackers = [
                metrics_module.Mean(name=f"{n}_loss") if x is not None else None
                for n, x in zip(names, self.losses, strict=True)
            ]
        self.built = True

    @property
    def metrics(self) -> list[Any]:
        """The running mean of each output's loss, where there are several outputs."""
        return [t for t in self.trackers if t is not None]

    def pairs(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Iterator[tuple[Any, ...]]:
        """Yield (loss, weight, tracker, target, output, sample weight) of outputs with a loss."""
        if not self.built:
            self.build(y_pred)
        outputs = named_outputs(y_pred, self.output_names)
        targets = match_outputs("y", y, y_pred, outputs)
        weights = match_weights(sample_weight, y_pred, outputs)
        trackers = self.trackers or [None] * len(outputs)
        rows = zip(
            self.losses, self.weights, trackers, targets, (v for _, v in outputs), weights,
            strict=True,
        )  # fmt: skip
        yield from (row for row in rows if row[0] is not None)

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the total loss, a scalar."""
        total: Any = None
        for loss, weight, tracker, target, output, sw in self.pairs(y, y_pred, sample_weight):
            if target is None:
                raise ValueError(
                    "There is a loss for an output that has no target: y is None there. Pass y, or "
                    "give that output the loss None."
                )
            value = ops.cast(
                loss(target, output, sw), "float32" if ops.dtype(output) != "float64" else "float64"
            )
            if tracker is not None:
                tracker.update_state(value, sample_weight=_rows(output))
            value = value if weight is None else value * weight
            total = value if total is None else total + value
        return total

    def check_targets(self, y: Any, y_pred: Any) -> None:
        """Refuse targets that cannot be meant for these outputs, before anything is changed."""
        for loss, _, _, target, output, _ in self.pairs(y, y_pred):
            if isinstance(target, np.ndarray) and hasattr(loss, "check_targets"):
                loss.check_targets(target, tuple(output.shape))


def _as_loss(given: Any) -> Any:
    """Return a Loss for whatever stands for one: a name, a function, an object."""
    found = losses_module.get(given)
    if found is None or isinstance(found, losses_module.Loss):
        return found
    name = getattr(found, "__name__", "loss")
    return losses_module.LossFunctionWrapper(found, name=name)


def _keys(y_pred: Any) -> list[Any]:
    if isinstance(y_pred, dict):
        return [k for k, _ in sorted(y_pred.items())]
    return list(range(len(tree.flatten(y_pred))))


def _rows(output: Any) -> Any:
    return output.shape[0] if output.shape else 1


def match_outputs(what: str, given: Any, y_pred: Any, outputs: list[tuple[str, Any]]) -> list[Any]:
    """Return the part of `given` that belongs to each output.

    Raises:
        ValueError: if it has another number of parts, or lacks one by name.
    """
    if given is None:
        return [None] * len(outputs)
    if isinstance(given, dict):
        names = [n for n, _ in outputs]
        if names == [""]:
            return [next(iter(given.values()))] if len(given) == 1 else [given]
        keys = _keys(y_pred)
        missing = [n for n, k in zip(names, keys, strict=True) if n not in given and k not in given]
        if missing:
            raise ValueError(
                f"{what} has the keys {', '.join(map(repr, given))}, but the outputs are called "
                f"{', '.join(map(repr, names))}."
            )
        return [given.get(n, given.get(k)) for n, k in zip(names, keys, strict=True)]
    flat = tree.flatten(given)
    if len(flat) != len(outputs):
        raise ValueError(
            f"The model has {len(outputs)} output{'s' * (len(outputs) > 1)}; {what} has "
            f"{len(flat)} parts. Give one for each output."
        )
    return flat


def match_weights(sample_weight: Any, y_pred: Any, outputs: list[tuple[str, Any]]) -> list[Any]:
    """Return each output's sample weights: its own, or the one that serves all."""
    if isinstance(sample_weight, dict):
        keys = _keys(y_pred)
        return [
            sample_weight.get(n, sample_weight.get(k))
            for (n, _), k in zip(outputs, keys, strict=True)
        ]
    if sample_weight is None or not isinstance(sample_weight, (list, tuple)):
        return [sample_weight] * len(outputs)
    return match_outputs("sample_weight", sample_weight, y_pred, outputs)


class CompiledMetrics:
    """The metrics of all outputs.

    Args:
        metrics: a list of metrics; with several outputs, lists or a dict of them by output.
        weighted_metrics: the same, updated with the sample weights.
        output_names: names of the outputs in their order, if they have any.
    """

    def __init__(self, metrics: Any, weighted_metrics: Any, output_names: list[str] | None) -> None:
        for what, given in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if given is not None and not isinstance(given, (list, tuple, dict)):
                raise ValueError(
                    f"{what} expects a list such as ['accuracy'], or a dict by output; it got "
                    f"{given!r}."
                )
            _check_names(given)
        self.given, self.weighted_given = metrics, weighted_metrics
        self.output_names = output_names
        self.plain: list[list[tuple[str, Any]]] = []
        self.weighted: list[list[tuple[str, Any]]] = []
        self.built = False

    def build(self, y: Any, y_pred: Any) -> None:
        """Make the metrics of each output; "accuracy" is understood by the output's shape."""
        outputs = named_outputs(y_pred, self.output_names)
        targets = match_outputs("y", y, y_pred, outputs)
        weighted = self.weighted_given
        self.plain = self._spread("metrics", self.given, outputs, targets, y_pred)
        self.weighted = self._spread("weighted_metrics", weighted, outputs, targets, y_pred)
        self.built = True

    def _spread(
        self, what: str, given: Any, outputs: Any, targets: Any, y_pred: Any
    ) -> list[list[tuple[str, Any]]]:
        names = [n for n, _ in outputs]
        if not given:
            return [[] for _ in names]
        if names == [""]:
            chosen = [list(given.values()) if isinstance(given, dict) else list(given)]
            if isinstance(given, dict) and self.output_names:
                chosen = [per_output(what, given, self.output_names, _keys(y_pred))[0]]
        else:
            chosen = per_output(what, given, names, _keys(y_pred))
        made: list[list[tuple[str, Any]]] = []
        for (name, output), target, wanted in zip(outputs, targets, chosen, strict=True):
            flat = [] if wanted is None else tree.flatten(wanted)
            found = [_as_metric(m, target, output) for m in flat if m is not None]
            made.append([(f"{name}_{m.name}" if name else m.name, m) for m in found])
        return made

    @property
    def metrics(self) -> list[Any]:
        """All the metrics."""
        return [m for _, m in self.entries()]

    def entries(self) -> list[tuple[str, Any]]:
        """Return (key in the logs, metric) of each metric; no key comes twice."""
        found: dict[str, Any] = {}
        for groups, prefix in ((self.plain, ""), (self.weighted, "weighted_")):
            for key, metric in (pair for group in groups for pair in group):
                unique, number = prefix + key if key in found else key, 1
                while unique in found:
                    unique, number = f"{key}_{number}", number + 1
                found[unique] = metric
        return list(found.items())

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Update every metric with a batch."""
        outputs = named_outputs(y_pred, self.output_names)
        targets = match_outputs("y", y, y_pred, outputs)
        weights = match_weights(sample_weight, y_pred, outputs)
        rows = zip(
            self.plain, self.weighted, targets, (v for _, v in outputs), weights, strict=True
        )
        for plain, weighted, target, output, weight in rows:
            mask = getattr(output, "_keras_mask", None)
            for _, metric in plain:
                metric.update_state(target, output, sample_weight=_counting(mask, None))
            for _, metric in weighted:
                metric.update_state(target, output, sample_weight=_counting(mask, weight))


def _counting(mask: Any, weight: Any) -> Any:
    """Return the sample weights with 0 where the mask says that a place does not count."""
    if mask is None:
        return weight
    mask = ops.cast(mask, "float32")
    return mask if weight is None else mask * weight


def _check_names(given: Any) -> None:
    """Refuse an unknown metric's name at once, not at the first batch."""
    for item in tree.flatten(given) if given else []:
        if isinstance(item, str) and item.lower() not in _ACCURACY:
            metrics_module.get(item)


def _as_metric(given: Any, target: Any, output: Any) -> Any:
    """Return a Metric for whatever stands for one: a name, a function, an object."""
    if isinstance(given, metrics_module.Metric):
        return given
    if isinstance(given, str) and given.lower() in _ACCURACY:
        return _accuracy_for(target, output)(name=given)
    found = metrics_module.get(given)
    name = given if isinstance(given, str) else getattr(found, "__name__", None)
    if not isinstance(found, metrics_module.Metric):
        return metrics_module.MeanMetricWrapper(found, name=name or "metric")
    if isinstance(given, str):
        found.name = given
    return found


def _accuracy_for(target: Any, output: Any) -> Callable[..., Any]:
    """Return the accuracy that targets and outputs of these shapes are meant for."""
    shape = tuple(output.shape)
    true = tuple(target.shape) if target is not None else shape
    if len(shape) < 2 or shape[-1] == 1:
        return metrics_module.BinaryAccuracy
    if len(true) < len(shape) or true[-1] == 1:
        return metrics_module.SparseCategoricalAccuracy
    return metrics_module.CategoricalAccuracy
