"""Many epochs in one go, for runs that nobody watches: no callbacks but the history, no validation.

Small networks spend most of an epoch between its steps: setting metrics to zero, reading them,
telling callbacks. A backend that can do those things itself is given whole epochs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annette.backends import current_backend
from annette.graph.trace import trace
from annette.metrics import Metric
from annette.models.model import Model
from annette.training.callbacks.backup_and_restore import BackupAndRestore
from annette.training.callbacks.callback_list import CallbackList
from annette.training.callbacks.history import History
from annette.training.data import ArraySource, DataSource
from annette.training.programs import step_for

if TYPE_CHECKING:
    from annette.training.resume import Keeper

_RESULTS = ("train_step", "compute_metrics", "get_metrics_result", "reset_metrics", "metrics")


def can_run_many(
    model: Any, source: DataSource, callbacks: CallbackList, validation: DataSource | None
) -> bool:
    """Say whether nobody would see the epochs' beginnings and ends."""
    alone = all(type(c) in (History, BackupAndRestore) for c in callbacks.callbacks)
    plain = all(getattr(type(model), n) is getattr(Model, n) for n in _RESULTS)
    return (
        validation is None
        and type(source) is ArraySource
        and not source.steps
        and source.shuffle in (False, True)
        and source.own_order is None
        and alone
        and plain
        and not model.run_eagerly
        and all(type(m).reset_state is Metric.reset_state for m in _nested(model.metrics))
        and current_backend().instant
        and source.leaves[0].ndim > 0
    )


def run_many(
    model: Any, source: Any, callbacks: CallbackList, first: int, last: int, seconds: float,
    keeper: Keeper | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    """Train from epoch `first` to `last`; return the last one's logs, or None if it cannot be done.

    Whatever stops it, the history has the epochs that were finished.
    """
    size, rows = source.batch_size, source.rows
    steps = [
        step_for(model, "train", source.leaves, n, source.pack).quiet if n else None
        for n in (size if rows >= size else 0, rows % size)
    ]
    results = _results(model)
    if results is None:
        return None
    program, names = results
    resets = [v for m in model.metrics for v in m.variables]
    start = getattr(steps[0] or steps[1], "many_epochs", None)
    run = start and start(
        steps[1], program, source.leaves, rows, size, bool(source.shuffle), source.seed or 0, resets
    )
    if run is None:
        return None
    history = callbacks.history
    epoch = first
    logs: dict[str, Any] = {}
    while epoch < last:
        # The state is that of an epoch's end only if the run was told to stop there.
        kept = keeper is not None and keeper.wants_epoch()
        done, values = run(epoch, epoch + 1 if kept else last, seconds)
        table = {n: values[i :: len(names)] for i, n in enumerate(names)}
        if history is not None:
            history.extend(range(epoch, done), table)
        if done > epoch:
            logs = {n: column[-1] for n, column in table.items()}
            if keeper is not None and kept:
                keeper.after_epoch(done - 1, logs)
        epoch = done
    return logs


def metrics_now(model: Any) -> dict[str, Any]:
    """Return the metrics' values as `get_metrics_result` does, by a program where that can be."""
    found = _results(model)
    if found is None:
        result: dict[str, Any] = model.get_metrics_result()
        return result
    program, names = found
    return dict(zip(names, program([]), strict=True))


def _results(model: Any) -> tuple[Any, list[str]] | None:
    """Return a program of the metrics' values, and their names.

    None if they are no single numbers, or a user's metric may do more than compute.
    """
    metrics = _nested(model.metrics)
    key = ("results", tuple(map(id, metrics)), current_backend().name)
    if not current_backend().instant or any(not _is_ours(m) for m in metrics):
        return None
    found: tuple[Any, list[str]] | None = model._programs.get(key)
    if found is None:
        graph, values = trace(lambda: model.get_metrics_result(), [], "results")
        names = sorted(values)
        if any(isinstance(values[n], dict) for n in names):
            return None
        outputs = [values[n] for n in names]
        if any(t.shape != () or t.dtype != "float32" for t in outputs) or graph.assigns:
            return None
        graph.outputs = outputs
        found = current_backend().compile(graph), names
        model._programs[key] = found
    return found


def _is_ours(metric: Any) -> bool:
    return type(metric).__module__.startswith("annette.metrics.")


def _nested(metrics: list[Any]) -> list[Any]:
    return [*metrics, *(n for m in metrics for n in _nested(m._metrics))]
