"""Fused operations of recurrent layers: whole sequences, time first.

The products with the inputs are made for all times at once, before: `x` is what they and the bias
give, (times, rows, gates * units). The loop forward stacks what its gradient needs; the loop back
stacks the gradient by each step's sums, and the gradient by the recurrent weights is one product
over all times. Where a mask is given, (times, rows) of bool, a row that is masked keeps its state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from annette import ops
from annette.fused import fused
from annette.fused.cells import lstm_slopes
from annette.graph.gradient import is_nothing
from annette.graph.tensor import Tensor

Samples = list[tuple[tuple[Any, ...], dict[str, Any]]]


# --- what they share ------------------------------------------------------------------------------


def _parts(x: Any, count: int) -> list[Any]:
    """Return the gates that lie side by side in the last axis."""
    n = x.shape[-1] // count
    return [x[..., i * n : (i + 1) * n] for i in range(count)]


def _kept(mask: Any, new: Any, old: Any) -> Any:
    return new if mask is None else ops.where(mask, new, old)


def _halves(mask: Any, g: Any) -> tuple[Any, Any]:
    """Return the gradient that goes through a step, and that which passes by it (None: none)."""
    if mask is None:
        return g, None
    return ops.where(mask, g, 0.0), ops.where(mask, 0.0, g)


def _plus(*parts: Any) -> Any:
    """Return the sum of those that are there."""
    known = [p for p in parts if p is not None]
    total = known[0]
    for p in known[1:]:
        total = total + p
    return total


def _columns(mask: Any) -> Any:
    return None if mask is None else ops.expand_dims(mask, -1)


def _given(g: Any) -> Any:
    """Return a gradient, None where none came."""
    return None if is_nothing(g) else g


def _scan(step: Any, init: tuple[Any, ...], xs: Sequence[Any], reverse: bool) -> Any:
    """Go along those of `xs` that are there; the step gets None for the others."""
    there = [x is not None for x in xs]

    def named(carry: Any, elements: Any) -> Any:
        found = iter(elements)
        return step(carry, [next(found) if known else None for known in there])

    return ops.scan(named, init, [x for x in xs if x is not None], reverse=reverse)


def _before(states: Any, first: Any, reverse: bool) -> Any:
    """Return the states before each step, given those after it."""
    first = ops.expand_dims(first, 0)
    if reverse:
        return ops.concatenate([states[1:], first], axis=0)
    return ops.concatenate([first, states[:-1]], axis=0)


def _over_times(states: Any, first: Any, dz: Any, reverse: bool) -> Any:
    """Return the sum over times of h^T dz, h the states before each step."""
    early, late = (dz[:-1], dz[-1]) if reverse else (dz[1:], dz[0])
    rest = states[1:] if reverse else states[:-1]
    units, width = states.shape[-1], dz.shape[-1]
    total = ops.matmul(
        ops.transpose(ops.reshape(rest, (-1, units))), ops.reshape(early, (-1, width))
    )
    known = isinstance(first, Tensor) and first.node is None and first.value is not None
    if known and not np.any(first.value):
        return total
    return total + ops.matmul(ops.transpose(first), late)


def _samples(gates: int, states: int, bias: bool = False) -> Any:
    """A maker of samples: plain, backwards, with a mask."""

    def samples(rng: np.random.Generator) -> Samples:
        def one(times: int, masked: bool, reverse: bool) -> tuple[tuple[Any, ...], dict[str, Any]]:
            rows, units = 2, 3
            x = rng.normal(size=(times, rows, gates * units))
            init = [rng.normal(size=(rows, units)) for _ in range(states)]
            u = rng.normal(size=(units, gates * units)) / 2
            more: list[Any] = [rng.normal(size=(gates * units,))] if bias else []
            more += [rng.uniform(size=(times, rows)) < 0.6] if masked else []
            return (x, *init, u, *more), {"reverse": reverse}

        return [one(4, False, False), one(3, False, True), one(4, True, False), one(1, False, True)]

    return samples


# --- SimpleRNN ------------------------------------------------------------------------------------


def _simple_vjp(
    g: Any, y: Any, x: Any, h: Any, u: Any, mask: Any = None, *, reverse: bool
) -> tuple[Any, ...]:
    (g_states, g_last), (states, _) = g, y
    back = ops.transpose(u)
    # A masked state is the one before it: the step's own result is not among the states.
    made = states if mask is None else None
    before = _before(states, h, reverse) if mask is not None else None

    def step(carry: Any, element: Any) -> Any:
        (dh,), (gh, made, xt, before, m) = carry, element
        through, past = _halves(m, _plus(dh, gh))
        if made is None:
            made = ops.tanh(xt + ops.matmul(before, u))
        dz = through * (1.0 - made * made)
        return (_plus(ops.matmul(dz, back), past),), dz

    xs = [_given(g_states), made, x if mask is not None else None, before, _columns(mask)]
    (dh,), dz = _scan(step, (g_last,), xs, not reverse)
    result = dz, dh, _over_times(states, h, dz, reverse)
    return result if mask is None else (*result, None)


@fused(kernel=None, samples=_samples(1, 1), vjp=_simple_vjp)
def simple_rnn(x: Any, h: Any, u: Any, mask: Any = None, *, reverse: bool) -> Any:
    r"""h_t = \tanh(x_t + h_{t-1} U)

    Shapes: x (times, rows, units); h (rows, units); u (units, units); mask (times, rows). Results:
    the states of all times (times, rows, units), and the last one. (Elman, 1990.)
    """

    def step(carry: Any, element: Any) -> Any:
        (h,), (xt, m) = carry, element
        new = _kept(m, ops.tanh(xt + ops.matmul(h, u)), h)
        return (new,), new

    (last,), states = _scan(step, (h,), [x, _columns(mask)], reverse)
    return states, last


# --- LSTM -----------------------------------------------------------------------------------------


def _lstm_vjp(
    g: Any, y: Any, x: Any, h: Any, c: Any, u: Any, mask: Any = None, *, reverse: bool
) -> tuple[Any, ...]:
    (g_states, g_h, g_c, g_gates, g_cells), (states, _, _, gates, cells) = g, y
    back = ops.transpose(u)

    def step(carry: Any, element: Any) -> Any:
        (dh, dc), (gh, gates, cell, more, on_cell, m) = carry, element
        i, f, a, o = _parts(gates, 4)
        dh, h_past = _halves(m, _plus(dh, gh))
        dc, c_past = _halves(m, dc)
        *slopes, dc = lstm_slopes(dh, dc, i, f, a, o, cell)
        dz = ops.concatenate(slopes, axis=-1)
        if more is not None:  # what comes by the gates themselves
            bends = [i * (1.0 - i), f * (1.0 - f), 1.0 - a * a, o * (1.0 - o)]
            dz = dz + more * ops.concatenate(bends, axis=-1)
        return (_plus(ops.matmul(dz, back), h_past), _plus(dc, c_past, on_cell)), dz

    xs = [_given(g_states), gates, cells, _given(g_gates), _given(g_cells), _columns(mask)]
    (dh, dc), dz = _scan(step, (g_h, g_c), xs, not reverse)
    result = dz, dh, dc, _over_times(states, h, dz, reverse)
    return result if mask is None else (*result, None)


@fused(kernel=None, samples=_samples(4, 2), vjp=_lstm_vjp)
def lstm(x: Any, h: Any, c: Any, u: Any, mask: Any = None, *, reverse: bool) -> Any:
    r"""c_t = \sigma(f) c_{t-1} + \sigma(i) \tanh(a),\ h_t = \sigma(o) \tanh(c_t)

    With $(i, f, a, o) = x_t + h_{t-1} U$. Shapes: x (times, rows, 4 units); h and c (rows, units); u
    (units, 4 units); mask (times, rows). Results: the states of all times (times, rows, units), the
    last h and c; then, for the gradient, the gates (times, rows, 4 units) and the cells before each
    step (times, rows, units). (Hochreiter & Schmidhuber, 1997; Gers et al., 2000.)
    """

    def step(carry: Any, element: Any) -> Any:
        (h, c), (xt, m) = carry, element
        i, f, a, o = _parts(xt + ops.matmul(h, u), 4)
        i, f, a, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(a), ops.sigmoid(o)
        new_c = f * c + i * a
        new_h = _kept(m, o * ops.tanh(new_c), h)
        gates = ops.concatenate([i, f, a, o], axis=-1)
        return (new_h, _kept(m, new_c, c)), (new_h, gates, c)

    (last, cell), (states, gates, cells) = _scan(step, (h, c), [x, _columns(mask)], reverse)
    return states, last, cell, gates, cells


# --- GRU ------------------------------------------------------------------------------------------


def _gru_vjp(
    g: Any, y: Any, x: Any, h: Any, u: Any, mask: Any = None, *, reverse: bool
) -> tuple[Any, ...]:
    (g_states, g_last, g_gates), (states, _, gates) = g, y
    n = h.shape[-1]
    back_gates, back = ops.transpose(u[:, : 2 * n]), ops.transpose(u[:, 2 * n :])
    before = _before(states, h, reverse)

    def step(carry: Any, element: Any) -> Any:
        (dh,), (gh, gates, before, more, m) = carry, element
        z, r, a = _parts(gates, 3)
        dh, past = _halves(m, _plus(dh, gh))
        more_z, more_r, more_a = [None] * 3 if more is None else _parts(more, 3)
        da = _plus(dh * (1.0 - z), more_a) * (1.0 - a * a)
        reset = ops.matmul(da, back)
        dz = _plus(dh * (before - a), more_z) * (z * (1.0 - z))
        dr = _plus(reset * before, more_r) * (r * (1.0 - r))
        both = ops.concatenate([dz, dr], axis=-1)
        new = _plus(ops.matmul(both, back_gates), dh * z + reset * r, past)
        return (new,), (both, da)

    xs = [_given(g_states), gates, before, _given(g_gates), _columns(mask)]
    (dh,), (both, da) = _scan(step, (g_last,), xs, not reverse)
    reset = ops.reshape(before * gates[..., n : 2 * n], (-1, n))
    du = ops.concatenate(
        [
            _over_times(states, h, both, reverse),
            ops.matmul(ops.transpose(reset), ops.reshape(da, (-1, n))),
        ],
        axis=-1,
    )
    result = ops.concatenate([both, da], axis=-1), dh, du
    return result if mask is None else (*result, None)


@fused(kernel=None, samples=_samples(3, 1), vjp=_gru_vjp)
def gru(x: Any, h: Any, u: Any, mask: Any = None, *, reverse: bool) -> Any:
    r"""h_t = z h_{t-1} + (1 - z) \tanh(x^a_t + (r \odot h_{t-1}) U^a)

    With $(z, r) = \sigma(x^{zr}_t + h_{t-1} U^{zr})$. Shapes: x (times, rows, 3 units), in the order
    z, r, a; h (rows, units); u (units, 3 units); mask (times, rows). Results: the states of all
    times (times, rows, units), the last one; then, for the gradient, the gates (times, rows, 3
    units). (Cho et al., 2014.)
    """
    n = h.shape[-1]
    gate_weights, weights = u[:, : 2 * n], u[:, 2 * n :]

    def step(carry: Any, element: Any) -> Any:
        (h,), (xt, m) = carry, element
        z, r = _parts(ops.sigmoid(xt[..., : 2 * n] + ops.matmul(h, gate_weights)), 2)
        a = ops.tanh(xt[..., 2 * n :] + ops.matmul(r * h, weights))
        new = _kept(m, z * h + (1.0 - z) * a, h)
        return (new,), (new, ops.concatenate([z, r, a], axis=-1))

    (last,), (states, gates) = _scan(step, (h,), [x, _columns(mask)], reverse)
    return states, last, gates


def _after_vjp(
    g: Any, y: Any, x: Any, h: Any, u: Any, b: Any, mask: Any = None, *, reverse: bool
) -> tuple[Any, ...]:
    (g_states, g_last, g_gates, g_inner), (states, _, gates, inner) = g, y
    back = ops.transpose(u)
    before = _before(states, h, reverse)

    def step(carry: Any, element: Any) -> Any:
        (dh,), (gh, gates, inner, before, more, on_inner, m) = carry, element
        z, r, a = _parts(gates, 3)
        dh, past = _halves(m, _plus(dh, gh))
        more_z, more_r, more_a = [None] * 3 if more is None else _parts(more, 3)
        da = _plus(dh * (1.0 - z), more_a) * (1.0 - a * a)
        dz = _plus(dh * (before - a), more_z) * (z * (1.0 - z))
        dr = _plus(da * inner, more_r) * (r * (1.0 - r))
        own = ops.concatenate([dz, dr, _plus(da * r, on_inner)], axis=-1)
        return (_plus(ops.matmul(own, back), dh * z, past),), (own, da)

    xs = [
        _given(g_states), gates, inner, before, _given(g_gates), _given(g_inner), _columns(mask),
    ]  # fmt: skip
    (dh,), (own, da) = _scan(step, (g_last,), xs, not reverse)
    n = h.shape[-1]
    dx = ops.concatenate([own[..., : 2 * n], da], axis=-1)
    result = dx, dh, _over_times(states, h, own, reverse), ops.sum(own, axis=(0, 1))
    return result if mask is None else (*result, None)


@fused(kernel=None, samples=_samples(3, 1, bias=True), vjp=_after_vjp)
def gru_reset_after(x: Any, h: Any, u: Any, b: Any, mask: Any = None, *, reverse: bool) -> Any:
    r"""h_t = z h_{t-1} + (1 - z) \tanh(x^a_t + r \odot (h_{t-1} U^a + b^a))

    With $(z, r) = \sigma(x^{zr}_t + h_{t-1} U^{zr} + b^{zr})$. Shapes: as `gru`; b (3 units).
    Results: as `gru`, and $h_{t-1} U^a + b^a$ of all times (times, rows, units) for the gradient.
    (Cho et al., 2014, in the form of cuDNN: Chetlur et al., 2014.)
    """
    n = h.shape[-1]

    def step(carry: Any, element: Any) -> Any:
        (h,), (xt, m) = carry, element
        own = ops.matmul(h, u) + b
        z, r = _parts(ops.sigmoid(xt[..., : 2 * n] + own[..., : 2 * n]), 2)
        inner = own[..., 2 * n :]
        a = ops.tanh(xt[..., 2 * n :] + r * inner)
        new = _kept(m, z * h + (1.0 - z) * a, h)
        return (new,), (new, ops.concatenate([z, r, a], axis=-1), inner)

    (last,), (states, gates, inner) = _scan(step, (h,), [x, _columns(mask)], reverse)
    return states, last, gates, inner
