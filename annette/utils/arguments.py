"""The one joint through which constructors take arguments they do not know.

`Layer`, `Optimizer` and `Model` hand their unknown keyword arguments to `translate` and what is
left to `reject`. With nothing registered `translate` changes nothing; `annette.compat` fills the
table, so that no class has to know how arguments were spelled years ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Translator = Callable[[type, dict[str, Any]], dict[str, Any]]

_translators: dict[str, Translator] = {}


def register(cls_name: str, function: Translator) -> None:
    """Let `function(cls, kwargs) -> kwargs` translate for `cls_name` and its subclasses."""
    _translators[cls_name] = function


def unregister(cls_name: str) -> None:
    """Take back what `register` did; a name that is not registered is ignored."""
    _translators.pop(cls_name, None)


def translate(cls: type, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return `kwargs` in today's spelling, by the translators of `cls` and of its bases."""
    if _translators and kwargs:
        for base in cls.__mro__:
            function = _translators.get(base.__name__)
            if function is not None:
                kwargs = function(cls, kwargs)
    return kwargs


def reject(cls: type, kwargs: Iterable[str], known: Iterable[str] | None = None) -> None:
    """Refuse every argument left in `kwargs`.

    `known` are the names to suggest from; without it they are read from the constructors of `cls`.

    Raises:
        ValueError: if `kwargs` is not empty; it names the argument and the nearest known one.
    """
    left = sorted(kwargs)
    if not left:
        return
    from annette.utils.suggest import nearest

    names = sorted(set(known) if known is not None else _constructor_arguments(cls))
    hit = nearest(left[0], names)
    mend = f"Did you mean {hit!r}?" if hit else f"It takes: {', '.join(names)}."
    what = "an argument" if len(left) == 1 else "arguments"
    raise ValueError(
        f"{cls.__name__} got {what} it does not know: {', '.join(map(repr, left))}. {mend}"
    )


def at_most(owner: str, name: str, value: Any, limit: int) -> Any:
    """Return `value` as it is.

    Raises:
        ValueError: if it is above `limit`, where the work or the memory would have no end.
    """
    if value > limit:
        raise ValueError(f"{owner} expects {name} to be at most {limit:,}; it got {value!r}.")
    return value


def returned_number(kind: str, name: str, value: Any) -> Any:
    """Return what a user's loss or metric gave.

    Raises:
        ValueError: if it is nothing, or text.
    """
    if value is None or isinstance(value, str):
        raise ValueError(
            f"The {kind} {name!r} must return numbers, one for each sample or one in all; it "
            f"returned {value!r}."
        )
    return value


def _constructor_arguments(cls: type) -> set[str]:
    from annette.utils.signature import signature

    inits = [vars(base)["__init__"] for base in cls.__mro__[:-1] if "__init__" in vars(base)]
    return {name for init in inits for name in signature(init).names} - {"self"}
