"""What `compile` was given, made ready: a loss for each output, metrics for each output."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from annette import losses as losses_module, metrics as metrics_module, ops
from annette.models.outputs import Output, match_targets, match_weights, outputs_of, spread
from annette.utils import tree

_ACCURACY = ("accuracy", "acc")
# Attributes of a model that compile, which drops its programs, and each run set.
COMPILED = frozenset(
    {"compiled", "history", "jit_compile", "loss", "optimizer", "run_eagerly",
     "steps_per_execution", "stop_evaluating", "stop_predicting", "stop_training",
     "_compile_config", "_compiled_loss", "_compiled_metrics", "_loss_tracker"}
)  # fmt: skip


class CompiledLoss:
    """The total loss of all outputs: each one's loss times its weight, summed.

    Args:
        loss: a loss, or a list or dict of them by output.
        loss_weights: a number for each output, as a list or dict.
        output_names: names of the outputs in their order, if they have any.
    """

    def __init__(self, loss: Any, loss_weights: Any, output_names: list[str] | None) -> None:
        _check_losses(loss)
        _check_loss_weights(loss_weights)
        self.given, self.weights_given, self.output_names = loss, loss_weights, output_names
        self.losses: list[Any] = []
        self.weights: list[float | None] = []
        self.trackers: list[Any] = []
        self._listed: list[Any] = []
        self.built = False

    def build(self, y_pred: Any) -> None:
        """Find the loss of each output."""
        outputs = outputs_of(y_pred, self.output_names)
        chosen = _for_one(self.given, outputs)
        chosen = spread("loss", chosen, y_pred, outputs, serves_all=_is_loss)
        self.losses = [_as_loss(x) for x in chosen]
        weights = _for_one(self.weights_given, outputs)
        self.weights = spread("loss_weights", weights, y_pred, outputs)
        several = sum(x is not None for x in self.losses) > 1
        self.trackers = [
            metrics_module.Mean(name=_tracker_name(output, x))
            if several and x is not None
            else None
            for output, x in zip(outputs, self.losses, strict=True)
        ]
        self._listed = list(self.trackers)
        flat = all(len(o.path) == 1 for o in outputs)
        if flat and isinstance(self.given, dict) and isinstance(y_pred, dict):
            # Keras lists the losses of a dict of outputs as the dict of losses does.
            names = list(self.given)
            places = [names.index(o.label) if o.label in names else len(names) for o in outputs]
            self._listed = [self.trackers[i] for i in np.argsort(places, kind="stable")]
        self.built = True

    @property
    def metrics(self) -> list[Any]:
        """The running mean of each output's loss, where there are several outputs."""
        return [t for t in self._listed if t is not None]

    def pairs(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Iterator[tuple[Any, ...]]:
        """Yield (loss, weight, tracker, target, output, sample weight) of outputs with a loss."""
        if not self.built:
            self.build(y_pred)
        outputs = outputs_of(y_pred, self.output_names)
        targets = match_targets("y", self.whole_targets(y), y_pred, outputs)
        weights = match_weights(sample_weight, y_pred, outputs)
        rows = zip(
            self.losses, self.weights, self.trackers, targets, (o.value for o in outputs), weights,
            strict=True,
        )  # fmt: skip
        yield from (row for row in rows if row[0] is not None)

    def whole_targets(self, y: Any) -> Any:
        """Return the targets; one array is for the only output that has a loss."""
        wanted = [x is not None for x in self.losses]
        if y is None or tree.is_nested(y) or len(wanted) == 1 or sum(wanted) != 1:
            return y
        return [y if has else None for has in wanted]

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
    name = given if isinstance(given, str) else getattr(found, "__name__", "loss")
    return losses_module.LossFunctionWrapper(found, name=name)


def _is_loss(given: Any) -> bool:
    """Say whether this is one loss; a configuration is one too."""
    return not tree.is_nested(given) or (isinstance(given, dict) and "class_name" in given)


def _check_losses(given: Any) -> None:
    """Refuse an unknown loss at once, not at the first batch."""
    if _is_loss(given):
        losses_module.get(given)
        return
    for part in given.values() if isinstance(given, dict) else given:
        _check_losses(part)


def _check_loss_weights(given: Any) -> None:
    bad = [w for w in tree.flatten(given) if w is not None and not _is_number(w)]
    if bad:
        raise ValueError(
            "loss_weights expects a number for each output, alone or in a list or dict; it got "
            f"{bad[0]!r}."
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) or (
        hasattr(value, "shape") and tuple(value.shape) == () and hasattr(value, "dtype")
    )


def _for_one(given: Any, outputs: list[Output]) -> Any:
    """Return what is in a list or dict of one thing, where there is one output alone."""
    if len(outputs) != 1 or outputs[0].path or _is_loss(given) or len(given) != 1:
        return given
    if isinstance(given, dict):
        label = outputs[0].label
        if label is not None and label not in given:
            raise ValueError(
                f"loss has the key {next(iter(given))!r}, but the output is called {label!r}. Use "
                "that name, or name the layer so."
            )
        return next(iter(given.values()))
    return given[0]


def _tracker_name(output: Output, loss: Any) -> str:
    """Return the name of an output's running loss, as Keras calls it in the logs."""
    return "/".join([*map(str, output.path[:-1]), f"{output.label or loss.name}_loss"])


def _rows(output: Any) -> Any:
    return output.shape[0] if output.shape else 1


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
        outputs = outputs_of(y_pred, self.output_names)
        targets = match_targets("y", y, y_pred, outputs)
        weighted = self.weighted_given
        self.plain = self._spread("metrics", self.given, outputs, targets, y_pred)
        self.weighted = self._spread("weighted_metrics", weighted, outputs, targets, y_pred)
        self.built = True

    def _spread(
        self, what: str, given: Any, outputs: list[Output], targets: Any, y_pred: Any
    ) -> list[list[tuple[str, Any]]]:
        if not given:
            return [[] for _ in outputs]
        if len(outputs) > 1:
            chosen = spread(what, given, y_pred, outputs, serves_all=_is_metric)
        elif isinstance(given, dict):
            label = outputs[0].label
            if label is not None and label not in given:
                spread(what, given, [y_pred], outputs)
            chosen = [list(given.values())]
        else:
            chosen = [list(given)]
        made: list[list[tuple[str, Any]]] = []
        for output, target, wanted in zip(outputs, targets, chosen, strict=True):
            flat = [] if wanted is None else tree.flatten(wanted)
            found = [_as_metric(m, target, output.value) for m in flat if m is not None]
            made.append([(output.prefix, m) for m in found])
        return made

    @property
    def metrics(self) -> list[Any]:
        """All the metrics."""
        return [m for _, m in self.entries()]

    def entries(self) -> list[tuple[str, Any]]:
        """Return (key in the logs, metric) of each metric; no key comes twice.

        A weighted metric beside the plain one of its name is `weighted_mae`, or `out_weighted_mae`.
        """
        found: dict[str, Any] = {}
        for groups, prefix in ((self.plain, ""), (self.weighted, "weighted_")):
            for output, metric in (pair for group in groups for pair in group):
                key = output + metric.name
                unique, number = f"{output}{prefix}{metric.name}" if key in found else key, 1
                while unique in found:
                    unique, number = f"{key}_{number}", number + 1
                found[unique] = metric
        return list(found.items())

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Update every metric with a batch."""
        outputs = outputs_of(y_pred, self.output_names)
        targets = match_targets("y", y, y_pred, outputs)
        weights = match_weights(sample_weight, y_pred, outputs)
        rows = zip(
            self.plain, self.weighted, targets, (o.value for o in outputs), weights, strict=True
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
    if weight is None:
        return mask
    # Rows are the first axis of both: a weight for each row counts for all its places.
    rank = max(len(mask.shape), len(weight.shape))
    mask, weight = (
        ops.reshape(x, (*x.shape, *(1,) * (rank - len(x.shape)))) for x in (mask, weight)
    )
    return mask * weight


def _check_names(given: Any) -> None:
    """Refuse an unknown metric's name at once, not at the first batch."""
    for item in tree.flatten(given) if given else []:
        if isinstance(item, str) and item.lower() not in _ACCURACY:
            metrics_module.get(item)


def _is_metric(given: Any) -> bool:
    return not tree.is_nested(given)


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
