"""Keras 3, on the backend that KERAS_BACKEND names."""

from __future__ import annotations

import importlib.metadata

import keras

from systems.programs import Programs

jobs = Programs(keras)
forget = keras.utils.clear_session


def versions() -> str:
    """Return the versions of Keras and its backend."""
    backend = keras.backend.backend()
    package = "tensorflow_cpu" if backend == "tensorflow" else backend
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        version = importlib.metadata.version(backend)
    return f"Keras {keras.__version__} on {backend} {version}"
