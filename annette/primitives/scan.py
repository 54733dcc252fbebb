"""The loop: one body for each step of a sequence, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from annette.graph.body import Body, record
from annette.graph.dtypes import is_float, numpy_dtype
from annette.graph.gradient import gradient, is_nothing
from annette.graph.primitive import Primitive, Spec
from annette.graph.tensor import Tensor, operator
from annette.primitives.shape import concatenate, reshape, slice_

Sample = tuple[tuple[Any, ...], dict[str, Any]]


def _places(length: int, reverse: bool) -> range:
    return range(length - 1, -1, -1) if reverse else range(length)


def _run(
    xp: Any, *operands: Any, body: Body, carries: int, sequences: int, length: int, reverse: bool
) -> Any:
    state = list(operands[:carries])
    xs = operands[carries : carries + sequences]
    constants = operands[carries + sequences :]
    ys: list[Any] = [None] * length
    for t in _places(length, reverse):
        made = body(xp, [*state, *(x[t] for x in xs), *constants])
        state, ys[t] = made[:carries], made[carries:]
    each = body.graph.outputs[carries:]
    stacked = [
        xp.stack([y[j] for y in ys]) if length else xp.zeros((0, *t.shape), numpy_dtype(t.dtype))
        for j, t in enumerate(each)
    ]
    return _several(*map(xp.array, state), *stacked)


def _several(*results: Any) -> Any:
    return results if len(results) > 1 else results[0]


def _jax(
    *operands: Any, body: Body, carries: int, sequences: int, length: int, reverse: bool
) -> Any:
    import jax
    import jax.numpy as jnp

    end = carries + sequences

    def step(state: Any, xs: Any) -> Any:
        made = body(jnp, [*state, *xs, *operands[end:]])
        return tuple(made[:carries]), tuple(made[carries:])

    first = tuple(jnp.asarray(x) for x in operands[:carries])
    xs = tuple(jnp.asarray(x) for x in operands[carries:end])
    state, ys = jax.lax.scan(step, first, xs, length=length, reverse=reverse)
    return _several(*state, *ys)


def _shape(
    *operands: Any, body: Body, carries: int, sequences: int, length: int, reverse: bool
) -> list[Spec]:
    graph = body.graph
    if len(operands) != len(graph.inputs):
        raise ValueError(
            f"A scan of this body takes {len(graph.inputs)} operands; it got {len(operands)}."
        )
    end = carries + sequences
    for i, (x, t) in enumerate(zip(operands, graph.inputs, strict=True)):
        wanted = (length, *t.shape) if carries <= i < end else t.shape
        if (tuple(x.shape), x.dtype) != (wanted, t.dtype):
            raise ValueError(
                f"Operand {i} of a scan must be {t.dtype} of shape {wanted}; it is {x.dtype} of "
                f"shape {tuple(x.shape)}."
            )
    for i in range(carries):
        before, after = graph.inputs[i], graph.outputs[i]
        if (before.shape, before.dtype) != (after.shape, after.dtype):
            raise ValueError(
                f"Carry {i} of a scan must stay {before.dtype} of shape {before.shape}; its body "
                f"makes it {after.dtype} of shape {after.shape}."
            )
    ends = [(t.shape, t.dtype) for t in graph.outputs[:carries]]
    return [*ends, *(((length, *t.shape), t.dtype) for t in graph.outputs[carries:])]


def _vjp(
    g: Any, y: Any, *operands: Any, body: Body, carries: int, sequences: int, length: int,
    reverse: bool,
) -> tuple[Any, ...]:  # fmt: skip
    r"""The gradient goes through the steps the other way; each runs its body again.

    :math:`\bar c` is the carry of the loop back, and so are the sums :math:`\bar w` of what each
    step gives for the constants; :math:`\bar x` of each step is what it stacks.
    """
    gs, results = (g, y) if isinstance(g, tuple) else ((g,), (y,))
    graph, end = body.graph, carries + sequences
    outputs = graph.outputs
    if not length:
        return (*gs[:carries], *(None for _ in operands[carries:]))
    saved = _saved(results, operands, body, carries, sequences, length, reverse)
    floats = [i for i, t in enumerate(graph.inputs) if is_float(t.dtype)]
    moving = [i for i in floats if i < carries]
    summed = [i for i in floats if i >= end]
    given = [
        j for j in range(carries, len(outputs))
        if is_float(outputs[j].dtype) and not is_nothing(gs[j])
    ]  # fmt: skip
    unconnected: set[int] = set()

    def back(before: list[Any], at: list[Any], fixed: list[Any]) -> tuple[list[Any], list[Any]]:
        values = [*at[:end], *fixed]
        made = body.replay(values)
        seeds = [*zip(moving, before, strict=False), *zip(given, at[end:], strict=True)]
        found = gradient(
            [made[i] for i, _ in seeds], [values[i] for i in floats], [s for _, s in seeds]
        )
        parts = dict(zip(floats, found, strict=True))
        unconnected.update(i for i in floats if parts[i] is None)
        totals = [
            a if parts[i] is None else operator("add")(a, parts[i])
            for i, a in zip(summed, before[len(moving) :], strict=True)
        ]
        new = [_zeros(graph.inputs[i]) if parts[i] is None else parts[i] for i in moving]
        return [*new, *totals], [
            parts[i] for i in floats if carries <= i < end and parts[i] is not None
        ]

    first = [*(gs[i] for i in moving), *(_zeros(graph.inputs[i]) for i in summed)]
    stacked = [*saved, *operands[carries:end], *(gs[j] for j in given)]
    made = run_loop(record(back, first, stacked, operands[end:]), length, not reverse)
    places = [*moving, *summed, *(i for i in floats if carries <= i < end and i not in unconnected)]
    parts = dict(zip(places, made, strict=False))
    return tuple(None if i in unconnected else parts.get(i) for i in range(len(operands)))


def run_loop(recorded: Any, length: int, reverse: bool) -> tuple[Any, ...]:
    """Apply a recorded body to what it was recorded for; return the last carries, then the ys."""
    made = scan(
        *recorded.operands, body=recorded.body, carries=recorded.carries,
        sequences=recorded.sequences, length=length, reverse=reverse,
    )  # fmt: skip
    results = made if isinstance(made, tuple) else (made,)
    return results[: recorded.carries + recorded.ys]


def _zeros(t: Tensor) -> np.ndarray:
    return np.zeros(t.shape, numpy_dtype(t.dtype))


def _saved(
    results: Sequence[Any], operands: Sequence[Any], body: Body, carries: int, sequences: int,
    length: int, reverse: bool,
) -> list[Any]:  # fmt: skip
    """Return each carry as it was before each step, stacked; run the loop again where none knows."""
    graph = body.graph
    each = {id(t): j for j, t in reversed([*enumerate(graph.outputs)]) if j >= carries}
    found: list[Any] = []
    for i in range(carries):
        if id(graph.inputs[i]) in each:
            found.append(results[each[id(graph.inputs[i])]])
        elif id(graph.outputs[i]) in each:
            found.append(_before(results[each[id(graph.outputs[i])]], operands[i], reverse))
        else:
            break
    if len(found) == carries:
        return found

    def step(c: list[Any], x: list[Any], fixed: list[Any]) -> tuple[list[Any], list[Any]]:
        return body.replay([*c, *x, *fixed])[:carries], c

    end = carries + sequences
    again = record(step, operands[:carries], operands[carries:end], operands[end:], save=False)
    return list(run_loop(again, length, reverse)[carries:])


def _before(new: Any, first: Any, reverse: bool) -> Any:
    """Return a carry before each step, given its first value and those after each step."""
    head = reshape(first, shape=(1, *first.shape))
    shape, length = new.shape, new.shape[0]
    start, stop = (1, length) if reverse else (0, length - 1)
    rest = slice_(
        new, start=(start, *(0,) * (len(shape) - 1)), stop=(stop, *shape[1:]),
        step=(1,) * len(shape),
    )  # fmt: skip
    return concatenate(*((rest, head) if reverse else (head, rest)), axis=0)


def _samples(rng: np.random.Generator) -> list[Sample]:
    from annette.primitives import elementwise as e
    from annette.primitives.linear import matmul

    def network(c: list[Any], x: list[Any], w: list[Any]) -> tuple[list[Any], list[Any]]:
        h = e.tanh(e.add(matmul(c[0], w[0]), x[0]))
        return [h], [h]

    def two(c: list[Any], x: list[Any], w: list[Any]) -> tuple[list[Any], list[Any]]:
        a, b, count = c
        new = e.add(e.multiply(e.sin(a), w[0]), e.multiply(b, x[0]))
        one = np.array(1, "int32")
        return [new, a, e.add(count, one)], [e.multiply(new, b), count, x[0]]

    def last(c: list[Any], x: list[Any], w: list[Any]) -> tuple[list[Any], list[Any]]:
        return [e.cos(e.multiply(c[0], w[0]))], []

    def nested(c: list[Any], x: list[Any], w: list[Any]) -> tuple[list[Any], list[Any]]:
        made = run_loop(record(last, [c[0]], [], [e.multiply(x[0], w[0])]), 3, False)
        return [made[0]], [e.multiply(made[0], c[0])]

    r = rng.normal
    return [
        _sample(network, [r(size=(2, 3))], [r(size=(4, 2, 3))], [r(size=(3, 3))], 4, False),
        _sample(network, [r(size=(2, 3))], [r(size=(3, 2, 3))], [r(size=(3, 3))], 3, True),
        _sample(
            two, [r(size=(3,)), r(size=(3,)), np.array(5, "int32")], [r(size=(4, 3))],
            [r(size=(3,))], 4, True,
        ),
        _sample(last, [r(size=(2, 2))], [], [r(size=())], 5, False),
        _sample(nested, [r(size=(2,))], [r(size=(3, 2))], [r(size=(2,))], 3, False),
        _sample(network, [r(size=(2, 3))], [r(size=(1, 2, 3))], [r(size=(3, 3))], 1, False),
        _sample(network, [r(size=(2, 3))], [r(size=(0, 2, 3))], [r(size=(3, 3))], 0, False),
    ]  # fmt: skip


def _sample(
    step: Any, carries: list[Any], xs: list[Any], constants: list[Any], length: int, reverse: bool
) -> Sample:
    symbols = [Tensor(x.shape, x.dtype.name) for x in (*carries, *xs, *constants)]
    n, m = len(carries), len(xs)
    recorded = record(step, symbols[:n], symbols[n : n + m], symbols[n + m :], save=False)
    assert recorded is not None
    params = {"body": recorded.body, "carries": n, "sequences": m}
    return (*carries, *xs, *constants), {**params, "length": length, "reverse": reverse}


scan = Primitive(
    "scan", r"c_{t+1}, y_t = f(c_t, x_t, w),\quad t = 0, \dots, T - 1", run=_run, jax=_jax,
    shape=_shape, vjp=_vjp, samples=_samples, kernel="scan", family="scan",
)  # fmt: skip

__all__ = ["run_loop", "scan"]
