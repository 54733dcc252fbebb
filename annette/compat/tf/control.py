"""Functions that call functions, and modules, in TensorFlow's spelling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import annette
from annette import ops
from annette.compat.tf.tensors import constant
from annette.utils import tree

__all__ = (
    "Module UnconnectedGradients case cond custom_gradient ensure_shape foldl gradients group "
    "map_fn no_op scan while_loop"
).split()


class UnconnectedGradients:
    """What a tape gives for a source without influence."""

    NONE = "none"
    ZERO = "zero"


class Module:
    """An object whose variables are found: its own, and those of modules and lists in it."""

    def __init__(self, name: str | None = None) -> None:
        self._name = name or type(self).__name__.lower()

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def variables(self) -> tuple[Any, ...]:
        """All variables."""
        found: dict[int, Any] = {}
        for value in vars(self).values():
            for part in tree.flatten(value):
                if isinstance(part, annette.Variable):
                    found[id(part)] = part
                elif hasattr(part, "variables"):
                    found.update({id(v): v for v in part.variables})
        return tuple(found.values())

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The variables that are trained."""
        return tuple(v for v in self.variables if v.trainable)


def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: Any = None) -> Any:
    """Return what one of two functions gives."""
    return ops.cond(constant(pred), true_fn, false_fn)


def case(pred_fn_pairs: Any, default: Any = None, **options: Any) -> Any:
    """Return what the first function gives whose condition holds."""
    for condition, function in pred_fn_pairs:
        if bool(condition):
            return function()
    if default is None:
        raise ValueError("None of the conditions of tf.case holds, and there is no default.")
    return default()


def while_loop(
    cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, **options: Any
) -> Any:
    """Return the variables of a loop after its end."""
    values = list(loop_vars)
    while bool(cond(*values)):
        found = body(*values)
        values = list(found) if isinstance(found, (list, tuple)) else [found]
    return values


def map_fn(fn: Callable[[Any], Any], elems: Any, *args: Any, **options: Any) -> Any:
    """Return what a function makes of each row (of each row of several arrays)."""
    elems = tree.map_structure(constant, elems) if tree.is_nested(elems) else constant(elems)
    count = tree.flatten(elems)[0].shape[0]
    rows = [fn(tree.map_structure(lambda x, i=i: x[i], elems)) for i in range(count)]
    return tree.map_structure(lambda *parts: ops.stack([constant(p) for p in parts]), *rows)


def foldl(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, **options: Any
) -> Any:
    """Return ``fn(... fn(fn(initializer, first), second) ..., last)``."""
    return _steps(fn, elems, initializer)[-1]


def scan(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, **options: Any) -> Any:
    """Return all that `foldl` comes by."""
    found = _steps(fn, elems, initializer)
    return tree.map_structure(lambda *parts: ops.stack(list(parts)), *found)


def _steps(fn: Callable[[Any, Any], Any], elems: Any, start: Any) -> list[Any]:
    elems = constant(elems)
    rows = [elems[i] for i in range(elems.shape[0])]
    given = start is not None
    total = tree.map_structure(constant, start) if given else rows.pop(0)
    found = [] if given else [total]
    for row in rows:
        total = fn(total, row)
        found.append(total)
    return found


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with a gradient of its own: ``f`` returns (value, gradient function)."""
    return ops.custom_gradient(f)


def gradients(*args: Any, **options: Any) -> NoReturn:
    """Say what to write instead.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "tf.gradients differentiates a graph of symbols, which annette has not. Compute inside "
        "`with tf.GradientTape() as tape:` and call tape.gradient(target, sources)."
    )


def group(*inputs: Any, **options: Any) -> None:
    """Do nothing: everything has been computed."""


def no_op(name: Any = None) -> None:
    """Do nothing."""


def ensure_shape(x: Any, shape: Any, name: Any = None) -> Any:
    """Return `x` if it has this shape (None: any length).

    Raises:
        ValueError: if it has not.
    """
    x = constant(x)
    wanted = tuple(shape)
    same = len(wanted) == len(x.shape) and all(
        w is None or w == n for w, n in zip(wanted, x.shape, strict=True)
    )
    if not same:
        raise ValueError(f"ensure_shape expects shape {wanted}; the array has {tuple(x.shape)}.")
    return x
