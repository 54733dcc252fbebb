"""What arguments a function takes, read from its code: far cheaper than the inspect module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

_VARARGS, _VARKEYWORDS = 0x04, 0x08


class Signature(NamedTuple):
    """Names in order, defaults by name, and whether ``**kwargs`` takes the rest."""

    names: list[str]
    defaults: dict[str, Any]
    any_keyword: bool
    any_positional: bool

    def takes(self, name: str) -> bool:
        """Say whether there is an argument of this name."""
        return name in self.names


def signature(function: Callable[..., Any]) -> Signature:
    """Return the signature of a function or bound method, without ``self``."""
    bound = hasattr(function, "__func__")
    plain = getattr(function, "__func__", function)
    while hasattr(plain, "__wrapped__"):
        plain = plain.__wrapped__
    code = getattr(plain, "__code__", None)
    if code is None:
        return _inspected(function)
    count = code.co_argcount
    names = list(code.co_varnames[: count + code.co_kwonlyargcount])
    values = plain.__defaults__ or ()
    defaults = dict(zip(names[count - len(values) : count], values, strict=True))
    defaults.update(plain.__kwdefaults__ or {})
    if bound and names:
        names = names[1:]
    return Signature(
        names, defaults, bool(code.co_flags & _VARKEYWORDS), bool(code.co_flags & _VARARGS)
    )


def _inspected(function: Callable[..., Any]) -> Signature:
    import inspect

    parameters = inspect.signature(function).parameters.values()
    named = [p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    defaults = {p.name: p.default for p in named if p.default is not p.empty}
    kinds = {p.kind for p in parameters}
    names = [p.name for p in named]
    return Signature(
        names, defaults,
        inspect.Parameter.VAR_KEYWORD in kinds, inspect.Parameter.VAR_POSITIONAL in kinds,
    )  # fmt: skip
