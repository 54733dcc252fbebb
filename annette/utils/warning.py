"""Warnings that point at the line of the user's program that they are about."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings

_OWN = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")  # with the last separator
_BETWEEN = contextlib.__file__


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn, as of the innermost line that is not annette's own."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and _is_own(frame.f_code.co_filename):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_own(file: str) -> bool:
    return file.startswith(_OWN) or file == _BETWEEN
