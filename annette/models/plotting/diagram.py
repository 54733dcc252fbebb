"""What a drawing of a model shows: boxes for layers, arrows for data, frames for nested models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from annette.graph.symbolic import FunctionOperation
from annette.utils import tree


@dataclass(frozen=True)
class Options:
    """What is shown of each layer."""

    show_shapes: bool = False
    show_dtype: bool = False
    show_layer_names: bool = True
    expand_nested: bool = False
    show_layer_activations: bool = False
    show_trainable: bool = False


@dataclass
class Box:
    """A layer: its key in the drawing, its name and class, and rows of what is known of it."""

    key: str
    title: str
    kind: str
    rows: list[tuple[str, str]] = field(default_factory=list)
    trainable: bool | None = None
    is_input: bool = False


@dataclass
class Frame:
    """A model: its boxes and inner frames in their order, and the arrows between them.

    An arrow is a pair of keys. One that leads into a frame ends at one of the frame's `entries`,
    one that leads out begins at one of its `exits`: keys of places on the border, each with the
    keys of what it leads to or comes from inside.
    """

    key: str
    title: str
    parts: list[Box | Frame] = field(default_factory=list)
    arrows: list[tuple[str, str]] = field(default_factory=list)
    entries: dict[str, list[str]] = field(default_factory=dict)
    exits: dict[str, list[str]] = field(default_factory=dict)

    def boxes(self) -> Iterator[Box]:
        """Yield all boxes, those of inner frames too."""
        for part in self.parts:
            if isinstance(part, Frame):
                yield from part.boxes()
            else:
                yield part


def describe(model: Any, options: Options, key: str = "m") -> Frame:
    """Return what a drawing of a model shows.

    Raises:
        ValueError: if the model is not built, so that its layers are not known.
    """
    graph = functional_of(model)
    if graph is None:
        frame = Frame(key, model.name)
        frame.parts.append(_box(model, f"{key}/0", options, None))
        return frame
    return _Describer(model, graph, options, key).frame


def functional_of(model: Any) -> Any:
    """Return the calls a model is made of as a functional model; None if they are not known.

    Raises:
        ValueError: if the model is a Sequential that is not built.
    """
    if hasattr(model, "_order"):
        return model
    if "_functional" not in vars(model):
        return None  # a subclassed model
    if model._functional is None and not model.built:
        raise ValueError(
            f"Model '{model.name}' is not built, so its shapes are not known. Call "
            "model.build(input_shape), call it on data, or begin it with an Input."
        )
    return model._functional


def _can_open(layer: Any) -> bool:
    """Say whether a layer is a model whose layers can be shown."""
    if hasattr(layer, "_order"):
        return True
    inner = vars(layer).get("_functional") if hasattr(layer, "__dict__") else None
    return inner is not None and len(layer.layers) > 0


class _Describer:
    """Goes through the calls of a model once."""

    def __init__(self, model: Any, graph: Any, options: Options, key: str) -> None:
        self.options = options
        self.frame = Frame(key, model.name)
        self.parts: dict[int, Box | Frame] = {}
        self.hidden: set[int] = set()  # a Sequential's own input is no layer of it
        if graph is not model:
            self.hidden = {id(t._keras_history.operation) for t in graph.inputs}
        for node in graph._order:
            self._add(node)
        for node in graph._order:
            for place, tensor in enumerate(node.input_tensors):
                self._connect(tensor, node.operation, place)
        for place, tensor in enumerate(graph.inputs):
            operation = tensor._keras_history.operation
            if id(operation) in self.hidden:
                targets = self._readers(graph, tensor)
            else:
                targets = [self.parts[id(operation)].key]
            self.frame.entries[f"{key}>{place}"] = targets
        for place, tensor in enumerate(graph.outputs):
            self.frame.exits[f"{key}<{place}"] = [self._source(tensor)]

    def _add(self, node: Any) -> None:
        operation = node.operation
        if id(operation) in self.parts or id(operation) in self.hidden:
            return
        key = f"{self.frame.key}/{len(self.parts)}"
        part: Box | Frame
        if self.options.expand_nested and _can_open(operation):
            part = describe(operation, self.options, key)
        else:
            part = _box(operation, key, self.options, node)
        self.parts[id(operation)] = part
        self.frame.parts.append(part)

    def _connect(self, tensor: Any, operation: Any, place: int) -> None:
        if id(tensor._keras_history.operation) in self.hidden:
            return
        arrow = self._source(tensor), self._target(operation, place)
        if arrow not in self.frame.arrows:
            self.frame.arrows.append(arrow)

    def _source(self, tensor: Any) -> str:
        operation, _, result = tensor._keras_history
        part = self.parts.get(id(operation))
        if part is None:  # the input of a Sequential that is its output as well
            return next(iter(self.parts.values())).key
        return list(part.exits)[result] if isinstance(part, Frame) else part.key

    def _target(self, operation: Any, place: int) -> str:
        part = self.parts[id(operation)]
        if not isinstance(part, Frame):
            return part.key
        return list(part.entries)[min(place, len(part.entries) - 1)]

    def _readers(self, graph: Any, tensor: Any) -> list[str]:
        wanted = tensor._keras_history.operation
        return [
            self._target(node.operation, place)
            for node in graph._order
            for place, read in enumerate(node.input_tensors)
            if read._keras_history.operation is wanted
        ]


def _box(layer: Any, key: str, options: Options, node: Any) -> Box:
    kind = layer.kind if isinstance(layer, FunctionOperation) else type(layer).__name__
    title = f"{layer.name} ({kind})" if options.show_layer_names else kind
    box = Box(key, title, kind, is_input=kind == "InputLayer")
    if options.show_layer_activations:
        activation = getattr(layer, "activation", None)
        if activation is not None:
            name = getattr(activation, "name", None) or getattr(activation, "__name__", None)
            box.rows.append(("Activation", str(name or activation)))
    outputs = list(node.outputs) if node is not None else []
    if options.show_shapes:
        if node is not None and node.input_tensors:
            box.rows.append(("Input shape", _shapes(node.input_tensors)))
        box.rows.append(("Output shape", _shapes(outputs) if outputs else "?"))
    if options.show_dtype:
        dtypes = list(dict.fromkeys(str(t.dtype) for t in outputs))
        box.rows.append(("Output dtype", ", ".join(dtypes) or "?"))
    if options.show_trainable and getattr(layer, "weights", None):
        box.trainable = bool(layer.trainable)
    return box


def _shapes(tensors: list[Any]) -> str:
    texts = [str(tuple(t.shape)) for t in tree.flatten(tensors)]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
