"""Files that Keras 3 and Keras 2 wrote, for every layer and optimizer: the same in annette."""

from __future__ import annotations

import importlib.util
import io
import json
import tarfile
import warnings

import numpy as np
import pytest

import annette as keras

from . import exchange, exchange_cases, keras2_models

FILES = dict(exchange.recorded())
NAMES = [n for n in exchange_cases.CASES if f"{n}.keras" in FILES]
NEEDS_BFLOAT16 = ("mixed_bfloat16", "bfloat16")
with tarfile.open(keras2_models.FIXTURE) as _packed:
    OLD = {m.name: _packed.extractfile(m).read() for m in _packed}
TOLD = {n.removesuffix(".json"): json.loads(v) for n, v in OLD.items() if n.endswith(".json")}
REFUSED = {make.__name__ for make in keras2_models.REFUSED}


def check_bfloat16(name):
    if name in NEEDS_BFLOAT16 and importlib.util.find_spec("ml_dtypes") is None:
        pytest.skip("bfloat16 needs the package ml_dtypes")


@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_keras_is_the_same_and_goes_on_learning(name):
    check_bfloat16(name)
    model = exchange.load(keras, io.BytesIO(FILES[f"{name}.keras"]))
    before, after = exchange.kept(io.BytesIO(FILES[f"{name}.npz"]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about numbers of layers without weights
        exchange.check(keras, name, model, before, after)


@pytest.mark.parametrize("name", exchange_cases.CASES)
def test_a_model_of_ours_is_the_same_and_goes_on_learning(name):
    check_bfloat16(name)
    exchange_cases.own(keras)
    model, before = exchange.made(keras, name)
    file = io.BytesIO()
    keras.saving.save_model(model, file)
    after = exchange.goes_on(keras, name, model)
    file.seek(0)
    loaded = exchange.load(keras, file)
    exchange.compare(
        name,
        exchange.state(keras, name, loaded, exchange_cases.arrays(name, loaded, keras)),
        before,
        exact=True,
    )
    again = exchange.goes_on(keras, name, loaded)
    if not exchange_cases.CASES[name].chance:
        exchange.compare(name, again, after, exact=True)


def test_the_fixture_has_every_case():
    missing = set(exchange_cases.CASES) - set(NAMES)
    assert missing == {n for n, c in exchange_cases.CASES.items() if c.shares}


def test_shared_layers_are_shared_again():
    model = exchange_cases.CASES["shared"].build(keras)
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    loaded = keras.saving.load_model(file)
    assert loaded.get_layer("outer").layers[0] is loaded.get_layer("inner")
    assert len(loaded.weights) == len(model.weights)


def test_what_is_frozen_stays_frozen(tmp_path):
    start = keras.Input((4,))
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(2)])
    still = keras.layers.Dense(3)
    model = keras.Model(start, inner(still(start)))
    still.trainable = inner.layers[0].trainable = False
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert len(loaded.trainable_weights) == len(model.trainable_weights) == 2


# --- Keras 2 ------------------------------------------------------------------------------------


def old_files(endings, refused=False):
    return [
        pytest.param(name, ending, id=name + ending)
        for name, told in TOLD.items()
        for ending in told["files"]
        if ending in endings and (name.partition("-")[2] in REFUSED) == refused
    ]


def predictions_agree(model, name):
    found = model.predict(keras2_models.rows(model), verbose=0)
    for one, told in zip(keras.tree.flatten(found), TOLD[name]["predicted"], strict=True):
        np.testing.assert_allclose(one, np.array(told), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(("name", "ending"), old_files((".h5", ".keras")))
def test_a_model_of_keras_2_is_the_same(name, ending, tmp_path):
    path = tmp_path / f"model{ending}"
    path.write_bytes(OLD[name + ending])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Optimizer .* starts afresh")
        model = keras.saving.load_model(path)
    predictions_agree(model, name)
    assert type(model.optimizer).__name__ in ("Adam", "SGD")
    model.save(tmp_path / "new.keras")
    predictions_agree(keras.saving.load_model(tmp_path / "new.keras"), name)


@pytest.mark.parametrize(("name", "ending"), old_files((".weights.h5",)))
def test_weights_of_keras_2_fit_a_model_of_ours(name, ending, tmp_path):
    path = tmp_path / "model.weights.h5"
    path.write_bytes(OLD[name + ending])
    keras.utils.clear_session()
    model = getattr(keras2_models, name.partition("-")[2])(keras)
    model.load_weights(path)
    predictions_agree(model, name)


@pytest.mark.parametrize(("name", "ending"), old_files((".h5", ".keras"), refused=True))
def test_what_cannot_be_made_again_says_which_layer(name, ending, tmp_path):
    path = tmp_path / f"model{ending}"
    path.write_bytes(OLD[name + ending])
    layer = "lambda" if "coded" in name else r"tf\.|mul|add"
    with pytest.raises(ValueError, match=f"The layer '.*({layer}).*load the weights"):
        keras.saving.load_model(path)
