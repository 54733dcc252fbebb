"""Model: a layer that is trained. Its structure, its configuration and one step of learning.

The loop around the steps, over data and epochs, is `annette.training`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np

from annette import metrics as metrics_module, ops, optimizers
from annette.graph.context import state
from annette.layers.context import calls
from annette.layers.layer import Layer
from annette.layers.tracking import while_unchanged
from annette.models.compiled import COMPILED, CompiledLoss, CompiledMetrics
from annette.models.stored import Stored
from annette.saving import serialization
from annette.tape import GradientTape
from annette.utils import tree
from annette.utils.batch import unpack_x_y_sample_weight
from annette.utils.signature import signature


class Model(Stored, Layer):
    """A network with everything that training needs.

    Three ways to make one: ``Model(inputs, outputs)`` from KerasTensors, a `Sequential`, or a class
    of your own with layers made in ``__init__`` and used in ``call(inputs, training=False)``.
    """

    _untracked: tuple[str, ...] = (
        "_compile_config", "_compiled_loss", "_compiled_metrics", "_called", "_programs", "history",
    )  # fmt: skip
    _notes = Layer._notes | COMPILED

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a functional model of ``Model(inputs, outputs)``."""
        if cls is Model and _is_functional(args, kwargs):
            from annette.models.functional import Functional

            return Functional.__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _is_functional(args, kwargs) and not hasattr(self, "_losses"):
            _become_functional(self, args, kwargs)
            return
        if args:
            raise TypeError(
                f"{type(self).__name__} takes inputs and outputs as KerasTensors, or keyword "
                f"arguments such as name; it got {args[0]!r}."
            )
        super().__init__(**kwargs)

    def _prepare(self) -> None:
        super()._prepare()
        self.optimizer: Any = None
        self.loss: Any = None
        self.compiled = False
        self.stop_training = self.stop_evaluating = self.stop_predicting = False
        self.history: Any = None
        self.run_eagerly = False
        self.jit_compile: Any = "auto"
        self.steps_per_execution = 1
        self.train_function = self.test_function = self.predict_function = None
        self._loss_tracker: Any = None
        self._compiled_loss: CompiledLoss | None = None
        self._compiled_metrics: CompiledMetrics | None = None
        self._programs: dict[Any, Any] = {}
        self._called: dict[Any, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes without programs, which are made anew where they are wanted."""
        return {**super().__getstate__(), "_programs": {}, "_called": {}}

    # --- structure ----------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers that the model is directly made of."""
        return [x for x in self._layers if isinstance(x, Layer)]

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            "`Model.layers` is made by annette; call your attribute something else."
        )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by its name or its place.

        Raises:
            ValueError: if neither or both are given, or there is none such.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError("get_layer takes a name or an index, one of them.")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"There is no layer {index}: model '{self.name}' has {len(layers)} layers."
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        from annette.utils.suggest import unknown

        raise unknown("layer", str(name), [x.name for x in layers])

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print the table of layers: name and type, output shape, number of parameters."""
        from annette.models.summary import print_summary

        print_summary(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )

    def build(self, input_shape: Any) -> None:
        """Make the weights by calling the model on symbols of this shape (rows first)."""
        from annette.graph.symbolic import output_spec
        from annette.layers.building import as_shapes, keras_tensors

        if self._layers or type(self).call is not Layer.call:
            symbols = keras_tensors(as_shapes(input_shape), self.compute_dtype)
            output_spec(self.call, (symbols,), {})
        for layer in self._flatten_layers():
            layer._losses.clear()

    @property
    def _builds_by_calling(self) -> bool:
        return type(self).build is Model.build

    @property
    def _remembers_shapes(self) -> bool:
        return False

    # --- compile ------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is to learn.

        Args:
            optimizer: by name or an Optimizer.
            loss: by name, a function or a Loss; a list or dict by output where there are several.
            loss_weights: a number for each output's loss.
            metrics: a list of names, functions or Metrics; lists or a dict by output.
            weighted_metrics: the same, counted with the sample weights.
            run_eagerly: whether each step is run in Python, operation by operation, so that a
                debugger and print see numbers.
            steps_per_execution: accepted; steps run together whenever nobody looks in between.
            jit_compile: accepted; graphs are always compiled.
            auto_scale_loss: whether a model of the policy "mixed_float16" has its optimizer wrapped
                in a LossScaleOptimizer, which keeps small gradients from vanishing.

        Raises:
            ValueError: for a name that is not known, with the nearest known one.
        """
        _check_steps(steps_per_execution)
        optimizer = optimizers.get(optimizer)
        given = optimizer
        if auto_scale_loss and self.dtype_policy.name == "mixed_float16":
            optimizer = _scaling(optimizer)
        names = getattr(self, "output_names", None)
        compiled_loss = None if loss is None else CompiledLoss(loss, loss_weights, names)
        compiled_metrics = CompiledMetrics(metrics, weighted_metrics, names)
        self._compile_config = {
            "optimizer": given, "loss": loss, "loss_weights": loss_weights, "metrics": metrics,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution, "jit_compile": jit_compile,
        }  # fmt: skip
        self.optimizer, self.loss = optimizer, loss
        self.run_eagerly = bool(run_eagerly)
        self.jit_compile, self.steps_per_execution = jit_compile, steps_per_execution
        self._compiled_loss, self._compiled_metrics = compiled_loss, compiled_metrics
        self._loss_tracker = metrics_module.Mean(name="loss")
        self.stop_training = False
        self.compiled = True
        self._programs.clear()

    @while_unchanged
    def _own_metrics(self) -> list[Any]:
        # The mean losses of this model and of models inside are not among them.
        trackers = {id(x.__dict__.get("_loss_tracker")) for x in self._all_layers()}
        return [m for m in super()._own_metrics() if id(m) not in trackers]

    @property
    def metrics(self) -> list[Any]:
        """All metrics: the loss's mean, those of `compile`, those of the layers."""
        found: list[Any] = []
        if self._loss_tracker is not None:
            found.append(self._loss_tracker)
        found.extend(self._own_metrics())
        if self._compiled_metrics is not None:
            found.extend(self._compiled_metrics.metrics)
        if self._compiled_loss is not None:
            found.extend(self._compiled_loss.metrics)
        return found

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order."""
        names = ["loss"] if self._loss_tracker is not None else []
        names += [m.name for m in self._own_metrics()]
        keys = {} if self._compiled_metrics is None else dict(self._compiled_metrics.entries())
        # As in Keras: what goes by a metric's own name, the outputs' losses, then the alphabet.
        names += [key for key, metric in keys.items() if key == metric.name]
        if self._compiled_loss is not None:
            names += [m.name for m in self._compiled_loss.metrics]
        return names + sorted(key for key in keys if key not in names)

    def reset_metrics(self) -> None:
        """Start every metric anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the current value of each metric by its key in the logs."""
        results: dict[str, Any] = {}
        if self._loss_tracker is not None:
            results["loss"] = self._loss_tracker.result()
        for metric in self._own_metrics():
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        if self._compiled_metrics is not None:
            results.update((key, m.result()) for key, m in self._compiled_metrics.entries())
        if self._compiled_loss is not None:
            results.update((m.name, m.result()) for m in self._compiled_loss.metrics)
        return results

    # --- one step -----------------------------------------------------------------------------

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return the total loss of a batch: the outputs' losses and what `add_loss` gathered.

        Raises:
            ValueError: if there is neither a loss nor anything added.
        """
        total: Any = None
        if self._compiled_loss is not None:
            total = self._compiled_loss(y, y_pred, sample_weight)
        for extra in self.losses:
            total = extra if total is None else total + ops.cast(extra, ops.dtype(total))
        if total is None:
            raise ValueError(
                f"Model '{self.name}' has no loss to make small: give compile(loss=...) one, or "
                "call add_loss in a layer."
            )
        return total

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Update the metrics of `compile` with a batch and return all values by name."""
        self._update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def _update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        metrics = self._compiled_metrics
        if metrics is None or y is None or not (metrics.given or metrics.weighted_given):
            return
        if self._compiled_loss is not None:
            y = self._compiled_loss.whole_targets(y)
        if not metrics.built:
            metrics.build(y, y_pred)
        metrics.update(y, y_pred, sample_weight)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on arrays, record on Tensors, or add to another model on KerasTensors."""
        if len(args) == 1 and not kwargs and isinstance(args[0], np.ndarray) and _alone():
            found = _call_program()(self, args[0])
            if found is not None:
                return found
        return super().__call__(*args, **kwargs)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Learn from one batch; return the values of the metrics. Override for your own way."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            y_pred = self._predicted(x, training=True)
            loss = self._loss_of(x, y, y_pred, sample_weight, training=True)
            scaled = self.optimizer.scale_loss(loss) if self.optimizer is not None else loss
        self._loss_tracker.update_state(loss, sample_weight=_rows_of(x))
        weights = self.trainable_weights
        if weights and self.optimizer is not None:
            gradients = tape.gradient(scaled, weights)
            self.optimizer.apply(gradients, weights)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Measure one batch; return the values of the metrics. Override for your own way."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self._predicted(x, training=False)
        loss = self._loss_of(x, y, y_pred, sample_weight, training=False)
        self._loss_tracker.update_state(loss, sample_weight=_rows_of(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """Return the output for one batch. Override for your own way."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self._predicted(x, training=False)

    def _predicted(self, x: Any, training: bool) -> Any:
        return self(x, training=training)

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        kwargs: dict[str, Any] = {"x": x, "y": y, "y_pred": y_pred, "sample_weight": sample_weight}
        takes = signature(self.compute_loss)
        if takes.takes("training") or takes.any_keyword:
            kwargs["training"] = training
        return self.compute_loss(**kwargs)

    # --- the loop -----------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        resume: Any = None,
    ) -> Any:
        """Train over all rows, so many times; return a `History`.

        With `resume`, a folder for this run alone, the run is kept there: the same program, started
        again after whatever interrupted it, goes on with the same bits, and its history has all
        epochs. When training has ended, a further run does not train again, but has the weights
        and the history at once; with more `epochs` it goes on from there.

        Args:
            x: the data: arrays (NumPy, pandas, lists; several in a list or dict), a generator, an
                iterable of batches, or a `PyDataset`.
            y: the targets, unless `x` gives them itself.
            batch_size: rows a step; 32 if None.
            epochs: after which epoch to stop.
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch, "auto" as the output suits.
            callbacks: called as training goes on.
            validation_split: the last fraction of the rows is kept for validation.
            validation_data: (x, y) or (x, y, sample_weight), or anything `x` may be.
            shuffle: whether the rows come in a new order each epoch.
            class_weight: a weight for each class, by its number.
            sample_weight: a weight for each row.
            initial_epoch: the first epoch's number, to go on from.
            steps_per_epoch: batches an epoch; all if None.
            validation_steps: batches of validation; all if None.
            validation_batch_size: rows a batch of validation; `batch_size` if None.
            validation_freq: every how many epochs to validate, or in which ones.
            resume: a folder, or a `BackupAndRestore` that says more; None to keep nothing.

        Raises:
            ValueError: if the model is not compiled, the data cannot be used, or what is kept in the
                folder is damaged or of another run (other data, another model); the weights are as
                they were then.
            OSError: if the folder cannot be read or written when training begins, or another run is
                in it (BlockingIOError).
        """
        from annette.training import fitting

        return fitting.fit(
            self, x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data,
            shuffle, class_weight, sample_weight, initial_epoch, steps_per_epoch, validation_steps,
            validation_batch_size, validation_freq, resume,
        )  # fmt: skip

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return the loss and metrics over the data: a number, a list by `metrics_names` or a dict.

        Raises:
            ValueError: if the model is not compiled, or the data cannot be used.
        """
        from annette.training import loop

        return loop.evaluate(
            self, x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict, **kwargs
        )

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs for all rows as NumPy arrays.

        Raises:
            ValueError: if the data cannot be used.
        """
        from annette.training import loop

        return loop.predict(self, x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Learn from one batch; return its loss and metrics."""
        from annette.training import loop

        return loop.train_on_batch(self, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Measure one batch; return its loss and metrics."""
        from annette.training import loop

        return loop.test_on_batch(self, x, y, sample_weight, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch as NumPy arrays."""
        from annette.training import loop

        return loop.predict_on_batch(self, x)

    def make_train_function(self, force: bool = False) -> None:
        """Set `train_function`, which takes an iterator, learns from its next batch, gives logs."""
        self._make_function("train", force)

    def make_test_function(self, force: bool = False) -> None:
        """Set `test_function`, which takes an iterator and measures its next batch."""
        self._make_function("test", force)

    def make_predict_function(self, force: bool = False) -> None:
        """Set `predict_function`, which takes an iterator and gives outputs of its next batch."""
        self._make_function("predict", force)

    def _make_function(self, kind: str, force: bool) -> None:
        from annette.training import loop

        if force or getattr(self, f"{kind}_function") is None:
            setattr(self, f"{kind}_function", partial(loop.next_step, self, kind))

    def profile(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        sample_weight: Any = None,
        seconds: float = 0.5,
        verbose: Any = 1,
    ) -> Any:
        """Time each instruction of a step, beside the machine's measured peaks; print the table.

        With `y` it is the step of training, without it that of `predict`. Weights, optimizer state,
        metrics and random seeds stay as they are; a model not built yet is built.

        Args:
            x: the data, as `fit` takes it.
            y: the targets, or None.
            batch_size: rows a step; 32 if None.
            sample_weight: a weight for each row.
            seconds: how long to time.
            verbose: whether to print the table that is returned.

        Raises:
            RuntimeError: if the backend is not the native one.
            ValueError: if the data cannot be used, or training is asked of a model not compiled.
        """
        from annette.training import profiling

        return profiling.profile(self, x, y, batch_size, sample_weight, seconds, verbose)

    # --- configuration ------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained model."""
        return Layer.get_config(self)

    def to_json(self, **kwargs: Any) -> str:
        """Return the configuration as JSON text."""
        import json

        return json.dumps(serialization.serialize_keras_object(self), **kwargs)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the model that `config` describes."""
        if cls is Model and "input_layers" in config:
            from annette.models.functional import Functional

            return Functional.from_config(config, custom_objects)
        with serialization.custom_object_scope(custom_objects or {}):
            return super().from_config(config)


@cache
def _call_program() -> Callable[[Any, np.ndarray], Any]:
    # Imported with the first call: training is made of models.
    from annette.training.calling import call_program

    return call_program


def _alone() -> bool:
    """Say whether no trace, tape or other layer is about: a call's numbers are all that is asked."""
    quiet = state.trace is None and not state.tapes and not state.watched
    return quiet and calls.entry is None and state.scope is None


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return len(args) == 2 or (len(args) == 1 and "outputs" in kwargs) or (
        "inputs" in kwargs and "outputs" in kwargs
    )  # fmt: skip


def _become_functional(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Make a subclass's instance functional: ``super().__init__(inputs, outputs)`` was called."""
    from annette.models.functional import Functional

    cls = type(model)
    if not issubclass(cls, Functional):
        both = type(cls.__name__, (cls, Functional), {"__module__": cls.__module__})
        object.__setattr__(model, "__class__", both)
    Functional.__init__(model, *args, **kwargs)


def _check_steps(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(
            f"steps_per_execution must be a whole number of 1 or more; it got {value!r}."
        )


def _rows_of(x: Any) -> Any:
    first = next((t for t in tree.flatten(x) if t is not None), None)
    return first.shape[0] if first is not None and len(first.shape) else None


def _scaling(optimizer: Any) -> Any:
    """The optimizer, with a loss scale that finds itself unless it has one already."""
    known = isinstance(optimizer, optimizers.Optimizer)
    if not known or isinstance(optimizer, optimizers.LossScaleOptimizer):
        return optimizer
    return optimizers.LossScaleOptimizer(optimizer)
