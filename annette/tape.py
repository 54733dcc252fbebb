"""Gradients for people who write their own loops: `GradientTape`, `grad`, `value_and_grad`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette.graph.array import wrap
from annette.graph.context import state
from annette.graph.dtypes import numpy_dtype, standardize
from annette.graph.gradient import gradient as graph_gradient
from annette.graph.primitive import WATCHED, constant
from annette.graph.tensor import Tensor
from annette.graph.variable import Variable
from annette.utils import tree


class GradientTape:
    """Watch what is computed, so that it can be differentiated afterwards (``tf.GradientTape``).

    Variables that are trainable are watched by themselves; arrays after `watch`.

    Args:
        persistent: whether `gradient` may be called more than once.
        watch_accessed_variables: whether trainable variables are watched by themselves.

    Example:
        >>> w = annette.Variable(3.0)
        >>> with annette.GradientTape() as tape:
        ...     loss = w * w
        >>> float(tape.gradient(loss, w))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self._automatic = watch_accessed_variables
        self._seen: dict[Variable, list[Tensor]] = {}
        self._arrays: dict[int, tuple[Any, Tensor]] = {}
        self._wanted: set[int] = set()
        self._used = False

    def __enter__(self) -> GradientTape:
        state.tapes.append(self)
        self._outer_watched = dict(state.watched)
        return self

    def __exit__(self, *exception: object) -> None:
        state.tapes.remove(self)
        state.watched = self._outer_watched
        if not state.tapes:
            for variable in self._seen:
                variable._leaf = None

    def note(self, variable: Variable, symbol: Tensor) -> None:
        """Remember the value a variable was read with."""
        if (self._automatic and variable.trainable) or id(variable) in self._wanted:
            seen = self._seen.setdefault(variable, [])
            if not any(symbol is t for t in seen):
                seen.append(symbol)

    def watch(self, tensor: Any) -> None:
        """Watch an array (or a list of them), a variable or a Tensor.

        Raises:
            ValueError: if it is a Python number, which has no identity to be watched.
        """
        for x in tree.flatten(tensor):
            if isinstance(x, Variable):
                self._wanted.add(id(x))
            elif isinstance(x, np.ndarray):
                symbol = state.watched.get(id(x), (x, None))[1]
                if symbol is None:
                    symbol = constant(x)
                    symbol.name = WATCHED
                state.watched[id(x)] = self._arrays[id(x)] = (x, symbol)
            elif not isinstance(x, Tensor):
                raise ValueError(
                    f"tape.watch takes arrays and variables; it got {x!r}. Make it one with "
                    "ops.convert_to_tensor, and compute with that."
                )

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: str = "none",
    ) -> Any:
        """Return d target / d source for each source, in the structure of `sources`.

        A source that the target does not depend on gives None (or zeros, as asked).

        Raises:
            RuntimeError: at a second call, unless the tape is persistent.
        """
        if self._used and not self.persistent:
            raise RuntimeError(
                "A GradientTape that is not persistent gives gradients once. Make it with "
                "GradientTape(persistent=True), and call `del tape` when done."
            )
        self._used = True
        flat = tree.flatten(sources)
        leaves = [self._leaves(s) for s in flat]
        xs = [t for group in leaves for t in group]
        seeds = None if output_gradients is None else tree.flatten(output_gradients)
        grads = iter(graph_gradient([_read(t) for t in tree.flatten(target)], xs, seeds))
        results = [_total([next(grads) for _ in group]) for group in leaves]
        if str(getattr(unconnected_gradients, "value", unconnected_gradients)).lower() == "zero":
            results = [
                np.zeros(s.shape, numpy_dtype(standardize(s.dtype))) if g is None else g
                for s, g in zip(flat, results, strict=True)
            ]
        results = [
            g if g is None else _plain(g) if isinstance(g, Tensor) else wrap(g) for g in results
        ]
        return tree.pack_sequence_as(sources, results)

    def _leaves(self, source: Any) -> list[Tensor]:
        if isinstance(source, Variable):
            return self._seen.get(source, [])
        if isinstance(source, Tensor):
            return [source]
        if id(source) in self._arrays:
            return [self._arrays[id(source)][1]]
        return []

    def jacobian(self, target: Any, source: Any) -> Any:
        """Return the matrix of d target_i / d source_j, of shape target.shape + source.shape."""
        from annette import ops

        persistent, self.persistent = self.persistent, True
        try:
            rows = []
            for i in range(int(np.prod(target.shape))):
                seed = np.zeros(int(np.prod(target.shape)), numpy_dtype(standardize(target.dtype)))
                seed[i] = 1
                rows.append(self.gradient(target, source, seed.reshape(target.shape)))
        finally:
            self.persistent = persistent
        if any(r is None for r in rows):
            return None
        return ops.reshape(ops.stack(rows), (*target.shape, *source.shape))

    def stop_recording(self) -> Any:
        """Return a context in which this thread's tapes see nothing."""
        from annette.graph.context import suspended

        return suspended()

    def reset(self) -> None:
        """Forget everything seen so far."""
        self._seen.clear()
        self._used = False

    def watched_variables(self) -> tuple[Variable, ...]:
        """Return the variables seen so far."""
        return tuple(self._seen)


def _read(target: Any) -> Any:
    return target._read() if isinstance(target, Variable) else target


def _total(grads: list[Any]) -> Any:
    from annette import ops

    found = [g for g in grads if g is not None]
    total = found[0] if found else None
    for g in found[1:]:
        total = ops.add(total, g)
    return total


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """Return a function that gives ``function(*args)`` and its gradient by some arguments.

    The value must be a scalar. An argument is an array, a Variable, or a nested structure of them.

    Args:
        function: to be differentiated.
        argnums: which argument, or which ones.
        has_aux: whether the function returns (value, something else to hand on).
    """
    several = isinstance(argnums, (tuple, list))
    numbers: list[int] = list(argnums) if several else [argnums]  # type: ignore[arg-type,list-item]

    def with_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        from annette import ops

        def own(x: Any) -> Any:
            return x if isinstance(x, (Tensor, Variable)) else ops.convert_to_tensor(x)

        args = tuple(tree.map_structure(own, a) if i in numbers else a for i, a in enumerate(args))
        tape = GradientTape(persistent=True)
        with tape:
            for i in numbers:
                tape.watch(args[i])
            result = function(*args, **kwargs)
        value = result[0] if has_aux else result
        if tuple(np.shape(value) if not hasattr(value, "shape") else value.shape) != ():
            raise ValueError(
                "grad differentiates a function whose value is a scalar; it got shape "
                f"{tuple(value.shape)}. Sum it, or take its mean."
            )
        grads = [tape.gradient(value, args[i], unconnected_gradients="zero") for i in numbers]
        plain = tree.map_structure(_plain, result)
        return plain, (tuple(grads) if several else grads[0])

    return with_gradient


def _plain(x: Any) -> Any:
    outside = state.trace is None and not state.tapes
    return wrap(x.value) if outside and isinstance(x, Tensor) and x.value is not None else x


def grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that gives the gradient of ``function`` by some arguments.

    With `has_aux` it gives (gradient, the other thing). Apply it twice for second derivatives.
    """
    both = value_and_grad(function, argnums, has_aux)

    def gradient_of(*args: Any, **kwargs: Any) -> Any:
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradient_of


__all__ = ["GradientTape", "grad", "value_and_grad"]
