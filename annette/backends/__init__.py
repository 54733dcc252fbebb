"""Backends by name, and which one is in use.

``ANNETTE_BACKEND`` chooses at the start; `set_backend` later. Left alone it is the native backend
where its compiled core is there, else NumPy.
"""

from __future__ import annotations

import importlib.util
import os
import sys

from annette.backends.base import Backend, Program
from annette.backends.numpy import NumpyBackend

__all__ = ["Backend", "Program", "available_backends", "current_backend", "set_backend"]

_current: Backend | None = None


def available_backends() -> list[str]:
    """Return the names of the backends that can be used here, that of choice first."""
    from annette.backends.native import is_built

    jax = ["jax"] if importlib.util.find_spec("jax") else []
    return [*(["native"] if is_built() else []), "numpy", *jax]


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
    """Return the backend in use: that of `set_backend`, else of ``ANNETTE_BACKEND``, else native.

    Where the native core is missing it is NumPy, and one line on the standard error stream says so.
    """
    global _current
    if _current is None:
        wanted = os.environ.get("ANNETTE_BACKEND")
        _current = make_backend(wanted) if wanted else _default()
    return _current


def why_not_native() -> str | None:
    """Return why the native backend cannot be used here, with the mend; None where it can."""
    from annette.backends.native import is_built

    if not is_built():
        return "its core is not compiled; install annette where there is a C++20 compiler"
    try:
        make_backend("native")
    except ImportError as error:
        return f"its core cannot be loaded ({error}); install annette anew"
    return None


def _default() -> Backend:
    reason = why_not_native()
    if reason is None:
        return make_backend("native")
    if not _in_a_child():
        print(
            f"annette runs on NumPy, which is slower than its native backend: {reason}. "
            "ANNETTE_BACKEND=numpy chooses NumPy without this line.",
            file=sys.stderr,
        )
    return NumpyBackend()


def _in_a_child() -> bool:
    """Say whether this is a worker of `multiprocessing`, whose parent has said it already."""
    module = sys.modules.get("multiprocessing")
    return module is not None and module.parent_process() is not None
