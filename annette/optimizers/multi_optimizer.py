"""Several optimizers in one, each with weights of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any

from annette import ops
from annette.graph import Variable
from annette.optimizers.base import Optimizer
from annette.saving.serialization import deserialize_keras_object, serialize_keras_object


class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer a weight has: paths, or regular expressions of whole paths, to optimizers.

    `map[path]` is the optimizer under that very key, else under the one key that matches it, else
    `default_optimizer`.

    Raises:
        TypeError: if `default_optimizer` is no optimizer, or `optimizer_map` no dict.
        ValueError: for a key or an optimizer of another type, a key that is there already, and for
            a path that several keys match.
    """

    def __init__(
        self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None
    ) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                "Argument `default_optimizer` of OptimizerMap must be an optimizer such as SGD(); "
                f"it got {default_optimizer!r}."
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(
                "Argument `optimizer_map` of OptimizerMap must be a dict of paths and optimizers; "
                f"it got {optimizer_map!r}."
            )
        self._default = default_optimizer
        self._optimizers: dict[str, Optimizer] = {}
        for key, optimizer in (optimizer_map or {}).items():
            self[key] = optimizer

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of weights that no key is for."""
        return self._default

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizers:
            return self._optimizers[key]
        hits = [k for k in self._optimizers if re.fullmatch(k, key)]
        if len(hits) > 1:
            raise ValueError(
                f"Several keys of the OptimizerMap match {key!r}: {hits}. Make them such that each "
                "path has one at most."
            )
        return self._optimizers[hits[0]] if hits else self._default

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ValueError(f"A key of an OptimizerMap must be a string; it got {key!r}.")
        if key in self._optimizers:
            raise ValueError(
                f"{key!r} is in the OptimizerMap already, with {self._optimizers[key]!r}. Delete "
                "it before setting it anew."
            )
        if not isinstance(optimizer, Optimizer):
            raise ValueError(
                f"The OptimizerMap's entry {key!r} must be an optimizer such as SGD(); it got "
                f"{optimizer!r}."
            )
        self._optimizers[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizers[key]

    def __contains__(self, key: object) -> bool:
        return key in self._optimizers

    def __len__(self) -> int:
        return len(self._optimizers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the optimizers serialized."""
        return {
            "default_optimizer": serialize_keras_object(self._default),
            "optimizer_map": serialize_keras_object(self._optimizers),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> OptimizerMap:
        """The map that `get_config` described."""
        made = {
            key: deserialize_keras_object(value, custom_objects=custom_objects)
            if isinstance(value, dict)
            else value
            for key, value in config.items()
        }
        return cls(made["default_optimizer"], made.get("optimizer_map"))


class MultiOptimizer(Optimizer):
    """Gives each weight to one of several optimizers.

    Options such as `clipnorm` or `use_ema`, and the learning rates, are those of the optimizers in
    it, found in `optimizers`; each clips the gradients of its own weights.

    Args:
        optimizer_map: an OptimizerMap, or a function that gives the optimizer of a variable.
        loss_scale_factor: what the loss is multiplied by; gradients are divided by it. Those of
            the optimizers in it do not count.
        name: "multi_optimizer" unless given.

    Raises:
        TypeError: if `optimizer_map` is neither a map nor a function.
        ValueError: if the function gives something else than an optimizer for a variable.
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(optimizer_map, OptimizerMap) and not callable(optimizer_map):
            raise TypeError(
                "Argument `optimizer_map` of MultiOptimizer must be an OptimizerMap, or a function "
                f"that gives the optimizer of a variable; it got {optimizer_map!r}."
            )
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._map = optimizer_map
        self.optimizers: list[Optimizer] = []
        if isinstance(optimizer_map, OptimizerMap):
            self._add(*optimizer_map._optimizers.values(), optimizer_map.default_optimizer)
        self._places: dict[int, int] = {}

    def _add(self, *optimizers: Optimizer) -> None:
        for optimizer in optimizers:
            if not any(o is optimizer for o in self.optimizers):
                self.optimizers.append(optimizer)

    def build(self, variables: Sequence[Variable]) -> None:
        """Share the weights out, and build each optimizer for its own."""
        if self.built:
            return
        chosen = [self._optimizer_of(v) for v in variables]
        self._add(*chosen)
        at = {id(optimizer): i for i, optimizer in enumerate(self.optimizers)}
        self._places = {id(v): at[id(o)] for v, o in zip(variables, chosen, strict=True)}
        for i, optimizer in enumerate(self.optimizers):
            optimizer.build([v for v in variables if self._places[id(v)] == i])
        super().build(variables)

    def _optimizer_of(self, variable: Variable) -> Optimizer:
        if isinstance(self._map, OptimizerMap):
            return self._map[variable.path]
        found = self._map(variable)
        if not isinstance(found, Optimizer):
            raise ValueError(
                f"The function given to MultiOptimizer must give an optimizer for each variable; "
                f"for {variable.path!r} it gave {found!r}."
            )
        return found

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of each optimizer in it."""
        return [*self._variables, *(v for o in self.optimizers for v in o.variables)]

    @property
    def learning_rate(self) -> Any:
        """There is none: each optimizer in it has its own. Raises AttributeError."""
        raise AttributeError(
            "MultiOptimizer has no learning rate of its own. Read those of its `optimizers`."
        )

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        raise AttributeError(
            "MultiOptimizer has no learning rate of its own. Set those of its `optimizers`."
        )

    def _step(self, grads: list[Any], variables: list[Variable]) -> None:
        for i, optimizer in enumerate(self.optimizers):
            own = [
                (g, v) for g, v in zip(grads, variables, strict=True) if self._places[id(v)] == i
            ]
            if own:
                optimizer._step([g for g, _ in own], [v for _, v in own])
        self._iterations.assign(ops.add(self._iterations, 1))

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Set the weights to their averages, where their optimizer keeps them."""
        variables = list(var_list)
        for i, optimizer in enumerate(self.optimizers):
            optimizer.finalize_variable_values(
                [v for v in variables if self._places.get(id(v)) == i]
            )

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave these weights out of the decay of every optimizer known by now.

        Raises:
            ValueError: if the optimizer is built already.
        """
        super().exclude_from_weight_decay(var_list, var_names)
        for optimizer in self.optimizers:
            optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the map serialized."""
        return {
            "optimizer_map": serialize_keras_object(self._map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> MultiOptimizer:
        """An optimizer made from what `get_config` gave, without its state."""
        config = dict(config)
        if isinstance(config.get("optimizer_map"), dict):
            config["optimizer_map"] = deserialize_keras_object(
                config["optimizer_map"], custom_objects=custom_objects
            )
        return cls(**config)
