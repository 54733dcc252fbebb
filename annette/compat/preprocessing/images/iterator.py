"""Batches of pictures changed at random."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from annette.utils.py_dataset import PyDataset


class Iterator(PyDataset):
    """Batches of `n` rows, in an order drawn anew for each turn; `next` goes on for ever.

    Args:
        n: how many rows there are.
        batch_size: rows in a batch.
        shuffle: whether the order is drawn.
        seed: of NumPy's generator before each batch, None to leave it alone.
    """

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None) -> None:
        super().__init__()
        self.n, self.batch_size, self.shuffle, self.seed = n, int(batch_size), shuffle, seed
        self.total_batches_seen = 0
        self.batch_index = 0
        self.index_array: np.ndarray | None = None

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        """Return batch `index`."""
        if not 0 <= index < len(self):
            raise IndexError(f"There are {len(self)} batches; batch {index} was asked for.")
        self._seeded()
        self.total_batches_seen += 1
        if self.index_array is None:
            self._draw_order()
        order: Any = self.index_array
        return self._batch(order[index * self.batch_size : (index + 1) * self.batch_size])

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        self._seeded()
        self.total_batches_seen += 1
        if self.batch_index == 0 or self.index_array is None:
            self._draw_order()
        order: Any = self.index_array
        start = self.batch_index * self.batch_size
        self.batch_index = (self.batch_index + 1) % len(self)
        return self._batch(order[start : start + self.batch_size])

    def next(self) -> Any:
        """Return the next batch."""
        return self.__next__()

    def reset(self) -> None:
        """Begin a turn anew."""
        self.batch_index = 0

    def on_epoch_end(self) -> None:
        """Draw the order of the next turn."""
        self._draw_order()

    def _draw_order(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _seeded(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)

    def _batch(self, rows: np.ndarray) -> Any:
        raise NotImplementedError


class NumpyArrayIterator(Iterator):
    """Batches of pictures in memory, changed by an `ImageDataGenerator`.

    Args:
        x: pictures (n, h, w, c), or a list of them and further arrays, which are handed on.
        y: targets, or None.
        image_data_generator: changes the pictures.
        batch_size: pictures in a batch.
        shuffle: whether their order is drawn.
        sample_weight: weights, or None.
        seed: of NumPy's generator before each batch.
        data_format: "channels_last" or "channels_first".
        save_to_dir: a folder into which the changed pictures are written.
        save_prefix: what their names begin with.
        save_format: of the files.
        subset: "training" or "validation", with the generator's `validation_split`.
        ignore_class_split: whether both parts may hold different classes.
        dtype: of the batches.

    Raises:
        ValueError: if the arrays do not fit each other, or `x` is no array of pictures.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        self.dtype = np.dtype(str(dtype or image_data_generator.dtype))
        pictures, *further = x if isinstance(x, (tuple, list)) else (x,)
        parts = [np.asarray(pictures, self.dtype), *map(np.asarray, further)]
        names = ["x", *(f"x[{i}]" for i in range(1, len(parts)))]
        for name, given in (("y", y), ("sample_weight", sample_weight)):
            if given is not None:
                parts.append(np.asarray(given))
                names.append(name)
        wrong = [n for n, p in zip(names, parts, strict=True) if len(p) != len(parts[0])]
        if wrong:
            raise ValueError(
                f"flow expects arrays with equally many rows; x has {len(parts[0])}, and "
                f"{wrong[0]} has {len(parts[names.index(wrong[0])])}."
            )
        if parts[0].ndim != 4:
            raise ValueError(
                "flow expects pictures (n, height, width, channels); it got an array of shape "
                f"{parts[0].shape}. A channel is added with x[..., None]."
            )
        if subset is not None:
            parts = self._subset(parts, names, subset, image_data_generator, ignore_class_split)
        self.x, self.x_misc = parts[0], parts[1 : 1 + len(further)]
        self.y = parts[names.index("y")] if y is not None else None
        self.sample_weight = parts[-1] if sample_weight is not None else None
        self.image_data_generator = image_data_generator
        self.data_format = data_format or image_data_generator.data_format
        self.save_to_dir, self.save_prefix = save_to_dir, save_prefix
        self.save_format = save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    @staticmethod
    def _subset(
        parts: list[np.ndarray], names: list[str], subset: str, generator: Any, any_classes: bool
    ) -> list[np.ndarray]:
        if subset not in ("training", "validation"):
            raise ValueError(f"subset must be 'training' or 'validation'; it got {subset!r}.")
        cut = int(len(parts[0]) * generator.validation_split)
        y = parts[names.index("y")] if "y" in names else None
        if y is not None and not any_classes:
            classes = [np.unique(p, axis=0) for p in (y[:cut], y[cut:])]
            if classes[0].shape != classes[1].shape or (classes[0] != classes[1]).any():
                raise ValueError(
                    "The training and the validation part hold different classes: the first "
                    f"{cut} rows are for validation. Shuffle the rows before, or give "
                    "ignore_class_split=True."
                )
        return [p[:cut] if subset == "validation" else p[cut:] for p in parts]

    def _batch(self, rows: np.ndarray) -> Any:
        pictures = np.stack([self._changed(self.x[row]) for row in rows])
        if self.save_to_dir:
            save_pictures(self, pictures, rows)
        misc = [m[rows] for m in self.x_misc]
        batch: Any = [pictures, *misc] if misc else pictures
        if self.y is None:
            return batch
        rest = () if self.sample_weight is None else (self.sample_weight[rows],)
        return (batch, self.y[rows], *rest)

    def _changed(self, picture: np.ndarray) -> np.ndarray:
        generator = self.image_data_generator
        parameters = generator.get_random_transform(picture.shape)
        changed = generator.apply_transform(picture.astype(self.dtype), parameters)
        made: np.ndarray = np.asarray(generator.standardize(changed), self.dtype)
        return made


def save_pictures(iterator: Any, pictures: np.ndarray, rows: np.ndarray) -> None:
    """Write changed pictures into an iterator's folder, each spread over 0 to 255."""
    from PIL import Image

    for picture, row in zip(pictures, rows, strict=True):
        if iterator.data_format == "channels_first":
            picture = np.moveaxis(picture, 0, -1)
        low, high = picture.min(), picture.max()
        levels = (picture - low) / max(high - low, 1e-12) * 255
        number = np.random.randint(10**4)
        name = f"{iterator.save_prefix}_{row}_{number}.{iterator.save_format}"
        image = Image.fromarray(np.squeeze(levels).astype("uint8"))
        image.save(os.path.join(str(iterator.save_to_dir), name))
