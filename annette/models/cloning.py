"""clone_model and model_from_json: a model anew, from a model or from its description."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from annette.graph.symbolic import KerasTensor
from annette.layers import Input, InputLayer, Layer
from annette.models.functional import Functional, _fill, _history, _key
from annette.models.sequential import Sequential
from annette.saving import plain_json, serialization
from annette.utils import tree

CloneFunction = Callable[[Any], Any]
CallFunction = Callable[..., Any]


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: CloneFunction | None = None,
    call_function: CallFunction | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """Return a model of the same structure with layers, and so weights, of its own.

    The clone is not compiled. A layer that the model calls twice is cloned once.

    Args:
        model: a functional model or a `Sequential`; any other layer is made anew from its
            ``get_config()``.
        input_tensors: KerasTensors to begin with, in the structure of ``model.input``; new ones
            if None.
        clone_function: ``clone_function(layer)`` returns the layer for the clone. It is asked for
            each layer and operation but the inputs. If None a layer is made from its
            configuration.
        call_function: ``call_function(layer, *args, **kwargs)`` calls a cloned layer and returns
            the outputs. It may call others before or after. For functional models only.
        recursive: whether models inside the model are cloned layer by layer with the same
            functions, instead of being given to `clone_function` as a whole.

    Raises:
        ValueError: if `input_tensors` do not fit the model, `clone_function` or `input_tensors`
            come with a model that is neither functional nor a `Sequential`, or `call_function`
            with one that is not functional.
    """
    if kwargs:
        names = ", ".join(map(repr, sorted(kwargs)))
        raise ValueError(
            f"clone_model got unknown arguments {names}. It takes model, input_tensors, "
            "clone_function, call_function and recursive."
        )
    _check_callable(clone_function, "clone_function", "layer")
    _check_callable(call_function, "call_function", "layer, *args, **kwargs")
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                f"Sequential '{model.name}' is cloned as the row of its layers, so that "
                "call_function would never be called. Give a functional model, or leave "
                "call_function out."
            )
        return _clone_sequential(model, input_tensors, clone_function, recursive)
    if isinstance(model, Functional):
        return _clone_functional(model, input_tensors, clone_function, call_function, recursive)
    for name, given in (
        ("clone_function", clone_function),
        ("input_tensors", input_tensors),
        ("call_function", call_function),
    ):
        if given is not None:
            raise ValueError(
                f"{name} is for functional models and Sequential, whose layers are known; it got "
                f"a model of type {type(model).__name__}. Leave {name} out."
            )
    if not isinstance(model, Layer):
        raise ValueError(
            f"clone_model expects a model; it got {model!r} of type {type(model).__name__}."
        )
    return _anew(model)


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the model that ``model.to_json()`` described, with new weights.

    Args:
        json_string: the text.
        custom_objects: the program's own classes and functions by name, where they are not
            registered.

    Raises:
        TypeError: if `json_string` is no string, or a class in it is not known.
        ValueError: if it is no JSON, or does not describe a model.
    """
    if not isinstance(json_string, (str, bytes, bytearray)):
        raise TypeError(
            "model_from_json expects the text that model.to_json() gives; it got an object of type "
            f"{type(json_string).__name__}."
        )
    try:
        config = plain_json.parsed(json_string)
    except plain_json.JsonError as error:
        raise ValueError(
            f"model_from_json expects the text that model.to_json() gives; it got "
            f"{json_string[:60]!r}: {error}."
        ) from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(
            "model_from_json expects the text that model.to_json() gives, with the keys "
            f"'class_name' and 'config'; it got {json_string[:60]!r}."
        )
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects)


def _check_callable(given: Any, name: str, arguments: str) -> None:
    if given is not None and not callable(given):
        raise TypeError(
            f"{name} must be a function {name}({arguments}); it got {given!r} of type "
            f"{type(given).__name__}."
        )


def _anew(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


class _Clones:
    """The clone of each operation, made when it is first asked for."""

    def __init__(
        self,
        clone_function: CloneFunction | None,
        call_function: CallFunction | None,
        recursive: bool,
    ) -> None:
        self._clone_function = clone_function or _anew
        self._given = (clone_function, call_function)
        self._recursive = recursive
        self._made: dict[int, Any] = {}

    def of(self, operation: Any) -> Any:
        """Return the operation's clone."""
        if id(operation) not in self._made:
            self._made[id(operation)] = self._clone(operation)
        return self._made[id(operation)]

    def _clone(self, operation: Any) -> Any:
        if self._recursive and isinstance(operation, (Functional, Sequential)):
            clone_function, call_function = self._given
            if isinstance(operation, Sequential):
                call_function = None
            return clone_model(
                operation,
                clone_function=clone_function,
                call_function=call_function,
                recursive=True,
            )
        return self._clone_function(operation)


def _clone_sequential(
    model: Sequential, input_tensors: Any, clone_function: CloneFunction | None, recursive: bool
) -> Sequential:
    clones = _Clones(clone_function, None, recursive)
    row: list[Any] = []
    if input_tensors is not None:
        row.append(_as_input(_single(input_tensors), model))
    elif model._row and isinstance(model._row[0], InputLayer):
        row.append(_anew(model._row[0]))
    row += [clones.of(layer) for layer in model.layers]
    return Sequential(row, trainable=model.trainable, name=model.name)


def _single(input_tensors: Any) -> KerasTensor:
    given = input_tensors
    if isinstance(given, (list, tuple)):
        if len(given) != 1:
            raise ValueError(
                f"input_tensors of a Sequential must be a single KerasTensor; it got {len(given)}."
            )
        given = given[0]
    if not isinstance(given, KerasTensor):
        raise ValueError(
            f"input_tensors must be a KerasTensor, the result of Input(...); it got {given!r}."
        )
    return given


def _as_input(symbol: KerasTensor, model: Sequential) -> InputLayer:
    """Return an input layer for the row: the tensor's own, or one of its shape and dtype."""
    history = symbol._keras_history
    if history is not None and isinstance(history.operation, InputLayer):
        return history.operation
    return InputLayer(batch_shape=symbol.shape, dtype=symbol.dtype, name=f"{model.name}_input")


def _clone_functional(
    model: Functional,
    input_tensors: Any,
    clone_function: CloneFunction | None,
    call_function: CallFunction | None,
    recursive: bool,
) -> Functional:
    inputs = _own_inputs(model) if input_tensors is None else _given_inputs(model, input_tensors)
    clones = _Clones(clone_function, call_function, recursive)
    values = dict(zip(map(_key, model.inputs), tree.flatten(inputs), strict=True))
    for node in model._order:
        if node.is_input:
            continue
        args, kwargs = _fill(node.args, values), _fill(node.kwargs, values)
        clone = clones.of(node.operation)
        call = clone if call_function is None else partial(call_function, clone)
        outputs = call(*args, **kwargs)
        given = tree.flatten(outputs)
        if len(given) != len(node.outputs):
            raise ValueError(
                f"{node.operation.name!r} has {len(node.outputs)} outputs in model "
                f"'{model.name}'; its clone gave {len(given)}. clone_function and call_function "
                "must keep the number of outputs."
            )
        values.update(zip(map(_key, node.outputs), given, strict=True))
    outputs = tree.map_structure(lambda t: values[_key(t)], model._outputs_struct)
    return Functional(inputs, outputs, name=model.name)


def _own_inputs(model: Functional) -> Any:
    """Return new inputs, named as the model's."""

    def fresh(t: KerasTensor) -> KerasTensor:
        layer = _history(t).operation
        return Input(
            batch_shape=layer.batch_shape, dtype=layer.dtype, name=layer.name,
            sparse=layer.sparse, ragged=layer.ragged, optional=layer.optional,
        )  # fmt: skip

    return tree.map_structure(fresh, model._inputs_struct)


def _given_inputs(model: Functional, input_tensors: Any) -> Any:
    wrong = [t for t in tree.flatten(input_tensors) if not isinstance(t, KerasTensor)]
    if wrong:
        raise ValueError(
            "input_tensors must be KerasTensors, results of Input(...); it got "
            f"{wrong[0]!r} of type {type(wrong[0]).__name__}."
        )
    single = isinstance(model._inputs_struct, KerasTensor)
    if single and isinstance(input_tensors, (list, tuple)) and len(input_tensors) == 1:
        input_tensors = input_tensors[0]
    try:
        tree.assert_same_structure(model._inputs_struct, input_tensors)
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"input_tensors must have the structure of the inputs of model '{model.name}', "
            f"{model._inputs_struct!r}; it got {input_tensors!r}."
        ) from error

    def placed(t: KerasTensor) -> KerasTensor:
        return t if t._keras_history is not None else Input(tensor=t, name=t.name)

    return tree.map_structure(placed, input_tensors)
