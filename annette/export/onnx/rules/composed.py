"""What several operations mean together where ONNX has one operator for it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.export.flow import Step, Value
from annette.export.onnx.layouts import channels_first, layout_of, natural
from annette.export.onnx.writer import Layout, Writer
from annette.export.sizes import shape_at
from annette.graph.dtypes import numpy_dtype


def made_by(value: Value, name: str) -> Step | None:
    """Return the step that makes a value, if it is of that operation."""
    step = value.node
    return step if step is not None and step.primitive.name == name else None


def numbers(value: Value) -> list[Any] | None:
    """Return the one number that a constant is made of, for each trace; None if it is no such."""
    if not value.arrays:
        return None
    found = []
    for array in value.arrays:
        if not array.size or (array != array.flat[0]).any():
            return None
        found.append(array.flat[0])
    return found


def sides(step: Step) -> list[tuple[Value, Value]]:
    """Return the two inputs of an operation that may be exchanged, in both orders."""
    a, b = step.inputs
    return [(a, b), (b, a)]


def reduced(
    w: Writer, op: str, x: Value, result: Value, axes: tuple[int, ...], keepdims: bool
) -> None:
    """Write a reduction in the layout its input has."""
    place = layout_of(w, x)
    where = [place.index(a) for a in axes]
    name = w.get(x, place)
    made = w.node(op, name, w.ints(*sorted(where)), keepdims=int(keepdims))
    w.put(result, made, _left(place, axes, keepdims))


def _left(place: Layout, axes: tuple[int, ...], keepdims: bool) -> Layout:
    if keepdims:
        return place
    rest = [a for a in place if a not in axes]
    return tuple(sorted(rest).index(a) for a in rest)


def mean_of(w: Writer, step: Step) -> bool:
    """Write a sum that is divided by the number of its terms as a mean; say whether it is one."""
    for total, share in sides(step):
        inner, found = made_by(total, "sum"), numbers(share)
        if inner is None or found is None or total.shape != step.outputs[0].shape:
            continue
        (x,), axes = inner.inputs, inner.params["axis"]
        kind = numpy_dtype(x.dtype).type
        counts = [
            math.prod(shape_at([x.shape[a] for a in axes], t)) for t in range(_traces(x, share))
        ]
        given = found if len(found) == len(counts) else found * len(counts)
        if not axes or x.dtype not in ("float32", "float64", "float16") or 0 in counts:
            continue
        if all(kind(1 / n) == c for n, c in zip(counts, given, strict=True)):
            reduced(w, "ReduceMean", x, step.outputs[0], axes, inner.params["keepdims"])
            return True
    return False


def _traces(*values: Value) -> int:
    moving = [len(n.at) for v in values for n in v.shape if not isinstance(n, int)]
    return max([*moving, *(len(v.arrays) for v in values)], default=1)


def pooled_mean(w: Writer, step: Step) -> bool:
    """Write sums of windows divided by how many places they have as average pooling."""
    pool = made_by(step.inputs[0], "sum_pool")
    count = step.inputs[1]
    if pool is None or not count.arrays or pool.inputs[0].dtype not in ("float32", "float16"):
        return False
    from annette.export.onnx.rules.pooling import average, counts

    size = math.prod(pool.params["size"])
    found = numbers(count)
    if found is not None and all(n == size for n in found):
        average(w, pool, step.outputs[0], padding_counts=True)
        return True
    expected = counts(pool)
    if expected is None or len(count.arrays) not in (1, len(expected)):
        return False
    given = list(count.arrays) * (len(expected) // len(count.arrays))
    if not all(_broadcasts_to(g, e) for g, e in zip(given, expected, strict=True)):
        return False
    average(w, pool, step.outputs[0], padding_counts=False)
    return True


def _broadcasts_to(given: np.ndarray, expected: np.ndarray) -> bool:
    try:
        return bool((np.broadcast_to(given, expected.shape) == expected).all())
    except ValueError:
        return False


def normalized(w: Writer, step: Step) -> bool:
    """Write ``x scale + shift`` with a batch normalization's four weights as that."""
    found = _batch_norm(step)
    if found is None:
        return False
    x, mean, variance, gamma, beta, epsilon = found
    rank = len(x.shape)
    wanted = channels_first(rank)
    if rank > 2 and wanted not in w.layouts(x):
        return False
    channels = x.shape[-1]
    row = (channels,)
    ones = np.ones(row, numpy_dtype(x.dtype)) if isinstance(channels, int) else None
    if ones is None:
        return False
    scale = w.get(gamma) if gamma is not None else w.const(ones)
    shift = w.get(beta) if beta is not None else w.const(ones * 0)
    made = w.node(
        "BatchNormalization", w.get(x, wanted), scale, shift, w.get(mean), w.get(variance),
        epsilon=float(epsilon),
    )  # fmt: skip
    w.put(step.outputs[0], made, wanted if rank > 2 else natural(rank))
    return True


def _row(value: Value) -> Value:
    """Return what was only given axes of 1 before its last."""
    inner = made_by(value, "reshape")
    if inner is not None and value.shape and value.shape[:-1] == (1,) * (len(value.shape) - 1):
        return inner.inputs[0]
    return value


def _batch_norm(step: Step) -> tuple[Any, ...] | None:
    """Return x, mean, variance, gamma, beta and epsilon of what annette composes of them.

    ``x k + (beta - mean k)`` with ``k = gamma / sqrt(variance + epsilon)``.
    """
    if step.outputs[0].dtype != "float32":
        return None
    for product, shift in sides(step):
        inner = made_by(product, "multiply")
        if inner is None or len(product.shape) < 2:
            continue
        for x, scale in sides(inner):
            if x.shape != step.outputs[0].shape or len(product.users) != 1:
                continue
            scale_parts = _scale(_row(scale))
            shift_parts = _shift(_row(shift), _row(scale))
            if scale_parts and shift_parts:
                (variance, gamma, epsilon), (mean, beta) = scale_parts, shift_parts
                rows = [v for v in (mean, variance, gamma, beta) if v is not None]
                if all(v.variable is not None and v.shape == x.shape[-1:] for v in rows):
                    return x, mean, variance, gamma, beta, epsilon
    return None


def _scale(value: Value) -> tuple[Value, Value | None, float] | None:
    candidates: list[tuple[Value, Value | None]] = [(value, None)]
    product = made_by(value, "multiply")
    if product is not None:
        candidates += [(a, b) for a, b in sides(product)]
    for inverse, gamma in candidates:
        quotient = made_by(inverse, "divide")
        root = made_by(quotient.inputs[1], "sqrt") if quotient is not None else None
        if quotient is None or root is None or (numbers(quotient.inputs[0]) or [0])[0] != 1:
            continue
        added = made_by(root.inputs[0], "add")
        for variance, epsilon in sides(added) if added is not None else ():
            known = numbers(epsilon)
            if known is not None and variance.variable is not None:
                return variance, gamma, float(known[0])
    return None


def _shift(value: Value, scale: Value) -> tuple[Value, Value | None] | None:
    candidates: list[tuple[Value, Value | None]] = [(value, None)]
    total = made_by(value, "add")
    if total is not None:
        candidates += [(a, b) for a, b in sides(total)]
    for less, beta in candidates:
        negative = made_by(less, "negative")
        product = made_by(negative.inputs[0], "multiply") if negative is not None else None
        for mean, by in sides(product) if product is not None else ():
            if by is scale and mean.variable is not None:
                return mean, beta
    return None
