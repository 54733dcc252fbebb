"""evaluate, predict, and the loop over batches that training shares: one for every backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from annette import config
from annette.graph.dtypes import numpy_dtype
from annette.models.model import Model
from annette.training.callbacks.callback_list import CallbackList
from annette.training.calling import predict_again, remember_predict
from annette.training.collector import Collector
from annette.training.data import (
    ArraySource,
    DataSource,
    make_source,
)
from annette.training.data.source import warn_ran_out
from annette.training.epochs import metrics_now
from annette.training.guard import Guard
from annette.training.keeping import Place
from annette.training.programs import step_for
from annette.training.rowwise import rows_are_alone
from annette.training.strings import without_strings
from annette.utils import tree

if TYPE_CHECKING:
    from annette.training.resume import Keeper

# How long to compute before progress is shown and signals are answered (seconds).
SLICE = 0.05
# Rows that are predicted at a time where the user's batch size does not matter (samples).
WIDE = 1024
# ... unless a value between would have more bytes than this: it would leave the caches.
LARGEST = 1 << 24


def evaluate(
    model: Any, x: Any, y: Any, batch_size: Any, verbose: Any, sample_weight: Any, steps: Any,
    callbacks: Any, return_dict: bool, **kwargs: Any,
) -> Any:  # fmt: skip
    """Measure; see `Model.evaluate`."""
    require_compiled(model, "evaluate")
    if kwargs:
        raise ValueError(f"evaluate got unknown arguments {', '.join(map(repr, kwargs))}.")
    verbose = verbosity(verbose)
    x = without_strings(model, x)
    source = limited(make_source(x, y, sample_weight, batch_size=batch_size, steps=steps))
    guard = Guard(model, "test")
    guard.prepare(source.peek())
    guard.check_source(source)
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1,
            steps=source.num_batches,
        )  # fmt: skip
    logs = run_test(model, source, guard, callbacks)
    return logs if return_dict else in_order(model, logs)


def predict(model: Any, x: Any, batch_size: Any, verbose: Any, steps: Any, callbacks: Any) -> Any:
    """Compute outputs; see `Model.predict`."""
    verbose = verbosity(verbose)
    if verbose == 0 and callbacks is None and steps is None:
        found = predict_again(model, x, batch_size)
        if found is not None:
            return found
    if x is None:
        raise ValueError("predict expects x, the data to compute outputs for; it got None.")
    x = without_strings(model, x)
    source = limited(make_source(x, batch_size=batch_size, steps=steps))
    guard = Guard(model, "predict")
    guard.prepare(source.peek())
    if not isinstance(callbacks, CallbackList):
        callbacks = CallbackList(
            callbacks, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1,
            steps=source.num_batches,
        )  # fmt: skip
    model.stop_predicting = False
    callbacks.on_predict_begin()
    if _predicts_rows(model, source, callbacks):
        found = _predict_rows(model, x, source, callbacks)
        callbacks.on_predict_end()
        return found
    collected = Collector(getattr(source, "rows", None) if not steps else None)
    for number, (leaves, pack) in enumerate(_batches(source, 0)):
        callbacks.on_predict_batch_begin(number)
        step = step_for(model, "predict", leaves, leaves[0].shape[0], pack)
        outputs = step.run(leaves)
        collected.add(outputs)
        callbacks.on_predict_batch_end(number, {"outputs": outputs})
        if model.stop_predicting:
            break
    callbacks.on_predict_end()
    return collected.result()


def train_on_batch(
    model: Any, x: Any, y: Any, sample_weight: Any, class_weight: Any, return_dict: bool
) -> Any:
    """Learn from one batch; see `Model.train_on_batch`."""
    require_compiled(model, "train_on_batch")
    if class_weight is not None and sample_weight is not None:
        raise ValueError("train_on_batch takes sample_weight or class_weight, not both.")
    logs = _one_batch(model, "train", x, y, sample_weight, class_weight)
    return logs if return_dict else in_order(model, logs)


def test_on_batch(model: Any, x: Any, y: Any, sample_weight: Any, return_dict: bool) -> Any:
    """Measure one batch; see `Model.test_on_batch`."""
    require_compiled(model, "test_on_batch")
    logs = _one_batch(model, "test", x, y, sample_weight, None)
    return logs if return_dict else in_order(model, logs)


def predict_on_batch(model: Any, x: Any) -> Any:
    """Compute outputs for one batch; see `Model.predict_on_batch`."""
    return tree.map_structure(np.asarray, _one_batch(model, "predict", x, None, None, None))


def _one_batch(model: Any, kind: str, x: Any, y: Any, sample_weight: Any, class_weight: Any) -> Any:
    x = without_strings(model, x)
    whole = make_source(x, y, sample_weight, class_weight=class_weight, batch_size=2**31)
    batch = whole.peek()
    guard = Guard(model, kind)
    guard.prepare(batch)
    guard.check_batch(batch)
    model.reset_metrics()
    leaves, pack = split(batch)
    return _python(step_for(model, kind, leaves, leaves[0].shape[0], pack).run(leaves))


def next_step(model: Any, kind: str, iterator: Iterator[Any]) -> Any:
    """Run one step on the next batch of an iterator; return its logs, or the outputs."""
    if kind != "predict":
        require_compiled(model, f"{kind}_function")
    batch = make_source(without_strings(model, iter([next(iterator)]))).peek()
    Guard(model, kind).prepare(batch)
    leaves, pack = split(batch)
    found = step_for(model, kind, leaves, leaves[0].shape[0], pack).run(leaves)
    return found if kind == "predict" else _python(_as_logs(model, kind, found))


def limited(source: DataSource) -> DataSource:
    """Return the source, with no more batches in an epoch than `config` allows."""
    limit = config.max_steps_per_epoch()
    if limit is not None and (source.num_batches is None or source.num_batches > limit):
        source.limit(limit)
    return source


# --- an epoch ---------------------------------------------------------------------------------


_BEGIN = Place(0)


def run_epoch(
    model: Any, kind: str, source: DataSource, epoch: int, callbacks: CallbackList, guard: Guard,
    begin: Place = _BEGIN, keeper: Keeper | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Run over an epoch's batches, from where it begins or goes on; return the metrics at its end."""
    alone = not callbacks.uses_hooks(kind) and not model.run_eagerly
    if type(source) is ArraySource and alone and source.leaves[0].ndim:
        return _run_rows(model, kind, source, epoch, callbacks, begin, keeper)
    return _run_batches(model, kind, source, epoch, callbacks, guard, begin, keeper)


def run_test(
    model: Any, source: DataSource, guard: Guard, callbacks: CallbackList
) -> dict[str, Any]:
    """Measure over all data of a source; return the logs."""
    model.stop_evaluating = False
    model.reset_metrics()
    callbacks.on_test_begin()
    logs = run_epoch(model, "test", source, 0, callbacks, guard)
    callbacks.on_test_end(logs)
    return logs


def _run_rows(
    model: Any, kind: str, source: ArraySource, epoch: int, callbacks: CallbackList, start: Place,
    keeper: Keeper | None,
) -> dict[str, Any]:  # fmt: skip
    """Run over rows in memory, many steps between two looks at the progress."""
    size = source.batch_size
    _, first, last = source.window(epoch)
    order = source.order(epoch)
    place, end = (first + start.batch) * size, min(last * size, source.rows)
    begin, done = (
        getattr(callbacks, f"on_{kind}_batch_begin"),
        getattr(callbacks, f"on_{kind}_batch_end"),
    )
    quiet = _is_quiet(model, kind)
    logs: dict[str, Any] = (start.logs or {}) if start.batch else {}
    while place < end:
        rows = min(size, end - place)
        stop = place + (end - place) // rows * rows
        step = step_for(model, kind, source.leaves, rows, source.pack)
        program = step.quiet if quiet else step.full
        while place < stop:
            number = place // size
            begin(number - first)
            upto = stop if keeper is None else keeper.stop_before(place, stop, rows)
            place, outputs = program.run_rows(source.leaves, order, place, upto, rows, SLICE)
            logs = metrics_now(model) if quiet else _as_logs(model, kind, step.unpack(outputs))
            after = -(-place // size)
            done(after - first - 1, logs)
            if keeper is not None:
                keeper.after_batches(epoch, after - first, after - number, logs)
            if _stops(model, kind):
                return _epoch_logs(logs)
    if source.steps and last - first < source.steps:
        warn_ran_out()
    return _epoch_logs(logs)


def _predicts_rows(model: Any, source: DataSource, callbacks: CallbackList) -> bool:
    """Say whether rows in memory can be predicted without a look at each batch."""
    return (
        type(source) is ArraySource
        and not source.steps
        and not source.shuffle
        and not callbacks.uses_hooks("predict")
        and not model.run_eagerly
        and source.leaves[0].ndim > 0
    )


def _predict_rows(model: Any, x: Any, source: Any, callbacks: CallbackList) -> Any:
    """Predict rows in memory, outputs straight into arrays of all rows.

    How a lone array was predicted that is one batch is kept.
    """
    rows, size = source.rows, source.batch_size
    # Where each row is computed for itself, the batches' size is ours to choose.
    wide = max(size, WIDE) if rows > size and rows_are_alone(model) else size
    whole: list[np.ndarray] | None = None
    pack: Any = None
    place = 0
    while place < rows:
        count = min(wide, rows - place)
        stop = place + (rows - place) // count * count
        step = step_for(model, "predict", source.leaves, count, source.pack)
        if count > size and step.largest_bytes > LARGEST:
            wide = max(size, count * LARGEST // step.largest_bytes)
            if wide < count:
                continue
        program = step.full
        shapes = [t.shape for t in step.graph.outputs]
        if any(not s or s[0] != count for s in shapes):
            return _predict_parts(model, source)
        if whole is None:
            whole = [
                np.empty((rows, *t.shape[1:]), numpy_dtype(t.dtype)) for t in step.graph.outputs
            ]
            pack = step.unpack
            if x is source.leaves[0] and count == rows:
                remember_predict(model, x, step)
        while place < stop:
            callbacks.on_predict_batch_begin(place // size)
            place = program.collect_rows(source.leaves, place, stop, count, SLICE, whole)
            callbacks.on_predict_batch_end(-(-place // size) - 1, {})
            if model.stop_predicting:
                return pack([w[:place] for w in whole])
    return pack(whole)


def _predict_parts(model: Any, source: DataSource) -> Any:
    """Predict batch by batch, whatever the outputs' shapes."""
    collected = Collector(None)
    for leaves, pack in _batches(source, 0):
        collected.add(step_for(model, "predict", leaves, leaves[0].shape[0], pack).run(leaves))
    return collected.result()


def _run_batches(
    model: Any, kind: str, source: DataSource, epoch: int, callbacks: CallbackList, guard: Guard,
    start: Place, keeper: Keeper | None,
) -> dict[str, Any]:  # fmt: skip
    """Run batch by batch: for data that comes so, and for callbacks that want to see each."""
    begin, done = (
        getattr(callbacks, f"on_{kind}_batch_begin"),
        getattr(callbacks, f"on_{kind}_batch_end"),
    )
    checked = isinstance(source, ArraySource)
    logs: Any = (start.logs or {}) if start.batch else {}
    for number, (leaves, pack) in enumerate(_batches(source, epoch, start.batch), start.batch):
        if not checked:
            guard.check_batch(pack(leaves))
        begin(number)
        step = step_for(model, kind, leaves, leaves[0].shape[0], pack)
        logs = _as_logs(model, kind, step.run(leaves))
        done(number, logs)
        if keeper is not None:
            keeper.after_batches(epoch, number + 1, 1, logs)
        if _stops(model, kind):
            break
    return _epoch_logs(logs)


def _stops(model: Any, kind: str) -> bool:
    """Say whether somebody asked for an end of this run; training's end is none of evaluation."""
    asked: bool = model.stop_training if kind == "train" else model.stop_evaluating
    return asked


def _batches(source: DataSource, epoch: int, done: int = 0) -> Iterator[tuple[list[Any], Any]]:
    """Yield each batch as its arrays and the function that gives them their structure."""
    for batch in source.batches(epoch, done):
        yield split(batch)


def split(batch: Any) -> tuple[list[Any], Any]:
    """Return a batch's arrays, and the function that gives such arrays its structure."""
    leaves = [leaf for leaf in tree.flatten(batch) if leaf is not None]

    def pack(arrays: list[Any]) -> Any:
        supply = iter(arrays)
        return tree.map_structure(lambda leaf: None if leaf is None else next(supply), batch)

    return leaves, pack


def _is_quiet(model: Any, kind: str) -> bool:
    """Say whether a step's results are just the metrics' values, which can be read when wanted."""
    names = (f"{kind}_step", "compute_metrics", "get_metrics_result")
    return all(getattr(type(model), n) is getattr(Model, n) for n in names)


def _as_logs(model: Any, kind: str, logs: Any) -> dict[str, Any]:
    """Return a step's results, which must be a dict.

    Raises:
        ValueError: naming the method that gave something else.
    """
    if isinstance(logs, dict):
        return logs
    raise ValueError(
        f"{type(model).__name__}.{kind}_step must return a dict from names to values, such as "
        f"{{'loss': loss}}; it returned {type(logs).__name__}. Return "
        "{m.name: m.result() for m in self.metrics}."
    )


def _epoch_logs(logs: Any) -> dict[str, Any]:
    found: dict[str, Any] = _python(logs)
    return found


def _python(logs: Any) -> Any:
    """Return logs with Python numbers, sorted by name."""
    if not isinstance(logs, dict):
        return logs
    found: dict[str, Any] = {}
    for key, value in sorted(logs.items()):
        if isinstance(value, dict):
            found.update(_python(value))
            continue
        array = np.asarray(value)
        found[key] = array.item() if array.ndim == 0 else array
    return found


# --- small things -----------------------------------------------------------------------------


def in_order(model: Any, logs: dict[str, Any]) -> Any:
    """Return logs as `evaluate` does: one number, or a list in the order of `metrics_names`."""
    names = [n for n in model.metrics_names if n in logs]
    values = [logs[n] for n in names] + [v for k, v in logs.items() if k not in names]
    return values[0] if len(values) == 1 else values


def require_compiled(model: Any, what: str) -> None:
    """Raise ValueError if a model is not compiled."""
    if not model.compiled:
        raise ValueError(
            f"Model '{model.name}' must be compiled before {what}: call "
            "model.compile(optimizer='adam', loss=...)."
        )


def verbosity(verbose: Any) -> int:
    """Return 0, 1 or 2 for what a user may give; ValueError for anything else."""
    if verbose == "auto":
        return 1
    if verbose in (0, 1, 2, True, False):
        return int(verbose)
    raise ValueError(f"verbose must be 0, 1, 2 or 'auto'; it got {verbose!r}.")
