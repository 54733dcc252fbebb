"""``keras.backend``: the settings, names and questions about dtypes that Keras 3 keeps there.

The mathematics of older `keras.backend` (`K.mean`, ...) is `annette.ops`; programs run with
``annette run`` find it under both names.
"""

from __future__ import annotations

from typing import Any

from annette.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from annette.graph.dtypes import is_float, is_int, result_type, standardize
from annette.graph.symbolic import is_keras_tensor
from annette.utils.naming import next_uid
from annette.utils.session import clear_session

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a dtype: ``floatx()`` for None, `"float32"` for ``np.float32``.

    Raises:
        ValueError: if `dtype` is no dtype that an array can have.
    """
    return standardize(dtype)


def is_float_dtype(dtype: Any) -> bool:
    """Say whether `dtype` is a real floating-point type.

    Raises:
        ValueError: if `dtype` is no dtype that an array can have.
    """
    return is_float(standardize(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Say whether `dtype` is a type of whole numbers, signed or not; bool is none.

    Raises:
        ValueError: if `dtype` is no dtype that an array can have.
    """
    return is_int(standardize(dtype))


def get_uid(prefix: str = "") -> int:
    """Return 1, 2, 3, ... for each prefix; `clear_session` begins anew."""
    return next_uid(prefix)
