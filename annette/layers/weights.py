"""What a layer is made of: its weights, sublayers and metrics, found wherever they are kept."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette import constraints, dtype_policies, initializers, regularizers
from annette.graph.context import scoped, suspended
from annette.graph.dtypes import is_float, standardize
from annette.graph.operation import Operation
from annette.graph.variable import Variable
from annette.layers.tracking import changes, owned, unique, while_unchanged
from annette.saving.state import load_variables, save_variables


class WeightOwner(Operation):
    """The part of a layer that has to do with its weights and their dtypes."""

    autocast: bool
    built: bool
    _dtype_policy: dtype_policies.DTypePolicy
    _trainable: bool
    _edits: int = 0  # when an attribute was last set, as `changes` counts
    _path: str | None
    _trainable_variables: list[Variable]
    _non_trainable_variables: list[Variable]

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes without what was worked out from them, for copies and pickles."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_owned", "_found")}

    def _track(self, variable: Variable) -> None:
        known = (*self._trainable_variables, *self._non_trainable_variables)
        if not any(variable is v for v in known):
            own = self._trainable_variables if variable.trainable else self._non_trainable_variables
            own.append(variable)
            changes.count += 1

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
    def _layers(self) -> list[Any]:
        return unique(x for x in owned(self) if isinstance(x, WeightOwner) and x is not self)

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        """Return the layer and what it is made of, each once."""
        found: dict[int, Any] = {id(self): self}
        queue: list[Any] = [self]
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

    @while_unchanged
    def _all_layers(self) -> list[Any]:
        """Return the layer and all in it."""
        return self._flatten_layers()

    def _state_of_all(self) -> tuple[Any, ...]:
        """Return, of the layer and all in it, when it was last changed, and what of it learns."""
        return tuple(
            (
                x._edits,
                x._trainable,
                *[v.trainable for v in x._trainable_variables],
                *[v.trainable for v in x._non_trainable_variables],
            )
            for x in self._all_layers()
        )

    @property
    def variables(self) -> list[Variable]:
        """The weights and the states of random generators, those of sublayers included."""
        from annette.random import SeedGenerator

        extra = []
        for layer in self._flatten_layers():
            for x in owned(layer):
                if isinstance(x, SeedGenerator):
                    extra.append(x.state)
        return unique([*self.weights, *extra])

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of the metrics."""
        return unique(v for metric in self.metrics for v in metric.variables)

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

    # --- files --------------------------------------------------------------------------------

    def _saved_variables(self) -> list[Variable]:
        return [*self._trainable_variables, *self._non_trainable_variables]

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own variables, not those of sublayers, into a mapping by name.

        Override it together with `load_own_variables` to save more, or something else.
        """
        save_variables(self._saved_variables(), store)

    def load_own_variables(self, store: Any) -> None:
        """Set the layer's own variables to what `save_own_variables` put into a mapping.

        Raises:
            ValueError: if their number or a shape differs; nothing is set then.
        """
        load_variables(self, self._saved_variables(), store)

    load_own_variables._compares = True  # type: ignore[attr-defined]  # see saving.weights

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
    def dtype_policy(self) -> dtype_policies.DTypePolicy:
        """The dtypes of weights and computation; it may be set by name."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy = dtype_policies.get(value)

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of the computation."""
        policy = self._dtype_policy
        if isinstance(policy, dtype_policies.DTypePolicyMap):
            policy = policy[self.path or self.name]
        return policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        policy = self._dtype_policy
        if isinstance(policy, dtype_policies.DTypePolicyMap):
            policy = policy[self.path or self.name]
        return policy.variable_dtype

    @property
    def _reads_as(self) -> str | None:
        """The dtype that weights are read in, where it is not their own."""
        policy = self._dtype_policy
        if isinstance(policy, dtype_policies.DTypePolicyMap):
            policy = policy[self.path or self.name]
        computes = policy.compute_dtype
        return computes if computes != policy.variable_dtype and self.autocast else None

    @property
    def input_dtype(self) -> str:
        """The dtype floating inputs are brought to."""
        return self.compute_dtype

    @property
    def path(self) -> str | None:
        """Where the layer stands: the name scopes it was built in, and its name."""
        return self._path
