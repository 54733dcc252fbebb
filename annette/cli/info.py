"""`annette info`: what one wants to know before reporting something."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version


def facts() -> list[tuple[str, str]]:
    """Return name and value of each thing worth knowing."""
    import numpy as np

    import annette

    rows = [
        ("annette", annette.__version__),
        *_backend(),
        ("float type", annette.config.floatx()),
        ("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("NumPy", np.__version__),
    ]
    rows += [(name, _version(name)) for name in ("jax", "matplotlib", "pandas", "scikit-learn")]
    rows += [
        ("system", f"{platform.system()} {platform.machine()}"),
        ("cores", str(_cores())),
        ("NumPy's threads", _threads()),
    ]
    return rows


def _backend() -> list[tuple[str, str]]:
    """Return the backend and what it says of itself; where it is not the native one, why."""
    from annette.backends import available_backends, current_backend, why_not_native

    found = dict(current_backend().describe())
    name = found.pop("name")
    rows = [("backend", f"{name} (there are {', '.join(available_backends())})")]
    rows += [
        (key, ", ".join(value) if isinstance(value, list) else str(value))
        for key, value in found.items()
        if key != "version"  # among the packages below
    ]
    if name != "native":
        chosen = "another backend was chosen (ANNETTE_BACKEND)"
        rows.append(("native backend", f"not in use: {why_not_native() or chosen}"))
    return rows


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def _threads() -> str:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    found = [f"{name}={os.environ[name]}" for name in names if name in os.environ]
    return ", ".join(found) or "as NumPy chooses"
