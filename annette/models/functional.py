"""Functional: a model made of what led from its input KerasTensors to its outputs."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from annette import ops
from annette.graph.dtypes import is_float, standardize
from annette.graph.symbolic import (
    CallNode,
    FunctionOperation,
    KerasHistory,
    KerasTensor,
    any_symbolic,
)
from annette.layers import Input, InputLayer, Layer
from annette.models.model import Model
from annette.models.strings import MADE, StringFront
from annette.saving import operations, serialization
from annette.utils import tree


class Functional(Model):
    """A model given by the KerasTensors where it begins and where it ends.

    Args:
        inputs: a KerasTensor of `Input`, or a list or dict of them.
        outputs: KerasTensors that were made from them, in any structure.
        name: of the model.
        trainable: whether training may change its weights.

    Raises:
        ValueError: if an output does not come from the inputs, or two layers have one name.
    """

    # As Keras writes the class in its configurations.
    _keras_module = "keras.src.models.functional"
    _layers_first = True  # in files

    _untracked = (
        *Model._untracked,
        "inputs",
        "outputs",
        "_inputs_struct",
        "_outputs_struct",
        "_order",
    )

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        trainable = kwargs.pop("trainable", None)
        if kwargs:
            raise ValueError(f"Model got unknown arguments {', '.join(map(repr, kwargs))}.")
        Model.__init__(self, name=name)
        _check_ends(tree.flatten(inputs), "inputs")
        _check_ends(tree.flatten(outputs), "outputs")
        inputs, outputs = _from_inputs(inputs, outputs)
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self.inputs: list[KerasTensor] = tree.flatten(inputs)
        self.outputs: list[KerasTensor] = tree.flatten(outputs)
        self._order: list[CallNode] = _sorted_calls(self.inputs, self.outputs)
        self._operations = _operations(self._order, self.outputs)
        _check_names(self._operations)
        self.built = True
        self._own_input_spec()
        if trainable is not None:
            self.trainable = trainable

    def _own_input_spec(self) -> None:
        self.input_names = [str(t.name) for t in self.inputs]
        self.output_names = [t._keras_history.operation.name for t in self.outputs]  # type: ignore[union-attr]

    @property
    def operations(self) -> list[Any]:
        """Layers and functions, those with the most steps to an output first."""
        return list(self._operations)

    @property  # type: ignore[misc]  # the setter of Model only refuses
    def layers(self) -> list[Layer]:
        """The layers, those with the most steps to an output first; so are the weights."""
        return [x for x in self._operations if isinstance(x, Layer)]

    @property
    def input_shape(self) -> Any:
        """The shape of the input, rows first."""
        return tree.map_structure(lambda t: t.shape, self._inputs_struct)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, rows first."""
        return tree.map_structure(lambda t: t.shape, self._outputs_struct)

    @property
    def input(self) -> Any:
        """The KerasTensors the model begins with, in their structure."""
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """The KerasTensors the model ends with, in their structure."""
        return self._outputs_struct

    def build(self, input_shape: Any = None) -> None:
        """Do nothing: a functional model is built by its making."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute every layer in order."""
        made = isinstance(inputs, dict) and MADE in inputs
        front = self.string_front if made else None
        values = front.values(self.inputs, inputs) if front else self._entered(inputs, mask)
        for node in self._order:
            if node.is_input or (front and front.has(node)):
                continue
            args, kwargs = _fill(node.args, values), _fill(node.kwargs, values)
            operation = node.operation
            takes = isinstance(operation, Layer) and operation._call_signature.takes("training")
            # What a call was made with holds, as Keras's guides on fine-tuning promise.
            if takes and kwargs.get("training") is None:
                kwargs["training"] = training
            outputs = operation(*args, **kwargs)
            for symbol, y in zip(node.outputs, tree.flatten(outputs), strict=True):
                values[_key(symbol)] = y
        return tree.map_structure(lambda t: values[_key(t)], self._outputs_struct)

    def _entered(self, inputs: Any, mask: Any) -> dict[int, Any]:
        """Return the values of the inputs."""
        values: dict[int, Any] = {}
        given = self._arrange(inputs)
        masks = tree.flatten(mask) if mask is not None else [None] * len(given)
        for symbol, x, m in zip(self.inputs, given, masks, strict=True):
            if m is not None:
                x._keras_mask = m
            values[_key(symbol)] = x
        return values

    @property
    def string_front(self) -> StringFront | None:
        """The calls that lead from strings to numbers; None for a model of numbers only."""
        if not any(t.dtype == "string" for t in self.inputs):
            return None
        return StringFront(self._order, self.inputs, _key)

    def without_strings(self, inputs: Any) -> Any:
        """Return what takes the place of `inputs` that hold strings: what its layers make of them.

        Raises:
            ValueError: as `call`, and if a layer that takes strings has weights to train.
        """
        front = self.string_front
        if front is None:
            return inputs
        given = self._arrange(tree.map_structure(_as_array, inputs))
        return front.numbers(self.inputs, given, _fill)

    def _arrange(self, inputs: Any) -> list[Any]:
        """Return the data for each input, in order.

        Raises:
            ValueError: if there are too few or too many, a name is missing, or a shape is wrong.
        """
        if isinstance(inputs, dict):
            missing = [n for n in self.input_names if n not in inputs]
            if missing and isinstance(self._inputs_struct, dict):
                keys = list(self._inputs_struct)
                missing = [k for k in keys if k not in inputs]
                flat = [] if missing else tree.flatten({k: inputs[k] for k in keys})
            else:
                flat = [] if missing else [inputs[n] for n in self.input_names]
            if missing:
                raise ValueError(
                    f"Model '{self.name}' has no data for its input {missing[0]!r}: the keys are "
                    f"{', '.join(map(repr, inputs))}."
                )
        else:
            flat = tree.flatten(inputs)
        if len(flat) != len(self.inputs):
            raise ValueError(
                f"Model '{self.name}' has {len(self.inputs)} inputs "
                f"({', '.join(self.input_names)}); it was given {len(flat)}."
            )
        return [
            self._adjust(x, t, n)
            for x, t, n in zip(flat, self.inputs, self.input_names, strict=True)
        ]

    def _adjust(self, x: Any, symbol: KerasTensor, name: str) -> Any:
        """Bring an input to the rank that was declared, where an axis of 1 makes the difference."""
        if x is None:
            return x
        shape, wanted = tuple(x.shape), symbol.shape
        mask = getattr(x, "_keras_mask", None)
        by_numpy = isinstance(x, np.ndarray)  # it may hold strings
        if len(shape) == len(wanted) + 1 and shape[-1] == 1:
            x = x[..., 0] if by_numpy else ops.squeeze(x, -1)
        elif len(shape) == len(wanted) - 1 and wanted[-1] == 1:
            x = x[..., None] if by_numpy else ops.expand_dims(x, -1)
        # The number of rows may be any, also where the model was built by data of so many.
        fits = len(x.shape) == len(wanted) and all(
            b is None or a is None or a == b for a, b in zip(x.shape[1:], wanted[1:], strict=True)
        )
        if not fits:
            raise ValueError(
                f"Model '{self.name}' expects data of shape {wanted} for its input {name!r}; it "
                f"got shape {shape}. {_mend(shape, wanted)}"
            )
        if is_float(symbol.dtype) and standardize(x.dtype) != symbol.dtype:
            x = ops.cast(x, symbol.dtype)
        if mask is not None:
            x._keras_mask = mask
        return x

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        shapes: list[Any] = []
        tree.map_shape_structure(shapes.append, input_shape)
        symbols = [KerasTensor(s, t.dtype) for s, t in zip(shapes, self.inputs, strict=True)]
        inputs = tree.pack_sequence_as(self._inputs_struct, symbols)
        return tree.map_structure(lambda t: t.shape, self._traced_spec((inputs,), {}))

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return the outputs as KerasTensors for inputs that are KerasTensors."""
        return self._traced_spec((inputs,), _given(training=training, mask=mask))

    # --- configuration ------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained model: its layers and how they are connected."""
        if type(self) is not Functional:
            return Model.get_config(self)
        layers = []
        places = self._places()
        for operation in self._operations:
            described = serialization.serialize_keras_object(operation)
            described["name"] = operation.name
            described["inbound_nodes"] = [
                _described_call(node, places)
                for node in operation._inbound_nodes
                if id(node) in places and not node.is_input
            ]
            layers.append(described)
        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": layers,
            "input_layers": _ends(self._inputs_struct, places),
            "output_layers": _ends(self._outputs_struct, places),
        }

    def _places(self) -> dict[int, int]:
        """Return the number of each call among those of its operation in this model, by id."""
        inside = {id(node) for node in self._order}
        places: dict[int, int] = {}
        for operation in self._operations:
            calls = [node for node in operation._inbound_nodes if id(node) in inside]
            places.update((id(node), i) for i, node in enumerate(calls))
        return places

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the model that `config` describes."""
        if "layers" not in config or "input_layers" not in config:
            return super().from_config(config, custom_objects)
        made: dict[str, Any] = {}
        calls: list[tuple[str, int, dict[str, Any]]] = []
        for described in config["layers"]:
            operation = serialization.deserialize_keras_object(
                {k: v for k, v in described.items() if k not in ("name", "inbound_nodes")},
                custom_objects,
            )
            operation.name = described["name"]
            # A layer that is within another as well has calls of its own there already.
            entry = isinstance(operation, InputLayer)
            first = 0 if entry else len(operation._inbound_nodes)
            made[described["name"]] = _Made(operation, first)
            nodes = described["inbound_nodes"]
            if serialization.is_keras_operation(described):  # its arguments are no call's
                nodes = operations.calls_of(described)
            calls += [(described["name"], i, c) for i, c in enumerate(nodes)]
        _replay(calls, made)
        inputs = _restored_ends(config["input_layers"], made)
        outputs = _restored_ends(config["output_layers"], made)
        model = Functional(inputs, outputs, name=config.get("name"))
        # Each layer says itself whether it is trained: to set this would say so for all of them.
        model._trainable = bool(config.get("trainable", True))
        return model


def _given(**kwargs: Any) -> dict[str, Any]:
    return {k: v for k, v in kwargs.items() if v is not None}


class _Made(NamedTuple):
    """An operation made again, and how many calls of it are others' than this model's."""

    operation: Any
    first: int

    def output(self, node: int, index: int) -> Any:
        """A result of one of its calls."""
        return self.operation._inbound_nodes[self.first + node].outputs[index]


def _replay(calls: list[tuple[str, int, dict[str, Any]]], made: dict[str, Any]) -> None:
    """Make each call when those are made that its arguments come from, in the order given else."""
    places = {(name, index): at for at, (name, index, _) in enumerate(calls)}
    if len(places) != len(calls):
        raise ValueError("The configuration has two layers of one name.")
    missing, after = [], defaultdict(list)
    for at, (name, index, call) in enumerate(calls):
        before = {places[p] for p in _places([call["args"], call["kwargs"]]) if p in places}
        before |= {places[name, index - 1]} if index else set()
        missing.append(len(before))
        for earlier in before:
            after[earlier].append(at)
    ready = [at for at, count in enumerate(missing) if not count]  # a heap, as it is sorted
    while ready:
        at = heapq.heappop(ready)
        _call_again(*calls[at], made)
        missing[at] = -1
        for later in after[at]:
            missing[later] -= 1
            if not missing[later]:
                heapq.heappush(ready, later)
    waiting = [calls[at][0] for at, count in enumerate(missing) if count > 0]
    if waiting:
        raise ValueError(f"The configuration's layer {waiting[0]!r} is connected to nothing.")


def _call_again(name: str, index: int, call: dict[str, Any], made: dict[str, Any]) -> None:
    args, kwargs = _restored(call["args"], made), _restored(call["kwargs"], made)
    if not any_symbolic(args, kwargs):
        raise ValueError(
            f"The configuration calls the layer {name!r} on nothing that comes from the model's "
            "inputs."
        )
    made[name].operation(*args, **kwargs)


def _places(value: Any) -> Iterator[tuple[str, int]]:
    """The calls from which a described argument takes tensors."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict) and item.get("class_name") == "__keras_tensor__":
            name, node, _ = item["config"]["keras_history"]
            yield name, node
        elif isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, (list, tuple)):
            pending += item


def _restored(value: Any, made: dict[str, Any]) -> Any:
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        name, node, index = value["config"]["keras_history"]
        return made[name].output(node, index)
    if isinstance(value, dict) and "class_name" in value:
        return serialization.deserialize_keras_object(value)
    if isinstance(value, dict):
        return {k: _restored(v, made) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_restored(v, made) for v in value)
    return value


def _restored_ends(value: Any, made: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {k: _restored_ends(v, made) for k, v in value.items()}
    if len(value) == 3 and isinstance(value[0], str):
        name, node, index = value
        return made[name].output(node, index)
    return [_restored_ends(v, made) for v in value]


def _ends(structure: Any, places: dict[int, int]) -> Any:
    def place(t: KerasTensor) -> Any:
        history = _history(t)
        node = history.operation._inbound_nodes[history.node_index]
        return _Place([history.operation.name, places[id(node)], history.tensor_index])

    return tree.map_structure(place, structure)


class _Place(list):  # type: ignore[type-arg]  # a leaf once made; a list to JSON
    """Where an end of a model is: operation, call, result."""


def _described_call(node: CallNode, places: dict[int, int]) -> dict[str, Any]:
    def placed(x: Any) -> Any:
        """Return a KerasTensor whose history counts the calls in this model only."""
        if not isinstance(x, KerasTensor):
            return x
        operation, index, result = _history(x)
        found = KerasTensor(x.shape, x.dtype)
        place = places[id(operation._inbound_nodes[index])]
        found._keras_history = KerasHistory(operation, place, result)
        return found

    args = serialization.serialize_keras_object(list(tree.map_structure(placed, node.args)))
    if isinstance(node.operation, FunctionOperation):
        # In JSON a tuple would become a list, which is another thing as a key of x[key].
        args = [_tagged_tuple(a) if isinstance(a, tuple) else a for a in args]
    kwargs = serialization.serialize_keras_object(tree.map_structure(placed, node.kwargs))
    return {"args": args, "kwargs": kwargs}


def _tagged_tuple(value: tuple[Any, ...]) -> dict[str, Any]:
    return {"class_name": "__tuple__", "config": {"value": list(value)}}


def _history(t: KerasTensor) -> KerasHistory:
    assert t._keras_history is not None  # checked when the model was made
    return t._keras_history


def _key(symbol: KerasTensor) -> int:
    """Return what a KerasTensor and its recast forms have in common: the place it comes from."""
    history = symbol._keras_history
    return (
        hash((id(history.operation), history.node_index, history.tensor_index))
        if history
        else id(symbol)
    )


def _as_array(x: Any) -> Any:
    return x if hasattr(x, "shape") else np.asarray(x)


def _fill(structure: Any, values: dict[int, Any]) -> Any:
    def value(x: Any) -> Any:
        return values[_key(x)] if isinstance(x, KerasTensor) else x

    return tree.map_structure(value, structure)


def _mend(shape: tuple[Any, ...], wanted: tuple[Any, ...]) -> str:
    if len(shape) == len(wanted) - 1:
        return "A single sample needs an axis of rows: x[numpy.newaxis]."
    size = 1
    for n in shape[1:]:
        size *= n or 1
    if len(wanted) == 2 and size == wanted[-1]:
        return "Reshape it to (rows, features), or put Flatten() first in the model."
    if len(shape) == len(wanted):
        return f"Give samples of shape {wanted[1:]}, or make the model for {shape[1:]}."
    return f"It needs {len(wanted)} axes, rows first."


def _check_ends(tensors: list[Any], what: str) -> None:
    for t in tensors:
        if not isinstance(t, KerasTensor) or t._keras_history is None:
            raise ValueError(
                f"Model takes KerasTensors as {what}: the result of Input(...) and what layers "
                f"made of it. It got {t!r}."
            )


def _from_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """Return ends that begin at input layers, where the given ones begin within another model.

    What leads from the given inputs to the outputs is called again on new inputs.
    """
    flat = tree.flatten(inputs)
    if all(_is_input(t) for t in flat):
        return inputs, outputs

    def begin(t: KerasTensor) -> KerasTensor:
        return t if _is_input(t) else Input(batch_shape=t.shape, dtype=t.dtype, name=t.name)

    new = tree.map_structure(begin, inputs)
    values = dict(zip(map(_key, flat), tree.flatten(new), strict=True))
    for node in _sorted_calls(flat, tree.flatten(outputs)):
        if not node.is_input:
            results = node.operation(*_fill(node.args, values), **_fill(node.kwargs, values))
            values.update(zip(map(_key, node.outputs), tree.flatten(results), strict=True))
    return new, tree.map_structure(lambda t: values[_key(t)], outputs)


def _is_input(t: KerasTensor) -> bool:
    return isinstance(_history(t).operation, InputLayer)


def _sorted_calls(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> list[CallNode]:
    """Return the calls from inputs to outputs, each after those it needs.

    Raises:
        ValueError: if an output needs data that the inputs do not give.
    """
    begin = {_key(t) for t in inputs}
    order: list[CallNode] = []
    done: set[int] = set()

    for t in inputs:
        node = _node_of(t)
        if id(node) not in done:
            done.add(id(node))
            if node.is_input:
                order.append(node)
    stack: list[tuple[CallNode, bool]] = [(_node_of(t), False) for t in reversed(outputs)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
            continue
        if id(node) in done:
            continue
        done.add(id(node))
        if node.is_input:
            name = node.operation.name
            raise ValueError(
                f"The outputs need the input {name!r}, which is not among the model's inputs. "
                "Add it."
            )
        stack.append((node, True))
        needed = [t for t in node.input_tensors if _key(t) not in begin]
        stack.extend((_node_of(t), False) for t in reversed(needed))
    return order


def _node_of(t: KerasTensor) -> CallNode:
    history = _history(t)
    found: CallNode = history.operation._inbound_nodes[history.node_index]
    return found


def _operations(order: list[CallNode], outputs: list[KerasTensor]) -> list[Any]:
    """Return the operations of the calls in Keras's order, which lists of weights depend on.

    Those with the longest way to an output come first; of equal ones that which is met first on
    the way back from the outputs.
    """
    depths: dict[int, int] = {}  # of calls and of operations, by id
    for node in reversed(order):
        operation = id(node.operation)
        depth = max(depths.get(id(node), 0), depths.get(operation, 0))
        depths[operation] = depth
        for t in node.input_tensors:
            parent = id(_node_of(t))
            depths[parent] = max(depths.get(parent, 0), depth + 1)
    met = _met(outputs)
    found = {id(node.operation): node.operation for node in order}
    return sorted(found.values(), key=lambda x: (-depths[id(x)], met.get(id(x), -1)))


def _met(outputs: list[KerasTensor]) -> dict[int, int]:
    """Return which place each operation has on the way back from the outputs, by id."""
    places: dict[int, int] = {}
    seen: set[int] = set()
    stack = [_node_of(t) for t in reversed(outputs)]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        places.setdefault(id(node.operation), len(places))
        stack.extend(_node_of(t) for t in reversed(node.input_tensors))
    return places


def _check_names(operations: list[Any]) -> None:
    seen: dict[str, Any] = {}
    for operation in operations:
        if operation.name in seen:
            raise ValueError(
                f"Two layers of one model are called {operation.name!r}. Give one of them "
                "another name."
            )
        seen[operation.name] = operation
