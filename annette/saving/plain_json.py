"""JSON texts of files: parsed only if they are well-formed, unambiguous and of a bearable size."""

from __future__ import annotations

from typing import Any

_DEEPEST = 256  # lists and objects within each other
# What parsed text takes in memory, at most: by brackets, by commas and by bytes.
_BRACKET, _COMMA, _BYTE = 136, 72, 3
_MOST = 2**25  # bytes that any text may take
_TIMES = 16  # times its stored size that it may take besides


class JsonError(ValueError):
    """A text is no JSON, or such that no program writes it."""


def parsed(text: bytes | str, stored: int | None = None) -> Any:
    """The value that a text of JSON stands for.

    Args:
        text: the text.
        stored: the bytes that it takes in its file, if it is compressed there.

    Raises:
        JsonError: if it is no JSON, has a key twice in one object, is nested deeper than 256
            levels, or would take far more memory than a file of its size justifies. NaN and
            Infinity are taken, as Python writes them.
    """
    import json  # which a program that loads nothing does not need

    _check_size(text, len(text) if stored is None else stored)  # before it is even decoded
    try:
        text = text.decode() if isinstance(text, bytes) else text
        found = json.loads(text, object_pairs_hook=_unambiguous)
    except RecursionError:
        raise JsonError(f"it is nested deeper than {_DEEPEST} levels") from None
    except JsonError:
        raise
    except ValueError as error:  # also for bytes that are no UTF-8, and for numbers too long
        raise JsonError(str(error) or "it cannot be read") from None
    _check_depth(found)
    return found


def _check_size(text: bytes | str, stored: int) -> None:
    if isinstance(text, str):
        brackets, commas = text.count("[") + text.count("{"), text.count(",")
    else:
        brackets, commas = text.count(b"[") + text.count(b"{"), text.count(b",")
    needed = _BRACKET * brackets + _COMMA * commas + _BYTE * len(text)
    if needed > _MOST + _TIMES * stored:
        raise JsonError(
            f"{len(text)} bytes with {brackets} lists and objects and {commas} commas would take "
            f"up to {needed} bytes of memory, far more than models need"
        )


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise JsonError(f"an object has the key {twice[:60]!r} twice")
    return found


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(_DEEPEST + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner += [v for v in item.values() if isinstance(v, (dict, list))]
            elif isinstance(item, list):
                inner += [v for v in item if isinstance(v, (dict, list))]
        if not inner:
            return
        level = inner
    raise JsonError(f"it is nested deeper than {_DEEPEST} levels")
