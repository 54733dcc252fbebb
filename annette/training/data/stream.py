"""Batches that come ready-made: from generators, iterables and `PyDataset`s."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from annette.training.chance import are_random_states, random_states, set_random_states
from annette.training.data.convert import Leaf, as_batch, convert_structure, is_array_like
from annette.training.data.order import epoch_order
from annette.training.data.source import (
    DataSource,
    check_rows,
    checksum,
    warn_others,
    warn_ran_out,
)
from annette.training.data.weights import class_weight_to_sample_weights
from annette.training.plausible import is_count, is_flag
from annette.utils import tree
from annette.utils.py_dataset import PyDataset, load_batches

_PARTS = ("x", "y", "sample_weight")


class StreamSource(DataSource):
    """Batches from a generator (which ends for good) or an iterable (which starts again)."""

    kind = "data"

    def __init__(
        self,
        data: Iterable[Any],
        *,
        steps: int | None = None,
        class_weight: dict[int, float] | None = None,
        prefix: str = "",
    ) -> None:
        self.data = data
        self.steps = steps
        self.class_weight = class_weight
        self.prefix = prefix
        self.one_shot = iter(data) is data
        self.kind = "generator" if self.one_shot else type(data).__name__
        self.length = None if self.one_shot else _length(data)
        self.num_batches = steps or self.length
        self._current: Iterator[Any] | None = None
        self._seen = 0  # batches taken from `_current`
        self._given = 0  # batches given out in all
        self._passes = 0  # how often `data` was begun
        self._pass_epoch = 0  # in which epoch last
        self._chance: dict[str, Any] | None = None  # the random generators' states then
        self._latest: tuple[Any, ...] | None = None  # the batch that was given last
        self._form: Any = None

    def batches(self, epoch: int, done: int = 0) -> Iterator[tuple[Any, ...]]:
        """Yield the batches of an epoch, all there are or `steps` of them, but the first `done`."""
        self._begin_epoch()
        try:
            yield from self._some(epoch, done) if self.steps else self._all(epoch, done)
        finally:
            self.on_epoch_end()

    def get_state(self, epoch: int, done: int) -> dict[str, Any]:
        """Return what was given so far, and what it takes to be there again."""
        seen = self._seen if self.steps else done
        own = self.data if hasattr(self.data, "set_state") else None
        return {
            "given": self._given,
            "seen": seen,
            "passes": self._passes,
            "pass_epoch": self._pass_epoch,
            "chance": self._chance if seen else None,
            "exhausted": self.exhausted,
            "num_batches": self.num_batches,
            "batch": checksum(tree.flatten(self._latest)),
            "own": own.get_state() if hasattr(own, "get_state") else None,  # type: ignore[union-attr]
        }

    def set_state(self, state: dict[str, Any], epoch: int, done: int) -> None:
        """Go to where it was: by the data's own `set_state`, or by going through it again.

        A generator gives all its batches again. An iterable begins as many times as it did, and
        gives the batches of the last time again. A warning says if the last batch is another.
        """
        self.exhausted, self.num_batches = state["exhausted"], state["num_batches"]
        if not state["given"]:
            return  # the batch that was looked at comes in its turn
        seen = state["seen"]
        if state["own"] is not None and hasattr(self.data, "set_state"):
            self.data.set_state(state["own"])
            self._current = self._fresh(epoch) if seen else None
        elif self.one_shot:
            self._go_through(state["given"], state)
        else:
            self._begin_again(seen, state)
            if seen:
                self._go_through(seen, state)
        self._seen, self._given, self._passes = seen, state["given"], state["passes"]
        self._pass_epoch, self._chance = state["pass_epoch"], state["chance"]

    def could_be(self, state: dict[str, Any], epochs: int, done: int) -> bool:
        """Say whether `get_state` can have returned this, after so many epochs and batches."""
        counts = [state[name] for name in ("given", "seen", "passes", "pass_epoch", "batch")]
        if not all(map(is_count, counts)) or not is_flag(state["exhausted"]):
            return False
        given, seen, passes, *_ = counts
        most = int(self.steps) * (epochs + 1) if self.steps else given
        return (
            (state["num_batches"] is None or is_count(state["num_batches"]))
            and (state["chance"] is None or are_random_states(state["chance"]))
            and seen <= given <= most
            and passes <= 2 * epochs + 3  # one may end and one begin in an epoch; a first look
        )

    def _begin_again(self, seen: int, state: dict[str, Any]) -> None:
        """Begin as many passes as there were; the last one, if it is not over, to be continued."""
        over = state["passes"] - (1 if seen else 0)
        if over == 0:
            return  # the pass that was begun for a look
        while self._passes < over:
            self._current = None
            next(self._stream(0), None)
        self._current = None
        if seen and state["chance"] is not None:
            set_random_states(state["chance"])

    def _go_through(self, count: int, state: dict[str, Any]) -> None:
        """Take batches that were given before, and compare the last one."""
        stream = self._stream(state["pass_epoch"])
        latest: Any = None
        for _ in range(count):
            latest = next(stream, None)
            if latest is None:
                break
        arrays = None if latest is None else self._standardize(latest, count - 1)
        self._current = stream
        self._compare(arrays, state)

    def _compare(self, arrays: Any, state: dict[str, Any]) -> None:
        if checksum(tree.flatten(arrays)) != state["batch"]:
            warn_others(f"The {self.prefix}{self.kind} gives other batches")

    def peek(self) -> tuple[Any, ...]:
        """Return the first batch; it still comes in its turn.

        Raises:
            ValueError: if there is none.
        """
        stream = self._stream(0)
        try:
            first = next(stream)
        except StopIteration:
            raise self._empty() from None
        self._current = itertools.chain([first], stream)
        return self._standardize(first, 0)

    def _fresh(self, epoch: int) -> Iterator[Any]:
        return iter(self.data)

    def _begin_epoch(self) -> None:
        pass

    def _stream(self, epoch: int) -> Iterator[Any]:
        if self._current is None:
            self._chance = random_states()
            self._current, self._seen = self._fresh(epoch), 0
            self._passes += 1
            self._pass_epoch = epoch
        return self._current

    def _give(self, batch: Any, number: int) -> tuple[Any, ...]:
        self._latest = self._standardize(batch, number)
        self._given += 1
        return self._latest

    def _all(self, epoch: int, count: int) -> Iterator[tuple[Any, ...]]:
        stream = self._stream(epoch)
        self._current = None  # an epoch that is broken off starts again
        for batch in stream:
            yield self._give(batch, count)
            count += 1
        if self.one_shot:
            self.exhausted = True
        if count == 0:
            self._nothing()
        self.num_batches = count or self.num_batches

    def _some(self, epoch: int, done: int) -> Iterator[tuple[Any, ...]]:
        steps = int(self.steps or 0)
        if epoch == 0 and self._seen and not self.one_shot and not done:
            self._current = None  # evaluation always begins at the beginning
        while done < steps:
            stream = self._stream(epoch)
            try:
                batch = next(stream)
            except StopIteration:
                self._current = None
                self.exhausted = self.one_shot
                if done == 0 and self._seen and not self.one_shot:
                    continue  # the last epoch took just the end of it
                self._nothing()
                return
            found = self._give(batch, self._seen)
            self._seen += 1
            done += 1
            yield found
        if self.length is not None and self._seen >= self.length:
            self._current, self._seen = None, 0

    def _nothing(self) -> None:
        """Complain that an epoch got too few batches: an error if there never were any."""
        if self._given == 0:
            raise self._empty()
        warn_ran_out()

    def _empty(self) -> ValueError:
        return ValueError(
            f"The {self.prefix}{self.kind} is empty: it gave no batch. It must yield (x,), (x, y) "
            "or (x, y, sample_weight) at least once."
        )

    def _standardize(self, batch: Any, number: int) -> tuple[Any, ...]:
        """Return what was yielded as a tuple of structures of arrays, checked."""
        where = f"Batch {number} of the {self.prefix}{self.kind}: "
        parts = self._parts(batch, where)
        leaves = tuple(
            convert_structure(part, f"{where}{name}")
            for part, name in zip(parts, _PARTS, strict=False)
        )
        for leaf in tree.flatten(leaves):
            if leaf is not None:
                leaf.label = leaf.label.removeprefix(where)
        check_rows(leaves, where)
        if self.class_weight is not None and len(leaves) > 1:
            leaves = self._weigh(leaves)
        arrays: tuple[Any, ...] = tree.map_structure(_leaf_batch, leaves)
        form = tree.map_structure(lambda a: None if a is None else a.ndim, arrays)
        if self._form is None:
            self._form = form
        elif form != self._form:
            raise ValueError(
                f"{where}it is {_form_text(form)}, the first batch was {_form_text(self._form)}. "
                "Every batch needs the same structure and numbers of axes."
            )
        return arrays

    def _parts(self, batch: Any, where: str) -> tuple[Any, ...]:
        if isinstance(batch, dict) or is_array_like(batch):
            batch = (batch,)
        elif isinstance(batch, list) and not self.one_shot:
            batch = tuple(batch)  # data loaders give lists
        if not isinstance(batch, tuple) or not 1 <= len(batch) <= 3:
            what = f"a {type(batch).__name__}"
            if isinstance(batch, (list, tuple)):
                what += f" of {len(batch)}"
            raise ValueError(
                f"{where}it must be a tuple (x,), (x, y) or (x, y, sample_weight); it is {what}. "
                "Write `yield x, y`; several inputs go in as `yield (x1, x2), y`."
            )
        while len(batch) > 1 and batch[-1] is None:
            batch = batch[:-1]
        if batch[0] is None:
            raise ValueError(f"{where}x is None.")
        return tuple(batch)

    def _weigh(self, leaves: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(leaves) == 3:
            raise ValueError(
                f"The {self.prefix}{self.kind} gives sample weights, and class_weight is given "
                "too. Use one of them: multiply the class's weight into the sample weights."
            )
        if tree.is_nested(leaves[1]):
            raise ValueError(
                "class_weight works for models with a single output; y has several parts. "
                "Use sample_weight instead."
            )
        weights = class_weight_to_sample_weights(leaves[1].array, self.class_weight or {})
        return (*leaves, Leaf(weights, "sample_weight"))


class PyDatasetSource(StreamSource):
    """Batches of a `PyDataset`, loaded ahead by its workers, in an order shuffled by epoch."""

    def __init__(
        self,
        data: PyDataset,
        *,
        shuffle: bool | str = False,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(data, **options)
        self.dataset = data
        self.one_shot = False
        self.length = data.num_batches
        self.num_batches = self.steps or self.length
        self.kind = f"PyDataset {type(data).__name__}"
        self.shuffle = bool(shuffle)
        if self.shuffle and seed is None:
            seed = int(np.random.randint(0, 2**31 - 1))
        self.seed = seed
        self._running = False
        self._begun = 0  # epochs

    def get_state(self, epoch: int, done: int) -> dict[str, Any]:
        """Return what was given so far, and what it takes to be there again."""
        found = super().get_state(epoch, done)
        return {**found, "seed": self.seed, "begun": self._begun - (1 if done else 0)}

    def set_state(self, state: dict[str, Any], epoch: int, done: int) -> None:
        """Go to where it was: by the dataset's own `set_state`, or by its epochs' begins and ends."""
        self.seed, self.num_batches = state["seed"], state["num_batches"]
        self.exhausted = state["exhausted"]
        if state["own"] is not None and hasattr(self.dataset, "set_state"):
            self.dataset.set_state(state["own"])
        else:
            for _ in range(state["begun"]):
                self.dataset.on_epoch_begin()
                self.dataset.on_epoch_end()
        seen = state["seen"]
        if seen:
            order = iter(self._order(state["pass_epoch"]))
            if self.length is None:
                order = itertools.count(seen - 1)
            last = next(
                order if self.length is None else itertools.islice(order, seen - 1, None), None
            )
            if last is None:
                raise ValueError(
                    f"The {self.prefix}{self.kind} has fewer batches than were taken from it before "
                    "training was interrupted."
                )
            if state["own"] is None:
                self._compare_steady(last, state)
            self._current = self._load(order)
        self._begun, self._seen, self._given = state["begun"], seen, state["given"]
        self._pass_epoch, self._passes = state["pass_epoch"], state["passes"]

    def could_be(self, state: dict[str, Any], epochs: int, done: int) -> bool:
        """Say whether `get_state` can have returned this, after so many epochs and batches."""
        return (
            super().could_be(state, epochs, done)
            and (state["seed"] is None or is_count(state["seed"]))
            and is_count(state["begun"])
            and state["begun"] <= epochs + 2
        )

    def _compare_steady(self, index: int, state: dict[str, Any]) -> None:
        """Compare a batch with what it was, unless it is another each time it is made."""
        arrays = self._standardize(self.dataset[index], index)
        again = self._standardize(self.dataset[index], index)
        if checksum(tree.flatten(arrays)) == checksum(tree.flatten(again)):
            self._compare(arrays, state)

    def peek(self) -> tuple[Any, ...]:
        """Return the dataset's batch 0."""
        if self.length == 0:
            raise self._empty()
        return self._standardize(self.dataset[0], 0)

    def on_epoch_end(self) -> None:
        """Tell the dataset that an epoch is over, once."""
        if self._running:
            self._running = False
            if not self.steps:
                self.close()
            self.dataset.on_epoch_end()

    def close(self) -> None:
        """Stop the workers."""
        if self._loading is not None:
            self._loading.close()
            self._loading = self._current = None

    _loading: Any = None

    def _begin_epoch(self) -> None:
        self._running = True
        self._begun += 1
        self.dataset.on_epoch_begin()
        if not self.steps:
            self.length = self.dataset.num_batches
            self.num_batches = self.length

    def _fresh(self, epoch: int) -> Iterator[Any]:
        return self._load(self._order(epoch))

    def _order(self, epoch: int) -> Iterable[int]:
        if self.length is None:
            return itertools.count()
        if self.shuffle:
            found: list[int] = epoch_order(self.length, int(self.seed or 0), epoch).tolist()
            return found
        return range(self.length)

    def _load(self, order: Iterable[int]) -> Iterator[Any]:
        loading = load_batches(self.dataset, order)
        self._loading = loading
        return loading


def _leaf_batch(leaf: Any) -> np.ndarray | None:
    if leaf is None:
        return None
    array = leaf.array if isinstance(leaf.array, np.ndarray) else leaf.array[:]
    return as_batch(array)


def _length(data: Any) -> int | None:
    try:
        return len(data)
    except (TypeError, NotImplementedError, AttributeError):
        return None


def _form_text(form: Any) -> str:
    """Say a batch's structure: ``(x, y) with 2 and 1 axes``."""
    axes = [str(n) for n in tree.flatten(form) if n is not None]
    return f"({', '.join(_PARTS[: len(form)])}) with arrays of {', '.join(axes)} axes"
