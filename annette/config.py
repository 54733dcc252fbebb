"""Settings that every room reads: float type, fuzz factor, image layout (``keras.config``)."""

from __future__ import annotations

import operator
import os
from typing import Any

# What the native core is made for.
_MOST_THREADS = 256
_FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")
_settings: dict[str, object] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "interactive_logging": True,
    "traceback_filtering": True,
    "flash_attention": None,
}
_LIMITS: dict[str, int | None] = {"max_epochs": None, "max_steps_per_epoch": None}


def floatx() -> str:
    """Return the default float type of weights and results, ``"float32"`` unless set."""
    return str(_settings["floatx"])


def set_floatx(value: str) -> None:
    """Set the default float type.

    Raises:
        ValueError: if `value` is none of bfloat16, float16, float32, float64.
    """
    if value not in _FLOAT_TYPES:
        raise ValueError(f"set_floatx expects one of {', '.join(_FLOAT_TYPES)}; it got {value!r}.")
    _settings["floatx"] = str(value)


def epsilon() -> float:
    """Return the fuzz factor that keeps logarithms and quotients finite, 1e-7 unless set."""
    return float(_settings["epsilon"])  # type: ignore[arg-type]  # only floats are stored here


def set_epsilon(value: float) -> None:
    """Set the fuzz factor."""
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """Return where images have their channels: ``"channels_last"`` or ``"channels_first"``."""
    return str(_settings["image_data_format"])


def set_image_data_format(data_format: str) -> None:
    """Set where images have their channels.

    Raises:
        ValueError: if `data_format` is neither "channels_last" nor "channels_first".
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(
            "set_image_data_format expects 'channels_last' or 'channels_first'; "
            f"it got {data_format!r}."
        )
    _settings["image_data_format"] = data_format


def enable_interactive_logging() -> None:
    """Draw progress to the terminal as it happens (the default)."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Print progress through the ``annette`` logger, a line at a time."""
    _settings["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    """Say whether progress is drawn to the terminal."""
    return bool(_settings["interactive_logging"])


def enable_traceback_filtering() -> None:
    """Accept Keras's switch; annette's tracebacks are short already."""
    _settings["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Accept Keras's switch; annette's tracebacks are short already."""
    _settings["traceback_filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """Say what the last call of the two above asked for."""
    return bool(_settings["traceback_filtering"])


def dtype_policy() -> Any:
    """Return the DTypePolicy of layers that are given none: ``floatx()`` unless set."""
    from annette import dtype_policies

    return dtype_policies.dtype_policy()


def set_dtype_policy(policy: Any) -> None:
    """Set the dtype policy, by name or itself, of layers that are given none.

    Raises:
        ValueError: if `policy` is neither a policy nor the name of one.
    """
    from annette import dtype_policies

    dtype_policies.set_dtype_policy(policy)


def enable_flash_attention() -> None:
    """Accept Keras's switch; how attention is computed is the backend's choice."""
    _settings["flash_attention"] = True


def disable_flash_attention() -> None:
    """Accept Keras's switch; how attention is computed is the backend's choice."""
    _settings["flash_attention"] = False


def is_flash_attention_enabled() -> bool | None:
    """Say what the last call of the two above asked for; None if there was none."""
    return _settings["flash_attention"]  # type: ignore[return-value]  # only those are stored here


def is_nnx_enabled() -> bool:
    """Say that weights are not Flax's: never."""
    return False


def max_epochs() -> int | None:
    """Return the most epochs a `fit` may have, None for no limit.

    At the start it is ``KERAS_MAX_EPOCHS``, so that a program can be tried without changing it.
    """
    return _LIMITS["max_epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Let `fit` stop after so many epochs, whatever it is told; None for no limit.

    Raises:
        ValueError: if it is neither None nor a whole number above 0.
    """
    _LIMITS["max_epochs"] = _checked_limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """Return the most batches that an epoch, an evaluation or a prediction may have.

    None for no limit. At the start it is ``KERAS_MAX_STEPS_PER_EPOCH``.
    """
    return _LIMITS["max_steps_per_epoch"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Let `fit`, `evaluate` and `predict` take so many batches at most; None for no limit.

    Raises:
        ValueError: if it is neither None nor a whole number above 0.
    """
    _LIMITS["max_steps_per_epoch"] = _checked_limit("max_steps_per_epoch", max_steps_per_epoch)


def _checked_limit(name: str, value: Any) -> int | None:
    if value is None:
        return None
    try:
        count = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(
            f"set_{name} expects a whole number of at least 1, or None for no limit; it got "
            f"{value!r}."
        )
    return count


def _read_limits() -> None:
    """Take the limits from the environment, where Keras has them."""
    for name in _LIMITS:
        variable = f"KERAS_{name.upper()}"
        text = os.environ.get(variable)
        if not text:
            continue
        if not text.isdecimal() or int(text) < 1:
            raise ValueError(f"{variable} must be a whole number of at least 1; it is {text!r}.")
        _LIMITS[name] = int(text)


_read_limits()


def set_backend(backend: str) -> None:
    """Run graphs with the backend of that name ("native", "numpy", "jax") from now on.

    What was made before goes on working: it is compiled anew for the new backend.

    Raises:
        ValueError: if there is none of that name.
        ImportError: if the package it needs is not installed.
    """
    from annette import backends

    backends.set_backend(backend)


def backend() -> str:
    """Return the name of the backend that runs graphs: "native", "numpy" or "jax"."""
    from annette.backends import current_backend

    return current_backend().name


def num_threads() -> int:
    """Return how many threads the native backend works with.

    At the start it is ``ANNETTE_NUM_THREADS``, else ``OMP_NUM_THREADS``, else the number of cores
    that this process may use.

    Raises:
        RuntimeError: if the backend is another one.
    """
    return _threads_of("num_threads")[1]


def set_num_threads(num_threads: int) -> None:
    """Let the native backend work with so many threads from now on; results are the same on any.

    Raises:
        TypeError: if `num_threads` is not a whole number.
        ValueError: if it is not from 1 to 256.
        RuntimeError: if the backend is another one.
    """
    try:
        count = -1 if isinstance(num_threads, bool) else operator.index(num_threads)
    except TypeError:
        raise TypeError(
            f"set_num_threads expects a whole number of threads; it got {num_threads!r}."
        ) from None
    if not 1 <= count <= _MOST_THREADS:
        raise ValueError(
            f"set_num_threads expects a number from 1 to {_MOST_THREADS}; it got {num_threads!r}."
        )
    _threads_of("set_num_threads")[0].set_threads(count)


def _threads_of(what: str) -> tuple[Any, int]:
    from annette.backends import current_backend

    current = current_backend()
    count = current.threads()
    if count is None:
        raise RuntimeError(
            f"{what} is about the threads of the native backend; the backend is '{current.name}', "
            "which chooses its threads itself (NumPy's matrix products: OPENBLAS_NUM_THREADS, set "
            "before the start)."
        )
    return current, count
