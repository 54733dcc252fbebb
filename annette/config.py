"""Settings that every room reads: float type, fuzz factor, image layout (``keras.config``)."""

from __future__ import annotations

import operator
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
}


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
