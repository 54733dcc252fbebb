"""Discretization: numbers sorted into bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.preprocessing.base import (
    Preprocessing,
    batches,
    check_mode,
    encode,
    encoded_shape,
    not_sparse,
)


class Discretization(Preprocessing):
    r"""Gives for each number the bin it lies in.

    .. math:: y = \#\{i : b_i \le x\}

    The boundaries :math:`b_i` are given, or `adapt` chooses them so that the bins hold about
    equally many numbers of its data (quantiles of a summary, as of Greenwald & Khanna, 2001).

    Args:
        bin_boundaries: ascending; n of them make n + 1 bins.
        num_bins: how many bins `adapt` makes, where there are no boundaries.
        epsilon: how coarse its summary of the data is, as a share of the data.
        output_mode: ``"int"``, the bin's number; ``"one_hot"``, a row for each number;
            ``"multi_hot"`` and ``"count"``, a row for each sample.
        sparse: only False.

    Input shape: any.
    Output shape: that of the input in ``"int"`` mode, else (..., bins).

    Raises:
        ValueError: unless one of `bin_boundaries` and `num_bins` is given, if the boundaries do
            not ascend, for an unknown mode, or if it is called before it has boundaries.
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.output_mode = check_mode("Discretization", output_mode)
        self.sparse = not_sparse("Discretization", sparse)
        if num_bins is not None and (not isinstance(num_bins, (int, np.integer)) or num_bins < 0):
            raise ValueError(
                "Discretization expects num_bins to be a whole number, 0 or more; it got "
                f"{num_bins!r}."
            )
        if (num_bins is None) == (bin_boundaries is None):
            raise ValueError(
                "Discretization expects one of num_bins and bin_boundaries; it got "
                f"num_bins={num_bins!r} and bin_boundaries={bin_boundaries!r}."
            )
        self.input_bin_boundaries = bin_boundaries
        self.bin_boundaries = [] if bin_boundaries is None else _ascending(bin_boundaries)
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.summary = np.zeros((2, 0))

    @property
    def output_dtype(self) -> str:
        """int32 for a bin's number, else the dtype of the computation."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Choose the boundaries by `data`.

        Args:
            data: an array, a list, or batches to go through.
            steps: how many of the batches; all if None.

        Raises:
            ValueError: if the boundaries were given.
        """
        if self.input_bin_boundaries is not None:
            raise ValueError(
                f"Discretization '{self.name}' was given bin_boundaries; it cannot adapt. Give "
                "num_bins in their place."
            )
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Add a batch to the summary that `finalize_state` takes the boundaries from."""
        # Not stable, and the same on every machine: of equal values, which comes first can matter.
        new = _summary(np.asarray(data, "float64"), self.epsilon)
        both = np.concatenate([self.summary, new], axis=1)
        self.summary = _thinned(both[:, np.argsort(both[0], kind="heapsort")], self.epsilon)

    def finalize_state(self) -> None:
        """Set the boundaries from the summary."""
        if self.input_bin_boundaries is None and self.summary.shape[1]:
            self.bin_boundaries = _quantiles(self.summary, self.num_bins or 1)

    def reset_state(self) -> None:
        """Forget the data."""
        if self.input_bin_boundaries is None:
            self.summary = np.zeros((2, 0))
            self.bin_boundaries = []

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        return encoded_shape(input_shape, self.output_mode, self._bins)

    @property
    def _bins(self) -> int:
        if self.num_bins is not None and not self.bin_boundaries:
            return int(self.num_bins)
        return len(self.bin_boundaries) + 1

    def call(self, inputs: Any) -> Any:
        """Return the bins."""
        if self.input_bin_boundaries is None and not self.bin_boundaries and self.num_bins != 1:
            raise ValueError(
                f"Discretization '{self.name}' has no bins yet: call adapt(data) first, or give "
                "bin_boundaries."
            )
        if not _is_float(inputs):
            inputs = ops.cast(inputs, "float32")
        bins = ops.digitize(inputs, np.asarray(self.bin_boundaries, str(inputs.dtype)))
        return encode(bins, self.output_mode, self._bins, self.output_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer, with the boundaries that `adapt` found."""
        return {
            "bin_boundaries": self.bin_boundaries or self.input_bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer that `config` describes."""
        config = dict(config)
        found = config.get("bin_boundaries")
        if config.get("num_bins") is None or found is None:
            return super().from_config(config)
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = _ascending(found)
        return layer


def _is_float(x: Any) -> bool:
    return "float" in str(x.dtype)


def _ascending(boundaries: Any) -> list[float]:
    found = np.asarray(boundaries)
    sorted_numbers = found.ndim == 1 and found.dtype.kind in "iuf" and (np.diff(found) >= 0).all()
    if found.size and not sorted_numbers:
        raise ValueError(
            "Discretization expects bin_boundaries to be a list of ascending numbers; it got "
            f"{boundaries!r}. Sort them."
        )
    return [float(b) for b in found.ravel()]


def _summary(values: np.ndarray, epsilon: float) -> np.ndarray:
    """Return some of the sorted values, evenly spaced by rank, and how many each stands for."""
    values = np.sort(values, axis=None)
    weight = max(1.0, values.size * epsilon)
    kept = values[int(weight) - 1 :: int(weight)]
    return np.stack([kept, np.full(kept.shape, weight)])


def _thinned(summary: np.ndarray, epsilon: float) -> np.ndarray:
    """Return a summary with about 1 / epsilon values, if it has more."""
    if summary.shape[1] * epsilon < 1:
        return summary
    ranks = epsilon + np.arange(0.0, 1.0, epsilon)
    total = np.cumsum(summary[1])
    share = total / total[-1]
    upto = np.interp(ranks, share, total)
    return np.stack([np.interp(ranks, share, summary[0]), np.diff(upto, prepend=0.0)])


def _quantiles(summary: np.ndarray, bins: int) -> list[float]:
    """Return the boundaries between `bins` bins of equal weight."""
    if summary.shape[1] < bins:
        return [float(b) for b in summary[0, :-1]]
    share = np.cumsum(summary[1])
    ranks = 1.0 / bins + np.arange(0.0, 1.0, 1.0 / bins)
    found = np.interp(ranks, share / share[-1], summary[0])[:-1]
    return [float(b) for b in found.astype("float32")]
