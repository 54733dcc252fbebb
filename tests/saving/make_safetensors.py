"""Record a file that the safetensors package writes: run under Python with it and ml_dtypes.

python tests/saving/make_safetensors.py           writes the fixture
python tests/saving/make_safetensors.py FILE      prints what the package reads in a file
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

HERE = Path(__file__).parent / "fixtures"
DTYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
          "float16", "float32", "float64")  # fmt: skip


def main() -> None:
    """Two layers under the names of their variables, and an array of each dtype."""
    kernel = np.arange(12, dtype="float32").reshape(4, 3) / 8
    arrays = {
        "first/kernel": kernel,
        "first/bias": np.array([1, -2, 0.5], "float32"),
        "second/kernel": kernel[:3, :2] - 1,
        "second/bias": np.zeros(2, "float32"),
        "empty": np.zeros((0, 3), "float32"),
        "one": np.float32(2.5).reshape(()),
        "brain": np.array([1.0, -3.5, 0.0078125], ml_dtypes.bfloat16),
    }
    arrays |= {name: np.array([0, 1, 3]).astype(name) for name in DTYPES}
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    arrays["one"] = arrays["one"].reshape(())
    save_file(arrays, HERE / "plain.safetensors", {"made by": "the safetensors package"})


def tell(path: str) -> None:
    """Print the shapes, dtypes and sums of a file's arrays, and the names in its metadata."""
    with safe_open(path, framework="numpy") as file:
        found = {
            name: [list(a.shape), str(a.dtype), float(a.astype("float64").sum())]
            for name in file.keys()  # noqa: SIM118  # it is no mapping
            for a in [file.get_tensor(name)]
        }
        print(json.dumps({"arrays": found, "metadata": sorted(file.metadata() or {})}))


if __name__ == "__main__":
    tell(sys.argv[1]) if sys.argv[1:] else main()
