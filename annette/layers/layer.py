"""Layer: weights and a computation. What every layer shares: building, calling, weights, config."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from annette import activations, constraints, dtype_policies, initializers, ops, regularizers
from annette.graph.context import suspended
from annette.graph.dtypes import is_float, standardize
from annette.graph.symbolic import KerasTensor, any_symbolic, output_spec, record_call
from annette.graph.tensor import Tensor
from annette.graph.variable import Variable
from annette.layers.context import calls, entered, name_scope, scoped
from annette.layers.input_spec import check_input
from annette.layers.tracking import changes, owned, unique, while_unchanged
from annette.saving import serialization
from annette.utils import arguments, tree
from annette.utils.naming import auto_name, to_snake_case
from annette.utils.signature import Signature, signature

if TYPE_CHECKING:
    from annette.graph.symbolic import CallNode


class Layer:
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
    # Whether the class is this library's, which tells when its lists of layers change.
    _steady = False
    _init_arguments: tuple[tuple[Any, ...], dict[str, Any]]

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

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Keep the constructor's arguments, for `get_config`."""
        instance = super().__new__(cls)
        # What __init__ was given is what get_config of a user's own layer can report.
        object.__setattr__(instance, "_init_arguments", (args, kwargs))
        return instance

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._steady = cls.__module__.startswith(("annette.layers.", "annette.models."))
        if "build" in vars(cls):
            cls.build = _once(cls.build)  # type: ignore[method-assign]  # marks built, opens the scope

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
            changes.count += 1
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes without what was worked out from them, for copies and pickles."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_owned", "_found")}

    def _track(self, variable: Variable) -> None:
        known = (*self._trainable_variables, *self._non_trainable_variables)
        if not any(variable is v for v in known):
            own = self._trainable_variables if variable.trainable else self._non_trainable_variables
            own.append(variable)
            changes.count += 1

    # --- weights ------------------------------------------------------------------------------

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a weight of the layer.

        Args:
            shape: of the weight.
            initializer: of its first value: by name or a callable; glorot_uniform for floats,
                zeros else.
            dtype: that of the layer's weights if None.
            trainable: whether training changes it.
            autocast: whether it is cast to the layer's compute dtype where it is used.
            regularizer: a penalty on it.
            constraint: applied to it after each update.
            aggregation: accepted for Keras.
            overwrite_with_gradient: whether its gradient is its next value.
            name: the last part of its path.
        """
        if isinstance(shape, (int, np.integer)):
            shape = (int(shape),)
        shape = tuple(shape) if shape is not None else ()
        dtype = standardize(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if is_float(dtype) else "zeros"
        with suspended():
            variable = Variable(
                initializers.get(initializer), shape, dtype, trainable, name=name or "variable"
            )
        variable.path = scoped(variable.name)
        variable.autocast = autocast
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._track(variable)
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Variable:
        """Make a weight (an older name of `add_weight`)."""
        return self.add_weight(*args, **kwargs)

    @property
    def _layers(self) -> list[Layer]:
        return unique(x for x in owned(self) if isinstance(x, Layer) and x is not self)

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Layer]:
        """Return the layer and what it is made of, each once."""
        found: dict[int, Layer] = {id(self): self}
        queue = [self]
        while queue:
            layer = queue.pop(0)
            for sub in layer._layers:
                if id(sub) not in found:
                    found[id(sub)] = sub
                    if recursive:
                        queue.append(sub)
        return [x for x in found.values() if include_self or x is not self]

    @property
    def weights(self) -> list[Variable]:
        """The weights, those of sublayers included."""
        return self._all_weights()

    @while_unchanged
    def _all_weights(self) -> list[Variable]:
        return unique(self._walk_weights(set()))

    def _walk_weights(self, seen: set[int]) -> list[Variable]:
        seen.add(id(self))
        found = [*self._trainable_variables, *self._non_trainable_variables]
        for layer in self._layers:
            if id(layer) not in seen:
                found.extend(layer._walk_weights(seen))
        return found

    @property
    def variables(self) -> list[Variable]:
        """The weights, the states of random generators, and the metrics' variables."""
        from annette.random import SeedGenerator

        extra = []
        for layer in self._flatten_layers():
            for x in owned(layer):
                if isinstance(x, SeedGenerator):
                    extra.append(x.state)
        metrics = [v for m in self._own_metrics() for v in m.variables]
        return unique([*self.weights, *extra, *metrics])

    @while_unchanged
    def _own_metrics(self) -> list[Any]:
        """Return the metrics that are attributes of this layer or of its sublayers."""
        from annette.metrics import Metric

        return unique(
            x for layer in self._flatten_layers() for x in owned(layer) if isinstance(x, Metric)
        )

    @property
    def metrics(self) -> list[Any]:
        """The metrics that are attributes of this layer or of its sublayers."""
        return self._own_metrics()

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone or that change by themselves."""
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        """The weights that training changes."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """Every variable that training does not change."""
        return [v for v in self.variables if not v.trainable] if self.trainable else self.variables

    @property
    def trainable(self) -> bool:
        """Whether training may change the weights; setting it sets it in all sublayers too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self._trainable_variables:
            variable.trainable = bool(value)
        for layer in self._layers:
            layer.trainable = value

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the values of `weights`."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Set the values of `weights`.

        Raises:
            ValueError: if their number or a shape differs; nothing is set then.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has {len(own)} weights; set_weights got "
                f"{len(weights)}."
            )
        for variable, value in zip(own, weights, strict=True):
            if tuple(np.shape(value)) != variable.shape:
                raise ValueError(
                    f"The weight {variable.path!r} has shape {variable.shape}; the value for it "
                    f"has shape {tuple(np.shape(value))}."
                )
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """Return the number of numbers in the weights.

        Raises:
            ValueError: if the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no weights before it is built: call it "
                "on data, or call build(input_shape)."
            )
        return sum(math.prod(v.shape) for v in self.weights)

    # --- dtypes -------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation."""
        policy = self.dtype_policy
        if isinstance(policy, dtype_policies.DTypePolicyMap):
            policy = policy[self.path or self.name]
        return policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        policy = self.dtype_policy
        if isinstance(policy, dtype_policies.DTypePolicyMap):
            policy = policy[self.path or self.name]
        return policy.variable_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype floating inputs are brought to."""
        return self.compute_dtype

    @property
    def path(self) -> str | None:
        """Where the layer stands: the name scopes it was built in, and its name."""
        return self._path

    # --- building -----------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape (rows first, None where unknown)."""
        if self._remembers_shapes:
            object.__setattr__(self, "_build_shapes", {"input_shape": input_shape})
        self.built = True

    @property
    def _builds_by_calling(self) -> bool:
        return type(self).build is Layer.build

    @property
    def _remembers_shapes(self) -> bool:
        """Whether `get_build_config` tells the shapes though no `build` is given them."""
        return _is_ours(type(self))

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build for the shapes that `get_build_config` reported."""
        if config and "input_shape" in config:
            self.build(_as_shapes(config["input_shape"]))
        elif config and "shapes_dict" in config:
            self.build(**{k: _as_shapes(v) for k, v in config["shapes_dict"].items()})

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes the layer was built for."""
        shapes = getattr(self, "_build_shapes", None)
        if shapes is None:
            return None
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {
            "shapes_dict": shapes
        }  # fmt: skip

    def _maybe_build(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self.built:
            return
        bound = _bind(self._call_signature, args, kwargs)
        shapes = {k: _shapes(v) for k, v in bound.items() if _has_arrays(v)}
        with suspended():
            self._build_for(shapes)
        if "_build_shapes" not in self.__dict__ and self._remembers_shapes:
            object.__setattr__(self, "_build_shapes", shapes)
        if not self._trainable:  # frozen before its weights were made
            for variable in self._trainable_variables:
                variable.trainable = False
        self.built = True

    def _build_for(self, shapes: dict[str, Any]) -> None:
        wanted = signature(self.build)
        if self._builds_by_calling:
            # Its sublayers are built when `call` comes to them.
            self._path = scoped(self.name)
        elif len([n for n in wanted.names if n not in wanted.defaults]) <= 1 and not (
            wanted.names and wanted.names[0] in {f"{k}_shape" for k in list(shapes)[1:]}
        ):
            self.build(next(iter(shapes.values()), None))
        else:
            named = {f"{k}_shape": v for k, v in shapes.items()}
            self.build(**{n: named[n] for n in wanted.names if n in named})

    # --- calling ------------------------------------------------------------------------------

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output. To be written by each layer."""
        raise NotImplementedError(
            f"{type(self).__name__} has no call(): write `def call(self, inputs)` with what it "
            "computes."
        )

    @property
    def _call_signature(self) -> Signature:
        found = self.__dict__.get("_signature")
        if found is None:
            found = signature(self.call)
            object.__setattr__(self, "_signature", found)
        return found

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
            return self._symbolic_call(args, kwargs)
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

    def _symbolic_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        outputs = self.compute_output_spec(*args, **kwargs)
        kept = {k: v for k, v in kwargs.items() if not (k == "training" and v is None)}
        if self._call_signature.takes("mask") and self._remembers_shapes and len(args) == 1:
            kept.setdefault("mask", None)
        return record_call(self, args, kept, outputs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs as KerasTensors, for inputs that are KerasTensors."""
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            shape = self.compute_output_shape(_shapes(args[0]))
            return _keras_tensors(shape, self.compute_dtype)
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
        inputs = [_keras_tensors(_as_shapes(a), self.compute_dtype) for a in args]
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
        for name, value in _bind(takes, args, {}).items():
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
        new = tree.flatten(found) if isinstance(found, (list, tuple, dict)) else [found] * len(flat)
        for output, mask in zip(flat, new, strict=False):
            if mask is not None and not isinstance(output, (int, float)):
                output._keras_mask = mask

    # --- losses -------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to what training makes small, from within `call`."""
        for one in tree.flatten(loss):
            self._losses.append(one)

    @property
    def losses(self) -> list[Any]:
        """What `add_loss` gathered in the last call, and the penalties of regularized weights."""
        found = [x for layer in self._flatten_layers() for x in layer._losses]
        for variable in self.trainable_weights:
            if variable.regularizer is not None:
                found.append(variable.regularizer(variable))
        return found

    # --- places in a functional model ---------------------------------------------------------

    @property
    def input(self) -> Any:
        """The KerasTensor the layer was first called on.

        Raises:
            ValueError: if it was not called on one.
        """
        return self._place("input")

    @property
    def output(self) -> Any:
        """The KerasTensor the layer gave at its first call.

        Raises:
            ValueError: if it was not called on one.
        """
        return self._place("output")

    def _place(self, what: str) -> Any:
        if not self._inbound_nodes:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no `{what}` yet: it was not called on a "
                "KerasTensor, such as Input(...) gives."
            )
        node = self._inbound_nodes[0]
        found = node.input_tensors if what == "input" else node.outputs
        return found[0] if len(found) == 1 else found

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
        if _is_ours(told_by) and not _is_ours(type(self)):
            config.update(self._own_arguments(config))
        return config

    def _own_arguments(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return the constructor arguments of a user's layer, if they are plain values."""
        args, kwargs = self._init_arguments
        given = dict(zip(signature(type(self).__init__).names[1:], args, strict=False))
        given = {k: v for k, v in {**given, **kwargs}.items() if k not in config}
        plain = (str, int, float, bool, type(None), list, tuple, dict)
        for key, value in given.items():
            if not isinstance(value, plain):
                raise NotImplementedError(
                    f"{type(self).__name__} was made with {key}={value!r}, which is no plain "
                    "value. Write get_config() that returns its arguments."
                )
        return given

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


def _once(build: Callable[..., None]) -> Callable[..., None]:
    """Wrap `build`: it runs eagerly, in the layer's name scope, and marks the layer built."""
    import functools

    @functools.wraps(build)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if getattr(self, "_building", False):
            return build(self, *args, **kwargs)
        object.__setattr__(self, "_building", True)
        try:
            self._path = scoped(self.name)
            with suspended(), name_scope(self.name):
                build(self, *args, **kwargs)
        finally:
            object.__setattr__(self, "_building", False)
        names = signature(build).names[1:]
        shapes = {**dict(zip(names, args, strict=False)), **kwargs}
        object.__setattr__(self, "_build_shapes", shapes)
        self.built = True
        return None

    return wrapper


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


def _bind(takes: Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    bound = dict(zip(takes.names, args, strict=False))
    if len(args) > len(bound) and takes.any_positional:
        bound.update({f"argument_{i}": a for i, a in enumerate(args[len(bound) :])})
    return {**bound, **kwargs}


def _has_arrays(x: Any) -> bool:
    flat = tree.flatten(x)
    return bool(flat) and all(hasattr(t, "shape") for t in flat)


def _shapes(x: Any) -> Any:
    return tree.map_structure(lambda t: tuple(t.shape), x)


def _as_shapes(shape: Any) -> Any:
    """Read a shape, or lists and dicts of shapes, as tuples."""
    if shape is None:
        return None
    if isinstance(shape, dict):
        return {k: _as_shapes(v) for k, v in shape.items()}
    if all(n is None or isinstance(n, (int, np.integer)) for n in shape):
        return tuple(shape)
    return [_as_shapes(s) for s in shape]


def _keras_tensors(shape: Any, dtype: str) -> Any:
    if isinstance(shape, dict):
        return {k: _keras_tensors(v, dtype) for k, v in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(s, (tuple, list)) for s in shape):
        return type(shape)(_keras_tensors(s, dtype) for s in shape)
    return KerasTensor(shape, dtype)


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
    return activations.serialize(value) if field == "activation" else value


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "annette"
