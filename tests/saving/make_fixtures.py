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
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.saving import programs, zoo

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


def trained() -> None:
    """Models trained a little, what they predict, and the loss of one step more."""
    expected = {}
    for name, (build, learn) in programs.TRAINED.items():
        keras.utils.clear_session()
        model = build(keras)
        x, y = programs.data(model)
        model.compile(**learn(keras))
        model.fit(x, y, epochs=2, batch_size=4, verbose=0, shuffle=False)
        model.save(HERE / f"{name}.keras")
        model.save_weights(HERE / f"{name}.weights.h5")
        if name in programs.SPREAD:
            model.save(HERE / f"{name}_folder", zipped=False)
            model.save_weights(HERE / f"{name}_shards.weights.json", max_shard_size=2e-7)
        if name in programs.OLD:  # the last, as Keras forgets how the model was compiled
            model.save(HERE / f"{name}.h5")
        predicted = np.asarray(model.predict(x, verbose=0))
        logs = model.train_on_batch(x, y, return_dict=True)
        expected[name] = {
            "predicted": predicted.astype("float64").round(7).tolist(),
            "loss": float(logs["loss"]),
            "after": np.asarray(model.predict(x, verbose=0)).astype("float64").round(7).tolist(),
        }
    (HERE / "trained.json").write_text(json.dumps(expected, sort_keys=True) + "\n")


def prepared() -> None:
    """Models with what layers learnt from data before training: vocabularies, means."""
    expected = {}
    for name, (build, given) in programs.PREPARED.items():
        keras.utils.clear_session()
        model = build(keras)
        model.save(HERE / f"{name}.keras")
        expected[name] = np.asarray(model(given(keras))).astype("float64").round(6).tolist()
    (HERE / "prepared.json").write_text(json.dumps(expected, sort_keys=True) + "\n")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    if keras.backend.backend() == "tensorflow":
        prepared()  # texts need it
    else:
        layouts()
        trained()
