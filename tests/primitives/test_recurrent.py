"""Recurrent layers as fused operations, against their equations written step by step."""

from __future__ import annotations

import numpy as np
import pytest

from annette import ops
from annette.fused import recurrent
from annette.graph import gradient, trace
from annette.graph.lower import lower
from annette.testing import interpret

TIMES, ROWS, UNITS = 5, 3, 4


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def simple_step(x, states, u):
    return (np.tanh(x + states[0] @ u),)


def lstm_step(x, states, u):
    h, c = states
    i, f, a, o = np.split(x + h @ u, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(a)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x, states, u):
    (h,) = states
    n = h.shape[-1]
    z, r = np.split(sigmoid(x[:, : 2 * n] + h @ u[:, : 2 * n]), 2, axis=-1)
    return (z * h + (1.0 - z) * np.tanh(x[:, 2 * n :] + (r * h) @ u[:, 2 * n :]),)


def gru_after_step(x, states, u, b):
    (h,) = states
    xz, xr, xa = np.split(x, 3, axis=-1)
    hz, hr, ha = np.split(h @ u + b, 3, axis=-1)
    z, r = sigmoid(xz + hz), sigmoid(xr + hr)
    return (z * h + (1.0 - z) * np.tanh(xa + r * ha),)


# operation, its step, gates, states, whether it has a bias of its own
KINDS = {
    "simple_rnn": (recurrent.simple_rnn, simple_step, 1, 1, False),
    "lstm": (recurrent.lstm, lstm_step, 4, 2, False),
    "gru": (recurrent.gru, gru_step, 3, 1, False),
    "gru_reset_after": (recurrent.gru_reset_after, gru_after_step, 3, 1, True),
}


def arrays(kind):
    _, _, gates, states, bias = KINDS[kind]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(TIMES, ROWS, gates * UNITS))
    init = [rng.normal(size=(ROWS, UNITS)) for _ in range(states)]
    u = rng.normal(size=(UNITS, gates * UNITS))
    return x, init, [u, rng.normal(size=gates * UNITS)] if bias else [u]


def step_by_step(kind, mask, reverse):
    x, states, weights = arrays(kind)
    found = np.zeros((TIMES, ROWS, UNITS))
    for t in reversed(range(TIMES)) if reverse else range(TIMES):
        new = KINDS[kind][1](x[t], states, *weights)
        if mask is not None:
            new = [np.where(mask[t][:, None], n, s) for n, s in zip(new, states, strict=True)]
        states = new
        found[t] = states[0]
    return [found, *states]


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_states_are_those_of_the_equations(kind, masked, reverse):
    x, init, weights = arrays(kind)
    mask = np.random.default_rng(1).uniform(size=(TIMES, ROWS)) < 0.6 if masked else None
    operands = [x, *init, *weights, *([] if mask is None else [mask])]
    expected = step_by_step(kind, mask, reverse)

    def function(*given):
        return KINDS[kind][0](*given, reverse=reverse)[: len(expected)]

    specs = [(a.shape, a.dtype.name) for a in operands]
    traced = interpret(lower(trace(function, specs)[0]).check(), operands)[0]
    for now, later, e in zip(function(*operands), traced, expected, strict=True):
        np.testing.assert_allclose(now, e, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(later, e, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_masked_throughout_keep_their_state_and_give_no_gradient(kind):
    x, init, weights = arrays(kind)
    mask = np.ones((TIMES, ROWS), bool)
    mask[:, 1] = False

    def function(*given):
        states, last, *_ = KINDS[kind][0](*given, reverse=False)
        return states, last, gradient([ops.sum(last)], [given[0]])[0]

    operands = [x, *init, *weights, mask]
    graph, _ = trace(function, [(a.shape, a.dtype.name) for a in operands])
    states, last, dx = interpret(graph, operands)[0]
    np.testing.assert_array_equal(last[1], init[0][1])
    np.testing.assert_array_equal(states[:, 1], np.broadcast_to(init[0][1], (TIMES, UNITS)))
    np.testing.assert_array_equal(dx[:, 1], 0.0)
    assert (dx[:, 0] != 0.0).any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_by_the_recurrent_weights_is_one_product_after_the_loop(kind):
    x, init, weights = arrays(kind)

    def function(*given):
        _, last, *_ = KINDS[kind][0](*given, reverse=False)
        return gradient([ops.sum(last**2)], list(given))

    operands = [x, *init, *weights]
    graph = lower(trace(function, [(a.shape, a.dtype.name) for a in operands])[0])
    loops = [n for n in graph.nodes if n.primitive.name == "scan"]
    assert len(loops) == 2
    for loop in loops:
        carried = [t.shape for t in loop.outputs[: loop.params["carries"]]]
        assert set(carried) == {(ROWS, UNITS)}, "nothing as large as the weights is carried along"
