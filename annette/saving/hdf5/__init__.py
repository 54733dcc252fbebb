"""Files in the HDF5 format, read and written without any library, and read safely.

What models are saved in, by Keras 3 (`.weights.h5`, and in `.keras`) and Keras 2 (`.h5`):

    with hdf5.File("model.weights.h5") as file:
        for dataset in file.walk():
            print(dataset.name, dataset.shape, dataset.dtype)
        kernel = file["layers/dense/vars/0"].read()

    writer = hdf5.Writer()
    writer.attrs["keras_version"] = "3.0.0"
    writer.dataset("layers/dense/vars/0", kernel)
    writer.save("model.weights.h5")

A reader checks every offset and length against the file, so that a damaged or hostile file raises
FormatError and nothing else. The layout of the files is that of the HDF5 File Format Specification,
version 3.0 (The HDF Group).
"""

from __future__ import annotations

from annette.saving.hdf5.errors import FormatError
from annette.saving.hdf5.reader import Dataset, File, Group
from annette.saving.hdf5.writer import Writer

__all__ = ["Dataset", "File", "FormatError", "Group", "Writer"]
