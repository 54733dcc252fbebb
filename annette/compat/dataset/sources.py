"""Where datasets begin: arrays, generators and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from annette.compat.dataset import elements
from annette.compat.dataset.base import Dataset
from annette.compat.dataset.blocks import Block
from annette.compat.tf.specs import TensorSpec
from annette.utils import tree


class Slices(Dataset):
    """The rows of a structure of arrays."""

    _blockwise = True

    def __init__(self, tensors: Any) -> None:
        data = elements.element(_frames(tensors))
        self.leaves: list[np.ndarray] = tree.flatten(data)
        if any(leaf.ndim == 0 for leaf in self.leaves):
            raise ValueError(
                "from_tensor_slices expects arrays with rows; a single number has none. "
                "from_tensors takes it whole."
            )
        counts = {len(leaf) for leaf in self.leaves}
        if len(counts) != 1:
            raise ValueError(
                "from_tensor_slices expects arrays with equally many rows; it got "
                f"{[leaf.shape for leaf in self.leaves]}."
            )
        self.rows = counts.pop()
        self._specs = elements.without_rows(elements.spec_of(data))

    def _blocks(self) -> Iterator[Block]:
        if self.rows:
            yield Block.whole(self.leaves)

    def _count(self) -> int:
        return self.rows

    def _spec(self) -> Any:
        return self._specs

    def _table(self) -> list[np.ndarray] | None:
        return self.leaves


class One(Dataset):
    """A single element."""

    def __init__(self, tensors: Any) -> None:
        self.tensors = elements.element(_frames(tensors))

    def _elements(self) -> Iterator[Any]:
        yield self.tensors

    def _count(self) -> int:
        return 1


class Generated(Dataset):
    """What a generator function yields, as the arrays that were announced."""

    def __init__(
        self,
        generator: Callable[..., Any],
        output_types: Any,
        output_shapes: Any,
        args: Any,
        signature: Any,
    ) -> None:
        if not callable(generator):
            raise TypeError(
                "from_generator expects a function that returns a generator, so that each pass can "
                f"begin anew; it got a {type(generator).__name__}. Write lambda: ... around it."
            )
        self.generator = generator
        self.args = () if args is None else tuple(elements.element(tuple(args)))
        self._specs = _announced(output_types, output_shapes, signature)

    def _elements(self) -> Iterator[Any]:
        for number, found in enumerate(self.generator(*self.args)):
            yield (
                elements.element(found)
                if self._specs is None
                else self._as_announced(found, number)
            )

    def _as_announced(self, found: Any, number: int) -> Any:
        specs = tree.flatten(self._specs)
        parts = [found] if len(specs) == 1 and not tree.is_nested(self._specs) else _parts(found)
        if len(parts) != len(specs):
            raise ValueError(
                f"Element {number} of the generator has {len(parts)} parts; its signature "
                f"announces {len(specs)}: {self._specs!r}."
            )
        made = []
        for part, spec in zip(parts, specs, strict=True):
            one = elements.array(part)
            if spec.dtype != "string":
                one = elements.array(np.asarray(one).astype(str(spec.dtype)))
            if not (spec._any_rank or spec.shape.is_compatible_with(one.shape)):
                raise ValueError(
                    f"Element {number} of the generator has a part of shape {one.shape}; "
                    f"announced is {spec.shape}."
                )
            made.append(one)
        return tree.pack_sequence_as(self._specs, made)

    def _spec(self) -> Any:
        return super()._spec() if self._specs is None else self._specs


class Lines(Dataset):
    """The lines of text files (`tf.data.TextLineDataset`), without their ends.

    Args:
        filenames: one name, several, or a dataset of them.
        compression_type: "GZIP", "" or None.
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: Any = None,
        buffer_size: Any = None,
        num_parallel_reads: Any = None,
        name: Any = None,
    ) -> None:
        if compression_type not in (None, "", "GZIP"):
            raise ValueError(f"compression_type must be 'GZIP' or ''; it got {compression_type!r}.")
        self.filenames = filenames
        self.packed = compression_type == "GZIP"

    def _elements(self) -> Iterator[Any]:
        for name in self._names():
            import gzip

            with (gzip.open if self.packed else open)(name, "rb") as file:
                for line in file:
                    yield elements.array(line.rstrip(b"\n").removesuffix(b"\r"))

    def _names(self) -> Iterator[str]:
        import os

        given = self.filenames
        if isinstance(given, Dataset):
            given = list(given.as_numpy_iterator())
        elif isinstance(given, (str, bytes, os.PathLike)):
            given = [given]
        elif isinstance(given, np.ndarray):
            given = given.reshape(-1).tolist()
        for name in given:
            yield os.fsdecode(name)

    def _spec(self) -> Any:
        return TensorSpec((), "string")


def files(patterns: Any, shuffle: Any, seed: Any) -> Dataset:
    """Return the names of the files that match one pattern or several."""
    import glob
    import os

    given = [patterns] if isinstance(patterns, (str, bytes, os.PathLike)) else list(patterns)
    names = sorted({n for p in given for n in glob.glob(os.fsdecode(p))})
    if not names:
        raise FileNotFoundError(f"list_files found no file that matches {patterns!r}.")
    found: Dataset = Slices(names)
    return found if shuffle is False else found.shuffle(len(names), seed=seed)


def _announced(types: Any, shapes: Any, signature: Any) -> Any:
    """Return the specs that output_signature, or output_types and output_shapes, describe."""
    if signature is not None:
        return tree.lists_to_tuples(signature)
    if types is None:
        return None
    if isinstance(types, list):
        types = tuple(types)
    flat = tree.flatten(types)
    sizes = [None] * len(flat) if shapes is None else _shapes(shapes, len(flat))
    made = [TensorSpec(s, t) for s, t in zip(sizes, flat, strict=True)]
    return tree.pack_sequence_as(types, made)


def _shapes(shapes: Any, count: int) -> list[Any]:
    if count == 1 and _is_shape(shapes):
        return [shapes]
    parts = list(shapes.values()) if isinstance(shapes, dict) else list(shapes)
    found: list[Any] = []
    for part in parts:
        found += [part] if part is None or _is_shape(part) else _shapes(part, count + 1)
    return found


def _is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        d is None or isinstance(d, (int, np.integer)) for d in value
    )


def _parts(found: Any) -> list[Any]:
    """Return the parts of an element of a generator; a list inside of a tuple is data."""
    if isinstance(found, dict):
        return [p for key in sorted(found) for p in _parts(found[key])]
    if isinstance(found, tuple):
        return [p for part in found for p in _parts(part)]
    return [found]


def _frames(value: Any) -> Any:
    """Return data frames' dicts of columns as dicts of arrays."""
    if isinstance(value, tuple):
        return tuple(_frames(v) for v in value)
    if isinstance(value, dict):
        return {k: _frames(v) for k, v in value.items()}
    if hasattr(value, "to_numpy"):
        return value.to_numpy()
    return value
