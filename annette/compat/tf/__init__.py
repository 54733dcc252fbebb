"""The common names of `tensorflow`, answered by annette; the rest says that it is not here.

Functions compute at once, as TensorFlow's do in eager mode, and return annette's arrays.
"""

from __future__ import annotations

import contextlib as _contextlib
import logging as _logging
from collections.abc import Callable as _Callable
from typing import Any as _Any

import numpy as _np

from annette import GradientTape as GradientTape, initializers as _initializers, ops as _ops
from annette.compat.tf.control import *  # noqa: F403  # each module names what it gives in __all__
from annette.compat.tf.dtypes import *  # noqa: F403
from annette.compat.tf.math import *  # noqa: F403
from annette.compat.tf.places import *  # noqa: F403
from annette.compat.tf.specs import *  # noqa: F403
from annette.compat.tf.tensors import *  # noqa: F403

#: The release of TensorFlow whose names these are: programs compare it.
__version__ = "2.21.0"

newaxis = None

zeros_initializer = _initializers.Zeros
ones_initializer = _initializers.Ones
constant_initializer = _initializers.Constant
random_normal_initializer = _initializers.RandomNormal
random_uniform_initializer = _initializers.RandomUniform


def function(func: _Callable[..., _Any] | None = None, **options: _Any) -> _Any:
    """Return `func` as it is: annette compiles training steps by itself."""
    return func if func is not None else lambda f: f


def executing_eagerly() -> _Any:
    """Return True."""
    return True


def device(name: _Any) -> _contextlib.AbstractContextManager[None]:
    """Do nothing: the backend decides where things run."""
    return _contextlib.nullcontext()


def name_scope(name: str) -> _contextlib.AbstractContextManager[None]:
    """Do nothing: names are given to layers."""
    return _contextlib.nullcontext()


def get_logger() -> _logging.Logger:
    """Return the logger whose level programs lower."""
    return _logging.getLogger("tensorflow")


def print(*values: _Any, **options: _Any) -> None:
    """Print the values to standard error, as TensorFlow does."""
    import builtins
    import sys

    builtins.print(*values, file=options.get("output_stream") or sys.stderr)


def numpy_function(func: _Callable[..., _Any], inp: _Any, Tout: _Any = None) -> _Any:
    """Return `func` of the inputs as NumPy arrays."""
    return _ops.convert_to_tensor(func(*(_np.asarray(x) for x in inp)))


py_function = numpy_function


def Assert(condition: _Any, data: _Any, summarize: _Any = None, name: _Any = None) -> None:
    """Raise InvalidArgumentError with `data` unless the condition holds."""
    from annette.compat.tf.errors import InvalidArgumentError

    if not _np.all(_np.asarray(condition)):
        raise InvalidArgumentError(f"The condition does not hold: {data!r}.")
