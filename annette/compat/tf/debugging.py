"""`tf.debugging`: assertions about arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from annette.compat.tf.errors import InvalidArgumentError
from annette.compat.tf.tensors import constant


def _comparing(name: str, words: str, holds: Callable[[Any, Any], Any]) -> Callable[..., None]:
    def function(
        x: Any, y: Any, message: Any = None, summarize: Any = None, name: Any = None
    ) -> None:
        a, b = np.asarray(x), np.asarray(y)
        if not np.all(holds(a, b)):
            raise InvalidArgumentError(f"{message or ''} x = {a} must be {words} y = {b}.".strip())

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raise InvalidArgumentError unless x is {words} y everywhere."
    return function


assert_equal = _comparing("assert_equal", "equal to", np.equal)
assert_none_equal = _comparing("assert_none_equal", "different from", np.not_equal)
assert_greater = _comparing("assert_greater", "greater than", np.greater)
assert_greater_equal = _comparing("assert_greater_equal", "at least", np.greater_equal)
assert_less = _comparing("assert_less", "less than", np.less)
assert_less_equal = _comparing("assert_less_equal", "at most", np.less_equal)


def _against_zero(name: str, words: str, holds: Callable[[Any, Any], Any]) -> Callable[..., None]:
    def function(x: Any, message: Any = None, summarize: Any = None, name: Any = None) -> None:
        a = np.asarray(x)
        if not np.all(holds(a, 0)):
            raise InvalidArgumentError(f"{message or ''} x = {a} must be {words}.".strip())

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Raise InvalidArgumentError unless x is {words} everywhere."
    return function


assert_positive = _against_zero("assert_positive", "positive", np.greater)
assert_negative = _against_zero("assert_negative", "negative", np.less)
assert_non_negative = _against_zero("assert_non_negative", "0 or more", np.greater_equal)
assert_non_positive = _against_zero("assert_non_positive", "0 or less", np.less_equal)


def assert_near(
    x: Any, y: Any, rtol: Any = None, atol: Any = None, message: Any = None, **options: Any
) -> None:
    """Raise InvalidArgumentError unless |x - y| <= atol + rtol |y| everywhere."""
    a, b = np.asarray(constant(x)), np.asarray(constant(y))
    tiny = 10 * float(np.finfo(a.dtype if a.dtype.kind == "f" else "float32").eps)
    if not np.allclose(a, b, tiny if rtol is None else rtol, tiny if atol is None else atol):
        raise InvalidArgumentError(f"{message or ''} x = {a} must be near y = {b}.".strip())


def assert_rank(x: Any, rank: int, message: Any = None, name: Any = None) -> None:
    """Raise ValueError unless `x` has so many axes."""
    if np.ndim(x) != rank:
        raise ValueError(
            f"{message or ''} x must have {rank} axes; its shape is {np.shape(x)}.".strip()
        )


def assert_shapes(shapes: Any, *args: Any, **options: Any) -> None:
    """Raise ValueError unless arrays have the shapes given; a name is the same length everywhere."""
    met: dict[str, int] = {}
    for x, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        same = len(wanted) == np.ndim(x)
        for w, n in zip(wanted, np.shape(x), strict=False):
            expected = met.setdefault(w, n) if isinstance(w, str) else n if w is None else w
            same = same and expected == n
        if not same:
            raise ValueError(f"An array of shape {np.shape(x)} must have shape {tuple(wanted)}.")


def assert_all_finite(x: Any, message: str = "", name: Any = None) -> Any:
    """Return `x`; raise InvalidArgumentError if it has NaN or infinite values."""
    if not np.all(np.isfinite(np.asarray(x))):
        raise InvalidArgumentError(f"{message} The array has NaN or infinite values.".strip())
    return x


check_numerics = assert_all_finite


def set_log_device_placement(enabled: Any) -> None:
    """Do nothing: there are no devices to tell of."""
