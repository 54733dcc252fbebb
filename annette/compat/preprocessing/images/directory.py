"""Batches of pictures in a folder that has a folder for each class."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from annette.compat.preprocessing.images.files import FilesIterator, cut, folder, is_picture


class DirectoryIterator(FilesIterator):
    """Batches of the pictures in a folder; see `ImageDataGenerator.flow_from_directory`.

    Attributes:
        class_indices: class name -> its number.
        classes: the number of each picture's class.
        filenames: the files, seen from the folder; `filepaths` has the folder in front.
        samples: how many there are.
    """

    allowed_class_modes = ("categorical", "binary", "sparse", "input", None)

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: str | None = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        self._set_pictures(
            image_data_generator, target_size, color_mode, data_format, save_to_dir, save_prefix,
            save_format, interpolation, keep_aspect_ratio, dtype,
        )  # fmt: skip
        self._check_class_mode(class_mode)
        self.directory, self.subset = folder(directory), subset
        names = list(classes) if classes else self._folders()
        self.num_classes = len(names)
        self.class_indices = {name: i for i, name in enumerate(names)}
        self.filenames: list[str] = []
        numbers: list[int] = []
        for name, number in self.class_indices.items():
            found = self._pictures_in(name, follow_links)
            self.filenames += found[cut(len(found), subset, image_data_generator)]
            numbers += [number] * (len(self.filenames) - len(numbers))
        self.classes = np.array(numbers, "int32")
        self.filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self.samples = len(self.filenames)
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    @property
    def labels(self) -> Any:
        """The number of each picture's class."""
        return self.classes

    def _folders(self) -> list[str]:
        inside = sorted(os.listdir(self.directory))
        return [name for name in inside if os.path.isdir(os.path.join(self.directory, name))]

    def _pictures_in(self, name: str, follow_links: bool) -> list[str]:
        """Return the pictures of a class and of the folders in it, seen from the whole folder."""
        walk = os.walk(os.path.join(self.directory, name), followlinks=follow_links)
        found = [
            os.path.relpath(os.path.join(root, file), self.directory)
            for root, _, files in sorted(walk, key=lambda place: place[0])
            for file in sorted(files)
        ]
        return [file for file in found if is_picture(file)]
