"""Variable: an array that stays between steps (a weight, a moving average, a metric's sum)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.array import Array
from annette.graph.context import scoped, state, suspended
from annette.graph.dtypes import FLOATS, numpy_dtype, standardize
from annette.graph.tensor import Operators, Shape, Tensor, apply_ufunc

_LINE = 64  # bytes

# `initializers.get`, which puts itself here: variables know nothing of initializers.
by_name: list[Callable[[str], Any]] = []


class Variable(Operators):
    """An array of fixed shape and dtype that operations read and `assign` changes.

    Inside a trace it reads as a symbol and an assignment becomes an output of the graph.

    Args:
        initializer: the first value, ``initializer(shape, dtype)`` that makes it, or the name of
            an initializer, such as ``"zeros"``.
        shape: needed with a callable initializer.
        dtype: of the value; that of the given array, or ``floatx()``.
        trainable: whether gradient descent may change it.
        autocast: whether layers of mixed precision read its floats in their compute dtype.
        name: ``"variable"`` unless given.
        layout: accepted for Keras, which spreads variables over devices by it.

    Raises:
        ValueError: if a callable initializer comes without a shape, or the shapes differ.
    """

    __array_priority__ = 200

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
    ) -> None:
        self.name = name or "variable"
        self.path = scoped(self.name)
        self.trainable = bool(trainable)
        self.autocast = autocast
        self.aggregation = aggregation
        self.synchronization = synchronization
        self.regularizer: Any = None
        self.constraint: Any = None
        self.overwrite_with_gradient = False
        self._leaf: Tensor | None = None
        self._loan: np.ndarray | None = None
        with suspended():
            self._value: Any = _first_value(initializer, shape, dtype, self.name)
        if self.waits:
            state.loading.waiting.append(self)
        self.shape: Shape = self._value.shape
        self.dtype = standardize(self._value.dtype)

    @property
    def array(self) -> np.ndarray:
        """The array itself, in this process's memory; only to be read."""
        if type(self._value) is not np.ndarray:
            self._value = self._value.make() if self.waits else np.array(self._value)
        return self._value

    @property
    def waits(self) -> bool:
        """Whether it has no numbers yet, because a model is being loaded that has them in a file."""
        return type(self._value) is _Later

    def own(self) -> np.ndarray:
        """Return the array itself for a backend to change in place: nobody else reads it."""
        array = self.array
        if self._loan is not None:
            array = self._value = _aligned(array, array.dtype)
            self._loan = None
        self._leaf = None
        return array

    def replace(self, value: Any) -> None:
        """Take `value`, of the right shape and dtype, for the array: NumPy's or a backend's own."""
        self._value, self._leaf, self._loan = value, None, None

    def _lend(self) -> np.ndarray:
        # Operations may hand out views of it: read-only, and never changed by a later step.
        if self._loan is None:
            self._loan = self.array.view()
            self._loan.flags.writeable = False
        return self._loan

    @property
    def ndim(self) -> int:
        """Return the number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Return the number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def value(self) -> Any:
        """Return the value: a copy outside a trace, a symbol inside."""
        current = self._read()
        return current if isinstance(current, Tensor) else current.copy().view(Array)

    @property
    def T(self) -> Any:
        """Return the transpose."""
        from annette import ops

        return ops.transpose(self)

    def numpy(self) -> np.ndarray:
        """Return a copy of the value as a NumPy array."""
        return np.array(self._known())

    def _known(self) -> np.ndarray:
        """Return the numbers: those that a StatelessScope has for it, else its own."""
        lent = None if state.scope is None else state.scope.get_current_value(self)
        return self.array if lent is None else np.asarray(lent)

    def read_value(self) -> Any:
        """Return `value` (the spelling of TensorFlow)."""
        return self.value

    def _read(self) -> Any:
        """Return the value for an operation, in the dtype that the running layer computes in."""
        held = self._held()
        cast = state.cast
        if cast is None or cast == self.dtype or not self.autocast or self.dtype not in FLOATS:
            return held
        from annette import ops

        return ops.cast(held, cast)

    def _held(self) -> Tensor | np.ndarray:
        if state.scope is not None:
            lent = state.scope.get_current_value(self)
            if lent is not None:
                return lent if isinstance(lent, Tensor) else np.asarray(lent)
        if state.trace is not None:
            return state.trace.read(self)
        if state.tapes:
            if self._leaf is None:
                self._leaf = Tensor(self.shape, self.dtype, value=self.array.copy(), name=self.name)
            for tape in state.tapes:
                tape.note(self, self._leaf)
            return self._leaf
        return self._lend()

    def assign(self, value: Any) -> Any:
        """Set the value; it is cast to the variable's dtype.

        Raises:
            ValueError: if the shapes differ.
        """
        value = self._fitting(value)
        if state.scope is not None:
            state.scope.add_update((self, value))
            return value
        if state.trace is not None:
            state.trace.assign(self, value)
            return value
        array = value.numpy() if isinstance(value, Tensor) else np.asarray(value)
        self.replace(_aligned(array, numpy_dtype(self.dtype)))
        return self._lend().view(Array)

    def _fitting(self, value: Any) -> Any:
        """Return `value` in the variable's dtype.

        Raises:
            ValueError: if the shapes differ.
        """
        from annette import ops

        value = ops.convert_to_tensor(value, dtype=self.dtype)
        if tuple(value.shape) != self.shape:
            raise ValueError(
                f"Variable {self.path!r} has shape {self.shape}; the value assigned to it has "
                f"shape {tuple(value.shape)}. Give a value of the variable's shape."
            )
        return value

    def zero(self) -> None:
        """Set every element to 0."""
        if state.trace is not None or state.scope is not None:
            self.assign(np.zeros(self.shape, numpy_dtype(self.dtype)))
        else:
            self.own()[...] = 0

    def assign_add(self, value: Any) -> Any:
        """Add `value` to the variable."""
        from annette import ops

        return self.assign(ops.add(self._held(), value))

    def assign_sub(self, value: Any) -> Any:
        """Subtract `value` from the variable."""
        from annette import ops

        return self.assign(ops.subtract(self._held(), value))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self._known(), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __getitem__(self, key: Any) -> Any:
        from annette import ops

        return ops.get_item(self, key)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("A variable of rank 0 has no length.")
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __float__(self) -> float:
        return float(self._known().item())

    def __int__(self) -> int:
        return int(self._known().item())

    def __bool__(self) -> bool:
        if state.trace is not None:
            return bool(state.trace.read(self))
        return bool(self._known())

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        about = f"path={self.path}, shape={self.shape}, dtype={self.dtype}"
        return f"<Variable {about}, value={self.array}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        copy = Variable(self.numpy(), dtype=self.dtype, trainable=self.trainable, name=self.name)
        copy.path, copy.regularizer, copy.constraint = self.path, self.regularizer, self.constraint
        memo[id(self)] = copy
        return copy


class _Later:
    """The first value of a variable of a model that is being loaded: made only if it is needed."""

    def __init__(self, maker: Callable[..., Any], shape: Shape, dtype: Any, name: str) -> None:
        self.maker, self.shape, self.dtype, self.name = maker, shape, np.dtype(dtype), name

    def make(self) -> np.ndarray:
        if state.loading is not None:
            state.loading.spend(self.shape, f"a weight {self.name!r}")
        loading, state.loading = state.loading, None
        try:
            with suspended():
                made = _first_value(self.maker, self.shape, standardize(self.dtype), self.name)
                return np.asarray(made)
        finally:
            state.loading = loading


def _first_value(initializer: Any, shape: Any, dtype: Any, name: str) -> Any:
    if isinstance(initializer, str) and by_name:
        initializer = by_name[0](initializer)
    if callable(initializer) and not isinstance(initializer, (np.ndarray, Variable, Tensor)):
        if shape is None:
            raise ValueError(
                f"Variable {name!r} has a callable initializer and so needs a shape; it got None."
            )
        make: Callable[..., Any] = initializer
        dtype = standardize(dtype)
        if state.loading is not None:
            return _Later(make, _static(shape, name), numpy_dtype(dtype), name)
        value = make(_static(shape, name), dtype=dtype)
    else:
        value = initializer
        if dtype is None and not hasattr(value, "dtype"):
            value = np.asarray(value)
            dtype = "int32" if value.dtype.kind in "iu" else None
            dtype = "bool" if value.dtype.kind == "b" else dtype
            dtype = standardize(dtype)
    array = np.asarray(value.numpy() if isinstance(value, Tensor) else value)
    dtype = standardize(array.dtype if dtype is None else dtype)
    array = _aligned(array, numpy_dtype(dtype))
    if shape is not None and array.shape != tuple(shape):
        raise ValueError(
            f"Variable {name!r} was to have shape {tuple(shape)}; its first value has shape "
            f"{array.shape}."
        )
    return array


def _aligned(array: np.ndarray, dtype: Any) -> np.ndarray:
    """Return a copy in memory that begins with a line of the cache, as vector code likes it."""
    dtype = np.dtype(dtype)
    memory = np.empty(array.size * dtype.itemsize + _LINE, np.uint8)
    first = -memory.ctypes.data % _LINE
    copy: np.ndarray = (
        memory[first : first + array.size * dtype.itemsize].view(dtype).reshape(array.shape)
    )
    copy[...] = array
    return copy


def _static(shape: Any, name: str) -> Shape:
    shape = tuple(shape) if not isinstance(shape, int) else (shape,)
    if any(not isinstance(n, (int, np.integer)) or n < 0 for n in shape):
        raise ValueError(
            f"Variable {name!r} needs a shape of whole numbers not below 0; it got {shape}."
        )
    return tuple(int(n) for n in shape)
