"""A model's step as a program: traced once for each form of a batch, kept, and run many times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette.backends import current_backend
from annette.graph.dtypes import numpy_dtype
from annette.graph.trace import trace
from annette.training.data import batch_dtype
from annette.utils import tree

# Programs kept for one model: the last small batch, each sequence length, train, test, predict.
_KEPT = 32
_STEPS = {"train": "train_step", "test": "test_step", "predict": "predict_step"}


class Step:
    """One step of a model for batches of one form.

    Args:
        model: whose step it is.
        kind: "train", "test" or "predict".
        specs: shape and dtype of each array of a batch.
        pack: gives the arrays the structure that the step takes.
    """

    def __init__(
        self,
        model: Any,
        kind: str,
        specs: Sequence[tuple[tuple[int, ...], str]],
        pack: Callable[[list[Any]], Any],
    ) -> None:
        function = getattr(model, _STEPS[kind])
        self.graph, self._result = trace(
            lambda *leaves: function(pack(list(leaves))), specs, _STEPS[kind]
        )
        for layer in model._flatten_layers():
            # Symbols of a trace mean nothing outside it.
            layer._losses.clear()
        self._dtypes = [numpy_dtype(d) for _, d in specs]
        self._full: Any = None
        self._quiet: Any = None

    @property
    def full(self) -> Any:
        """The program that also gives the step's results."""
        if self._full is None:
            self._full = current_backend().compile(self.graph)
        return self._full

    @property
    def quiet(self) -> Any:
        """The program that only changes the variables."""
        if self._quiet is None:
            self._quiet = current_backend().compile(self.graph.without_outputs())
        return self._quiet

    def run(self, leaves: Sequence[np.ndarray], results: bool = True) -> Any:
        """Run on the arrays of one batch; return the step's results, or None."""
        arrays = [np.ascontiguousarray(x, d) for x, d in zip(leaves, self._dtypes, strict=True)]
        if not results:
            self.quiet(arrays)
            return None
        return self.unpack(self.full(arrays))

    def unpack(self, outputs: list[np.ndarray]) -> Any:
        """Return a program's outputs in the structure that the step returned."""
        return tree.pack_sequence_as(self._result, outputs)


class EagerStep:
    """One step run in Python, operation by operation (``run_eagerly=True``)."""

    def __init__(self, model: Any, kind: str, pack: Callable[[list[Any]], Any]) -> None:
        self._function = getattr(model, _STEPS[kind])
        self._pack = pack

    def run(self, leaves: Sequence[np.ndarray], results: bool = True) -> Any:
        """Run on the arrays of one batch; return the step's results."""
        from annette.ops import convert_to_tensor

        arrays = [
            convert_to_tensor(np.ascontiguousarray(x, numpy_dtype(batch_dtype(x.dtype))))
            for x in leaves
        ]
        return self._function(self._pack(list(arrays)))


def step_for(
    model: Any, kind: str, leaves: Sequence[np.ndarray], rows: int, pack: Callable[[list[Any]], Any]
) -> Any:
    """Return the step for batches of `rows` rows of such arrays, traced if it was not before."""
    if model.run_eagerly:
        return EagerStep(model, kind, pack)
    specs = tuple(((rows, *x.shape[1:]), batch_dtype(x.dtype)) for x in leaves)
    form = repr(tree.map_structure(lambda x: x is None, pack(list(leaves))))
    trainable = tuple(v.trainable for v in model.weights)
    key = (kind, specs, form, trainable, current_backend().name)
    kept = model._programs
    found = kept.pop(key, None) or Step(model, kind, specs, pack)
    # A model built by this trace has weights now that the key must tell of.
    key = (*key[:3], tuple(v.trainable for v in model.weights), key[4])
    kept[key] = found
    while len(kept) > _KEPT:
        kept.pop(next(iter(kept)))
    return found
