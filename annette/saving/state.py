"""The variables of one object, to a mapping and back: all are compared before one changes."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np


def save_variables(variables: Sequence[Any], store: MutableMapping[str, Any]) -> None:
    """Put the values of variables into a mapping, under "0", "1" and so on.

    They are looks at the variables' own memory, good until the next change: a copy of a large model
    would take as long as its file.
    """
    for i, variable in enumerate(variables):
        store[str(i)] = look_at(variable)


def look_at(variable: Any) -> np.ndarray:
    """The value of a variable in its own memory, good until the next change."""
    look: np.ndarray = variable._known().view()
    look.flags.writeable = False
    return look


def load_variables(owner: Any, variables: Sequence[Any], store: Mapping[str, Any]) -> None:
    """Set variables to the values that `save_variables` put into a mapping.

    Raises:
        ValueError: if their number, a shape or a kind differs; nothing is set then.
    """
    for variable, value in matched(owner, variables, store):
        put(variable, value)


def put(variable: Any, value: np.ndarray) -> None:
    """Set a variable to a value that fits it: in its own memory where that is possible."""
    held = getattr(variable, "_value", None)
    if type(held) is np.ndarray and held.dtype == value.dtype and held.shape == value.shape:
        np.copyto(variable.own(), value)
    else:
        variable.assign(value)


def matched(
    owner: Any, variables: Sequence[Any], store: Mapping[str, Any]
) -> list[tuple[Any, np.ndarray]]:
    """Each variable with its value in the mapping.

    Raises:
        ValueError: if their number, a shape or a kind differs.
    """
    named = f"{type(owner).__name__} {getattr(owner, 'name', '')!r}"
    keys = list(store.keys())
    if sorted(keys) != sorted(map(str, range(len(variables)))):
        if variables and not keys:
            problem = "the file has nothing for it"
        elif keys and not variables and not getattr(owner, "built", True):
            problem = f"the file has {len(keys)} and it is not built yet: build it first"
        else:
            problem = f"the file has {len(keys)} ({', '.join(keys[:8])})"
        raise ValueError(f"{named} has {len(variables)} variables; {problem}.")
    found = []
    look = getattr(store, "look", store.__getitem__)  # what is only copied needs no copy before
    for i, variable in enumerate(variables):
        declared = getattr(store, "shape_of", None)
        if declared is not None:  # before anything of that shape is read
            _check_shape(named, variable, declared(str(i)))
        value = as_array(look(str(i)))
        check_fits(named, variable, value)
        found.append((variable, value))
    return found


def as_array(value: Any) -> np.ndarray:
    """What a mapping has under a name, as an array."""
    return value.numpy() if hasattr(value, "numpy") else np.asarray(value)


def check_fits(named: str, variable: Any, value: Any) -> None:
    """Raise ValueError unless what has such a shape and dtype can be the value of a variable."""
    _check_shape(named, variable, tuple(value.shape))
    plain = value.dtype.kind in "fiub" or value.dtype.name == "bfloat16"
    floats = value.dtype.kind not in "iub"
    if not plain or (floats and not _is_float(variable.dtype)):
        raise ValueError(
            f"The variable {variable.path!r} of {named} has dtype {variable.dtype}; the saved one "
            f"has dtype {value.dtype}, which cannot be turned into it."
        )


def _check_shape(named: str, variable: Any, found: tuple[int, ...]) -> None:
    shape = tuple(variable.shape)
    if found != shape:
        mend = "Load into a model that is built like the saved one, or pass skip_mismatch=True to "
        mend += "leave out what does not fit."
        if getattr(variable, "waits", False):
            mend = "The file's configuration and its weights do not belong together."
        raise ValueError(
            f"The variable {variable.path!r} of {named} has shape {shape}; the saved one has shape "
            f"{found}. {mend}"
        )


def _is_float(dtype: Any) -> bool:
    return "float" in str(dtype)
