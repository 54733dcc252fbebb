"""What an error from the inside means for a caller: which argument was no good, and what it was.

`explained` is asked once something has failed, so that calls which go well pay nothing. It looks at the
arguments by their annotations and names, and leaves errors alone that come from the user's own code
or say already what is wrong.
"""

from __future__ import annotations

import functools
import numbers
import opcode
import re
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from annette.utils.signature import signature

F = TypeVar("F", bound=Callable[..., Any])

# Errors that no caller can do anything with; ValueError and TypeError often say what is wrong.
_INSIDE = (
    LookupError, AttributeError, AssertionError, ArithmeticError, RecursionError,
)  # fmt: skip
_RAISE = opcode.opmap["RAISE_VARARGS"]
_WORDS = {
    "int": "a whole number", "float": "a number", "str": "a string", "bool": "True or False",
    "array": "numbers or an array of them", "axis": "a whole number, or several", "None": "None",
}  # fmt: skip
_AXES = ("axis", "axes", "axis1", "axis2", "axisa", "axisb", "axisc")
_ARRAYS = ("x", "x1", "x2", "xs", "y", "a", "b", "inputs", "indices", "values", "targets", "q")


def explained(
    error: Exception, function: Callable[..., Any], args: Any, kwargs: Any
) -> Exception | None:
    """Return an error that names the argument, or None where `error` is to stay as it is."""
    cause = getattr(error, "_annette_cause", error)
    if not isinstance(cause, (*_INSIDE, ValueError, TypeError)) or not _is_ours(cause):
        return None
    given = _bound(function, args, kwargs)
    odd = [name for name in given if not fits(_annotation(function, name), name, given[name])]
    inside = not _is_raised_here(cause)
    said = str(cause)
    if not inside and (
        not odd
        or all(re.search(rf"\b{name}\b", said) and short(given[name]) in said for name in odd)
    ):
        return None
    name = function.__name__
    detail = f"{type(cause).__name__}: {cause}" if inside else said
    if odd:
        came = " and ".join(
            f"{n} to be {wanted(_annotation(function, n), n)}; it got {n}={short(given[n])}"
            for n in odd
        )
        text = f"{name} expects {came}. ({detail})"
    else:
        came = ", ".join(f"{n}={short(value)}" for n, value in given.items())
        text = f"{name} cannot work with the arguments {came}. ({detail})"
    kind = TypeError if isinstance(cause, (TypeError, AttributeError)) else ValueError
    made = kind(text)
    vars(made)["_annette_cause"] = cause  # an outer function names its own arguments
    return made


def explains(function: F) -> F:
    """Let a function's errors from the inside name its arguments."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            better = explained(error, function, args, kwargs)
            if better is None:
                raise
            raise better from error

    return wrapper  # type: ignore[return-value]  # the same signature


def check_constructors(*classes: Any) -> None:
    """Let the constructors of these classes refuse arguments that are not what they are said to be.

    A constructor's own checks come first: they know more.
    """
    bases = [base for cls in classes if isinstance(cls, type) for base in cls.__mro__]
    for cls in dict.fromkeys(bases):
        if cls.__module__.startswith("annette.") and "__init__" in vars(cls):
            init = vars(cls)["__init__"]
            if not hasattr(init, "_annette_checks"):
                cls.__init__ = _checking(cls, init)  # type: ignore[misc]


def _checking(cls: type, init: Callable[..., None]) -> Callable[..., None]:
    kinds: dict[str, str] = {}
    for name, annotation in getattr(init, "__annotations__", {}).items():
        parts = {part.strip() for part in str(annotation).split("|")}
        if name != "return" and parts <= {"int", "float", "str", "bool", "None"}:
            kinds[name] = str(annotation)

    @functools.wraps(init)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        problem: Exception | None = None
        try:
            init(self, *args, **kwargs)
        except (ValueError, TypeError, *_INSIDE) as error:
            cause = getattr(error, "_annette_cause", error)
            if not _is_ours(cause) or _is_raised_here(cause):
                raise
            problem = error
        names = init.__code__.co_varnames[1 : init.__code__.co_argcount]
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        for name, value in given.items():
            if name in kinds and not fits(kinds[name], name, value):
                raise TypeError(
                    f"{type(self).__name__} expects {name} to be {wanted(kinds[name], name)}; it got "
                    f"{short(value)}."
                ) from problem
        if problem is not None:
            if isinstance(problem, (ValueError, TypeError)) and not given:
                raise problem
            came = ", ".join(f"{name}={short(value)}" for name, value in given.items())
            raise ValueError(
                f"{type(self).__name__} cannot be made with {came}. ({type(problem).__name__}: {problem})"
            ) from problem

    wrapper._annette_checks = True  # type: ignore[attr-defined]
    return wrapper


def fits(annotation: str, name: str, value: Any) -> bool:
    """Say whether a value is of the kind that the annotation or the argument's name promises."""
    kinds = {part.strip() for part in annotation.split("|")} if annotation else set()
    if value is None:
        return not kinds & {"int", "float", "str"} or "None" in kinds
    if kinds and kinds <= {"int", "float", "str", "bool", "None"}:
        return any(_IS[kind](value) for kind in kinds)
    if kinds and kinds != {"Any"}:
        return True
    if name in _AXES:
        parts = value if isinstance(value, (list, tuple)) else [value]
        return all(p is None or _is_int(p) or isinstance(p, (list, tuple)) for p in parts)
    return name not in _ARRAYS or _is_array(value)


def wanted(annotation: str, name: str) -> str:
    """Say in words what `fits` accepts."""
    kinds = [part.strip() for part in annotation.split("|")]
    if name in _AXES and "int" not in kinds:
        return _WORDS["axis"]
    known = [_WORDS[kind] for kind in kinds if kind in _WORDS]
    return " or ".join(known) if known else _WORDS["array"]


def short(value: Any) -> str:
    """Return a short text of a value; an array by its shape and dtype."""
    if isinstance(value, np.ndarray) or (hasattr(value, "shape") and hasattr(value, "dtype")):
        return f"an array of shape {tuple(value.shape)} and dtype {value.dtype}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_int(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer() and abs(value) < 2**63
    if isinstance(value, numbers.Integral):
        return -(2**63) <= int(value) < 2**63
    return _is_scalar(value, "iub")


def _is_float(value: Any) -> bool:
    return isinstance(value, numbers.Real) or _is_scalar(value, "fiub")


def _is_scalar(value: Any, kinds: str) -> bool:
    if not hasattr(value, "dtype") or tuple(getattr(value, "shape", (0,))) != ():
        return False
    dtype = value.dtype
    return dtype.kind in kinds if isinstance(dtype, np.dtype) else True


def _is_bool(value: Any) -> bool:
    try:
        return value in (True, False) or not hasattr(value, "shape")
    except ValueError:
        return False


def _is_array(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "iufcbV"
    if isinstance(value, (list, tuple)):
        return all(_is_array(part) for part in value)
    return isinstance(value, numbers.Number) or hasattr(value, "shape")


_IS: dict[str, Callable[[Any], bool]] = {
    "int": _is_int,
    "float": _is_float,
    "str": lambda value: isinstance(value, str),
    "bool": _is_bool,
    "None": lambda value: value is None,
}


def _is_ours(error: BaseException) -> bool:
    """Say whether an error began in this library or in NumPy, not in a function of the user's."""
    module, _ = _origin(error)
    return module in ("annette", "numpy")


def _is_raised_here(error: BaseException) -> bool:
    """Say whether this library raised it by a `raise`, with a message of its own."""
    module, raised = _origin(error)
    return module == "annette" and raised


def _origin(error: BaseException) -> tuple[str, bool]:
    """Return the package in which an error began, and whether by a `raise`."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    if place is None:
        return "", False
    module = str(place.tb_frame.f_globals.get("__name__", ""))
    code = place.tb_frame.f_code.co_code
    return module.split(".")[0], code[place.tb_lasti] == _RAISE


def _bound(function: Callable[..., Any], args: Any, kwargs: Any) -> dict[str, Any]:
    names = signature(function).names
    return {
        **dict(zip(names, args, strict=False)),
        **{k: v for k, v in kwargs.items() if k in names},
    }


def _annotation(function: Callable[..., Any], name: str) -> str:
    return str(getattr(function, "__annotations__", {}).get(name, "Any"))
