"""Layer: weights and a computation. Calling, masks, losses and the configuration; the rest beside it.

What a layer is made of is in `weights.py`, how it comes to its weights in `building.py`, and
calling it with values in place of its weights in `stateless.py`.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from annette import activations, constraints, dtype_policies, initializers, ops, regularizers
from annette.graph.context import name_scope, state
from annette.graph.dtypes import is_float, standardize
from annette.graph.symbolic import CallNode, KerasTensor, any_symbolic, output_spec, record_call
from annette.graph.tensor import Tensor
from annette.graph.variable import Variable
from annette.layers.building import (
    as_shapes,
    bind,
    is_ours,
    keras_tensors,
    once,
    shapes_of,
)
from annette.layers.context import calls, entered
from annette.layers.input_spec import check_input
from annette.layers.stateless import Stateless
from annette.layers.tracking import changes
from annette.saving import serialization
from annette.utils import arguments, tree
from annette.utils.explain import check_constructors
from annette.utils.naming import auto_name, to_snake_case


class Layer(Stateless):
    """What all layers share; derive from it to write your own.

    A layer makes its weights in ``build(input_shape)`` with `add_weight`, and computes in
    ``call(inputs)`` with functions of `annette.ops`.

    Args:
        activity_regularizer: a penalty on the output.
        trainable: whether training may change the weights.
        dtype: the dtype (or policy) to compute in; the current policy if None.
        autocast: whether floating inputs are brought to that dtype.
        name: ``dense``, ``dense_1``, … unless given.

    Raises:
        ValueError: for an argument that is not known.
    """

    # Attributes that refer to layers without owning them.
    _untracked: tuple[str, ...] = ()
    # Constructor arguments that get_config reports, each an attribute of the same name.
    _fields: tuple[str, ...] = ()
    # Attributes that say nothing of what the layer computes, or that programs are kept apart by.
    _notes = frozenset({"_trainable"})
    # Whether the class is this library's, which tells when its lists of layers change, and the
    # layer has no lists but its own.
    _steady = False

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs = arguments.translate(type(self), kwargs)
        shape = _input_shape(kwargs)
        arguments.reject(type(self), kwargs)
        if name is not None and not isinstance(name, str):
            raise ValueError(f"name must be a string; it got {name!r}.")
        if name is not None and "/" in name:
            raise ValueError(f"name must not hold '/'; it got {name!r}.")
        self._prepare()
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._trainable = bool(trainable)
        self.autocast = autocast
        self.dtype_policy = dtype_policies.get(dtype)
        if shape is not None:
            self._input_shape_arg = shape

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("annette.layers."):
            check_constructors(cls)
        cls._steady = cls.__module__.startswith(("annette.layers.", "annette.models."))
        if "build" in vars(cls):
            cls.build = once(cls.build)  # type: ignore[method-assign]  # marks built, opens the scope

    def _prepare(self) -> None:
        """Set up what other methods rely on; called before anything else is assigned."""
        self.built = False
        self.input_spec: Any = None
        self.supports_masking = False
        self._inbound_nodes: list[CallNode] = []
        self._trainable_variables: list[Variable] = []
        self._non_trainable_variables: list[Variable] = []
        self._losses: list[Any] = []
        self._path: str | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if "_losses" not in self.__dict__ and name not in _PREPARED:
            raise RuntimeError(
                f"In {type(self).__name__}.__init__, call super().__init__() before setting the "
                f"attribute {name!r}."
            )
        if isinstance(value, Variable):
            self._track(value)
        if self.__dict__.get(name, self) is not value:
            self._note_change(name)
            if isinstance(value, (list, dict)) and self._steady and not _asked_by_annette():
                self.__dict__["_steady"] = False  # a container of the user's changes unseen
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._note_change(name)

    def _note_change(self, name: str) -> None:
        """Note that an attribute is another: what was worked out before may not hold."""
        changes.count += 1
        # What a layer notes for itself while it computes is no change of what it computes.
        if name not in self._notes and state.trace is None and calls.entry is None:
            self.__dict__["_edits"] = changes.count

    # --- calling ------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on arrays, record on Tensors, or add to a functional model on KerasTensors."""
        if "_losses" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}.__init__ did not call super().__init__(); add that call."
            )
        args = tuple(tree.map_structure(self._convert, a) for a in args)
        kwargs = {k: tree.map_structure(self._convert, v) for k, v in kwargs.items()}
        if self.input_spec is not None and args:
            check_input(self.input_spec, args[0], self)
        self._maybe_build(args, kwargs)
        if self.input_spec is not None and args:
            check_input(self.input_spec, args[0], self)
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self._compute(args, kwargs)

    def _compute(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        training = self._training(args, kwargs)
        takes = self._call_signature
        if takes.takes("training"):
            bound = takes.names.index("training")
            if bound >= len(args):
                kwargs["training"] = training
        else:
            kwargs.pop("training", None)
        masks = self._collect_masks(args, kwargs)
        with entered(self, training) as outermost, name_scope(self.name):
            if outermost:
                for layer in self._flatten_layers():
                    layer._losses.clear()
            outputs = self.call(*args, **kwargs)
            if self.activity_regularizer is not None:
                for output in tree.flatten(outputs):
                    rows = output.shape[0] if output.shape else 1
                    self.add_loss(self.activity_regularizer(output) / max(rows, 1))
        self._pass_mask(args, masks, outputs)
        return outputs

    def _training(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool | None:
        """Return `training` as given, else as the calling layer has it, else the default."""
        takes = self._call_signature
        if kwargs.get("training") is not None:
            return bool(kwargs["training"])
        if takes.takes("training") and takes.names.index("training") < len(args):
            given = args[takes.names.index("training")]
            if given is not None:
                return bool(given)
        if calls.training is not None:
            return calls.training
        default = takes.defaults.get("training")
        return default if default is not None else None

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs as KerasTensors that remember this call."""
        outputs = self.compute_output_spec(*args, **kwargs)
        kept = {k: v for k, v in kwargs.items() if not (k == "training" and v is None)}
        if self._call_signature.takes("mask") and self._remembers_shapes and len(args) == 1:
            kept.setdefault("mask", None)
        outputs = record_call(self, args, kept, outputs)
        self._pass_mask(args, self._collect_masks(args, dict(kwargs)), outputs)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs as KerasTensors, for inputs that are KerasTensors."""
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            shape = self.compute_output_shape(shapes_of(args[0]))
            return keras_tensors(shape, self.compute_dtype)
        return self._traced_spec(args, kwargs)

    def _traced_spec(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return the outputs as KerasTensors, found by tracing the call."""

        def run(*inner: Any, **named: Any) -> Any:
            return self._compute(inner, named)

        spec = output_spec(run, args, kwargs)
        for layer in self._flatten_layers():
            layer._losses.clear()
        return spec

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the output's shape for an input shape (rows first, None where unknown)."""
        inputs = [keras_tensors(as_shapes(a), self.compute_dtype) for a in args]
        return tree.map_structure(lambda t: t.shape, self(*inputs, **kwargs))

    def _convert(self, x: Any) -> Any:
        """Make an array of a list of numbers; bring floats to the compute dtype."""
        if isinstance(x, KerasTensor):
            wrong = self.autocast and is_float(x.dtype) and x.dtype != self.compute_dtype
            return _recast(x, self.compute_dtype) if wrong else x
        if isinstance(x, np.ndarray) and x.dtype.kind not in "iufcb":
            return x
        if not isinstance(x, (np.ndarray, Tensor)) and not hasattr(x, "__array__"):
            return x
        mask = getattr(x, "_keras_mask", None)
        x = ops.convert_to_tensor(x)
        if self.autocast and is_float(standardize(x.dtype)) and str(x.dtype) != self.compute_dtype:
            x = ops.cast(x, self.compute_dtype)
        if mask is not None:
            x._keras_mask = mask
        return x

    # --- masks --------------------------------------------------------------------------------

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the output: the input's, unless the layer makes its own."""
        return previous_mask

    def _collect_masks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Give `call` the masks it asks for; return those of the first argument."""
        takes = self._call_signature
        first = args[0] if args else next(iter(kwargs.values()), None)
        masks = tree.map_structure(lambda x: getattr(x, "_keras_mask", None), first)
        if not any(m is not None for m in tree.flatten(masks)):
            masks = None
        for name, value in bind(takes, args, kwargs).items():
            key = "mask" if value is first and takes.takes("mask") else f"{name}_mask"
            mask = getattr(value, "_keras_mask", None) if value is not first else masks
            given = takes.takes(key) and takes.names.index(key) < len(args)
            if takes.takes(key) and not given and kwargs.get(key) is None and mask is not None:
                kwargs[key] = mask
        return kwargs.get("mask", masks) if takes.takes("mask") else masks

    def _pass_mask(self, args: tuple[Any, ...], masks: Any, outputs: Any) -> None:
        own = type(self).compute_mask is not Layer.compute_mask
        if not own and (masks is None or not self.supports_masking):
            return
        found = self.compute_mask(args[0] if args else None, masks)
        flat = tree.flatten(outputs)
        # One mask is that of the first output: what else a layer returns has other places.
        new = tree.flatten(found) if isinstance(found, (list, tuple, dict)) else [found]
        for output, mask in zip(flat, new, strict=False):
            if mask is not None and not isinstance(output, (int, float)):
                output._keras_mask = mask

    # --- losses -------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to what training makes small, from within `call`."""
        for one in tree.flatten(loss):
            self._losses.append(one)
            if isinstance(kept := getattr(state.trace, "losses", None), list):
                kept.append(self._losses)  # of one step: its loop cannot be one operation
            if state.scope is not None and state.scope.collect_losses:
                state.scope.add_loss(one)

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: Keras 3 took it away; make a metric an attribute and update it in `call`.

        Raises:
            NotImplementedError: always.
        """
        raise NotImplementedError(
            f"{type(self).__name__}.add_metric is no more in Keras 3. Make the metric in __init__ "
            "(self.mean = Mean()) and call self.mean.update_state(...) in call."
        )

    @property
    def losses(self) -> list[Any]:
        """What `add_loss` gathered in the last call, and the penalties of regularized weights."""
        found = [x for layer in self._flatten_layers() for x in layer._losses]
        for variable in self.trainable_weights:
            if variable.regularizer is not None:
                found.append(variable.regularizer(variable))
        return found

    # --- configuration ------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained layer.

        Raises:
            NotImplementedError: for a layer of your own whose arguments cannot be told.
        """
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        for field in self._fields:
            config[field] = _serialized(field, getattr(self, field))
        told_by = next(c for c in type(self).__mro__ if "get_config" in vars(c))
        if is_ours(told_by) and not is_ours(type(self)):
            config.update(self._own_arguments(config))
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer that `config` describes."""
        config = dict(config)
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = dtype_policies.deserialize(config["dtype"])
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def __str__(self) -> str:
        return repr(self)


_PREPARED = frozenset(
    {"built", "input_spec", "supports_masking", "_inbound_nodes", "_trainable_variables",
     "_non_trainable_variables", "_losses", "_path"}
)  # fmt: skip


def _input_shape(kwargs: dict[str, Any]) -> tuple[Any, ...] | None:
    """Take `input_shape`, `input_dim` or `batch_input_shape` out of the arguments."""
    batch = kwargs.pop("batch_size", None) if "input_shape" in kwargs else None
    if "batch_input_shape" in kwargs:
        return tuple(kwargs.pop("batch_input_shape"))
    if "batch_shape" in kwargs:
        return tuple(kwargs.pop("batch_shape"))
    if "input_shape" in kwargs:
        shape = kwargs.pop("input_shape")
        return (batch, *((shape,) if isinstance(shape, int) else shape))
    if kwargs.get("input_dim") is not None:
        return (batch, kwargs.pop("input_dim"))
    kwargs.pop("input_dim", None)
    return None


def _recast(x: KerasTensor, dtype: str) -> KerasTensor:
    """Return the same place in the model, taken in another dtype."""
    other = KerasTensor(x.shape, dtype, name=x.name)
    other._keras_history = x._keras_history
    return other


def _serialized(field: str, value: Any) -> Any:
    """Return a constructor argument as plain values; its name says what kind it is of."""
    if field.endswith("_initializer"):
        return initializers.serialize(value)
    if field.endswith("_regularizer"):
        return regularizers.serialize(value) if value is not None else None
    if field.endswith("_constraint"):
        return constraints.serialize(value) if value is not None else None
    if isinstance(value, Layer):
        return serialization.serialize_keras_object(value)
    return activations.serialize(value) if field.endswith("activation") else value


def _asked_by_annette() -> bool:
    """Say whether it is this library that sets the attribute of a layer."""
    asking = sys._getframe(2).f_globals.get("__name__", "")
    return asking == "annette" or str(asking).startswith("annette.")
