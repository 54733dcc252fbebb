"""Sequential: one layer after the other."""

from __future__ import annotations

from typing import Any

from annette import dtype_policies
from annette.graph.context import name_scope, suspended
from annette.graph.symbolic import KerasTensor
from annette.layers import InputLayer, Layer
from annette.layers.building import as_shapes
from annette.layers.tracking import changes
from annette.models.functional import Functional, _given
from annette.models.model import Model
from annette.saving import serialization
from annette.utils import tree


class Sequential(Model):
    """A model of layers in a row, each computing on what the one before gave.

    Args:
        layers: the layers, the first may be an `Input`.
        trainable: whether training may change the weights.
        name: of the model.

    Raises:
        ValueError: if something in the row is no layer, or two layers have one name.

    Example:
        >>> model = Sequential([Input((4,)), Dense(8, activation="relu"), Dense(3)])
    """

    _untracked = (*Model._untracked, "_functional")
    _layers_first = True  # in files

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self._row: list[Layer] = []
        self._functional: Functional | None = None
        self._declared = True  # whether its shape is that of an Input, not of the data it met
        if layers is not None and not isinstance(layers, (list, tuple)):
            layers = [layers]
        for layer in layers or []:
            self.add(layer, rebuild=False)
        self._rebuild()

    @property  # type: ignore[misc]  # the setter of Model only refuses
    def layers(self) -> list[Layer]:
        """The layers of the row, without the input."""
        return [x for x in self._row if not isinstance(x, InputLayer)]

    @property
    def _layers(self) -> list[Layer]:
        return list(self._row)

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer at the end.

        Raises:
            ValueError: if it is no layer, an input that is not first, or its name is taken.
        """
        if isinstance(layer, KerasTensor) and layer._keras_history is not None:
            layer = layer._keras_history.operation
        if isinstance(layer, type):
            raise ValueError(
                f"Sequential takes layers; it got the class {layer.__name__}. Write "
                f"{layer.__name__}(...)."
            )
        if not isinstance(layer, Layer):
            if not callable(layer):
                raise ValueError(
                    f"Sequential takes layers; it got {layer!r} of type {type(layer).__name__}."
                )
            from annette.layers import Lambda

            layer = Lambda(layer)
        if not self._row and not isinstance(layer, InputLayer):
            shape = getattr(layer, "_input_shape_arg", None)
            if shape is not None:
                self._row.append(InputLayer(batch_shape=shape, dtype=layer.compute_dtype))
            elif isinstance(layer, Functional) and len(layer.inputs) == 1:
                first = layer.inputs[0]
                self._row.append(InputLayer(batch_shape=first.shape, dtype=first.dtype))
        elif self._row and isinstance(layer, InputLayer):
            raise ValueError(
                f"Sequential '{self.name}' has layers already, so an Input can't follow. Put "
                "it first."
            )
        if any(layer.name == x.name for x in self._row):
            raise ValueError(
                f"Sequential '{self.name}' has a layer called {layer.name!r} already. Give one of "
                "them another name."
            )
        self._row.append(layer)
        self._programs.clear()
        changes.count += 1
        if rebuild and self._functional is not None:
            with suspended(), name_scope(self.name):
                self._connect(self._functional.inputs[0], layer(self._functional.output))
        elif rebuild:
            self._rebuild()

    def pop(self, rebuild: bool = True) -> Layer | None:
        """Take the last layer away and return it; None from an empty row."""
        layer = self._row.pop() if self._row else None
        self._programs.clear()
        changes.count += 1
        self.built = False
        self._functional = None
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        """Connect the row if it begins with an input and has a layer."""
        self.built = False
        self._functional = None
        if len(self._row) > 1 and isinstance(self._row[0], InputLayer):
            self.build(self._row[0].batch_shape)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape, rows first (None where unknown).

        Raises:
            ValueError: if the row is empty, or a layer does not fit what comes before it.
        """
        if not self.layers:
            raise ValueError(f"Sequential '{self.name}' has no layers. Add some with add().")
        shape = as_shapes(input_shape) if input_shape is not None else None
        if not isinstance(self._row[0], InputLayer):
            if not isinstance(shape, tuple):
                return
            self._row.insert(0, InputLayer(batch_shape=shape, dtype=self._row[0].compute_dtype))
            self._declared = False
        first = self._row[0]
        x: Any = first.output
        for layer in self._row[1:]:
            x = layer(x)
            if not isinstance(x, KerasTensor) and layer is not self._row[-1]:
                raise ValueError(
                    f"Sequential is for layers of one input and one output; {type(layer).__name__} "
                    f"'{layer.name}' gave {len(tree.flatten(x))} values."
                )
        self._connect(first.output, x)

    def _connect(self, first: KerasTensor, last: Any) -> None:
        self._functional = Functional(first, last)
        self._functional.name = self.name
        self.output_names = self._functional.output_names
        self.input_names = self._functional.input_names

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the layers one after the other."""
        if self._functional is not None and not self._sized_anew(inputs):
            return self._functional.call(inputs, training=training, mask=mask)
        x = inputs
        for layer in self.layers:
            kwargs = {"training": training} if layer._call_signature.takes("training") else {}
            x = layer(x, **kwargs)
        return x

    def _sized_anew(self, inputs: Any) -> bool:
        """Say whether axes between rows and features have other sizes than where it was built.

        A declared Input refuses that; without one it is for the layers to say.
        """
        shape, built = getattr(inputs, "shape", None), self.inputs[0].shape
        if self._declared or shape is None or len(shape) != len(built):
            return False
        return shape[-1] == built[-1] and tuple(shape[1:-1]) != built[1:-1]

    @property
    def inputs(self) -> list[KerasTensor]:
        """The KerasTensor the row begins with, in a list.

        Raises:
            ValueError: before the model is built.
        """
        return self._connected().inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The KerasTensor the row ends with, in a list."""
        return self._connected().outputs

    @property
    def input(self) -> Any:
        """The KerasTensor the row begins with."""
        return self._connected().inputs[0]

    @property
    def output(self) -> Any:
        """The KerasTensor the row ends with."""
        return self._connected().output

    @property
    def input_shape(self) -> Any:
        """The shape of the input, rows first."""
        return self._connected().input_shape

    @property
    def output_shape(self) -> Any:
        """The shape of the output, rows first."""
        return self._connected().output_shape

    def _connected(self) -> Functional:
        if self._functional is None:
            raise AttributeError(
                f"Sequential '{self.name}' has no input and output yet: put an Input first, call "
                "build(input_shape), or call it on data."
            )
        return self._functional

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        shape = input_shape
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
        return shape

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return the outputs as KerasTensors for inputs that are KerasTensors."""
        return self._traced_spec((inputs,), _given(training=training, mask=mask))

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained model."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
            "layers": [serialization.serialize_keras_object(x) for x in self._row],
        }
        if self._functional is not None:
            config["build_input_shape"] = self._functional.input_shape
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the model that `config` describes."""
        model = cls(name=config.get("name"), trainable=config.get("trainable", True))
        for described in config["layers"]:
            model.add(
                serialization.deserialize_keras_object(described, custom_objects), rebuild=False
            )
        model._rebuild()
        shape = config.get("build_input_shape")
        if shape is not None and not model.built and isinstance(shape, (list, tuple)):
            model.build(shape)
        return model
