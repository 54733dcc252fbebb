"""Tensor: a value that an operation will have, or under a tape has; Node: that operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from annette.graph.primitive import Primitive

Shape = tuple[int, ...]
_operators: dict[str, Callable[..., Any]] = {}


def operator(name: str) -> Callable[..., Any]:
    """Return the operation behind a Python operator, by its name in `annette.ops`."""
    return _operators[name]


def apply_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer NumPy's ufunc on something of annette's with the operation of the same name."""
    operation = _operators.get(ufunc.__name__)
    if operation is None or method != "__call__" or kwargs:
        return NotImplemented
    return operation(*inputs)


class Node:
    """One application of a primitive or fused operation: what is computed from what."""

    __slots__ = ("inputs", "instead", "outputs", "params", "primitive")

    def __init__(
        self, primitive: Primitive, inputs: tuple[Tensor, ...], params: dict[str, Any]
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.params = params
        self.outputs: tuple[Tensor, ...] = ()
        # Where it is computed in a shorter way: what that way passes by, and what makes a Node of
        # the way as it was written, for gradients by the former.
        self.instead: tuple[tuple[Tensor, ...], Callable[[], Node]] | None = None


if TYPE_CHECKING:

    class Operators:
        """What `install_operators` gives a class."""

        def __add__(self, other: Any) -> Any: ...
        def __radd__(self, other: Any) -> Any: ...
        def __sub__(self, other: Any) -> Any: ...
        def __rsub__(self, other: Any) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...
        def __rmul__(self, other: Any) -> Any: ...
        def __truediv__(self, other: Any) -> Any: ...
        def __rtruediv__(self, other: Any) -> Any: ...
        def __floordiv__(self, other: Any) -> Any: ...
        def __rfloordiv__(self, other: Any) -> Any: ...
        def __mod__(self, other: Any) -> Any: ...
        def __rmod__(self, other: Any) -> Any: ...
        def __pow__(self, other: Any) -> Any: ...
        def __rpow__(self, other: Any) -> Any: ...
        def __matmul__(self, other: Any) -> Any: ...
        def __rmatmul__(self, other: Any) -> Any: ...
        def __and__(self, other: Any) -> Any: ...
        def __rand__(self, other: Any) -> Any: ...
        def __or__(self, other: Any) -> Any: ...
        def __ror__(self, other: Any) -> Any: ...
        def __xor__(self, other: Any) -> Any: ...
        def __rxor__(self, other: Any) -> Any: ...
        def __lt__(self, other: Any) -> Any: ...
        def __le__(self, other: Any) -> Any: ...
        def __gt__(self, other: Any) -> Any: ...
        def __ge__(self, other: Any) -> Any: ...
        def __eq__(self, other: object) -> Any: ...
        def __ne__(self, other: object) -> Any: ...
        def __neg__(self) -> Any: ...
        def __abs__(self) -> Any: ...
        def __invert__(self) -> Any: ...
        def __round__(self, ndigits: int = 0) -> Any: ...

else:
    Operators = object


class Tensor(Operators):
    """A value of static shape and dtype inside a graph.

    `node` is the operation that makes it; None for an input, a variable's value or a constant.
    `value` is its array: always for a constant, and for every Tensor recorded under a tape.
    """

    __slots__ = ("__weakref__", "_keras_mask", "dtype", "index", "name", "node", "shape", "value")
    __array_priority__ = 200
    _keras_mask: Any

    def __init__(
        self,
        shape: Shape,
        dtype: str,
        *,
        node: Node | None = None,
        index: int = 0,
        value: np.ndarray | None = None,
        name: str | None = None,
    ) -> None:
        self.shape = shape
        self.dtype = dtype
        self.node = node
        self.index = index
        self.value = value
        self.name = name

    @property
    def ndim(self) -> int:
        """Return the number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Return the number of elements."""
        total = 1
        for n in self.shape:
            total *= n
        return total

    @property
    def T(self) -> Any:
        """Return the transpose."""
        return operator("transpose")(self)

    def numpy(self) -> np.ndarray:
        """Return the value.

        Raises:
            ValueError: inside a trace, where there is none yet.
        """
        if self.value is None:
            raise ValueError(
                f"This tensor of shape {self.shape} has no value yet: it is part of a function "
                "that is being traced. Return it, or compile the model with run_eagerly=True "
                "to see numbers."
            )
        return np.asarray(self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        value = self.numpy()
        return value.astype(dtype) if dtype is not None and value.dtype != dtype else value

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __float__(self) -> float:
        return float(self.numpy().item())

    def __int__(self) -> int:
        return int(self.numpy().item())

    def __index__(self) -> int:
        return int(self.numpy().item().__index__())

    def __bool__(self) -> bool:
        if self.value is None:
            raise TypeError(
                "A value inside a traced function has no truth yet, so `if`, `while`, `and`, "
                "`or` and `not` cannot read it. Use ops.where, ops.logical_and and the like, or "
                "compile the model with run_eagerly=True."
            )
        return bool(self.numpy())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("A tensor of rank 0 has no length.")
        return self.shape[0]

    def __iter__(self) -> Any:
        if not self.shape:
            raise TypeError("A tensor of rank 0 cannot be iterated over.")
        return (self[i] for i in range(self.shape[0]))

    def __getitem__(self, key: Any) -> Any:
        return operator("getitem")(self, key)

    def __format__(self, spec: str) -> str:
        return format(self.numpy().item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        shape = ",".join(map(str, self.shape))
        value = "" if self.value is None else f" = {self.value!s}"
        return f"<Tensor {self.name or ''}: {self.dtype}[{shape}]{value}>".replace(" :", ":")

    def __hash__(self) -> int:
        return id(self)


_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and_or_bitwise",
    "or": "logical_or_or_bitwise",
    "xor": "logical_xor_or_bitwise",
}
_COMPARE = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not_or_bitwise"}


def _binary(name: str, swapped: bool) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if other is None or isinstance(other, (str, dict)):
            return NotImplemented
        return _operators[name](other, self) if swapped else _operators[name](self, other)

    return method


def _unary(name: str) -> Callable[[Any], Any]:
    return lambda self: _operators[name](self)


def _round(self: Any, ndigits: int = 0) -> Any:
    return _operators["round"](self, ndigits)


def install_operators(operations: dict[str, Callable[..., Any]], *classes: type) -> None:
    """Give Python's operators on `classes` the meaning of the named `operations`."""
    _operators.update(operations)
    for cls in classes:
        for symbol, name in _BINARY.items():
            setattr(cls, f"__{symbol}__", _binary(name, swapped=False))
            setattr(cls, f"__r{symbol}__", _binary(name, swapped=True))
            if hasattr(cls, f"__i{symbol}__"):
                # `a += b` makes a new value, as everywhere but in NumPy: b may be a symbol.
                setattr(cls, f"__i{symbol}__", _binary(name, swapped=False))
        for symbol, name in _COMPARE.items():
            setattr(cls, f"__{symbol}__", _binary(name, swapped=False))
        for symbol, name in _UNARY.items():
            setattr(cls, f"__{symbol}__", _unary(name))
        cls.__round__ = _round  # type: ignore[attr-defined]  # added to classes made elsewhere
