"""The native backend: a graph becomes a plan that the compiled core runs."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

from annette.backends.base import Backend, Program
from annette.backends.native.core import Core, load
from annette.backends.native.program import NativeProgram, supported
from annette.backends.numpy import NumpyProgram
from annette.graph.graph import Graph


def is_built() -> bool:
    """Say whether the compiled core is there."""
    if "ANNETTE_CORE" in os.environ:
        return True
    return importlib.util.find_spec("annette.backends.native._core") is not None


class NativeBackend(Backend):
    """The compiled core on all of the processor's cores.

    Raises:
        ImportError: if the core was not built or cannot be loaded.
    """

    name = "native"

    def __init__(self) -> None:
        self.core = Core(load())

    def compile(self, graph: Graph) -> Program:
        """Make a program of `graph`; of one that the core cannot hold, a NumPy program."""
        if not supported(self.core, graph):
            return NumpyProgram(graph)
        return NativeProgram(self.core, graph)

    def threads(self) -> int:
        """Return how many threads work, the caller's among them."""
        return int(self.core.module.threads())

    def set_threads(self, count: int) -> None:
        """Let so many threads work from the next run on."""
        self.core.module.set_threads(count)

    def describe(self) -> dict[str, Any]:
        """Return what `annette info` says of it."""
        return {
            "name": self.name,
            "instruction set": f"{self.core.isa} (of {', '.join(self.core.sets)})",
            "threads": self.threads(),
            "core": str(getattr(self.core.module, "__file__", "")),
        }
