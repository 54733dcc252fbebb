"""Record files that real Keras writes: run under Python with Keras 3 and h5py.

KERAS_BACKEND=jax python tests/saving/make_fixtures.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import h5py
import keras

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.saving import zoo

HERE = Path(__file__).parent / "fixtures"


def layout(path: str) -> dict[str, Any]:
    """What a file of weights has: groups with their names, datasets with shape and dtype."""
    found: dict[str, Any] = {}

    def note(name: str, member: Any) -> None:
        whole = isinstance(member, h5py.Dataset)
        found[name] = [list(member.shape), str(member.dtype)] if whole else member.attrs.get("name")

    with h5py.File(path) as file:
        file.visititems(note)
    return found


def layouts() -> None:
    """The layout of the weights of each model."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.weights.h5"
        for name in zoo.names(keras):
            try:
                zoo.make(keras, name).save_weights(path)
            except Exception as error:
                print(f"{name} is left out: {error}"[:200])
                continue
            found[name] = layout(path)
    (HERE / "layouts.json").write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    layouts()
