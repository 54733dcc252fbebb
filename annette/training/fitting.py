"""fit: epochs of training, with validation, callbacks and what keeps a run, for every backend."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import numpy as np

from annette import config
from annette.training.callbacks.callback_list import CallbackList
from annette.training.data import DataSource, batch_dtype, make_source, train_validation_split
from annette.training.data.source import warn_ran_out
from annette.training.epochs import can_run_many, run_many
from annette.training.guard import Guard
from annette.training.keeping import Place, keeping
from annette.training.loop import (
    SLICE,
    limited,
    require_compiled,
    run_epoch,
    run_test,
    split,
    verbosity,
)
from annette.training.programs import Step, step_for
from annette.training.strings import without_strings

if TYPE_CHECKING:
    from annette.training.resume import Keeper


def fit(
    model: Any, x: Any, y: Any, batch_size: Any, epochs: Any, verbose: Any, callbacks: Any,
    validation_split: float, validation_data: Any, shuffle: Any, class_weight: Any,
    sample_weight: Any, initial_epoch: int, steps_per_epoch: Any, validation_steps: Any,
    validation_batch_size: Any, validation_freq: Any, resume: Any = None,
) -> Any:  # fmt: skip
    """Train; see `Model.fit`."""
    require_compiled(model, "fit")
    _require_count("epochs", epochs)
    initial_epoch = _first_epoch(initial_epoch)
    _check_frequency(validation_freq)
    epochs = min(epochs, config.max_epochs() or epochs)
    verbose = verbosity(verbose)
    with keeping(resume, callbacks) as keeper:
        x = without_strings(model, x)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = train_validation_split(
                (x, y, sample_weight), validation_split
            )
        source = limited(make_source(
            x, y, sample_weight, batch_size=batch_size, shuffle=shuffle, class_weight=class_weight,
            steps=steps_per_epoch,
        ))  # fmt: skip
        validation = _validation_source(
            model, validation_data, validation_batch_size or batch_size, validation_steps
        )
        training = _Training(model, source, validation, validation_freq, keeper)
        training.prepare(callbacks, verbose, epochs)
        training.run(initial_epoch, epochs)
    return model.history


class _Training:
    """One run of `fit`."""

    callbacks: CallbackList

    def __init__(
        self, model: Any, source: DataSource, validation: DataSource | None, frequency: Any,
        keeper: Keeper | None,
    ) -> None:  # fmt: skip
        self.model, self.source, self.validation = model, source, validation
        self._frequency = frequency
        self._keeper = keeper

    def prepare(self, callbacks: Any, verbose: int, epochs: int) -> None:
        """Build the model on the first batch, and check the data as far as it can be seen."""
        model, source = self.model, self.source
        guard = Guard(model, "train", callbacks if isinstance(callbacks, CallbackList) else None)
        self._first = source.peek()
        guard.prepare(self._first)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_history=True, add_progbar=verbose != 0, model=model, verbose=verbose,
                epochs=epochs, steps=source.num_batches,
            )  # fmt: skip
            guard = _renewed(guard, callbacks)
        guard.check_source(source)
        self.callbacks, self._guard = callbacks, guard
        if self.validation is not None:
            self._validation_guard = Guard(model, "test", callbacks)
            self._validation_guard.prepare(self.validation.peek())
            self._validation_guard.check_source(self.validation)

    def run(self, first: int, epochs: int) -> None:
        """Train from an epoch to another, or from where a kept run was interrupted."""
        self.model.stop_training = False
        place = self._begin(Place(first), epochs)
        if not place.finished:
            self._end(*self._epochs(place, epochs))

    def _begin(self, place: Place, epochs: int) -> Place:
        """Tell callbacks of the beginning; return where to begin."""
        if self._keeper is None:
            self.callbacks.on_train_begin()
            return place
        _try_step(self.model, self._first)
        settings = {"validation_freq": self._frequency}
        place = self._keeper.begin(
            self.model, self.source, self.validation, self.callbacks, settings, place, epochs
        )
        self.model.stop_training = place.stopped
        return place

    def _epochs(self, place: Place, epochs: int) -> tuple[int, dict[str, Any]]:
        """Train to the last epoch, or till something stops it; return the next one and the logs."""
        model, source, keeper = self.model, self.source, self._keeper
        logs: dict[str, Any] = place.logs or {}
        many = can_run_many(model, source, self.callbacks, self.validation)
        epoch = place.epoch
        while epoch < epochs and not place.stopped:
            if many and (keeper is None or keeper.lets_epochs_run()) and not place.batch:
                found = run_many(model, source, self.callbacks, epoch, epochs, SLICE, keeper)
                if found is not None:
                    return epochs, found
                many = False
            results = self._epoch(epoch, place)
            if not results and source.exhausted:
                break
            logs, place, epoch = results, Place(0), epoch + 1
            if source.exhausted and not source.steps and epoch < epochs:
                warn_ran_out()
            if keeper is not None:
                keeper.after_epoch(epoch - 1, logs)
            if model.stop_training or source.exhausted:
                break
        return epoch, logs

    def _epoch(self, epoch: int, place: Place) -> dict[str, Any]:
        """Train for one epoch, or the rest of one; return its logs, none if there was no batch."""
        model, source, callbacks = self.model, self.source, self.callbacks
        if not place.batch:
            model.reset_metrics()
            callbacks.on_epoch_begin(epoch)
        logs = run_epoch(model, "train", source, epoch, callbacks, self._guard, place, self._keeper)
        source.on_epoch_end()
        if not logs and source.exhausted:
            return logs
        if self.validation is not None and _validates(self._frequency, epoch):
            found = run_test(model, self.validation, self._validation_guard, callbacks)
            logs.update({f"val_{name}": value for name, value in found.items()})
        callbacks.on_epoch_end(epoch, logs)
        return logs

    def _end(self, epoch: int, logs: dict[str, Any]) -> None:
        """Give the weights their last values, and tell callbacks of the end."""
        model, keeper = self.model, self._keeper
        if keeper is not None:
            keeper.before_end(epoch, logs)
        if hasattr(model.optimizer, "finalize_variable_values") and model.trainable_weights:
            model.optimizer.finalize_variable_values(model.trainable_weights)
        self.callbacks.on_train_end(logs)
        if keeper is not None:
            keeper.finish()


def _try_step(model: Any, batch: Any) -> None:
    """Trace a step for batches such as this one, so that all variables that it reads are there."""
    leaves, pack = split(batch)
    if not model.run_eagerly:
        step_for(model, "train", leaves, leaves[0].shape[0], pack)
    elif not all(layer.built for layer in model._flatten_layers()):
        # A step that looks at numbers cannot be traced; its layers are made by its first batch.
        with contextlib.suppress(Exception):
            Step(model, "train", [(x.shape, batch_dtype(x.dtype)) for x in leaves], pack)


def _renewed(guard: Guard, callbacks: CallbackList) -> Guard:
    """Return the same guard, knowing the callbacks."""
    fresh = Guard(guard.model, guard.kind, callbacks)
    fresh._outputs = guard._outputs
    return fresh


def _validation_source(model: Any, data: Any, batch_size: Any, steps: Any) -> DataSource | None:
    if data is None:
        return None
    if isinstance(data, (tuple, list)):
        if not 1 <= len(data) <= 3:
            raise ValueError(
                "validation_data expects (x, y) or (x, y, sample_weight); it has "
                f"{len(data)} parts."
            )
        x, y, weight = (*data, None, None)[:3]
    else:
        x, y, weight = data, None, None
    x = without_strings(model, x)
    return limited(
        make_source(x, y, weight, batch_size=batch_size, steps=steps, prefix="validation ")
    )


# --- arguments --------------------------------------------------------------------------------


def _require_count(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f"{name} must be a whole number of 0 or more; it got {value!r}.")


def _validates(frequency: Any, epoch: int) -> bool:
    if isinstance(frequency, (int, np.integer)):
        return bool((epoch + 1) % frequency == 0)
    return (epoch + 1) in frequency


def _check_frequency(frequency: Any) -> None:
    if isinstance(frequency, (int, np.integer)) and not isinstance(frequency, bool):
        if frequency < 1:
            raise ValueError(f"validation_freq must be 1 or more; it got {frequency}.")
    elif isinstance(frequency, (str, bytes)) or not hasattr(frequency, "__contains__"):
        raise ValueError(
            "validation_freq must be a whole number, or a list of the epochs after which to "
            f"validate; it got {frequency!r}."
        )


def _first_epoch(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"initial_epoch must be a whole number; it got {value!r}.")
    return int(value)
