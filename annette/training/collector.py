"""The outputs of many batches, put together."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.utils import tree


class Collector:
    """Puts the outputs of batches together, straight into arrays of all rows where known."""

    def __init__(self, rows: int | None) -> None:
        self.rows = rows
        self.place = 0
        self.whole: list[np.ndarray] = []
        self.parts: list[list[np.ndarray]] = []
        self.structure: Any = None

    def add(self, outputs: Any) -> None:
        """Take the outputs of the next batch."""
        flat = [np.asarray(o) for o in tree.flatten(outputs)]
        if self.structure is None:
            self.structure = tree.map_structure(lambda _: 0, outputs)
            if self.rows is not None and all(o.ndim for o in flat):
                self.whole = [np.empty((self.rows, *o.shape[1:]), o.dtype) for o in flat]
            self.parts = [[] for _ in flat]
        count = flat[0].shape[0] if flat[0].ndim else 0
        for i, o in enumerate(flat):
            fits = bool(self.whole) and o.shape[1:] == self.whole[i].shape[1:]
            if fits and self.place + o.shape[0] <= self.whole[i].shape[0]:
                self.whole[i][self.place : self.place + o.shape[0]] = o
            else:
                self.parts[i].append(o)
        self.place += count

    def result(self) -> Any:
        """Return the outputs of all batches, in the structure the model gives."""
        if self.structure is None:
            return []
        if self.whole and not any(self.parts):
            arrays = [w[: self.place] for w in self.whole]
        else:
            arrays = [_joined(p) for p in self.parts]
        return tree.pack_sequence_as(self.structure, arrays)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts[0].ndim else np.stack(parts)
