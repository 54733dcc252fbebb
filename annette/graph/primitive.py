"""Primitive: one record holds all that is special about an operation; applying; the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette.graph.array import Array
from annette.graph.context import state
from annette.graph.dtypes import numpy_dtype, standardize
from annette.graph.tensor import Node, Shape, Tensor

Spec = tuple[Shape, str]
PRIMITIVES: dict[str, Primitive] = {}
# The name of a Tensor that stands for an array under a tape: never folded into a constant.
WATCHED = "watched"


class Primitive:
    r"""One operation, whole.

    Args:
        name: as graphs print it; unique.
        formula: a line of mathematics in LaTeX.
        run: how to compute it, ``run(xp, *arrays, **params)`` with `xp` NumPy or ``jax.numpy``; or
            the name of a universal function of `xp`, which can then write into a given buffer.
        shape: ``shape(*inputs, **params)`` gives the (shape, dtype) of the result, or a list of
            them for several results; the inputs have `.shape` and `.dtype`.
        vjp: ``vjp(g, y, *inputs, **params)`` gives the gradient for each input (None: none), in
            operations, so that it can be differentiated again. None: not differentiable.
        samples: ``samples(rng)`` gives a list of (arrays, params) for the generated tests; an
            input that is to be checked for gradients is float64.
        kernel: the native kernel: a C++ expression for an elementwise record, a function's name
            for a structured one; None where the NumPy definition serves.
        jax: ``jax(*arrays, **params)`` where `run` cannot say it with ``jax.numpy``.
        view: whether the result may share the first input's memory.
        family: the file it is from, for the reference pages.
    """

    def __init__(
        self,
        name: str,
        formula: str,
        *,
        run: Callable[..., Any] | str,
        shape: Callable[..., Spec | list[Spec]],
        vjp: Callable[..., tuple[Any, ...]] | None,
        samples: Callable[..., list[tuple[tuple[Any, ...], dict[str, Any]]]],
        kernel: str | None = None,
        jax: Callable[..., Any] | None = None,
        view: bool = False,
        family: str = "",
    ) -> None:
        if name in PRIMITIVES:
            raise ValueError(f"There is a primitive named {name!r} already.")
        self.name = name
        self.formula = formula
        self.ufunc: np.ufunc | None = getattr(np, run) if isinstance(run, str) else None
        self.run: Callable[..., Any] = _by_name(run) if isinstance(run, str) else run
        self.shape = shape
        self.vjp = vjp
        self.samples = samples
        self.kernel = kernel
        self.jax = jax
        self.view = view
        self.family = family
        PRIMITIVES[name] = self

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Compute at once on arrays, record on Tensors."""
        return apply(self, inputs, params)

    def specs(self, inputs: Sequence[Any], params: dict[str, Any]) -> list[Spec]:
        """Return the shape and dtype of each result."""
        try:
            result = self.shape(*inputs, **params)
        except IndexError as error:
            shapes = ", ".join(str(tuple(x.shape)) for x in inputs)
            raise ValueError(
                f"Operation {self.name!r} needs inputs of more axes: with {params} it cannot take "
                f"the shapes {shapes}."
            ) from error
        return result if isinstance(result, list) else [result]

    def __repr__(self) -> str:
        return f"<Primitive {self.name}>"


def _by_name(name: str) -> Callable[..., Any]:
    return lambda xp, *arrays: getattr(xp, name)(*arrays)


def read(operand: Any) -> Tensor | np.ndarray:
    """Return what an operation sees of `operand`: a Tensor that stands for it, else its array."""
    if isinstance(operand, Tensor):
        value = operand.value
        if value is None or operand.name == WATCHED:
            return operand
        # Known values are constants to a trace, and are just arrays where no tape looks on.
        return value if state.trace is not None or not state.tapes else operand
    if isinstance(operand, np.ndarray):
        if state.watched and id(operand) in state.watched:
            return state.watched[id(operand)][1]
        return operand
    reader = getattr(operand, "_read", None)
    return reader() if reader is not None else np.asarray(operand)


def apply(primitive: Primitive, inputs: Sequence[Any], params: dict[str, Any]) -> Any:
    """Apply `primitive`: to arrays at once, to Tensors by recording a node.

    Raises:
        ValueError: if the shapes or dtypes of the inputs do not go together.
    """
    operands = [read(x) for x in inputs]
    if not any(isinstance(x, Tensor) for x in operands):
        return _run(primitive, operands, params)
    tensors = tuple(x if isinstance(x, Tensor) else constant(x) for x in operands)
    node = Node(primitive, tensors, params)
    specs = primitive.specs(tensors, params)
    values: list[Any] = [None] * len(specs)
    if all(t.value is not None for t in tensors):
        if state.loading is not None:
            state.loading.constant(specs)
        result = primitive.run(np, *(t.value for t in tensors), **params)
        results = result if isinstance(result, tuple) else (result,)
        # What NumPy computes of halves may come in another dtype than the one that is told.
        values = [
            np.asarray(v, numpy_dtype(dtype)) for v, (_, dtype) in zip(results, specs, strict=True)
        ]
    node.outputs = tuple(
        Tensor(shape, dtype, node=node, index=i, value=value)
        for i, ((shape, dtype), value) in enumerate(zip(specs, values, strict=True))
    )
    if state.trace is not None:
        state.trace.nodes.append(node)
    return node.outputs if len(node.outputs) > 1 else node.outputs[0]


def constant(array: np.ndarray) -> Tensor:
    """Return `array` as a Tensor of known value."""
    array = native(np.asarray(array))
    return Tensor(array.shape, standardize(array.dtype), value=array)


def native(array: np.ndarray) -> np.ndarray:
    """Return `array` with its bytes in this machine's order."""
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _run(primitive: Primitive, arrays: list[Any], params: dict[str, Any]) -> Any:
    plain = [native(x.view(np.ndarray) if type(x) is Array else x) for x in arrays]
    specs = primitive.specs(plain_specs(plain), params)
    if state.loading is not None:
        state.loading.constant(specs)
    # Not-a-number and infinity are values here, as in a compiled plan, and no cause of warnings.
    with np.errstate(all="ignore"):
        result = primitive.run(np, *plain, **params)
    results = result if isinstance(result, tuple) else (result,)
    out = tuple(
        np.asarray(value, dtype=numpy_dtype(dtype)).view(Array)
        for value, (_, dtype) in zip(results, specs, strict=True)
    )
    return out if len(out) > 1 else out[0]


class _ArraySpec:
    __slots__ = ("dtype", "shape")

    def __init__(self, array: np.ndarray) -> None:
        self.shape = array.shape
        self.dtype = standardize(array.dtype)


def plain_specs(arrays: Sequence[np.ndarray]) -> list[_ArraySpec]:
    """Return shapes and dtypes by name, as shape rules read them."""
    return [_ArraySpec(a) for a in arrays]
