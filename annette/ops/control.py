"""Control flow: loops and choices.

A traced scan is one operation, and so is a traced fori_loop of many steps; the others are unrolled.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.body import record
from annette.graph.context import state
from annette.graph.symbolic import KerasTensor
from annette.graph.tensor import Tensor
from annette.ops.common import from_python, normal_axis, op, rank
from annette.ops.core import convert_to_tensor
from annette.ops.numpy import elementwise as el, shaping
from annette.primitives.scan import run_loop


def _known(x: Any) -> Any:
    """Return the number in `x`, None if there is none yet."""
    if isinstance(x, KerasTensor):
        return None
    x = from_python(x)
    if isinstance(x, Tensor) and x.value is None:
        return None
    return np.asarray(x.value if isinstance(x, Tensor) else x).item()


def switch(index: Any, branches: Any, *operands: Any) -> Any:
    """Return ``branches[index](*operands)``; an index outside means the first or last branch.

    Inside a trace all are computed and one is chosen.

    Raises:
        ValueError: if there is no branch.
    """
    from annette.utils import tree

    if not branches:
        raise ValueError("switch expects a list of one function or more; it got none.")
    place = _known(index)
    if place is not None:
        return branches[min(max(int(place), 0), len(branches) - 1)](*operands)
    results = [branch(*operands) for branch in branches]
    chosen = results[0]
    for i, result in enumerate(results[1:], 1):
        reached = el.greater_equal(index, i)
        chosen = tree.map_structure(lambda a, b, r=reached: el.where(r, b, a), chosen, result)
    return chosen


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Return the loop variables after ``loop_vars = body(*loop_vars)`` while ``cond(*loop_vars)``.

    Raises:
        ValueError: inside a trace, if the condition depends on values that are not there yet.
    """
    from annette.utils import tree

    several = isinstance(loop_vars, (tuple, list))
    now = tuple(loop_vars) if several else (loop_vars,)
    now = tree.map_structure(convert_to_tensor, now)
    for done in itertools.count():
        if maximum_iterations is not None and done >= maximum_iterations:
            break
        go_on = _known(cond(*now))
        if go_on is None:
            raise ValueError(
                "The condition of while_loop depends on values that a traced function has not got "
                "yet. Use fori_loop or scan with a fixed number of steps and ops.where, or compile "
                "the model with run_eagerly=True."
            )
        if not go_on:
            break
        result = body(*now)
        now = tuple(result) if several and isinstance(result, (tuple, list)) else (result,)
        now = tree.map_structure(convert_to_tensor, now)
    return now if several else now[0]


def _count(xs: Any, length: int | None) -> int:
    """Return the number of steps along the first axis of xs."""
    from annette.utils import tree

    leaves = [from_python(x) for x in tree.flatten(xs)] if xs is not None else []
    if any(not rank(x) for x in leaves):
        raise ValueError("scan goes along the first axis of xs; a scalar has none.")
    sizes = {x.shape[0] for x in leaves} | ({length} if length is not None else set())
    if len(sizes) != 1:
        raise ValueError(
            "scan needs xs or length, and one length for all of them; it got "
            f"{sorted(sizes) or 'neither'}."
        )
    (count,) = sizes
    return int(count)


def _loop(
    f: Callable[[Any, Any], tuple[Any, Any]], init: Any, xs: Any, length: int, reverse: bool
) -> tuple[Any, Any] | None:
    """Record `f` once as the body of a loop; None where a step changes the form of its carry."""
    from annette.utils import tree

    structure: list[Any] = []

    def step(c: list[Any], x: list[Any], _: list[Any]) -> tuple[list[Any], list[Any]]:
        element = None if xs is None else tree.pack_sequence_as(xs, x)
        carry, y = f(tree.pack_sequence_as(init, c), element)
        structure[:] = carry, y
        return tree.flatten(carry), [v for v in tree.flatten(y) if v is not None]

    leaves = [] if xs is None else [from_python(x) for x in tree.flatten(xs)]
    recorded = record(step, tree.flatten(init), leaves)
    if recorded is None:
        return None
    made = run_loop(recorded, length, reverse)
    carry, y = structure
    count = len(tree.flatten(carry))
    for variable, value in zip(recorded.assigned, made[count:], strict=False):
        variable.assign(value)
    ys = iter(made[recorded.carries :])
    return (
        tree.pack_sequence_as(carry, list(made[:count])),
        tree.map_structure(lambda v: None if v is None else next(ys), y),
    )


@op
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """Return the last carry and the stacked results of ``carry, y = f(carry, x)`` along xs.

    Args:
        f: takes the carry and one element of xs along the first axis (None without xs).
        init: the first carry.
        xs: what to go along, a structure of arrays.
        length: how many steps, needed without xs.
        reverse: whether to begin with the last element; results stay beside their elements.
        unroll: accepted for Keras.

    Raises:
        TypeError: if f is no function.
        ValueError: if xs and length do not give one number of steps.
    """
    from annette.utils import tree

    if not callable(f):
        raise TypeError(f"scan expects f to be a function of (carry, x); it got {f!r}.")
    count = _count(xs, length)
    carry = tree.map_structure(convert_to_tensor, init)
    if state.trace is not None and count > 1:
        done = _loop(f, carry, xs, count, reverse)
        if done is not None:
            return done
    if not count:
        nothing = tree.map_structure(lambda x: np.zeros(x.shape[1:], str(x.dtype)), xs)
        _, y = f(carry, nothing)
        return carry, tree.map_structure(lambda v: shaping.stack([v])[:0], y)
    results: list[Any] = [None] * count
    for i in reversed(range(count)) if reverse else range(count):
        element = None if xs is None else tree.map_structure(lambda x, i=i: from_python(x)[i], xs)
        carry, results[i] = f(carry, element)
    return carry, tree.map_structure(
        lambda *ys: None if ys[0] is None else shaping.stack(ys), *results
    )


# A traced fori_loop of no more steps is unrolled: what its steps do can be fused.
_FEW_STEPS = 16


def fori_loop(lower: int, upper: int, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """Return what ``value = body_fun(i, value)`` gives after i = lower … upper - 1.

    In a trace, `i` is a symbol where there are many steps and `body_fun` can do with one.
    """
    first, end = int(lower), int(upper)
    if state.trace is not None and end - first > _FEW_STEPS:
        done = _counted(first, end, body_fun, init_val)
        if done is not None:
            return done[0]
    value = init_val
    for i in range(first, end):
        value = body_fun(i, value)
    return value


def _counted(
    first: int, end: int, body_fun: Callable[[Any, Any], Any], init: Any
) -> tuple[Any, Any] | None:
    """Record `body_fun` once; None where it needs the number itself, or changes its value's form."""
    from annette.utils import tree

    numbers = np.arange(first, end, dtype="int32")
    try:
        init = tree.map_structure(convert_to_tensor, init)
        return _loop(lambda value, i: (body_fun(i, value), None), init, numbers, end - first, False)
    except (TypeError, ValueError):  # of a symbol where a number is needed
        return None


@op
def associative_scan(
    f: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Return all partial results of an associative ``f(a, b)`` along `axis`, in log2(n) rounds.

    Args:
        f: combines two slices of elems along `axis`, element by element.
        elems: an array or a structure of arrays of one size along `axis`.
        reverse: whether to combine from the end.
        axis: what to go along.

    Raises:
        TypeError: if f is no function.
        ValueError: if the arrays differ in size along `axis`.
    """
    from annette.utils import tree

    if not callable(f):
        raise TypeError(f"associative_scan expects f to be a function of (a, b); it got {f!r}.")
    elems = tree.map_structure(convert_to_tensor, elems)
    if reverse:
        elems = tree.map_structure(lambda x: shaping.flip(x, axis), elems)
    sizes = {x.shape[normal_axis(axis, rank(x))] for x in tree.flatten(elems)}
    if len(sizes) != 1:
        raise ValueError(
            f"associative_scan needs arrays of one size along axis {axis}; it got {sorted(sizes)}."
        )
    (n,) = sizes
    step, y = 1, elems
    while step < n:
        head, tail = _cut(y, step, axis)
        before, _ = _cut(y, n - step, axis)
        y = tree.map_structure(
            lambda a, b: shaping.concatenate([a, b], axis=axis), head, f(before, tail)
        )
        step *= 2
    return tree.map_structure(lambda x: shaping.flip(x, axis), y) if reverse else y


def _cut(xs: Any, place: int, axis: int) -> tuple[Any, Any]:
    from annette.utils import tree

    halves = [shaping.split(x, [place], axis=axis) for x in tree.flatten(xs)]
    return tuple(tree.pack_sequence_as(xs, [h[i] for h in halves]) for i in (0, 1))
