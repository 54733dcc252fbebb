"""Looking at the data before it can do harm: labels out of range, not-a-number, infinity."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from annette.graph.context import suspended
from annette.graph.symbolic import KerasTensor, output_spec
from annette.models.model import Model
from annette.training.callbacks.terminate_on_nan import TerminateOnNaN
from annette.training.data import RowSource, batch_dtype, find_nonfinite
from annette.training.data.source import DataSource
from annette.utils import tree
from annette.utils.batch import unpack_x_y_sample_weight


class Guard:
    """Checks data against a model, and builds the model for it.

    Args:
        model: that will compute on the data.
        kind: "train", "test" or "predict".
        callbacks: those of the run; `TerminateOnNaN` says that the user minds for himself.
    """

    def __init__(self, model: Any, kind: str, callbacks: Any = None) -> None:
        self.model = model
        self.kind = kind
        step = {"train": "train_step", "test": "test_step", "predict": "predict_step"}[kind]
        self.standard = getattr(type(model), step) is getattr(Model, step)
        self.minds_nan = kind != "predict" and self.standard and not any(
            isinstance(c, TerminateOnNaN) for c in getattr(callbacks, "callbacks", [])
        )  # fmt: skip
        self._outputs: Any = None

    def prepare(self, batch: Any) -> None:
        """Build model, losses, metrics and optimizer for batches like this one."""
        model = self.model
        x, y, _ = unpack_x_y_sample_weight(batch)
        if self.standard or not model.built:
            self._outputs = self._known_outputs(x)
        elif self.kind != "predict" and self._has_metrics_to_build():
            self._outputs = self._outputs_if_any(x)
        if self.kind == "predict":
            return
        if self._outputs is not None:
            self._prepare_compiled(y)
        optimizer = model.optimizer
        if self.kind == "train" and optimizer is not None and not optimizer.built and model.built:
            with suspended():
                optimizer.build(model.trainable_variables)

    def _has_metrics_to_build(self) -> bool:
        """Say whether a step of the user's own would miss metrics of `compile` in `metrics`."""
        metrics = self.model._compiled_metrics
        given = metrics is not None and (metrics.given or metrics.weighted_given)
        return bool(given) and not metrics.built

    def _outputs_if_any(self, x: Any) -> Any:
        """Return the outputs' shapes; None where a step of the user's own calls the model else."""
        failed = ("no outputs", self.model._state_of_all())
        if failed in self.model._programs:
            return None
        try:
            return self._known_outputs(x)
        except Exception:
            self.model._programs[failed] = True
            return None

    def _known_outputs(self, x: Any) -> Any:
        """Return the outputs' shapes for `x`, worked out once for each form of it."""
        model = self.model
        form = repr(tree.map_structure(lambda a: None if a is None else (a.shape, a.dtype.str), x))
        key = ("outputs", form, model._state_of_all())
        if model.run_eagerly or key not in model._programs:
            found = self._symbolic_outputs(x)
            key = ("outputs", form, model._state_of_all())
            model._programs[key] = found
        return model._programs[key]

    def _symbolic_outputs(self, x: Any) -> Any:
        """Return the outputs' shapes for `x`; None where the model has no call of its own."""
        symbols = tree.map_structure(
            lambda a: None if a is None else KerasTensor(np.shape(a), batch_dtype(a.dtype)), x
        )
        model = self.model
        if not self.standard and type(model).call is getattr(Model, "call", None):
            return None
        with suspended():
            if model.run_eagerly:
                # Numbers, not symbols: the user's code may look at them.
                return model(x, training=False)
            found = output_spec(lambda v: model(v, training=False), (symbols,), {})
        for layer in model._flatten_layers():
            layer._losses.clear()
        return found

    def _prepare_compiled(self, y: Any) -> None:
        model, outputs = self.model, self._outputs
        loss, metrics = model._compiled_loss, model._compiled_metrics
        with suspended():
            if loss is not None and not loss.built:
                loss.build(outputs)
            if metrics is not None and not metrics.built and y is not None:
                targets = y if loss is None else loss.whole_targets(y)
                if self.standard:
                    metrics.build(targets, outputs)
                else:
                    with contextlib.suppress(ValueError):  # y may be meant for a step's own use
                        metrics.build(targets, outputs)

    def check_source(self, source: DataSource) -> None:
        """Refuse data in memory that cannot be meant.

        Raises:
            ValueError: naming the array, the rows and the mend.
        """
        if isinstance(source, RowSource):
            self._check_targets(source.pack(source.leaves))
            if self.minds_nan:
                self._check_finite_rows(source)

    def check_batch(self, batch: Any) -> None:
        """Refuse a batch that cannot be meant (of data that comes batch by batch)."""
        self._check_targets(batch)
        if not self.minds_nan:
            return
        for leaf in tree.flatten(batch):
            found = None if leaf is None else find_nonfinite(leaf, batch_dtype(leaf.dtype))
            if found is not None and not self._copes(batch):
                raise ValueError(
                    f"A batch has {found.describe(None)}. Replace or drop those rows first."
                )

    def _check_targets(self, data: Any) -> None:
        _, y, _ = unpack_x_y_sample_weight(data)
        loss = self.model._compiled_loss
        if (
            self.kind != "predict"
            and loss is not None
            and y is not None
            and self._outputs is not None
        ):
            loss.check_targets(y, self._outputs)

    def _check_finite_rows(self, source: RowSource) -> None:
        for leaf in source.leaves:
            array = getattr(leaf, "matrix", leaf)
            if not isinstance(array, np.ndarray):
                continue
            found = find_nonfinite(array, batch_dtype(array.dtype))
            if found is None:
                continue
            row = found.first_index[0]
            if not self._copes(source.gather(slice(row, row + 1))):
                source.check_finite()

    def _copes(self, batch: Any) -> bool:
        """Say whether the loss of such a batch is a number all the same: then it is meant so."""
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        model = self.model
        with suspended(), np.errstate(all="ignore"):
            try:
                y_pred = model._predicted(x, training=False)
                loss = model._loss_of(x, y, y_pred, sample_weight, training=False)
            except (ValueError, TypeError):
                return False
            for tracker in model._compiled_loss.metrics if model._compiled_loss else []:
                tracker.reset_state()
        return bool(np.isfinite(np.asarray(loss)).all())
