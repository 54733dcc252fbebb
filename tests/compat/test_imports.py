"""Every spelling of a module's name leads to annette, and to the same objects."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator

import pytest

import annette
from annette import compat

pytestmark = pytest.mark.usefixtures("installed")

SPELLINGS = [
    # (module, name, where it is in annette)
    ("keras", "Sequential", "Sequential"),
    ("keras", "Model", "Model"),
    ("keras.layers", "Dense", "layers.Dense"),
    ("keras.layers.core", "Dense", "layers.Dense"),
    ("keras.layers.core", "Dropout", "layers.Dropout"),
    ("keras.layers.normalization", "BatchNormalization", "layers.BatchNormalization"),
    ("keras.layers.advanced_activations", "LeakyReLU", "layers.LeakyReLU"),
    ("keras.layers.embeddings", "Embedding", "layers.Embedding"),
    ("keras.layers.merge", "Concatenate", "layers.Concatenate"),
    ("keras.models", "Sequential", "Sequential"),
    ("keras.engine.topology", "Layer", "layers.Layer"),
    ("keras.engine", "Model", "Model"),
    ("keras.optimizers", "Adam", "optimizers.Adam"),
    ("keras.optimizers", "sgd", "optimizers.SGD"),
    ("keras.optimizers.legacy", "Adam", "optimizers.Adam"),
    ("keras.optimizers.schedules", "ExponentialDecay", "optimizers.schedules.ExponentialDecay"),
    ("keras.utils", "to_categorical", "utils.to_categorical"),
    ("keras.utils.np_utils", "to_categorical", "utils.to_categorical"),
    ("keras.utils", "Sequence", "utils.PyDataset"),
    ("keras.callbacks", "EarlyStopping", "callbacks.EarlyStopping"),
    ("keras.objectives", "MeanSquaredError", "losses.MeanSquaredError"),
    ("keras.datasets", "mnist", "datasets.mnist"),
    ("keras.datasets.mnist", "load_data", "datasets.mnist.load_data"),
    ("keras.src.layers.core.dense", "Dense", "layers.Dense"),
    ("keras.api.layers", "Dense", "layers.Dense"),
    ("tensorflow", "keras", ""),
    ("tensorflow.keras", "Sequential", "Sequential"),
    ("tensorflow.keras.layers", "Dense", "layers.Dense"),
    ("tensorflow.keras.datasets", "mnist", "datasets.mnist"),
    ("tensorflow.python.keras.layers", "Dense", "layers.Dense"),
    ("tensorflow.python.keras.layers.core", "Dense", "layers.Dense"),
    ("tensorflow.compat.v2.keras.layers", "Dense", "layers.Dense"),
    ("tf_keras.layers", "Dense", "layers.Dense"),
]


@pytest.mark.parametrize(("module", "name", "where"), SPELLINGS)
def test_spelling_leads_to_the_same_object(module: str, name: str, where: str) -> None:
    found = getattr(importlib.import_module(module), name)
    expected = annette
    for part in filter(None, where.split(".")):
        expected = getattr(expected, part)
    if isinstance(expected, types.ModuleType):
        assert isinstance(found, types.ModuleType)
    else:
        assert found is expected


@pytest.mark.parametrize(
    "statement",
    [
        "import keras; d = keras.layers.Dense",
        "import tensorflow as tf; d = tf.keras.layers.Dense",
        "from tensorflow import keras; d = keras.layers.Dense",
        "from tensorflow.keras import layers; d = layers.Dense",
        "from keras.layers import *; d = Dense",
        "import keras.layers; d = keras.layers.Dense",
        "import keras.layers as L; d = L.Dense",
        "import tensorflow.keras.layers as L; d = L.Dense",
        "from keras import backend as K, layers; d = layers.Dense",
        "from tensorflow.compat.v1 import keras; d = keras.layers.Dense",
    ],
)
def test_every_form_of_import_works(statement: str) -> None:
    names: dict[str, object] = {}
    exec(statement, names)
    assert names["d"] is annette.layers.Dense


def test_one_module_whatever_it_is_called() -> None:
    import keras.layers
    import tensorflow as tf

    assert tf.keras is keras and tf.keras.layers is keras.layers


def test_versions_are_those_programs_ask_for() -> None:
    import keras
    import tensorflow as tf

    assert keras.__version__.startswith("3.") and tf.__version__.startswith("2.")


def test_old_modules_add_nothing_to_annette() -> None:
    before = set(dir(annette.layers)) | set(dir(annette.utils))
    import keras.layers.convolutional
    import keras.utils.vis_utils  # noqa: F401  # imported for what it may do to annette

    assert set(dir(annette.layers)) | set(dir(annette.utils)) == before


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("from keras.layers import Dens", "Did you mean 'Dense'"),
        ("import keras.layerz", "keras has no 'layerz'"),
        ("from tensorflow import raw_ops", "tf.raw_ops needs TensorFlow itself"),
        ("import tensorflow.io", "annette offers Python's own files"),
        ("from tensorflow.compat.v1 import Session", "no sessions"),
        ("from tensorflow.contrib import rnn", "tf.contrib needs TensorFlow itself"),
        ("import tensorflow.lite.python", "needs TensorFlow itself"),
    ],
)
def test_what_is_not_there_says_so_as_import_error(statement: str, message: str) -> None:
    with pytest.raises(ImportError) as error:
        exec(statement, {})
    assert message in str(error.value)


def test_missing_attribute_says_so_and_hasattr_is_false() -> None:
    import tensorflow as tf

    with pytest.raises(AttributeError, match=r"tf\.raw_ops needs TensorFlow itself"):
        _ = tf.raw_ops
    assert not hasattr(tf, "raw_ops") and hasattr(tf, "constant")


@pytest.fixture
def real_one(tmp_path, monkeypatch) -> Iterator[None]:
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("real = True\n")
    compat.uninstall()
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield
    compat.uninstall()
    for name in [n for n in sys.modules if n.partition(".")[0] == "keras"]:
        del sys.modules[name]


def test_installed_keras_is_passed_over_and_comes_back(real_one: None) -> None:
    import keras as real

    assert real.real
    compat.install()
    import keras

    assert keras.Sequential is annette.Sequential
    compat.uninstall()
    assert importlib.import_module("keras") is real


def test_installed_keras_comes_first_if_asked_for(real_one: None) -> None:
    compat.install(replace=False)
    import keras

    assert keras.real
    assert importlib.import_module("tensorflow").keras is not keras


def test_uninstall_leaves_no_trace() -> None:
    import keras.layers  # noqa: F401  # so that there is something to take away

    before = annette.Model.fit
    compat.uninstall()
    assert not [n for n in sys.modules if n.partition(".")[0] in ("keras", "tensorflow")]
    assert not hasattr(annette.Model, "predict_classes")
    assert annette.Model.fit is not before
