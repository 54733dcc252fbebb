"""Operations on the bits of integers and bools, and divisors."""

from __future__ import annotations

from typing import Any

from annette.graph.primitive import apply
from annette.ops.common import dtype_of, op, to_dtype, whole_or_bool
from annette.ops.numpy import elementwise as el
from annette.primitives import elementwise as e


@op
def bitwise_and(x: Any, y: Any) -> Any:
    """Return the bits that both have; of bools, whether both hold."""
    return el.logical_and_or_bitwise(*whole_or_bool("bitwise_and", x, y))


@op
def bitwise_or(x: Any, y: Any) -> Any:
    """Return the bits that one at least has; of bools, whether one holds."""
    return el.logical_or_or_bitwise(*whole_or_bool("bitwise_or", x, y))


@op
def bitwise_xor(x: Any, y: Any) -> Any:
    """Return the bits that just one has; of bools, whether they differ."""
    return el.logical_xor_or_bitwise(*whole_or_bool("bitwise_xor", x, y))


@op
def bitwise_not(x: Any) -> Any:
    """Return the other bits; of bools, the opposite."""
    return el.logical_not_or_bitwise(*whole_or_bool("bitwise_not", x))


bitwise_invert = bitwise_not


def _numbers(name: str, x: Any, y: Any) -> list[Any]:
    pair = whole_or_bool(name, x, y)
    return [to_dtype(v, "int32") for v in pair] if dtype_of(pair[0]) == "bool" else pair


@op
def left_shift(x: Any, y: Any) -> Any:
    """Return x with its bits moved y places to the left."""
    return apply(e.left_shift, _numbers("left_shift", x, y), {})


@op
def right_shift(x: Any, y: Any) -> Any:
    """Return x with its bits moved y places to the right; the sign stays."""
    return apply(e.right_shift, _numbers("right_shift", x, y), {})


bitwise_left_shift, bitwise_right_shift = left_shift, right_shift


@op
def gcd(x1: Any, x2: Any) -> Any:
    """Return the greatest common divisor of whole numbers."""
    return apply(e.gcd, _numbers("gcd", x1, x2), {})


@op
def lcm(x1: Any, x2: Any) -> Any:
    """Return the least common multiple of whole numbers; 0 where one of them is 0."""
    a, b = _numbers("lcm", x1, x2)
    common = apply(e.gcd, (a, b), {})
    part = el.floor_divide(a, el.where(el.equal(common, 0), 1, common))
    return el.absolute(el.multiply(part, b))
