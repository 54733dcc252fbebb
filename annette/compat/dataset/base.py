"""`tf.data.Dataset`: a supply of elements that is gone through again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np

from annette.compat.dataset import elements
from annette.compat.dataset.blocks import Block
from annette.utils import tree

INFINITE = -1
UNKNOWN = -2


class Dataset:
    """Elements, one after the other: structures (tuples, dicts) of arrays.

    Nothing is computed before it is asked for. Where no function of the program's own looks at
    the elements, rows are handed on as places in the arrays they came from, so that a batch is one
    indexing: ``from_tensor_slices(...).shuffle(...).batch(...)`` does no work by the row.
    """

    #: Whether `_blocks` gives the elements as stretches of rows.
    _blockwise = False

    # --- what each kind of dataset says ---------------------------------------------------------

    def _elements(self) -> Iterator[Any]:
        """Yield the elements of one pass."""
        for block in self._blocks():
            pairs = list(zip(block.leaves, block.positions(), strict=True))
            for i in range(len(block)):
                yield self._packed([elements.row(leaf, places[i]) for leaf, places in pairs])

    def _blocks(self) -> Iterator[Block]:
        """Yield the elements of one pass as stretches of rows."""
        raise NotImplementedError

    def _count(self) -> int:
        """Return the number of elements, INFINITE or UNKNOWN."""
        return UNKNOWN

    def _spec(self) -> Any:
        """Return the specs of an element: of the first one, unless the kind knows better."""
        for first in self._elements():
            return elements.spec_of(first)
        raise ValueError("The dataset is empty, so the form of its elements is not known.")

    def _table(self) -> list[np.ndarray] | None:
        """Return the arrays of which the elements are rows, where there is one set of them."""
        return None

    def _packed(self, leaves: list[Any]) -> Any:
        if self._form is None:
            self._form = self._spec()
        return tree.pack_sequence_as(self._form, leaves)

    _form: Any = None

    # --- going through --------------------------------------------------------------------------

    def __iter__(self) -> DatasetIterator:
        return DatasetIterator(self)

    def __len__(self) -> int:
        count = self._count()
        if count < 0:
            raise TypeError(
                f"The dataset is {'infinite' if count == INFINITE else 'of unknown length'}, so it "
                "has no len(). Give steps_per_epoch, or cut it with take(count)."
            )
        return count

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} element_spec={self.element_spec!r}>"

    @property
    def element_spec(self) -> Any:
        """The `TensorSpec` of each part of an element."""
        return self._spec()

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Yield the elements with NumPy's arrays and scalars."""
        for found in self._elements():
            yield tree.map_structure(elements.plain, found)

    def cardinality(self) -> Any:
        """Return the number of elements as an int64; -1 is infinite, -2 unknown."""
        return elements.array(np.int64(self._count()))

    def get_single_element(self, name: Any = None) -> Any:
        """Return the one element.

        Raises:
            ValueError: if there is none, or more than one.
        """
        found = list(self.take(2)._elements())
        if len(found) != 1:
            raise ValueError(
                f"get_single_element expects one element; there {'are more' if found else 'is none'}."
            )
        return found[0]

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any], name: Any = None) -> Any:
        """Return the last of the states ``state = reduce_func(state, element)``."""
        state = elements.element(initial_state)
        for found in self._elements():
            state = elements.element(reduce_func(state, found))
        return state

    def row_plan(self) -> RowPlan | None:
        """Return how `fit` may take the rows straight from their arrays, None where it cannot."""
        return None

    # --- made of others: sources ----------------------------------------------------------------

    @staticmethod
    def from_tensor_slices(tensors: Any, name: Any = None) -> Dataset:
        """Return the rows of arrays: of one, or of a structure of equally long ones."""
        from annette.compat.dataset.sources import Slices

        return Slices(tensors)

    @staticmethod
    def from_tensors(tensors: Any, name: Any = None) -> Dataset:
        """Return one element: the whole."""
        from annette.compat.dataset.sources import One

        return One(tensors)

    @staticmethod
    def from_generator(
        generator: Callable[..., Any],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = None,
        output_signature: Any = None,
        name: Any = None,
    ) -> Dataset:
        """Return what a generator function yields, called anew for each pass.

        Raises:
            TypeError: if `generator` is not callable.
        """
        from annette.compat.dataset.sources import Generated

        return Generated(generator, output_types, output_shapes, args, output_signature)

    @staticmethod
    def range(*args: Any, output_type: Any = "int64", name: Any = None) -> Dataset:
        """Return the numbers ``range(start, stop, step)``, as int64."""
        from annette.compat.dataset.sources import Slices

        return Slices(np.arange(*(int(a) for a in args)).astype(str(output_type)))

    @staticmethod
    def list_files(
        file_pattern: Any, shuffle: Any = None, seed: Any = None, name: Any = None
    ) -> Dataset:
        """Return the names of files that match patterns, shuffled unless told otherwise.

        Raises:
            FileNotFoundError: if no file matches.
        """
        from annette.compat.dataset.sources import files

        return files(file_pattern, shuffle, seed)

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: Any = None) -> Dataset:
        """Return elements of several datasets side by side: ``zip(a, b)`` or ``zip((a, b))``."""
        from annette.compat.dataset.steps import Zip

        if datasets is None:
            datasets = args[0] if len(args) == 1 else args
        return Zip(datasets)

    @staticmethod
    def sample_from_datasets(
        datasets: Any,
        weights: Any = None,
        seed: Any = None,
        stop_on_empty_dataset: Any = False,
        rerandomize_each_iteration: Any = None,
    ) -> Dataset:
        """Return elements of datasets drawn with these chances, until all (or one) are empty."""
        from annette.compat.dataset.functional import Sampled

        return Sampled(datasets, weights, seed, stop_on_empty_dataset)

    # --- made of others: steps ------------------------------------------------------------------

    def batch(
        self,
        batch_size: Any,
        drop_remainder: Any = False,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:
        """Return `batch_size` elements at a time, stacked."""
        from annette.compat.dataset.steps import Batch

        return Batch(self, batch_size, drop_remainder)

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any = None,
        padding_values: Any = None,
        drop_remainder: Any = False,
        name: Any = None,
    ) -> Dataset:
        """Return `batch_size` elements at a time, filled up to one length at their ends."""
        from annette.compat.dataset.functional import PaddedBatch

        return PaddedBatch(self, batch_size, padded_shapes, padding_values, drop_remainder)

    def unbatch(self, name: Any = None) -> Dataset:
        """Return the rows of each element one by one."""
        from annette.compat.dataset.steps import Unbatch

        return Unbatch(self)

    def rebatch(self, batch_size: Any, drop_remainder: Any = False, name: Any = None) -> Dataset:
        """Return batches of another size."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def shuffle(
        self,
        buffer_size: Any,
        seed: Any = None,
        reshuffle_each_iteration: Any = None,
        name: Any = None,
    ) -> Dataset:
        """Return the elements in the order that a buffer of `buffer_size` gives, anew each pass."""
        from annette.compat.dataset.steps import Shuffle

        return Shuffle(self, buffer_size, seed, reshuffle_each_iteration is not False)

    def repeat(self, count: Any = None, name: Any = None) -> Dataset:
        """Return the elements `count` times over, or for ever."""
        from annette.compat.dataset.steps import Repeat

        return Repeat(self, -1 if count is None else int(count))

    def take(self, count: Any, name: Any = None) -> Dataset:
        """Return the first `count` elements (all of them for -1)."""
        from annette.compat.dataset.steps import Take

        return self if int(count) < 0 else Take(self, int(count))

    def skip(self, count: Any, name: Any = None) -> Dataset:
        """Return all but the first `count` elements (none for -1)."""
        from annette.compat.dataset.steps import Skip

        return self.take(0) if int(count) < 0 else Skip(self, int(count))

    def shard(self, num_shards: Any, index: Any, name: Any = None) -> Dataset:
        """Return each `num_shards`-th element, beginning with number `index`.

        Raises:
            ValueError: if `index` is not below `num_shards`.
        """
        from annette.compat.dataset.steps import Shard

        return Shard(self, int(num_shards), int(index))

    def enumerate(self, start: Any = 0, name: Any = None) -> Dataset:
        """Return (number, element)."""
        from annette.compat.dataset.steps import Enumerate

        return Enumerate(self, int(start))

    def concatenate(self, dataset: Dataset, name: Any = None) -> Dataset:
        """Return these elements and then those of another dataset."""
        from annette.compat.dataset.steps import Concatenate

        return Concatenate(self, dataset)

    def cache(self, filename: str = "", name: Any = None) -> Dataset:
        """Return the same elements, kept in memory from the first whole pass on."""
        from annette.compat.dataset.steps import Cache

        return Cache(self)

    def prefetch(self, buffer_size: Any = None, name: Any = None) -> Dataset:
        """Return the same elements: they are made when they are needed."""
        from annette.compat.dataset.steps import Same

        return Same(self)

    def with_options(self, options: Any, name: Any = None) -> Dataset:
        """Return the same elements: there is nothing to set."""
        return self.prefetch()

    def options(self) -> Any:
        """Return options that nothing depends on."""
        from annette.compat.dataset.options import Options

        return Options()

    def map(
        self,
        map_func: Callable[..., Any],
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        synchronous: Any = None,
        use_unbounded_threadpool: Any = False,
        name: Any = None,
    ) -> Dataset:
        """Return what a function makes of each element; a tuple's parts are its arguments."""
        from annette.compat.dataset.functional import Map

        return Map(self, map_func)

    def filter(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """Return the elements for which a function says true."""
        from annette.compat.dataset.functional import Filter

        return Filter(self, predicate)

    def take_while(self, predicate: Callable[..., Any], name: Any = None) -> Dataset:
        """Return the elements up to the first for which a function says false."""
        from annette.compat.dataset.functional import TakeWhile

        return TakeWhile(self, predicate)

    def flat_map(self, map_func: Callable[..., Any], name: Any = None) -> Dataset:
        """Return the elements of the datasets that a function makes of each element."""
        from annette.compat.dataset.functional import Interleave

        return Interleave(self, map_func, 1, 1)

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any = None,
        block_length: Any = None,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:
        """Return elements of several such datasets in turn, `block_length` of each.

        Without `cycle_length` there are 16 at a time.
        """
        from annette.compat.dataset.functional import Interleave

        cycle = 16 if cycle_length is None or cycle_length < 0 else cycle_length
        return Interleave(self, map_func, cycle, block_length or 1)

    def window(
        self,
        size: Any,
        shift: Any = None,
        stride: Any = 1,
        drop_remainder: Any = False,
        name: Any = None,
    ) -> Dataset:
        """Return datasets of `size` elements each, every window `shift` further on."""
        from annette.compat.dataset.functional import Window

        return Window(self, size, shift, stride, drop_remainder)

    def scan(self, initial_state: Any, scan_func: Callable[..., Any], name: Any = None) -> Dataset:
        """Return the outputs of ``state, output = scan_func(state, element)``."""
        from annette.compat.dataset.functional import Scan

        return Scan(self, initial_state, scan_func)

    def unique(self, name: Any = None) -> Dataset:
        """Return each different element once."""
        from annette.compat.dataset.functional import Unique

        return Unique(self)

    def apply(self, transformation_func: Callable[[Dataset], Dataset], name: Any = None) -> Dataset:
        """Return what a function makes of this dataset."""
        return transformation_func(self)

    def __getattr__(self, name: str) -> NoReturn:
        if name in ("make_one_shot_iterator", "make_initializable_iterator"):
            raise AttributeError(
                f"Dataset.{name} belongs to sessions, which annette has not. Go through the "
                "dataset with `for element in dataset`, or give it to fit."
            )
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(
            f"annette's Dataset has no {name!r}. It has: "
            + ", ".join(n for n in dir(Dataset) if not n.startswith("_"))
        )


class DatasetIterator:
    """One pass over a dataset."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._running = dataset._elements()

    def __iter__(self) -> DatasetIterator:
        return self

    def __next__(self) -> Any:
        return next(self._running)

    def get_next(self) -> Any:
        """Return the next element."""
        return next(self._running)

    @property
    def element_spec(self) -> Any:
        """The `TensorSpec` of each part of an element."""
        return self._dataset.element_spec


class RowPlan:
    """Batches that are rows of arrays: what the training loop may gather by itself.

    Args:
        data: the structure of arrays.
        batch_size: rows a batch.
        rows: how many rows a pass has.
        order: gives the places of a pass's rows, or is None where they come as they are.
    """

    def __init__(
        self, data: Any, batch_size: int, rows: int, order: Callable[[], np.ndarray] | None
    ) -> None:
        self.data = data
        self.batch_size = batch_size
        self.rows = rows
        self.order = order
