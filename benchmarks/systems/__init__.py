"""The systems side by side: a file each, a function for each job.

A job gets the workload and its data, builds what it needs, and returns a function of a number of
epochs or calls: that function is what is timed. It returns an accuracy where there is one.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class System:
    """How a system is started.

    Attributes:
        label: for the tables.
        module: the file here that does its work.
        imports: what a program of it imports.
        environment: variables that are set for it.
    """

    label: str
    module: str
    imports: str
    environment: dict[str, str] = dataclasses.field(default_factory=dict)


# Products as small as those of the NumPy loop are fastest on one thread.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}

SYSTEMS = {
    "annette": System("annette", "annette_", "annette"),
    "torch": System("PyTorch", "torch_", "torch"),
    "keras-jax": System("Keras on JAX", "keras_", "keras", {"KERAS_BACKEND": "jax"}),
    "keras-tensorflow": System(
        "Keras on TensorFlow",
        "keras_",
        "keras",
        {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"},
    ),
    "sklearn": System("scikit-learn", "sklearn_", "sklearn.neural_network"),
    "annette-numpy": System(
        "annette on NumPy", "annette_", "annette", {"ANNETTE_BACKEND": "numpy", **ONE_THREAD}
    ),
    "numpy-loop": System("NumPy loop", "numpy_", "numpy", ONE_THREAD),
    "numpy": System("NumPy", "numpy_", "numpy"),
}
