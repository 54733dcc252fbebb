"""Formulas in docstrings, of either notation, as the pages have them: between dollar signs."""

from __future__ import annotations

import re
from typing import Any

import griffe

_BLOCK = re.compile(r"^( *)\.\. math:: (.+(?:\n\1 +\S.*)*)", re.MULTILINE)
_INLINE = re.compile(r":math:`([^`]+)`")


def dollars(text: str) -> str:
    """Return `text` with ``.. math::`` and ``:math:`` as formulas between dollar signs."""
    text = _BLOCK.sub(lambda m: f"{m[1]}${' '.join(m[2].split())}$", text)
    return _INLINE.sub(lambda m: f"${' '.join(m[1].split())}$", text)


class Notation(griffe.Extension):
    """Rewrites each docstring when it is read."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of one object."""
        if obj.docstring is not None:
            obj.docstring.value = dollars(obj.docstring.value)
