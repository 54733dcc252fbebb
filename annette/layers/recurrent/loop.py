"""The one place where a computation is carried along a sequence, step by step, with masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette import ops
from annette.graph.dtypes import standardize
from annette.utils import tree

Step = Callable[[Any, Any], tuple[Any, Any]]


def over_time(
    step: Step,
    inputs: Any,
    states: Any,
    *,
    mask: Any = None,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
    held: Callable[[Any], Any] | None = None,
) -> tuple[Any, Any, Any]:
    """Return the last output, the outputs and the last states of a step that is repeated.

    Where the mask is False the states stay as they are, and the output is the one before (0 before
    the first), or 0.

    Args:
        step: ``(x, states) -> (output, states)``, with one step's inputs.
        inputs: (n, t, ...), or a structure of such arrays.
        states: a list of the first states.
        mask: (n, t), or more axes of which any True counts; None where no step is passed over.
        go_backwards: whether to begin with the last step; outputs come as they are made.
        unroll: whether the steps stand one by one in the graph.
        zero_output_for_mask: whether the output of masked steps is 0.
        return_all_outputs: whether the outputs of all steps are wanted; else they are the last one,
            with an axis of one step.
        held: tells the output of the step before from the states, where they have it.

    Raises:
        ValueError: if there is no step, or the step's states are not like those it was given.
    """
    first = tree.flatten(inputs)[0]
    if first.shape[1] == 0:
        raise ValueError(
            f"There is no step to go along: the inputs' shape is {tuple(first.shape)}. Leave out "
            "empty sequences, or pad them to one step or more and mask it."
        )
    xs = (tree.map_structure(steps_first, inputs), None if mask is None else kept_steps(mask))
    # Whether the states tell the output, so that it need not be carried along.
    told = held if mask is None or not zero_output_for_mask else None
    carries = mask is not None and held is None and not zero_output_for_mask
    before = _output_like(step, inputs, states) if carries else ()

    def body(carry: Any, x: Any) -> tuple[Any, Any]:
        states, before = carry
        x, kept = x if mask is not None else (x, None)
        output, after = step(x, states)
        after = _alike(states, after)
        if kept is not None:
            instead = (
                ops.zeros_like(output) if zero_output_for_mask
                else before if held is None
                else held(states)
            )  # fmt: skip
            output = _where(kept, output, instead)
            after = tree.map_structure(lambda a, b: _where(kept, a, b), after, states)
            before = output if carries else ()
        return (after, before), output if return_all_outputs or told is None else None

    carry, outputs = _repeated(
        body, (states, before), xs if mask is not None else xs[0], go_backwards, unroll
    )
    states = carry[0]
    if outputs is None:
        last = told(states)  # type: ignore[misc]  # outputs are left out only where states tell
        return last, ops.expand_dims(last, 1), states
    if go_backwards:
        outputs = ops.flip(outputs, axis=0)
    last = outputs[-1]
    if not return_all_outputs:
        return last, ops.expand_dims(last, 1), states
    return last, steps_first(outputs), states


def _repeated(
    body: Callable[[Any, Any], tuple[Any, Any]], carry: Any, xs: Any, reverse: bool, unroll: bool
) -> tuple[Any, Any]:
    """Return the last carry, and the results stacked beside their inputs."""
    if not unroll:
        return ops.scan(body, carry, xs, reverse=reverse)
    count = tree.flatten(xs)[0].shape[0]
    results: list[Any] = [None] * count
    for i in reversed(range(count)) if reverse else range(count):
        carry, results[i] = body(carry, tree.map_structure(lambda x, i=i: x[i], xs))
    return carry, None if results[0] is None else ops.stack(results)


def steps_first(x: Any) -> Any:
    """Swap the axes of rows and steps."""
    return ops.swapaxes(x, 0, 1)


def kept_steps(mask: Any) -> Any:
    """Return the mask as bools, steps first: (t, n)."""
    mask = ops.cast(mask, "bool")
    if len(mask.shape) > 2:
        mask = ops.any(mask, axis=tuple(range(2, len(mask.shape))))
    return steps_first(mask)


def _where(kept: Any, new: Any, old: Any) -> Any:
    """Return `new` in the rows that are kept, `old` in the others."""
    return ops.where(ops.reshape(kept, (-1, *(1,) * (len(new.shape) - 1))), new, old)


def _output_like(step: Step, inputs: Any, states: Any) -> Any:
    """Return zeros like an output of the step."""
    return ops.zeros_like(step(tree.map_structure(lambda x: x[:, 0], inputs), states)[0])


def _alike(before: Any, after: Any) -> Any:
    """Return the new states in the structure and dtypes of the old ones.

    Raises:
        ValueError: if their number or a shape is another.
    """
    old, new = tree.flatten(before), tree.flatten(after)
    shapes = [tuple(x.shape) for x in old], [tuple(x.shape) for x in new]
    if shapes[0] != shapes[1]:
        raise ValueError(
            "A step must return states of the shapes that it was given: it got "
            f"{_listed(shapes[0])} and returned {_listed(shapes[1])}. Look at the cell's "
            "state_size and at the states that its call returns."
        )
    same = [_of_dtype(b, a.dtype) for a, b in zip(old, new, strict=True)]
    return tree.pack_sequence_as(before, same)


def _of_dtype(x: Any, dtype: Any) -> Any:
    wanted = standardize(dtype)
    return x if standardize(x.dtype) == wanted else ops.cast(x, wanted)


def _listed(shapes: list[tuple[int, ...]]) -> str:
    return ", ".join(map(str, shapes)) or "none"
