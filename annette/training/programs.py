"""A model's step as a program: traced once for each form of a batch, kept, and run many times."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette.backends import current_backend
from annette.graph.dtypes import numpy_dtype
from annette.graph.trace import trace
from annette.graph.variable import Variable
from annette.optimizers import Optimizer
from annette.training.data import batch_dtype
from annette.utils import tree

# Programs kept for one model: the last small batch, each sequence length, train, test, predict.
_KEPT = 64
_PLAIN = (bool, int, float, str, type(None))
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
        # One output, in no structure.
        self._alone = len(self.graph.outputs) == 1 and not tree.is_nested(self._result)
        self._dtypes = [numpy_dtype(d) for _, d in specs]
        self._full: Any = None
        self._quiet: Any = None

    @functools.cached_property
    def largest_bytes(self) -> int:
        """Bytes of the largest value that is computed on the way."""
        made = (t for node in self.graph.nodes for t in node.outputs)
        return max((t.size * numpy_dtype(t.dtype).itemsize for t in made), default=0)

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
        return outputs[0] if self._alone else tree.pack_sequence_as(self._result, outputs)


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


def _state_of(model: Any) -> tuple[Any, ...]:
    """Return what a trace of the model takes for granted: another state needs another trace."""
    return model._state_of_all(), _settings_of(model.optimizer)


def _settings_of(optimizer: Any) -> Any:
    """Return the optimizer with its numbers and switches, those of one inside it too."""
    if not isinstance(optimizer, Optimizer):
        return id(optimizer)
    values = vars(optimizer)
    rate = values.get("_learning_rate")
    inner = _settings_of(values["inner_optimizer"]) if "inner_optimizer" in values else None
    plain = tuple(v for v in values.values() if type(v) in _PLAIN)
    return optimizer, plain, None if isinstance(rate, Variable) else id(rate), inner


def step_for(
    model: Any, kind: str, leaves: Sequence[np.ndarray], rows: int, pack: Callable[[list[Any]], Any]
) -> Any:
    """Return the step for batches of `rows` rows of such arrays, traced if it was not before."""
    if model.run_eagerly:
        return EagerStep(model, kind, pack)
    specs = tuple(((rows, *x.shape[1:]), batch_dtype(x.dtype)) for x in leaves)
    form = repr(tree.map_structure(lambda x: x is None, pack(list(leaves))))
    what = (kind, specs, form, current_backend().name)
    kept = model._programs
    state = _state_of(model)
    found = kept.pop((*what, *state), None)
    if found is None:
        found = Step(model, kind, specs, pack)
        # A model built by this trace has weights now that the key must tell of.
        state = _state_of(model)
    kept[(*what, *state)] = found
    if len(kept) > _KEPT:
        _shorten(kept)
    return found


def _shorten(kept: dict[Any, Any]) -> None:
    """Let the steps go that were not used for longest, and the oldest of what else is noted."""
    steps = [key for key, what in kept.items() if isinstance(what, Step)]
    notes = [key for key, what in kept.items() if not isinstance(what, Step)]
    for key in (*steps[: max(0, len(steps) - _KEPT)], *notes[: max(0, len(notes) - 4 * _KEPT)]):
        del kept[key]
