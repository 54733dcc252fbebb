"""`annette run --hints`: which old spellings a program uses, and what one writes today."""

from __future__ import annotations

import atexit
import importlib
import os
import sys
from types import FrameType

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_IMPORTS = os.path.dirname(os.path.abspath(importlib.__file__))
_state = {"enabled": False, "registered": False}
_met: dict[str, tuple[str, str]] = {}


def enable(on: bool) -> None:
    """Start or stop noting old spellings; those noted are shown when the process ends."""
    _state["enabled"] = on
    if on and not _state["registered"]:
        atexit.register(show)
        _state["registered"] = True


def note(old: str, new: str) -> None:
    """Remember that the program wrote `old` where one writes `new` today, and where it did."""
    if _state["enabled"] and old not in _met:
        _met[old] = (new, _where())


def show() -> None:
    """Print what was noted, once, to standard error."""
    if not _met:
        return
    print("\nOld spellings in this program, and what one writes today:", file=sys.stderr)
    width = max(len(old) for old in _met)
    for old, (new, where) in _met.items():
        print(f"  {where}: {old:{width}}  ->  {new}", file=sys.stderr)
    _met.clear()


def _where() -> str:
    """Return file and line of the innermost frame that is the program's own."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((_PACKAGE, _IMPORTS, "<frozen")):
            near = os.path.relpath(name) if os.path.isabs(name) else name
            return f"{name if near.startswith('..') else near}:{frame.f_lineno}"
        frame = frame.f_back
    return "?"
