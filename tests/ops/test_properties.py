"""Properties over random shapes and keys: NumPy is the judge, on arrays and in a trace alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hn

import annette
from annette import ops
from annette.backends import make_backend
from annette.graph import trace

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
settings.register_profile("ops", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("ops")

SHAPES = hn.array_shapes(min_dims=0, max_dims=4, max_side=4)
SOLID = hn.array_shapes(min_dims=1, max_dims=4, max_side=4)


def numbers(shape: Any) -> np.ndarray:
    """Different numbers in float64."""
    size = int(np.prod(shape, dtype=int))
    return np.asarray(np.arange(1.0, size + 1.0).reshape(shape) * 1.37 - 3.1)


def everywhere(function: Any, *arrays: np.ndarray) -> list[Any]:
    """Call on arrays and in a trace; both must agree in values, shapes and dtypes."""
    now = function(*arrays)
    now = list(now) if isinstance(now, (list, tuple)) else [now]
    graph, _ = trace(function, [(x.shape, x.dtype.name) for x in arrays])
    later = make_backend("numpy").compile(graph.check())(list(arrays))
    for a, b in zip(now, later, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    return now


@given(hn.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=3))
def test_broadcasting(shapes: Any) -> None:
    """Three arrays that broadcast make the shape and the numbers that they make in NumPy."""
    a, b, c = (numbers(s) for s in shapes.input_shapes)
    (y,) = everywhere(lambda a, b, c: ops.where(a > b, ops.multiply(a, c), ops.add(b, c)), a, b, c)
    assert y.shape == shapes.result_shape
    np.testing.assert_array_equal(y, np.where(a > b, a * c, b + c))


@given(hn.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3))
def test_gradient_of_broadcasting(shapes: Any) -> None:
    """The gradient has the shape of what was broadcast: it is summed over the repetitions."""
    a, b = (numbers(s) for s in shapes.input_shapes)
    da, db = annette.grad(lambda a, b: ops.sum(a * b), argnums=(0, 1))(a, b)
    wide = np.broadcast_to
    both = np.ones(shapes.result_shape)
    for g, x, other in ((da, a, b), (db, b, a)):
        full = wide(other, both.shape)
        lead = full.ndim - x.ndim
        axes = tuple(range(lead)) + tuple(
            i + lead for i, n in enumerate(x.shape) if n == 1 and full.shape[i + lead] != 1
        )
        np.testing.assert_allclose(g, full.sum(axes, keepdims=True).reshape(x.shape), atol=1e-9)


@st.composite
def reshapings(draw: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes with one number of elements; the second may have a -1."""
    factors = draw(st.lists(st.integers(1, 3), max_size=5))
    order = draw(st.permutations(factors))
    cut = draw(st.integers(0, len(order)))
    merged = [int(np.prod(order[:cut], dtype=int)), *order[cut:]]
    place = draw(st.integers(0, len(merged)))
    if place < len(merged):
        merged[place] = -1
    return tuple(factors), tuple(merged)


@given(reshapings())
def test_reshape(shapes: Any) -> None:
    """Any shape of as many elements, one size left open or none."""
    before, after = shapes
    x = numbers(before)
    (y,) = everywhere(lambda x: ops.reshape(x, after), x)
    np.testing.assert_array_equal(y, x.reshape(after))


@st.composite
def keys(draw: Any) -> tuple[np.ndarray, Any]:
    """An array and a key of numbers, slices, new axes, an ellipsis, index arrays and masks."""
    shape = draw(hn.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    used = draw(st.integers(0, len(shape)))
    # Parts before an ellipsis are for the first axes, those behind it for the last.
    before = draw(st.integers(0, used)) if (dots := draw(st.booleans())) else used
    sizes = [*shape[:before], *shape[len(shape) - (used - before) :]]
    kinds = draw(st.lists(st.sampled_from("nsssaa"), min_size=used, max_size=used))
    common = draw(hn.array_shapes(min_dims=0, max_dims=2, max_side=3))
    parts: list[Any] = []
    for n, kind in zip(sizes, kinds, strict=True):
        if kind == "n":
            parts.append(draw(st.integers(-n, n - 1)))
        elif kind == "s":
            parts.append(draw(st.slices(n)))
        else:
            own = common[draw(st.integers(0, len(common))) :]
            parts.append(np.asarray(draw(hn.arrays("int64", own, elements=st.integers(-n, n - 1)))))
    if dots:
        parts.insert(before, Ellipsis)
    for _ in range(draw(st.integers(0, 2))):
        parts.insert(draw(st.integers(0, len(parts))), None)
    key: Any = tuple(parts)
    return numbers(shape), key[0] if len(key) == 1 and draw(st.booleans()) else key


@settings(max_examples=400)
@given(keys())
def test_indexing(case: Any) -> None:
    """``x[key]`` is NumPy's, whatever slices, numbers, new axes and index arrays the key mixes."""
    x, key = case
    (y,) = everywhere(lambda x: ops.get_item(x, key), x)
    np.testing.assert_array_equal(y, x[key])


@settings(max_examples=150)
@given(keys())
def test_gradient_of_indexing(case: Any) -> None:
    """The gradient of ``x[key]`` counts how often each element was read."""
    x, key = case
    g = annette.grad(lambda x: ops.sum(ops.get_item(x, key)))(x)
    count = np.zeros(x.shape)
    np.add.at(count, key, 1.0)
    np.testing.assert_array_equal(g, count)


@settings(max_examples=150)
@given(keys())
def test_indexing_by_tensors(case: Any) -> None:
    """Index arrays may be known only when the graph runs."""
    x, key = case
    parts = list(key) if isinstance(key, tuple) else [key]
    places = [i for i, k in enumerate(parts) if isinstance(k, np.ndarray)]

    def read(x: Any, *arrays: Any) -> Any:
        mixed = list(parts)
        for i, a in zip(places, arrays, strict=True):
            mixed[i] = a
        return ops.get_item(x, tuple(mixed))

    (y,) = everywhere(read, x, *(parts[i] for i in places))
    np.testing.assert_array_equal(y, x[key])


@given(SOLID.flatmap(lambda s: st.tuples(st.just(s), hn.arrays(bool, s))))
def test_indexing_by_a_mask(case: Any) -> None:
    """A mask that is known picks its elements, in a trace too."""
    shape, mask = case
    x = numbers(shape)
    (y,) = everywhere(lambda x: ops.get_item(x, mask), x)
    np.testing.assert_array_equal(y, x[mask])
    if mask.ndim > 1:
        (y,) = everywhere(lambda x: ops.get_item(x, (mask[..., 0], slice(None, None, -1))), x)
        np.testing.assert_array_equal(y, x[mask[..., 0], ::-1])


@given(st.data())
def test_concatenate_and_split(data: Any) -> None:
    """Cutting an array anywhere and joining the parts gives it back."""
    shape = data.draw(SOLID)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    cuts = sorted(data.draw(st.lists(st.integers(-4, 5), max_size=3)), key=lambda c: c % 5)
    x = numbers(shape)
    parts = everywhere(lambda x: ops.split(x, cuts, axis=axis), x)
    for mine, theirs in zip(parts, np.split(x, cuts, axis), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    count = data.draw(st.integers(1, 5))
    parts = everywhere(lambda x: ops.array_split(x, count, axis=axis), x)
    for mine, theirs in zip(parts, np.array_split(x, count, axis), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    (again,) = everywhere(lambda *p: ops.concatenate(p, axis=axis), *(np.asarray(p) for p in parts))
    np.testing.assert_array_equal(again, x)


@given(st.data())
def test_transpose_moveaxis_roll_flip(data: Any) -> None:
    """Axes go where they are sent, and what rolls out comes in again."""
    shape = data.draw(SOLID)
    x = numbers(shape)
    order = data.draw(st.permutations(range(len(shape))))
    source = data.draw(st.permutations(range(len(shape))))[: data.draw(st.integers(0, len(shape)))]
    target = data.draw(st.permutations(range(len(shape))))[: len(source)]
    shift, axis = data.draw(st.integers(-9, 9)), data.draw(st.integers(0, len(shape) - 1))
    for mine, theirs in (
        (lambda v: ops.transpose(v, order), lambda v: np.transpose(v, order)),
        (lambda v: ops.moveaxis(v, source, target), lambda v: np.moveaxis(v, source, target)),
        (lambda v: ops.roll(v, shift, axis), lambda v: np.roll(v, shift, axis)),
        (lambda v: ops.roll(v, shift), lambda v: np.roll(v, shift)),
        (lambda v: ops.flip(v, axis), lambda v: np.flip(v, axis)),
    ):
        (y,) = everywhere(mine, x)
        np.testing.assert_array_equal(y, theirs(x))


@given(st.data())
def test_pad(data: Any) -> None:
    """Every mode, with widths beyond the size of the axis."""
    shape = data.draw(hn.array_shapes(min_dims=1, max_dims=3, max_side=4))
    widths = [(data.draw(st.integers(0, 6)), data.draw(st.integers(0, 6))) for _ in shape]
    mode = data.draw(st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"]))
    x = numbers(shape)
    (y,) = everywhere(lambda x: ops.pad(x, widths, mode=mode), x)
    np.testing.assert_array_equal(y, np.pad(x, widths, mode=mode))


@st.composite
def summations(draw: Any) -> tuple[str, list[np.ndarray]]:
    """A text for einsum and operands that fit."""
    letters = "abcd"
    sizes = {c: draw(st.integers(1, 3)) for c in letters}
    terms = draw(st.lists(st.text(letters, min_size=1, max_size=3), min_size=1, max_size=4))
    known = sorted(set("".join(terms)))
    result = "".join(draw(st.permutations(known))[: draw(st.integers(0, len(known)))])
    text = ",".join(terms) + (f"->{result}" if draw(st.booleans()) else "")
    shapes = [tuple(sizes[c] for c in t) for t in terms]
    return text, [numbers(s) + 0.3 * i for i, s in enumerate(shapes)]


@settings(max_examples=200)
@given(summations())
def test_einsum(case: Any) -> None:
    """Any text that NumPy understands, axes named twice included."""
    text, arrays = case
    (y,) = everywhere(lambda *xs: ops.einsum(text, *xs), *arrays)
    np.testing.assert_allclose(y, np.einsum(text, *arrays), rtol=1e-9, atol=1e-9)


@given(st.data())
def test_quantile(data: Any) -> None:
    """Quantiles over any axes by any method."""
    shape = data.draw(hn.array_shapes(min_dims=1, max_dims=3, max_side=4))
    axes = data.draw(st.none() | hn.valid_tuple_axes(len(shape), min_size=1))
    keep = data.draw(st.booleans())
    q = data.draw(
        hn.arrays(
            "float64", hn.array_shapes(min_dims=0, max_dims=2, max_side=2), elements=st.floats(0, 1)
        )
    )
    method = data.draw(st.sampled_from(["linear", "lower", "higher", "midpoint", "nearest"]))
    x = np.sin(numbers(shape) * 7)
    (y,) = everywhere(lambda x: ops.quantile(x, q, axes, method, keep), x)
    want = np.quantile(x, q, axes, method=method, keepdims=keep)
    np.testing.assert_allclose(y, want, rtol=1e-9, atol=1e-12)
