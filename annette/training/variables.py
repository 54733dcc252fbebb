"""All that training changes in a model: each variable under a name that does not depend on chance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype
from annette.graph.variable import Variable
from annette.layers.tracking import owned
from annette.random import SeedGenerator, global_generator
from annette.saving.walk import parts_of
from annette.training.programs import Step

# What only a program's trace tells of: read by a step, but no part of the model.
_OUTSIDE = "outside"


def variables_of(model: Any) -> dict[str, Variable]:
    """Return the variables of layers, random generators, optimizers and metrics, and further ones.

    The names are paths through the model's parts, so that they are the same in a new process, and
    for a model that is made again in this one.
    """
    found: dict[str, Variable] = {}
    seen = {id(global_generator().state)}  # it is kept with the other generators of the program

    def add(path: str, variables: Iterable[Any]) -> None:
        for i, variable in enumerate(variables):
            if isinstance(variable, Variable) and id(variable) not in seen:
                seen.add(id(variable))
                found[f"{path}/{i}"] = variable

    for path, owner in parts_of(model):
        own = getattr(owner, "_trainable_variables", None)
        if own is None or not hasattr(owner, "_non_trainable_variables"):
            add(path, getattr(owner, "variables", ()))  # an optimizer, or a class of the program's
            continue
        add(path, [*own, *owner._non_trainable_variables])
        seeds = [x.state for x in owned(owner) if isinstance(x, SeedGenerator)]
        add(f"{path}/seeds", seeds)
    add("metrics", [v for metric in model.metrics for v in metric.variables])
    add("others", model.variables)
    steps = (s for key, s in model._programs.items() if key[0] == "train" and isinstance(s, Step))
    add(_OUTSIDE, [v for step in steps for v in step.graph.reads])
    return found


def own_states(model: Any) -> dict[str, dict[str, Any]]:
    """Return what parts with a `save_own_variables` of the program's own save, by their paths."""
    found: dict[str, dict[str, Any]] = {}
    for path, owner in parts_of(model):
        if _saves_itself(owner):
            store: dict[str, Any] = {}
            owner.save_own_variables(store)
            found[path] = {key: np.array(value) for key, value in store.items()}
    return found


def set_own_states(model: Any, states: dict[str, dict[str, Any]]) -> None:
    """Give the parts what they saved.

    Raises:
        ValueError: if one of them cannot take it.
    """
    for path, owner in parts_of(model):
        if path in states and _saves_itself(owner):
            try:
                owner.load_own_variables(states[path])
            except Exception as error:
                raise ValueError(
                    f"{type(owner).__name__}.load_own_variables of {path!r} could not take what its "
                    f"save_own_variables gave ({type(error).__name__}: {error})."
                ) from error


def _saves_itself(owner: Any) -> bool:
    home = getattr(type(owner).save_own_variables, "__module__", "annette.")
    return not home.startswith("annette.")


def misfits(variables: dict[str, Variable], values: dict[str, np.ndarray]) -> list[str]:
    """Return in words what of the values does not fit the variables."""
    said = [f"{name} ({v.path}) is new" for name, v in variables.items() if name not in values]
    for name, value in values.items():
        variable = variables.get(name)
        if variable is None:
            said += [] if name.startswith(_OUTSIDE) else [f"{name} is gone"]
            continue
        same = tuple(value.shape) == tuple(variable.shape)
        if not same or value.dtype != numpy_dtype(variable.dtype):
            said.append(
                f"{name} ({variable.path}) had shape {tuple(value.shape)} and dtype {value.dtype}, "
                f"and has {tuple(variable.shape)} and {variable.dtype}"
            )
    return [text for text in said if not text.startswith(_OUTSIDE)]


def set_variables(variables: dict[str, Variable], values: dict[str, np.ndarray]) -> None:
    """Set the variables for which there are values."""
    for name, value in values.items():
        if name in variables:
            variables[name].assign(value)
