"""CallbackList: several callbacks called as one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette.training.callbacks.callback import Callback, Logs
from annette.training.callbacks.history import History
from annette.training.callbacks.progbar_logger import ProgbarLogger
from annette.utils import tree

# The trainer's own: they keep up with batches that run many at a time without them.
_PATIENT = (History, ProgbarLogger)


class CallbackList(Callback):
    """Callbacks called one after the other.

    Args:
        callbacks: a callback or a list of them.
        add_history: whether to add a `History` if there is none.
        add_progbar: whether to add a `ProgbarLogger` if there is none.
        model: the model they belong to.
        **params: the run's parameters: ``verbose``, ``epochs``, ``steps``.

    Raises:
        ValueError: if something in the list is no callback.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = tree.flatten(callbacks) if callbacks else []
        for callback in self.callbacks:
            _check(callback)
        self._history: History | None = self._first(History)
        if self._history is None and add_history:
            self._history = History()
            self.callbacks.append(self._history)
        if self._first(ProgbarLogger) is None and add_progbar:
            self.callbacks.append(ProgbarLogger())
        self.set_model(model)
        self.set_params(params)

    @property
    def history(self) -> History | None:
        """The `History` in the list."""
        return self._history

    @property
    def uses_batch_hooks(self) -> bool:
        """Whether some callback wants to be called at every batch, of whatever run.

        History and ProgbarLogger do not count: they can be called now and then.
        """
        return any(self.uses_hooks(kind) for kind in ("train", "test", "predict"))

    def uses_hooks(self, kind: str) -> bool:
        """Say whether some callback wants to be called at every batch of a kind of run.

        Args:
            kind: ``"train"``, ``"test"`` or ``"predict"``.
        """
        names = [f"on_{kind}_batch_begin", f"on_{kind}_batch_end"]
        if kind == "train":
            names += ["on_batch_begin", "on_batch_end"]
        return any(
            _overrides(callback, name)
            for callback in self.callbacks
            if type(callback) not in _PATIENT and not getattr(callback, "_patient", False)
            for name in names
        )

    def append(self, callback: Any) -> None:
        """Add a callback at the end."""
        _check(callback)
        self.callbacks.append(callback)
        if self.model is not None:
            callback.set_model(self.model)
        if self.params:
            callback.set_params(self.params)

    def set_params(self, params: dict[str, Any]) -> None:
        """Give the run's parameters to all."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Give the model to all; it gets the `History` as ``model.history``."""
        if model is None:
            return
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def _first(self, kind: type) -> Any:
        return next((c for c in self.callbacks if isinstance(c, kind)), None)

    def _tell(self, hook: str, *position: int, logs: Logs) -> None:
        logs = python_logs(logs)
        for callback in self.callbacks:
            method = getattr(callback, hook, None)
            if method is not None:
                method(*position, logs)

    def _tell_batch(self, hook: str, old: str | None, batch: int, logs: Logs) -> None:
        """Call a batch hook where it does something; the logs are made only if anyone looks."""
        methods: list[Callable[..., Any]] = [
            getattr(callback, hook)
            for callback in self.callbacks
            if _overrides(callback, hook) or (old is not None and _overrides(callback, old))
        ]
        if methods:
            logs = python_logs(logs)
            for method in methods:
                method(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_batch_begin", batch, logs=logs)

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_batch_end", batch, logs=logs)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_epoch_begin", epoch, logs=logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Tell all; what one adds to the logs the next ones see."""
        self._tell("on_epoch_end", epoch, logs=logs)

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell_batch("on_train_batch_begin", "on_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell_batch("on_train_batch_end", "on_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell_batch("on_test_batch_begin", None, batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell_batch("on_test_batch_end", None, batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell_batch("on_predict_batch_begin", None, batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Tell all."""
        self._tell_batch("on_predict_batch_end", None, batch, logs)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_train_begin", logs=logs)

    def on_train_end(self, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_train_end", logs=logs)

    def on_test_begin(self, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_test_begin", logs=logs)

    def on_test_end(self, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_test_end", logs=logs)

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_predict_begin", logs=logs)

    def on_predict_end(self, logs: Logs = None) -> None:
        """Tell all."""
        self._tell("on_predict_end", logs=logs)


def python_logs(logs: Logs) -> dict[str, Any]:
    """Return `logs` sorted by name, numbers as Python floats; inner dicts join in."""
    # a dict that reads old names of metrics stays one
    result: dict[str, Any] = type(logs)() if isinstance(logs, dict) else {}
    for key, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            result.update(python_logs(value))
            continue
        try:
            result[key] = value if getattr(value, "ndim", 0) else float(value)
        except (TypeError, ValueError):
            result[key] = value
    return result


def _overrides(callback: Any, hook: str) -> bool:
    """Say whether a callback does something in `hook` (also if set on the instance)."""
    if hook in getattr(callback, "__dict__", ()):
        return True
    method = getattr(type(callback), hook, None)
    return method is not None and method is not getattr(Callback, hook)


def _check(callback: Any) -> None:
    if isinstance(callback, type):
        raise ValueError(
            f"callbacks holds the class {callback.__name__}; make a callback of it by calling it: "
            f"{callback.__name__}(...)."
        )
    if not (hasattr(callback, "set_model") and hasattr(callback, "set_params")):
        raise ValueError(
            f"callbacks must be Callback objects; it got {callback!r} of type "
            f"{type(callback).__name__}. A function becomes one with "
            "LambdaCallback(on_epoch_end=...)."
        )
