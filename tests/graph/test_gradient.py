"""The gradient as a transformation of the graph: connections, shapes, orders."""

from __future__ import annotations

import numpy as np
import pytest

from annette import ops
from annette.graph import gradient, trace
from annette.testing import check_gradient, interpret

X = np.random.default_rng(0).uniform(0.5, 1.5, (2, 3))


def gradients(function, *arrays, seeds=None, by=None):
    """Return the values of the gradients of `function` by all inputs (or by those of the places `by`)."""
    found = []

    def traced(*xs):
        ys = function(*xs)
        ys = ys if isinstance(ys, (list, tuple)) else [ys]
        grads = gradient(ys, [xs[i] for i in by] if by else xs, seeds)
        found.extend(grads)
        return [g for g in grads if g is not None]

    arrays = [np.asarray(a) for a in arrays]
    graph, _ = trace(traced, [(a.shape, str(a.dtype)) for a in arrays])
    values = iter(interpret(graph.check(), arrays)[0])
    return [None if g is None else next(values) for g in found]


BROADCASTS = {
    "row": ((2, 3), (3,)),
    "column": ((2, 3), (2, 1)),
    "scalar": ((2, 3), ()),
    "both": ((2, 1), (1, 3)),
    "lead and inner": ((4, 2, 3), (2, 1)),
    "size 1": ((1, 1), (2, 3)),
    "empty": ((0, 3), (3,)),
    "ones in front": ((3,), (1, 1, 3)),
}


@pytest.mark.parametrize("how", BROADCASTS)
def test_broadcasting_is_undone(how):
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(0.5, 1.5, s) for s in BROADCASTS[how])
    da, db = gradients(lambda x, y: x * y, a, b)
    assert da.shape == a.shape and db.shape == b.shape
    wide = np.broadcast_shapes(a.shape, b.shape)
    np.testing.assert_allclose(da.sum(), np.broadcast_to(b, wide).sum())
    np.testing.assert_allclose(db.sum(), np.broadcast_to(a, wide).sum())
    check_gradient(lambda x, y: x * y + ops.maximum(x, 1.5 + y), [a, b], order=2)


def test_a_value_used_twice_gets_the_sum():
    (g,) = gradients(lambda x: ops.sum(x * x) + ops.sum(3.0 * x), X)
    np.testing.assert_allclose(g, 2 * X + 3)


def test_a_diamond_is_walked_once_a_node():
    def deep(x):
        for _ in range(60):  # 2^60 ways from top to bottom
            x = (x + x) * 0.5
        return ops.sum(x)

    (g,) = gradients(deep, X)
    np.testing.assert_allclose(g, np.ones_like(X))


def test_a_long_chain_needs_no_recursion():
    def long(x):
        for _ in range(3000):
            x = x + 0.001
        return ops.sum(x)

    (g,) = gradients(long, X)
    np.testing.assert_allclose(g, np.ones_like(X))


def test_what_is_not_connected_has_no_gradient():
    a, b = gradients(lambda x, y: ops.sum(x * 2.0), X, X)
    assert b is None
    np.testing.assert_allclose(a, 2)
    assert gradients(lambda x: ops.ones((2,)), X) == [None]


def test_integers_have_no_gradient():
    rows = np.array([1, 0], "int32")
    a, b = gradients(lambda x, i: ops.sum(ops.take(x, i, axis=0)), X, rows)
    assert b is None and (a == 1).all()
    assert gradients(lambda i: ops.cast(i, "float64") * 2.0, rows) == [None]


def test_a_cast_to_integers_ends_the_gradient():
    assert gradients(lambda x: ops.cast(ops.cast(x, "int32"), "float64"), X) == [None]


def test_a_gradient_has_the_dtype_of_what_it_belongs_to():
    narrow, wide = gradients(lambda a, b: ops.cast(a, "float64") * b, X.astype("float32"), X)
    assert narrow.dtype == np.float32 and wide.dtype == np.float64


def test_several_values_with_seeds():
    seeds = [np.full((2, 3), 2.0), np.asarray(10.0)]
    (g,) = gradients(lambda x: [x * x, ops.sum(x)], X, seeds=seeds)
    np.testing.assert_allclose(g, 2 * 2 * X + 10)


def test_a_seed_may_be_missing():
    (g,) = gradients(lambda x: [x * x, ops.sum(x)], X, seeds=[None, np.asarray(10.0)])
    np.testing.assert_allclose(g, 2 * X + 10)


def test_a_seed_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(3, 2\).*\(2, 3\)"):
        gradients(lambda x: [x * x], X, seeds=[np.ones((3, 2))])


def test_the_gradient_of_a_value_by_itself_is_one():
    (g,) = gradients(lambda x: x, X)
    np.testing.assert_array_equal(g, np.ones_like(X))


def test_by_a_value_on_the_way():
    def function(x):
        y = x * x
        z = ops.sum(y * y)
        by_y, by_x = gradient([z], [y, x])
        return by_y, by_x

    graph, _ = trace(function, [((2, 3), "float64")])
    by_y, by_x = interpret(graph, [X])[0]
    np.testing.assert_allclose(by_y, 2 * X**2)
    np.testing.assert_allclose(by_x, 4 * X**3)


def test_higher_orders():
    def nth(x, n):
        y = ops.sum(ops.power(x, 5.0))
        for _ in range(n):
            (y,) = gradient([y], [x])
        return y

    for n, factor in ((1, 5), (2, 20), (3, 60), (4, 120)):
        graph, _ = trace(lambda x, n=n: nth(x, n), [((3,), "float64")])
        x = np.array([0.5, 1.0, 2.0])
        np.testing.assert_allclose(interpret(graph, [x])[0][0], factor * x ** (5 - n))


def test_stop_gradient():
    (g,) = gradients(lambda x: ops.sum(x * ops.stop_gradient(x)), X)
    np.testing.assert_allclose(g, X)
    assert gradients(lambda x: ops.sum(ops.stop_gradient(x)), X) == [None]


# --- gradients of one's own -----------------------------------------------------------------------


@ops.custom_gradient
def cautious(x):
    """log(1 + e^x) with the gradient that does not overflow"""
    e = ops.exp(x)

    def grad(*args, upstream=None):
        if upstream is None:
            (upstream,) = args
        return ops.multiply(upstream, 1.0 - 1.0 / ops.add(1, e))

    return ops.log(1 + e), grad


def test_custom_gradient_in_the_words_of_keras():
    (g,) = gradients(lambda x: ops.sum(cautious(x)), X)
    np.testing.assert_allclose(g, 1 / (1 + np.exp(-X)))
    check_gradient(cautious, [X], order=1)
    np.testing.assert_allclose(cautious(X), np.log1p(np.exp(X)))


def test_custom_gradient_replaces_the_true_one():
    @ops.custom_gradient
    def straight_through(x):
        return ops.round(x), lambda g: g

    (g,) = gradients(lambda x: ops.sum(straight_through(x) * 3.0), X)
    np.testing.assert_allclose(g, 3)


def test_custom_gradient_of_several_arguments_and_results():
    @ops.custom_gradient
    def both(x, y):
        return (x * y, x + y), lambda g, h: (g * 10.0 + h, None)

    a, b = gradients(lambda x, y: both(x, y), X, X, seeds=[np.ones_like(X), np.full_like(X, 2.0)])
    np.testing.assert_allclose(a, 12)
    assert b is None


def test_custom_gradient_may_be_differentiated_again():
    @ops.custom_gradient
    def cube(x):
        return x * x * x, lambda g: 3.0 * g * x * x

    graph, _ = trace(
        lambda x: gradient([ops.sum(gradient([ops.sum(cube(x))], [x])[0])], [x])[0],
        [((2, 3), "float64")],
    )
    np.testing.assert_allclose(interpret(graph, [X])[0][0], 6 * X)


def test_custom_gradient_of_another_number_or_shape_is_refused():
    @ops.custom_gradient
    def too_few(x, y):
        return x * y, lambda g: g

    with pytest.raises(ValueError, match="one for each of its"):
        gradients(lambda x, y: too_few(x, y), X, X)

    @ops.custom_gradient
    def turned(x):
        return x * 2.0, lambda g: ops.transpose(g)

    with pytest.raises(ValueError, match=r"\(3, 2\).*\(2, 3\)"):
        gradients(turned, X)


def test_custom_gradient_may_be_a_number():
    @ops.custom_gradient
    def nothing(x):
        return ops.sum(x), lambda g: 0.0

    (g,) = gradients(nothing, X)
    np.testing.assert_array_equal(g, np.zeros_like(X))


# --- through structured operations ----------------------------------------------------------------

INDEX = np.array([[2, 0], [0, 0]], "int32")
FUNCTIONS = {
    "reshape": lambda x: ops.square(ops.reshape(x, (3, 2))),
    "transpose": lambda x: ops.matmul(ops.transpose(x), x),
    "take": lambda x: ops.square(ops.take(x, INDEX, axis=1)),
    "take_along_axis": lambda x: ops.square(ops.take_along_axis(x, INDEX, axis=1)),
    "slices": lambda x: ops.square(x[:, ::2]) * x[0, 1:],
    "negative steps": lambda x: ops.exp(x[::-1, 1]),
    "index arrays": lambda x: ops.square(x[np.array([1, 1, 0])]),
    "scatter": lambda x: ops.square(ops.scatter(np.array([[1], [1]]), x, (4, 3))),
    "scatter_update": lambda x: ops.exp(ops.scatter_update(ops.square(x), np.array([[0]]), x[1:] * 2.0)),
    "slice_update": lambda x: ops.exp(ops.slice_update(x, (0, 1), ops.square(x[:, :2]))),
    "concatenate": lambda x: ops.square(ops.concatenate([x, x * 2.0], axis=1)),
    "stack and unstack": lambda x: ops.prod(ops.stack(ops.unstack(x, axis=1)), axis=0),
    "repeat and tile": lambda x: ops.exp(ops.tile(ops.repeat(x, 2, axis=0), (1, 2))),
    "pad": lambda x: ops.exp(ops.pad(x, ((1, 0), (0, 2)))),
    "where": lambda x: ops.where(x > 1.0, ops.square(x), ops.exp(x)),
    "sort": lambda x: ops.sort(x, axis=1) * np.array([1.0, 2.0, 3.0]),
    "top_k": lambda x: ops.top_k(x, 2)[0] * np.array([1.0, 5.0]),
    "max": lambda x: ops.square(ops.max(x, axis=1)),
    "var and std": lambda x: ops.var(x, axis=0) + ops.std(x, axis=0),
    "cumsum": lambda x: ops.square(ops.cumsum(x, axis=1)),
    "logsumexp": lambda x: ops.logsumexp(x, axis=1),
    "einsum": lambda x: ops.einsum("ij,kj->ik", x, x),
    "mean of softmax": lambda x: ops.softmax(x) * np.array([1.0, 2.0, 3.0]),
    "norm": lambda x: ops.sqrt(ops.sum(ops.square(x), axis=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_through(name):
    check_gradient(FUNCTIONS[name], [X], order=2)


# --- a whole network ------------------------------------------------------------------------------


def test_a_small_network_against_central_differences():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(5, 4)), rng.integers(0, 3, 5).astype("int32")
    weights = [rng.normal(size=s) for s in ((4, 6), (6,), (6, 3), (3,))]

    def loss(x, y, w1, b1, w2, b2):
        h = ops.tanh(ops.matmul(x, w1) + b1)
        logits = ops.matmul(h, w2) + b2
        losses = ops.sparse_categorical_crossentropy(y, logits, from_logits=True)
        return ops.mean(losses) + 0.01 * ops.sum(ops.square(w1))

    assert check_gradient(loss, [x, y, *weights], order=2, tolerance=1e-6) < 1e-8
