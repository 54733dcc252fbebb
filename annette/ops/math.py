"""Mathematical operations beyond NumPy's names: erf, logsumexp, top_k and their kind."""

from __future__ import annotations

import math
from typing import Any

from annette.graph.primitive import apply
from annette.ops.common import dtype_of, floating, from_python, normal_axes, op, rank, to_dtype
from annette.ops.numpy import elementwise as el, indexing, reduction, shaping
from annette.primitives import elementwise as e


@op
def erf(x: Any) -> Any:
    r"""Return :math:`\tfrac{2}{\sqrt\pi} \int_0^x e^{-t^2} dt`."""
    return apply(e.erf, (floating(x),), {})


@op
def rsqrt(x: Any) -> Any:
    r"""Return :math:`1 / \sqrt{x}`."""
    return el.divide(1.0, el.sqrt(x))


@op
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    r"""Return :math:`\ln \sum e^x` over `axis`, the largest x taken out first."""
    x = floating(x)
    axes = normal_axes(axis, rank(x))
    largest = reduction.max(x, axis=axes, keepdims=True)
    largest = el.where(el.isfinite(largest), largest, 0.0)
    total = reduction.sum(el.exp(el.subtract(x, largest)), axis=axes, keepdims=True)
    y = el.add(el.log(total), largest)
    return y if keepdims else shaping.squeeze(y, axes)


@op
def top_k(x: Any, k: int, sorted: bool = True) -> Any:  # noqa: A002  # Keras's name
    """Return the k largest elements along the last axis and where they are."""
    x = from_python(x)
    if k < 0 or k > x.shape[-1]:
        raise ValueError(f"top_k: k={k}, but the last axis has {x.shape[-1]} elements.")
    # Equal elements come in the order they stand in, which flipping a stable upward sort would turn.
    order = indexing.argsort(el.negative(x), axis=-1)
    start, stop = [0] * rank(x), [*x.shape[:-1], k]
    places = shaping.slice_static(order, start, stop)
    return indexing.take_along_axis(x, places, axis=-1), places


@op
def in_top_k(targets: Any, predictions: Any, k: int) -> Any:
    """Say whether each target is among the k largest predictions of its row."""
    targets, predictions = from_python(targets), from_python(predictions)
    at = indexing.take_along_axis(predictions, shaping.expand_dims(targets, -1), axis=-1)
    larger = reduction.sum(to_dtype(el.greater(predictions, at), "int32"), axis=-1)
    return el.logical_and(el.less(larger, k), el.isfinite(shaping.squeeze(at, -1)))


# Giles, "Approximating the erfinv function", 2010: polynomials for the centre and for the tails.
_ERFINV_CENTRE = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_ERFINV_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def _polynomial(coefficients: tuple[float, ...], w: Any) -> Any:
    y: Any = coefficients[0]
    for c in coefficients[1:]:
        y = el.add(el.multiply(y, w), c)
    return y


@op
def erfinv(x: Any) -> Any:
    """Return the number whose erf is x (Giles, 2010; in float64 sharpened by Newton's steps)."""
    x = floating(x)
    w = el.negative(el.log(el.multiply(el.subtract(1.0, x), el.add(1.0, x))))
    inside = el.less(w, 5.0)
    centre = _polynomial(_ERFINV_CENTRE, el.subtract(w, 2.5))
    tail = _polynomial(_ERFINV_TAIL, el.subtract(el.sqrt(el.maximum(w, 5.0)), 3.0))
    y = el.multiply(el.where(inside, centre, tail), x)
    for _ in range(2 if dtype_of(x) == "float64" else 0):
        slope = el.multiply(el.exp(el.negative(el.square(y))), 2.0 / math.sqrt(math.pi))
        y = el.subtract(y, el.divide(el.subtract(erf(y), x), slope))
    # At the ends w is infinite and the polynomials are not a number.
    return el.where(el.equal(el.absolute(x), 1.0), el.multiply(x, float("inf")), y)
