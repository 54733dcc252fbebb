"""What an exported model takes and gives: names, sizes, dtypes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from annette.export.errors import Refused
from annette.export.tracing import InputSpec
from annette.graph.dtypes import standardize
from annette.graph.symbolic import KerasTensor
from annette.utils import tree


class Signature:
    """The inputs of a model, and how to call it on a Tensor for each.

    Args:
        model: that is exported.
        given: what the user says of the inputs: anything with a shape, in the structure of the
            model's input; None where the model knows.

    Raises:
        Refused: for inputs that are strings.
        ValueError: if the model does not know what it takes, or what is given does not fit.
    """

    def __init__(self, model: Any, given: Any = None) -> None:
        self.model = model
        functional = getattr(model, "_functional", None) or model
        self.known = functional if hasattr(functional, "_inputs_struct") else None
        self.structure = _structure(model, self.known) if given is None else _unpacked(given)
        specs = [_spec(x, model) for x in tree.flatten(self.structure)]
        names = _names(self.structure, self.known, specs)
        self.inputs = [dataclasses.replace(s, name=n) for s, n in zip(specs, names, strict=True)]
        for spec in self.inputs:
            if spec.dtype == "string":
                raise Refused(_strings(model, self.known, spec.name))
        if not model.built:
            symbols = [KerasTensor(spec.shape, spec.dtype, name=spec.name) for spec in self.inputs]
            model(tree.pack_sequence_as(self.structure, symbols))

    @property
    def call(self) -> Callable[..., Any]:
        """The model's inference as a function of a Tensor for each input."""

        def run(*tensors: Any) -> Any:
            packed = tree.pack_sequence_as(self.structure, list(tensors))
            return self.model(packed, training=False)

        return run

    def output_names(self, result: Any) -> list[str]:
        """Return the names of the outputs: keys of a dict, layers of a functional model."""
        leaves = [(path, x) for path, x in tree.flatten_with_path(result) if x is not None]
        known = getattr(self.known, "output_names", None) or []
        found = []
        for i, (path, _) in enumerate(leaves):
            own = path[-1] if path and isinstance(path[-1], str) else None
            by_layer = known[i] if len(known) == len(leaves) else None
            plain = "output" if len(leaves) == 1 else f"output_{i}"
            found.append(str(own or by_layer or plain))
        return found


def _structure(model: Any, known: Any) -> Any:
    if known is not None:
        if getattr(model, "_declared", True):
            return known._inputs_struct
        # built for the data that it met, however many rows that had
        return tree.map_structure(
            lambda x: InputSpec(x.name, (None, *x.shape[1:]), x.dtype), known._inputs_struct
        )
    shapes = getattr(model, "_called_shapes", None) or getattr(model, "_build_shapes", None)
    if not model.built or not shapes or len(shapes) != 1:
        raise ValueError(
            f"Model '{model.name}' does not know what it takes. Call it on data first, or say it: "
            "export(..., input_signature=[InputSpec(shape=(None, 28, 28))])."
        )
    return _as_specs(next(iter(shapes.values())), model)


def _as_specs(shapes: Any, model: Any) -> Any:
    """Return shapes as specs; rows may be any number."""
    if isinstance(shapes, dict):
        return {k: _as_specs(s, model) for k, s in shapes.items()}
    if shapes and isinstance(shapes[0], (tuple, list, dict)):
        return [_as_specs(s, model) for s in shapes]
    return InputSpec("", (None, *shapes[1:]), model.variable_dtype)


def _unpacked(given: Any) -> Any:
    """Return a list of one thing as that thing, as Keras takes it."""
    return given[0] if isinstance(given, (list, tuple)) and len(given) == 1 else given


def _spec(x: Any, model: Any) -> InputSpec:
    shape = getattr(x, "shape", None)
    if shape is None:
        raise ValueError(
            f"input_signature expects an InputSpec, a KerasTensor or an array for each input; it got "
            f"{x!r}."
        )
    dtype = getattr(x, "dtype", None)
    name = "string" if str(dtype) == "string" else standardize(dtype or model.variable_dtype)
    own = getattr(x, "name", None)
    return InputSpec(str(own or ""), tuple(None if n is None else int(n) for n in shape), name)


def _names(structure: Any, known: Any, specs: list[InputSpec]) -> list[str]:
    ours = getattr(known, "input_names", None) or []
    paths = [path for path, _ in tree.flatten_with_path(structure)]
    names: list[str] = []
    for i, (spec, path) in enumerate(zip(specs, paths, strict=True)):
        key = path[-1] if path and isinstance(path[-1], str) else None
        plain = "input" if len(specs) == 1 else f"input_{i}"
        name = str(ours[i] if len(ours) == len(specs) else spec.name or key or plain)
        names.append(name if name not in names else f"{name}_{i}")
    return names


def _strings(model: Any, known: Any, name: str) -> str:
    front = getattr(known, "string_front", None)
    layers = ", ".join(repr(call.operation.name) for call in front.calls) if front else "a layer"
    return (
        f"Its input {name!r} holds strings, which {layers} would have to read in the file; ONNX has "
        "no words for that. Export a model of what comes after, and call these layers on the data "
        "before."
    )
