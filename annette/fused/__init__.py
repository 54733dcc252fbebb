"""Fused operations: a composite of primitives, and the name of the one kernel that does it.

The composite is the definition on every backend without the kernel, the gradient unless one is
given, and the oracle of the tests.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from annette.graph.array import wrap
from annette.graph.context import state
from annette.graph.gradient import gradient
from annette.graph.primitive import Primitive, apply, constant, read
from annette.graph.symbolic import symbolic_op
from annette.graph.tensor import Node, Tensor
from annette.graph.trace import Trace

F = TypeVar("F", bound=Callable[..., Any])
FUSED: dict[str, Fused] = {}


class Fused(Primitive):
    """A fused operation: tensors as positional arguments, everything else as keyword arguments."""

    def __init__(
        self,
        composite: Callable[..., Any],
        kernel: str | None,
        samples: Callable[..., Any],
        vjp: Callable[..., tuple[Any, ...]] | None,
    ) -> None:
        self.composite = composite
        doc = (composite.__doc__ or "").strip().splitlines()
        super().__init__(
            composite.__name__, doc[0] if doc else "", run=self._run, shape=self._shape,
            vjp=vjp or self._composite_vjp, samples=samples, kernel=kernel, family="fused",
        )  # fmt: skip
        self.own_vjp = vjp is not None
        FUSED[self.name] = self

    def _run(self, xp: Any, *arrays: Any, **params: Any) -> Any:
        """Compute with NumPy; backends expand the composite instead."""
        before = state.trace, state.tapes, state.watched
        state.trace, state.tapes, state.watched = None, [], {}
        try:
            return self.composite(*map(wrap, arrays), **params)
        finally:
            state.trace, state.tapes, state.watched = before

    def _shape(self, *inputs: Any, **params: Any) -> Any:
        _, outputs = self.expand(inputs, params)
        return [(t.shape, t.dtype) for t in outputs]

    def expand(self, inputs: Any, params: dict[str, Any]) -> tuple[list[Node], list[Tensor]]:
        """Return the nodes of the composite and its results, on stand-ins or the given Tensors."""
        tensors = [x if isinstance(x, Tensor) else Tensor(x.shape, x.dtype) for x in inputs]
        with Trace() as recorder:
            result = self.composite(*tensors, **params)
            outputs = [
                t if isinstance(t, Tensor) else constant(t)
                for t in map(read, result if isinstance(result, tuple) else (result,))
            ]
        return recorder.nodes, outputs

    def _composite_vjp(self, g: Any, y: Any, *inputs: Any, **params: Any) -> tuple[Any, ...]:
        # Identities make each input a Tensor of its own, so that the gradient stops at this call.
        copies = [_copy(x) for x in inputs]
        with _recording():
            outputs = self.composite(*copies, **params)
        ys = outputs if isinstance(outputs, tuple) else (outputs,)
        gs = g if isinstance(g, tuple) else (g,)
        return tuple(gradient(ys, copies, gs))


def _copy(x: Tensor) -> Any:
    from annette.primitives.shape import identity

    if state.trace is None and not state.tapes:
        return Tensor(x.shape, x.dtype, value=x.value)
    return apply(identity, (x,), {})


class _recording:
    """Record operations on Tensors that have values even where no tape is open."""

    def __enter__(self) -> None:
        self.opened = state.trace is None and not state.tapes
        if self.opened:
            state.tapes = [_Silent()]

    def __exit__(self, *exception: object) -> None:
        if self.opened:
            state.tapes = []


class _Silent:
    def note(self, variable: Any, symbol: Any) -> None:
        """Take no notice of a variable that is read."""


def fused(
    kernel: str | None,
    samples: Callable[..., Any],
    vjp: Callable[..., tuple[Any, ...]] | None = None,
) -> Callable[[F], F]:
    """Make a fused operation of a composite: tensors positional, static values keyword-only.

    Args:
        kernel: the name of the kernel that computes it at once, None if no backend has one.
        samples: ``samples(rng)`` gives a list of (arrays, params) for the generated tests.
        vjp: a gradient of its own, ``vjp(g, y, *inputs, **params)``; that of the composite if None.
    """

    def decorate(composite: F) -> F:
        record = Fused(composite, kernel, samples, vjp)

        @symbolic_op
        @functools.wraps(composite)
        def call(*inputs: Any, **params: Any) -> Any:
            return apply(record, inputs, params)

        call.record = record  # type: ignore[attr-defined]  # for those who iterate over operations
        return call  # type: ignore[return-value]  # the same signature

    return decorate


from annette.fused import nn as nn  # noqa: E402  # the records register themselves
