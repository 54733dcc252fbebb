"""KerasTensor: a value whose shape may have unknown sizes; calls on it are kept.

The shape of a result is found by tracing the call with two different sizes for each unknown one:
the axes that move are unknown in the result too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from annette.graph.context import state
from annette.graph.dtypes import standardize
from annette.graph.tensor import Operators, Tensor, apply_ufunc, operator
from annette.graph.trace import Trace

F = TypeVar("F", bound=Callable[..., Any])
# Sizes for unknown axes: the first axis (rows) small, the others large enough to be cut up.
_PROBES = ((2, 24), (3, 36))


class KerasHistory(NamedTuple):
    """Where a KerasTensor comes from: which call of which operation, and which of its results."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor(Operators):
    """A value in a functional model: its shape (None where unknown), its dtype, its origin."""

    __array_priority__ = 200
    _keras_mask: Any

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
    ) -> None:
        self.shape: tuple[int | None, ...] = tuple(shape)
        for n in self.shape:
            if n is not None and (not hasattr(n, "__index__") or n < 0):
                raise ValueError(
                    f"A KerasTensor's shape is made of whole numbers and None; it got {shape!r}."
                )
        # Strings are in no graph; a preprocessing layer that is called at once takes them.
        self.dtype = "string" if dtype == "string" else standardize(dtype)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.record_history = record_history
        self.name = name
        self._keras_history: KerasHistory | None = None

    @property
    def ndim(self) -> int:
        """Return the number of axes."""
        return len(self.shape)

    @property
    def T(self) -> Any:
        """Return the transpose."""
        return operator("transpose")(self)

    def reshape(self, newshape: Any) -> Any:
        """Return the same elements in another shape."""
        return operator("reshape")(self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """Return the value without its axes of size 1."""
        return operator("squeeze")(self, axis)

    def __getitem__(self, key: Any) -> Any:
        return operator("getitem")(self, key)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise ValueError(
            f"{self!r} stands for data that will come later and has no numbers, so NumPy cannot "
            "read it. Use functions of annette.ops on it, or call the finished model on data."
        )

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} stands for data that will come later and has no truth yet. Use ops.where."
        )

    def __float__(self) -> float:
        raise TypeError(f"{self!r} stands for data that will come later and is no number yet.")

    def __index__(self) -> int:
        raise TypeError(f"{self!r} stands for data that will come later and is no number yet.")

    def __len__(self) -> int:
        if not self.shape or self.shape[0] is None:
            raise TypeError(f"The length of {self!r} is not known.")
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class CallNode:
    """One call of an operation (a layer, a model, a function of ops) on KerasTensors."""

    def __init__(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.input_tensors = symbolic_inputs(args, kwargs)
        self.outputs: list[KerasTensor] = []

    @property
    def parent_nodes(self) -> list[CallNode]:
        """Return the calls whose results this one reads."""
        histories = [t._keras_history for t in self.input_tensors]
        return [h.operation._inbound_nodes[h.node_index] for h in histories if h is not None]

    @property
    def is_input(self) -> bool:
        """Say whether this is where data enters a model."""
        return not self.input_tensors


def symbolic_inputs(*nested: Any) -> list[KerasTensor]:
    """Return the KerasTensors anywhere inside `nested` tuples, lists and dicts."""
    found: list[KerasTensor] = []
    for item in nested:
        if isinstance(item, KerasTensor):
            found.append(item)
        elif isinstance(item, (list, tuple)):
            found.extend(symbolic_inputs(*item))
        elif isinstance(item, dict):
            found.extend(symbolic_inputs(*item.values()))
    return found


def is_keras_tensor(x: Any) -> bool:
    """Say whether `x` is a KerasTensor: a value of a model that is being made."""
    return isinstance(x, KerasTensor)


def get_source_inputs(tensor: Any) -> Any:
    """Return the inputs that a KerasTensor was made from; a value that is none, as it is."""
    if not isinstance(tensor, KerasTensor) or tensor._keras_history is None:
        return tensor
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:
        history = waiting.pop()._keras_history
        if history is None:
            continue
        node = history.operation._inbound_nodes[history.node_index]
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.is_input:
            found.update((id(t), t) for t in node.outputs)
        waiting.extend(reversed(node.input_tensors))
    return list(found.values())


def any_symbolic(args: Any, kwargs: Any) -> bool:
    """Say whether a KerasTensor is among the arguments, in a list or tuple too."""
    for item in (*args, *kwargs.values()):
        if isinstance(item, KerasTensor):
            return True
        if isinstance(item, (list, tuple, dict)) and symbolic_inputs(item):
            return True
    return False


def record_call(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
    """Keep a call of `operation` in its `_inbound_nodes` and in the history of its results."""
    from annette.utils import tree
    from annette.utils.naming import auto_name

    node = CallNode(operation, args, kwargs)
    index = len(operation._inbound_nodes)
    inputs = {id(t) for t in node.input_tensors}

    # A layer that returns its own input still makes a new value in the model's graph.
    def fresh(t: Any) -> Any:
        return KerasTensor(t.shape, t.dtype) if id(t) in inputs else t

    outputs = tree.map_structure(fresh, outputs)
    node.outputs = list(tree.flatten(outputs))
    for i, tensor in enumerate(node.outputs):
        tensor._keras_history = KerasHistory(operation, index, i)
        tensor.name = tensor.name or auto_name("keras_tensor")
    operation._inbound_nodes.append(node)
    return outputs


def output_spec(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Return as KerasTensors what ``function(*args, **kwargs)`` gives for KerasTensors."""
    from annette.utils import tree

    unknown = any(None in t.shape for t in symbolic_inputs(args, kwargs))
    probes = _PROBES if unknown else _PROBES[:1]
    traced = [_probe(function, args, kwargs, probe) for probe in probes]

    def merge(*found: Any) -> Any:
        if not isinstance(found[0], Tensor):
            return found[0]
        sizes = zip(*(t.shape for t in found), strict=True)
        shape = tuple(s[0] if len(set(s)) == 1 else None for s in sizes)
        return KerasTensor(shape, found[0].dtype)

    return tree.map_structure(merge, *traced)


def _probe(function: Callable[..., Any], args: Any, kwargs: Any, probe: tuple[int, int]) -> Any:
    from annette.graph.trace import _as_tensor
    from annette.utils import tree

    def stand_in(x: Any) -> Any:
        if not isinstance(x, KerasTensor):
            return x
        shape = tuple(
            n if n is not None else probe[0 if i == 0 else 1] for i, n in enumerate(x.shape)
        )
        tensor = Tensor(shape, x.dtype, name=x.name)
        mask = getattr(x, "_keras_mask", None)
        if mask is not None:
            tensor._keras_mask = stand_in(mask)
        return tensor

    before, state.probing = state.probing, True
    try:
        with Trace():
            result = function(
                *tree.map_structure(stand_in, args), **tree.map_structure(stand_in, kwargs)
            )
            return tree.map_structure(_as_tensor, result)
    finally:
        state.probing = before


class FunctionOperation:
    """A function of `annette.ops` called inside a functional model."""

    _keras_module = "annette.graph"

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        from annette.utils.naming import auto_name

        self.function = function
        self.name = name or auto_name(function.__name__)
        self._inbound_nodes: list[CallNode] = []

    @property
    def kind(self) -> str:
        """The operation's class in Keras, which pictures of a model show: `ExpandDims`."""
        return "".join(word.capitalize() for word in self.function.__name__.split("_"))

    def __getstate__(self) -> dict[str, Any]:
        """Return what pickle and copy keep: the function goes by its name where it has one."""
        name = self.function.__name__
        known = _FUNCTIONS.get(name) is self.function
        return {**self.__dict__, "function": name if known else self.function}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what was pickled or copied."""
        function = state["function"]
        known = _FUNCTIONS[function] if isinstance(function, str) else function
        self.__dict__.update(state, function=known)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on arrays, or add the call to a functional model on KerasTensors."""
        if not any_symbolic(args, kwargs):
            return self.function(*args, **kwargs)
        return record_call(self, args, kwargs, output_spec(self.function, args, kwargs))

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal operation."""
        return {"name": self.name, "function": self.function.__name__}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FunctionOperation:
        """Return the operation that `config` describes.

        Raises:
            ValueError: if `annette.ops` has no function of that name.
        """
        return cls(known_function(config["function"]), config["name"])


# Functions that may stand in a model's configuration, by name.
_FUNCTIONS: dict[str, Callable[..., Any]] = {}


def known_function(name: str) -> Callable[..., Any]:
    """Return the function of `annette.ops` that has a name.

    Raises:
        ValueError: if there is none.
    """
    if name not in _FUNCTIONS:
        import annette.ops.image  # noqa: F401  # whose functions are known once it is imported

    if name not in _FUNCTIONS:
        raise ValueError(f"There is no operation {name!r} in annette.ops.")
    return _FUNCTIONS[name]


def _explained(error: Exception, function: Any, args: Any, kwargs: Any) -> Exception | None:
    """Return an error that names the argument; indexing keeps its IndexError, which ends loops."""
    if function.__name__ == "get_item":
        return None
    from annette.utils.explain import explained

    return explained(error, function, args, kwargs)


def symbolic_op(function: F) -> F:
    """Let a function of operations be called on KerasTensors too, which records the call."""
    _FUNCTIONS[function.__name__] = function

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        for item in args:
            kind = type(item)
            if kind is KerasTensor or (
                (kind is list or kind is tuple or kind is dict) and symbolic_inputs(item)
            ):
                return FunctionOperation(function)(*args, **kwargs)
        if kwargs and any_symbolic((), kwargs):
            return FunctionOperation(function)(*args, **kwargs)
        try:
            return function(*args, **kwargs)
        except Exception as error:
            better = _explained(error, function, args, kwargs)
            if better is None:
                raise
            raise better from error

    return wrapper  # type: ignore[return-value]  # the same signature
