"""How a layer comes to its weights: `build`, called with the shapes of the first inputs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.context import name_scope, scoped, suspended
from annette.graph.symbolic import KerasTensor
from annette.layers.weights import WeightOwner
from annette.utils import tree
from annette.utils.signature import Signature, signature


class Buildable(WeightOwner):
    """The part of a layer that has to do with building it."""

    @property
    def _call_signature(self) -> Signature:
        found = self.__dict__.get("_signature")
        if found is None:
            found = signature(self.call)
            object.__setattr__(self, "_signature", found)
        return found

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape (rows first, None where unknown)."""
        if self._remembers_shapes:
            object.__setattr__(self, "_build_shapes", {"input_shape": input_shape})
        self.built = True

    @property
    def _builds_by_calling(self) -> bool:
        return type(self).build is Buildable.build

    @property
    def _remembers_shapes(self) -> bool:
        """Whether `get_build_config` tells the shapes though no `build` is given them."""
        return is_ours(type(self))

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build for the shapes that `get_build_config` reported."""
        if config and "input_shape" in config:
            self.build(as_shapes(config["input_shape"]))
        elif config and "shapes_dict" in config:
            self.build(**{k: as_shapes(v) for k, v in config["shapes_dict"].items()})

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
        bound = bind(self._call_signature, args, kwargs)
        shapes = {k: shapes_of(v) for k, v in bound.items() if has_arrays(v)}
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


def once(build: Callable[..., None]) -> Callable[..., None]:
    """Wrap `build`: it runs eagerly, in the layer's name scope, and marks the layer built."""

    @functools.wraps(build)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        if getattr(self, "_building", False):
            return build(self, *args, **kwargs)
        object.__setattr__(self, "_building", True)
        try:
            self._path = scoped(self.name)
            with suspended(), name_scope(self.name):
                build(self, *args, **kwargs)
            if not self._trainable:  # frozen before its weights were made
                for variable in self._trainable_variables:
                    variable.trainable = False
        finally:
            object.__setattr__(self, "_building", False)
        names = signature(build).names[1:]
        shapes = {**dict(zip(names, args, strict=False)), **kwargs}
        object.__setattr__(self, "_build_shapes", shapes)
        self.built = True
        return None

    return wrapper


def bind(takes: Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call by name."""
    bound = dict(zip(takes.names, args, strict=False))
    if len(args) > len(bound) and takes.any_positional:
        bound.update({f"argument_{i}": a for i, a in enumerate(args[len(bound) :])})
    return {**bound, **kwargs}


def has_arrays(x: Any) -> bool:
    """Say whether there are arrays in `x`, and nothing else."""
    flat = tree.flatten(x)
    return bool(flat) and all(hasattr(t, "shape") for t in flat)


def shapes_of(x: Any) -> Any:
    """Return the shapes of arrays in any structure."""
    return tree.map_structure(lambda t: tuple(t.shape), x)


def as_shapes(shape: Any) -> Any:
    """Read a shape, or lists and dicts of shapes, as tuples."""
    if shape is None:
        return None
    if isinstance(shape, dict):
        return {k: as_shapes(v) for k, v in shape.items()}
    if all(n is None or isinstance(n, (int, np.integer)) for n in shape):
        return tuple(shape)
    return [as_shapes(s) for s in shape]


def keras_tensors(shape: Any, dtype: str) -> Any:
    """Return a KerasTensor for each shape in a structure of shapes."""
    if isinstance(shape, dict):
        return {k: keras_tensors(v, dtype) for k, v in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(s, (tuple, list)) for s in shape):
        return type(shape)(keras_tensors(s, dtype) for s in shape)
    return KerasTensor(shape, dtype)


def is_ours(cls: type) -> bool:
    """Say whether a class is this library's own."""
    return cls.__module__.partition(".")[0] == "annette"
