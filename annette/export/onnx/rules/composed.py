"""What several operations mean together where ONNX has one operator for it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.export.flow import Step, Value
from annette.export.onnx.dtypes import WIDER
from annette.export.onnx.layouts import channels_first, layout_of, natural
from annette.export.onnx.writer import Layout, Writer
from annette.export.sizes import shape_at
from annette.graph.dtypes import numpy_dtype


def made_by(value: Value, name: str) -> Step | None:
    """Return the step that makes a value, if it is of that operation."""
    step = value.node
    return step if step is not None and step.primitive.name == name else None


def only_user(value: Value) -> Step | None:
    """Return the step that reads a value, if it is one alone and the value no output."""
    return value.users[0] if len(value.users) == 1 else None


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


def product_of_rows(w: Writer, step: Step) -> bool:
    """Write ``reshape(reshape(x) @ weights + bias)`` without the first reshape.

    annette lays the rows of all axes below each other for a product; ONNX's takes x as it is.
    """
    (inner,), result = step.inputs, step.outputs[0]
    bias, added = None, made_by(inner, "add")
    for product, other in sides(added) if added is not None and len(inner.users) == 1 else ():
        if len(other.shape) == 1 and (other.stored or w.layouts(other)):
            inner, bias = product, other
    matmul = made_by(inner, "matmul")
    flat = made_by(matmul.inputs[0], "reshape") if matmul is not None else None
    if matmul is None or flat is None or len(inner.users) > 1 or inner.dtype == "bfloat16":
        return False
    (x,), weights = flat.inputs, matmul.inputs[1]
    rows = x.shape[:-1]
    if (
        len(weights.shape) != 2
        or len(flat.outputs[0].shape) != 2
        or x.shape[-1:] != weights.shape[:1]
        or result.shape[: len(rows)] != rows
        or x.dtype in WIDER
        # onnxruntime (1.31) crashes where it joins a transposition of halves with a product.
        or (x.dtype == "float16" and (made_by(x, "transpose") or len(w.layouts(x)) > 1))
    ):
        return False
    made = w.node("MatMul", w.get(x), w.get(weights))
    if bias is not None:
        made = w.node("Add", made, w.get(bias))
    w.put(result, w.reshaped(made, (*rows, weights.shape[-1]), result.shape))
    return True


def pooled_mean(w: Writer, step: Step) -> bool:
    """Write sums of windows divided by how many places they have as average pooling."""
    from annette.export.onnx.rules.pooling import average, counts, write_sums

    pool, count = made_by(step.inputs[0], "sum_pool"), step.inputs[1]
    if pool is None:
        return False
    if not count.arrays or pool.inputs[0].dtype not in ("float32", "float16"):
        write_sums(w, pool)
        return False
    size = math.prod(pool.params["size"])
    found = numbers(count)
    if found is not None and all(n == size for n in found):
        average(w, pool, step.outputs[0], padding_counts=True)
        return True
    expected = counts(pool)
    given = list(count.arrays) * (len(expected) if len(count.arrays) == 1 else 1)
    if len(given) != len(expected) or not all(map(_broadcasts_to, given, expected)):
        write_sums(w, pool)
        return False
    average(w, pool, step.outputs[0], padding_counts=False)
    return True


def _broadcasts_to(given: np.ndarray, expected: np.ndarray) -> bool:
    try:
        return bool((np.broadcast_to(given, expected.shape) == expected).all())
    except ValueError:
        return False


def _mean_along(value: Value) -> tuple[Value, tuple[int, ...]] | None:
    """Return what a value is the mean of, kept in its rank, and along which axes."""
    step = made_by(value, "multiply")
    for total, share in sides(step) if step is not None else ():
        inner, found = made_by(total, "sum"), numbers(share)
        if inner is None or found is None or len(found) > 1 or not inner.params["keepdims"]:
            continue
        (x,), axes = inner.inputs, inner.params["axis"]
        sizes = [x.shape[a] for a in axes]
        kind = numpy_dtype(x.dtype).type
        if all(isinstance(n, int) for n in sizes) and found[0] == kind(1 / math.prod(sizes)):
            return x, tuple(axes)
    return None


def layer_norm(w: Writer, step: Step) -> bool:
    """Write what a layer normalization is composed of as one; say whether it is one."""
    found = _layer_norm(step)
    if found is None:
        return False
    x, gamma, beta, axes, epsilon = found
    made = w.node(
        "LayerNormalization", w.get(x), w.get(gamma), w.get(beta), axis=axes[0], epsilon=epsilon
    )
    w.put(step.outputs[0], made)
    return True


def _layer_norm(step: Step) -> tuple[Value, Value, Value, tuple[int, ...], float] | None:
    if step.outputs[0].dtype != "float32":
        return None
    for scaled, beta in sides(step):
        product = made_by(scaled, "multiply")
        for quotient, gamma in sides(product) if product is not None else ():
            whole = _standardized(quotient)
            if whole is None:
                continue
            x, axes, epsilon = whole
            last = tuple(range(len(x.shape) - len(axes), len(x.shape)))
            shape = x.shape[last[0] :]
            rows = [_row(v, len(axes)) for v in (gamma, beta)]
            if axes == last and all(v.stored and v.shape == shape for v in rows):
                return x, rows[0], rows[1], axes, epsilon
    return None


def _standardized(value: Value) -> tuple[Value, tuple[int, ...], float] | None:
    """Return x, axes and epsilon of ``(x - mean) / sqrt(variance + epsilon)``."""
    quotient = made_by(value, "divide")
    centred = made_by(quotient.inputs[0], "subtract") if quotient is not None else None
    root = made_by(quotient.inputs[1], "sqrt") if quotient is not None else None
    added = made_by(root.inputs[0], "add") if root is not None else None
    if quotient is None or centred is None or added is None:
        return None
    mean = _mean_along(centred.inputs[1])
    for variance, epsilon in sides(added):
        spread, known = _mean_along(variance), numbers(epsilon)
        square = made_by(spread[0], "multiply") if spread is not None else None
        if mean is None or spread is None or square is None or known is None:
            continue
        same = all(v is quotient.inputs[0] for v in square.inputs)
        if same and mean[0] is centred.inputs[0] and mean[1] == spread[1]:
            return mean[0], mean[1], float(known[0])
    return None


def gelu(w: Writer, step: Step) -> bool:
    """Write ``x / 2 (1 + erf(x / sqrt 2))`` as what it is called, from opset 20 on."""
    if w.opset < 20 or step.outputs[0].dtype != "float32":
        return False
    for half, above in sides(step):
        x, added = _times(half, 0.5), made_by(above, "add")
        for curve, one in sides(added) if added is not None else ():
            error = made_by(curve, "erf")
            if error is None or (numbers(one) or [0])[0] != 1 or x is None:
                continue
            if _times(error.inputs[0], math.sqrt(0.5)) is x:
                place = layout_of(w, x)
                w.put(step.outputs[0], w.node("Gelu", w.get(x, place)), place)
                return True
    return False


def _times(value: Value, factor: float) -> Value | None:
    """Return what a value is `factor` times of."""
    step = made_by(value, "multiply")
    for x, by in sides(step) if step is not None else ():
        known = numbers(by)
        if known is not None and len(known) == 1 and abs(float(known[0]) - factor) < 1e-7:
            return x
    return None


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


def _row(value: Value, axes: int = 1) -> Value:
    """Return what was only given axes of 1 before its last one or more."""
    inner, before = made_by(value, "reshape"), len(value.shape) - axes
    if inner is not None and before >= 0 and value.shape[:before] == (1,) * before:
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
