"""The JAX backend: the same records under ``jax.jit``, with ``jax.numpy`` for `xp`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from annette.backends.base import Backend, Program
from annette.graph.dtypes import numpy_dtype
from annette.graph.graph import Graph
from annette.graph.lower import lower
from annette.graph.variable import Variable

# A run gives the arrays of the variables it changes away: no other may read them meanwhile.
_RUNNING = threading.Lock()


class JaxProgram(Program):
    """A graph as a jitted function of inputs and variables; the variables stay on the device."""

    def __init__(self, graph: Graph) -> None:
        import jax

        super().__init__(graph)
        self._jax = jax
        lowered = lower(graph)
        changed: list[Variable] = [v for v, _ in graph.assigns]
        self._changed = changed
        self._kept = [v for v in graph.reads if not any(v is c for c in changed)]

        def run(inputs: Any, kept: Any, old: Any) -> Any:
            return _evaluate(lowered, inputs, [*self._kept, *changed], [*kept, *old])

        self._run = jax.jit(run, donate_argnums=2)

    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run once; return the outputs, which are the caller's to keep."""
        # Graphs name their dtypes: 64-bit ones must not be cut to 32 bits here.
        with _RUNNING, self._jax.enable_x64(True):
            kept = [v._value for v in self._kept]
            old = [_own(self._jax, v._value) for v in self._changed]
            outputs, new = self._run(list(inputs), kept, old)
            for variable, value in zip(self._changed, new, strict=True):
                variable.replace(value)
        return [np.array(o) for o in outputs]


def _own(jax: Any, value: Any) -> Any:
    """Return a device array that may be given away: NumPy's memory stays its owner's."""
    return value if isinstance(value, jax.Array) else jax.numpy.array(value)


def _evaluate(graph: Graph, inputs: Any, variables: list[Variable], values: list[Any]) -> Any:
    import jax.numpy as jnp

    at: dict[int, Any] = {id(t): x for t, x in zip(graph.inputs, inputs, strict=True)}
    for variable, value in zip(variables, values, strict=True):
        if variable in graph.reads:
            at[id(graph.reads[variable])] = value
    for t in graph.constants():
        at[id(t)] = jnp.asarray(t.value, dtype=numpy_dtype(t.dtype))
    for node in graph.nodes:
        arrays = [at[id(t)] for t in node.inputs]
        primitive = node.primitive
        if primitive.jax is not None:
            result = primitive.jax(*arrays, **node.params)
        else:
            result = primitive.run(jnp, *arrays, **node.params)
        results = result if isinstance(result, tuple) else (result,)
        for t, value in zip(node.outputs, results, strict=True):
            at[id(t)] = jnp.asarray(value, dtype=numpy_dtype(t.dtype))
    return [at[id(t)] for t in graph.outputs], [at[id(t)] for _, t in graph.assigns]


class JaxBackend(Backend):
    """JAX on its default device."""

    name = "jax"
    instant = False

    def __init__(self) -> None:
        # JAX draws from NumPy's global generator while it is imported; the user's numbers after a
        # seed are not to depend on when that is.
        before = np.random.get_state()
        import jax  # noqa: F401

        np.random.set_state(before)

    def compile(self, graph: Graph) -> Program:
        """Make a program of `graph`."""
        return JaxProgram(graph)

    def device(self, device_name: str) -> AbstractContextManager[Any]:
        """Return the context in which programs run on a device, such as ``"gpu:0"``.

        Raises:
            ValueError: if there is no such device.
        """
        import jax

        kind, _, number = device_name.lower().partition(":")
        try:
            chosen = jax.devices({"cuda": "gpu"}.get(kind, kind))[int(number or 0)]
        except (RuntimeError, ValueError, IndexError):
            known = ", ".join(f"{d.platform}:{d.id}" for d in jax.devices())
            raise ValueError(f"device got {device_name!r}; JAX has {known}.") from None
        context: AbstractContextManager[Any] = jax.default_device(chosen)
        return context

    def describe(self) -> dict[str, Any]:
        """Return what `annette info` says of it."""
        import jax

        return {
            "name": self.name,
            "version": jax.__version__,
            "devices": [str(d) for d in jax.devices()],
        }
