"""annette: the same programs as Keras."""

from __future__ import annotations

import annette
import numpy as np

from systems.programs import Programs, Run
from workloads import Workload


class AnnettePrograms(Programs):
    """Keras's jobs, and a bare matrix product."""

    def product(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """A layer without bias is a matrix product."""
        n = work.rows
        model = annette.Sequential([annette.Input((n,)), annette.layers.Dense(n, use_bias=False)])
        a = np.ones((n, n), "float32")

        def run(calls: int) -> None:
            for _ in range(calls):
                model(a)

        return run


jobs = AnnettePrograms(annette)
forget = annette.utils.clear_session


def versions() -> str:
    """Return the version and the backend."""
    return f"annette {annette.__version__} on its {annette.config.backend()} backend"
