"""The metric named "acc": its keys in histories and logs are found under both spellings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from annette.compat import hints

_SWAPS = (("accuracy", "acc"), ("learning_rate", "lr"))


class Logs(dict[str, Any]):
    """A dictionary of metrics in which `acc` and `accuracy` are one key."""

    def __missing__(self, key: str) -> Any:
        other = _other(key)
        if other is None or not dict.__contains__(self, other):
            raise KeyError(key)
        hints.note(f"the key {key!r}", repr(other))
        return dict.__getitem__(self, other)

    def __contains__(self, key: object) -> bool:
        other = _other(key) if isinstance(key, str) else None
        return dict.__contains__(self, key) or (
            other is not None and dict.__contains__(self, other)
        )

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of `key` in either spelling."""
        try:
            return self[key]
        except KeyError:
            return default


def _other(key: str) -> str | None:
    """Return the other spelling: val_acc for val_accuracy, out_accuracy for out_acc."""
    for long, short in _SWAPS:
        for mine, others in ((long, short), (short, long)):
            if key == mine or key.endswith("_" + mine):
                return key[: len(key) - len(mine)] + others
    return None


def install(patch: Callable[[Any, str, Any], None]) -> None:
    """Let callbacks and histories see `Logs`."""
    from annette import callbacks

    for name in (
        "on_epoch_end on_train_end on_test_end on_train_batch_end on_test_batch_end"
    ).split():
        patch(callbacks.CallbackList, name, _with_logs(getattr(callbacks.CallbackList, name)))
    patch(callbacks.History, "on_train_begin", _with_history(callbacks.History.on_train_begin))


def _with_logs(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        args = tuple(Logs(a) if type(a) is dict else a for a in args)
        kwargs = {k: Logs(v) if type(v) is dict else v for k, v in kwargs.items()}
        return method(self, *args, **kwargs)

    return wrapper


def _with_history(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = method(self, *args, **kwargs)
        self.history = Logs(self.history)
        return result

    return wrapper
