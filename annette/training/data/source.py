"""Where batches come from: the interface, and the source for data that is in memory (or mapped)."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from annette.training.data.convert import Leaf, SparseRows, as_batch, batch_dtype
from annette.training.data.finite import find_nonfinite
from annette.training.data.order import epoch_order
from annette.training.plausible import is_count
from annette.utils import tree
from annette.utils.batch import pack_x_y_sample_weight
from annette.utils.warning import warn

DEFAULT_BATCH_SIZE = 32
Rows = slice | np.ndarray


def warn_ran_out() -> None:
    """Warn that an epoch ends before its steps are done, as Keras says it."""
    warn(
        "Your input ran out of data; interrupting training. Make sure that your dataset or "
        "generator can generate at least `steps_per_epoch * epochs` batches."
    )


def warn_others(what: str) -> None:
    """Warn that training goes on with other batches than it would have had."""
    warn(
        f"{what} than before training was interrupted: it goes on from where it was, but not with "
        "the same bits. Give what is drawn at random a seed, or give the data get_state() and "
        "set_state(state)."
    )


def checksum(arrays: Iterable[Any]) -> int:
    """Return a checksum of arrays: their dtypes, shapes and bytes; of None as well."""
    found = 0
    for array in arrays:
        about = "" if array is None else f"{array.dtype}{array.shape}"
        found = zlib.crc32(about.encode(), found)
        if array is not None:
            flat = np.ascontiguousarray(array).reshape(-1).view("uint8")
            found = zlib.crc32(flat.data, found)
    return found


class DataSource:
    """A supply of batches, epoch by epoch.

    `batch_size` and `num_batches` (in an epoch) are None where they are not known. `exhausted`
    becomes true when a generator has ended for good: no further epoch has anything to give.
    """

    batch_size: int | None = None
    num_batches: int | None = None
    steps: int | None = None
    exhausted: bool = False

    def batches(self, epoch: int, done: int = 0) -> Iterator[Any]:
        """Yield the batches of an epoch: ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``.

        The first `done` of them are left out: they were given before training was interrupted.
        """
        raise NotImplementedError

    def get_state(self, epoch: int, done: int) -> dict[str, Any]:
        """Return what it takes to go on after `done` batches of an epoch."""
        return {}

    def set_state(self, state: dict[str, Any], epoch: int, done: int) -> None:
        """Go to where it was when `get_state` returned this; `batches` gives what comes next."""

    def could_be(self, state: dict[str, Any], epochs: int, done: int) -> bool:
        """Say whether `get_state` can have returned this, after so many epochs and batches."""
        return True

    def peek(self) -> tuple[Any, ...]:
        """Return a first batch, to see shapes by; it still comes in its turn."""
        raise NotImplementedError

    def on_epoch_end(self) -> None:
        """Tell the data that an epoch is over; more than once does no harm."""

    def limit(self, steps: int) -> None:
        """End each epoch after so many batches, and the next goes on there."""
        self.steps = self.num_batches = steps


class RowSource(DataSource):
    """Batches gathered from rows that can be taken in any order.

    An epoch's order depends on the seed and the epoch only, so that a run can be resumed at any
    epoch with the batches it would have had.
    """

    def __init__(
        self,
        data: tuple[Any, ...],
        *,
        batch_size: int | None = None,
        shuffle: bool | str = False,
        steps: int | None = None,
        seed: int | None = None,
    ) -> None:
        flat = [leaf for leaf in tree.flatten(data) if leaf is not None]
        self._structure = data
        self.leaves: list[Any] = [leaf.array for leaf in flat]
        self.labels: list[str] = [leaf.label for leaf in flat]
        self.columns: list[list[str] | None] = [leaf.columns for leaf in flat]
        self.rows: int = len(self.leaves[0])
        if batch_size is None:
            batch_size = math.ceil(self.rows / steps) if steps else DEFAULT_BATCH_SIZE
        self.batch_size: int = batch_size
        self.steps = steps
        self.shuffle = shuffle
        if shuffle and seed is None:
            # NumPy's global generator: a program that calls numpy.random.seed shuffles alike
            # every time, as it did under Keras.
            seed = int(np.random.randint(0, 2**31 - 1))
        self.seed = seed
        self.batches_in_all = math.ceil(self.rows / batch_size)
        self.num_batches: int = steps if steps else self.batches_in_all
        self.own_order: Callable[[], np.ndarray] | None = None
        self._turns = 0  # orders taken from `own_order`
        self._taken: np.ndarray | None = None  # the last one of them
        self._comes_again = False  # it is that of the epoch that goes on

    def take_in_order(self, rows: int, order: Callable[[], np.ndarray] | None) -> None:
        """Give `rows` rows an epoch, in the order that a function returns for each (or as is)."""
        self.rows, self.own_order, self.shuffle = rows, order, order is not None
        self.batches_in_all = self.num_batches = math.ceil(rows / self.batch_size)

    def pack(self, leaves: list[Any]) -> Any:
        """Return flat `leaves` as a step takes them: ``x`` or ``(x, y[, sample_weight])``."""
        supply = iter(leaves)
        packed = tree.map_structure(
            lambda leaf: None if leaf is None else next(supply), self._structure
        )
        return pack_x_y_sample_weight(*packed) if len(packed) == 1 else packed

    def window(self, epoch: int) -> tuple[int, int, int]:
        """Return ``(turn, first, stop)``: which turn over the rows, and which of its batches.

        With `steps` smaller than a turn, the next epoch goes on where this one ended.
        """
        total = self.batches_in_all
        if not self.steps:
            return epoch, 0, total
        epochs_a_turn = math.ceil(total / self.steps)
        turn, part = divmod(epoch, epochs_a_turn)
        return turn, part * self.steps, min((part + 1) * self.steps, total)

    def order(self, epoch: int) -> np.ndarray | None:
        """Return the order in which `epoch` takes the rows, None for the order they are in."""
        if not self.shuffle:
            return None
        if self.own_order is not None:
            return self._own_order()
        order = epoch_order(self.rows, int(self.seed or 0), self.window(epoch)[0])
        if self.shuffle == "batch":  # the batches stay; the rows change places inside of each
            return order[np.argsort(order // self.batch_size, kind="stable")]
        return order

    def _own_order(self) -> np.ndarray:
        if self.own_order is not None and not self._comes_again:
            self._turns += 1
            self._taken = self.own_order()
        self._comes_again = False
        assert self._taken is not None
        return self._taken

    def get_state(self, epoch: int, done: int) -> dict[str, Any]:
        """Return the seed of the orders, how many were taken, and a checksum of the last one."""
        return {"seed": self.seed, "turns": self._turns, "order": checksum([self._taken])}

    def set_state(self, state: dict[str, Any], epoch: int, done: int) -> None:
        """Take the seed, and as many orders as were taken."""
        self.seed = state["seed"]
        if self.own_order is None or not state["turns"]:
            return
        while self._turns < state["turns"]:
            self._own_order()
        self._comes_again = done > 0
        if checksum([self._taken]) != state["order"]:
            warn_others("The dataset gives its rows in another order")

    def could_be(self, state: dict[str, Any], epochs: int, done: int) -> bool:
        """Say whether `get_state` can have returned this, after so many epochs and batches."""
        return (
            (state["seed"] is None or is_count(state["seed"]))
            and is_count(state["turns"])
            and state["turns"] <= 2 * epochs + 2
            and is_count(state["order"])
            and done <= self.batches_in_all
        )

    def spans(self, epoch: int, done: int = 0) -> Iterator[Rows]:
        """Yield the rows of each batch of `epoch`: slices, or positions when shuffled."""
        order = self.order(epoch)
        _, first, stop = self.window(epoch)
        for batch in range(first + done, stop):
            span = slice(batch * self.batch_size, min((batch + 1) * self.batch_size, self.rows))
            yield span if order is None else order[span]
        if self.steps and stop - first < self.steps:
            warn_ran_out()

    def gather(self, rows: Rows) -> Any:
        """Return the batch of these rows, contiguous and of the batch's dtype."""
        return self.pack([as_batch(leaf[rows]) for leaf in self.leaves])

    def batches(self, epoch: int, done: int = 0) -> Iterator[Any]:
        """Yield the batches of an epoch, but the first `done`."""
        for rows in self.spans(epoch, done):
            yield self.gather(rows)

    def peek(self) -> Any:
        """Return the first batch in the rows' own order."""
        return self.gather(slice(0, min(self.batch_size, self.rows)))

    def check_finite(self, mend: str = "Replace or drop those rows first.") -> None:
        """Raise if an array has NaN or infinite values.

        Raises:
            ValueError: naming the array, how many there are, and their rows and columns.
        """
        for array, label, columns in zip(self.leaves, self.labels, self.columns, strict=True):
            check_array_finite(array, label, columns, mend)


class ArraySource(RowSource):
    """Rows of NumPy arrays, in `leaves` just as the user gave them: any layout or byte order."""


def make_row_source(data: tuple[Any, ...], **options: Any) -> RowSource:
    """Return an `ArraySource`, or the more general `RowSource` where some data is sparse."""
    sparse = any(
        leaf is not None and isinstance(leaf.array, SparseRows) for leaf in tree.flatten(data)
    )
    return (RowSource if sparse else ArraySource)(data, **options)


def check_rows(structure: Any, where: str = "") -> int:
    """Return the number of rows that all leaves of `structure` have.

    Raises:
        ValueError: if they differ (saying which has how many) or there are none.
    """
    leaves: list[Leaf] = [leaf for leaf in tree.flatten(structure) if leaf is not None]
    counts = [int(leaf.array.shape[0]) for leaf in leaves]
    if len(set(counts)) > 1:
        shown = [f"{leaf.label} has {n} rows" for leaf, n in zip(leaves, counts, strict=True)][:6]
        text = f"{', '.join(shown)}{', ...' if len(leaves) > 6 else ''}"
        shapes = {leaf.array.shape for leaf in leaves if leaf.label.startswith(leaves[0].label[:2])}
        hint = ""
        if len(leaves) > 3 and len(shapes) == 1:
            hint = (
                " A list means several inputs; if it is a list of rows, make one array of it with "
                "numpy.array(...)."
            )
        raise ValueError(f"{where}{text}. They need one row for each sample.{hint}")
    if counts and counts[0] == 0:
        raise ValueError(
            f"{where}{leaves[0].label} is empty: its shape is {tuple(leaves[0].array.shape)}. "
            "At least one row is needed."
        )
    return counts[0] if counts else 0


def check_array_finite(
    array: Any,
    label: str,
    columns: list[str] | None = None,
    mend: str = "Replace or drop those rows first.",
) -> None:
    """Raise if `array` has NaN or infinite values, as the network would hold them.

    Raises:
        ValueError: naming `label`, how many there are, and their rows and columns.
    """
    if isinstance(array, SparseRows):
        array = array.matrix.data
    found = find_nonfinite(array, batch_dtype(array.dtype))
    if found is not None:
        raise ValueError(f"{label} has {found.describe(columns)}. {mend}")
