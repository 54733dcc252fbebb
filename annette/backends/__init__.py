"""Backends by name, and which one is in use.

``ANNETTE_BACKEND`` chooses at the start; `set_backend` later.
"""

from __future__ import annotations

import importlib.util
import os

from annette.backends.base import Backend, Program
from annette.backends.numpy import NumpyBackend

__all__ = ["Backend", "Program", "available_backends", "current_backend", "set_backend"]

_current: Backend | None = None


def available_backends() -> list[str]:
    """Return the names of the backends that can be used here."""
    return ["numpy", *(["jax"] if importlib.util.find_spec("jax") else [])]


def make_backend(name: str) -> Backend:
    """Return the backend of that name.

    Raises:
        ValueError: if there is none of that name.
        ImportError: if the package it needs is not installed.
    """
    if name == "numpy":
        return NumpyBackend()
    if name == "native":
        from annette.backends.native import NativeBackend

        return NativeBackend()
    if name == "jax":
        if importlib.util.find_spec("jax") is None:
            raise ImportError(
                "The backend 'jax' needs the package jax. Install it with "
                "`pip install annette[jax]`."
            )
        from annette.backends.jax import JaxBackend

        return JaxBackend()
    raise ValueError(f"There is no backend {name!r}. Use one of {available_backends()}.")


def set_backend(name: str) -> None:
    """Run graphs with the backend of that name from now on."""
    global _current
    _current = make_backend(name)


def current_backend() -> Backend:
    """Return the backend in use: that of `set_backend`, else of ``ANNETTE_BACKEND``, else NumPy."""
    global _current
    if _current is None:
        _current = make_backend(os.environ.get("ANNETTE_BACKEND", "numpy"))
    return _current
