"""What a user gets for input that cannot be right: one clear error, or the right result.

Each row of the tables is one call. After every refused call the model's weights are as they were
and it still predicts.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

ROWS = 24
X = np.random.default_rng(0).normal(size=(ROWS, 4)).astype("float32")
LABELS = np.arange(ROWS) % 3
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
NUMBERS = X.sum(axis=1, keepdims=True)


def classifier(loss: Any = "sparse_categorical_crossentropy") -> Any:
    model = keras.Sequential(
        [layers.Input((4,)), layers.Dense(5, "relu"), layers.Dense(3, "softmax")]
    )
    model.compile("sgd", loss, metrics=["accuracy"])
    return model


def regressor(**compiled: Any) -> Any:
    model = keras.Sequential([layers.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


def binary() -> Any:
    model = keras.Sequential([layers.Input((4,)), layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return model


def fit(model: Any, x: Any, y: Any = None, **kwargs: Any) -> Any:
    return model.fit(x, y, **{"verbose": 0, **kwargs})


def with_value(array: np.ndarray, value: Any, dtype: Any = None) -> np.ndarray:
    changed = np.array(array, dtype=dtype or array.dtype)
    changed[tuple(0 if i else 3 for i in range(changed.ndim))] = value
    return changed


def frame(**changes: Any) -> Any:
    pandas = pytest.importorskip("pandas")
    columns = {"age": X[:, 0], "pay": X[:, 1], "rent": X[:, 2], "size": X[:, 3], **changes}
    return pandas.DataFrame(columns)


def short_generator() -> Iterator[Any]:
    yield X[:8], LABELS[:8]


def wrong_generator() -> Iterator[Any]:
    yield X[:8], LABELS[:8], np.ones(8), "and more"


def unequal_generator() -> Iterator[Any]:
    yield X[:8], LABELS[:7]


Case = tuple[str, Callable[[], Any], type[Exception], str]

# name, what is called, the error, and what its message must say (a regular expression)
REFUSED: list[Case] = [
    # x of the wrong shape
    ("x of rank 1", lambda: fit(classifier(), X[:, 0], LABELS), ValueError, "axes|shape"),
    ("x of rank 3", lambda: fit(classifier(), X[:, None], LABELS), ValueError, r"shape"),
    ("x with a wrong last axis", lambda: fit(classifier(), X[:, :3], LABELS), ValueError, "4.*3"),
    ("predict on a wrong last axis", lambda: classifier().predict(X[:, :2], verbose=0), ValueError, "4"),
    ("evaluate on a wrong last axis", lambda: classifier().evaluate(X[:, :2], LABELS, verbose=0), ValueError, "4"),
    ("one sample without rows", lambda: classifier().predict(X[0], verbose=0), ValueError, "newaxis|rows"),
    ("calling on a wrong last axis", lambda: classifier()(X[:, :3]), ValueError, "4"),
    ("Dense on a vector", lambda: layers.Dense(3)(np.zeros(4)), ValueError, "newaxis"),
    ("Dense on images", lambda: keras.Sequential([layers.Input((784,)), layers.Dense(3)])(np.zeros((2, 28, 28))), ValueError, "Flatten|Reshape"),
    ("too many inputs", lambda: fit(classifier(), [X, X], LABELS), ValueError, "1 input|inputs"),
    # not-a-number and infinity
    ("NaN in x", lambda: fit(classifier(), with_value(X, np.nan), LABELS), ValueError, "(?i)nan|not a number"),
    ("inf in x", lambda: fit(classifier(), with_value(X, np.inf), LABELS), ValueError, "(?i)inf"),
    ("NaN in y", lambda: fit(regressor(), X, with_value(NUMBERS, np.nan)), ValueError, "(?i)nan|not a number"),
    ("inf in y", lambda: fit(regressor(), X, with_value(NUMBERS, -np.inf)), ValueError, "(?i)inf"),
    ("too large for float32", lambda: fit(classifier(), with_value(X, 1e300, "float64"), LABELS), ValueError, "(?i)inf|large"),
    ("NaN in validation data", lambda: fit(classifier(), X, LABELS, validation_data=(with_value(X, np.nan), LABELS)), ValueError, "(?i)nan|not a number"),
    ("NaN from a generator", lambda: fit(classifier(), iter([(with_value(X, np.nan), LABELS)])), ValueError, "(?i)nan|not a number"),
    ("missing values in a frame", lambda: fit(classifier(), frame(pay=with_value(X[:, 1], np.nan)), LABELS), ValueError, "pay"),
    # labels
    ("label above the classes", lambda: fit(classifier(), X, with_value(LABELS, 3)), ValueError, "3"),
    ("label below 0", lambda: fit(classifier(), X, with_value(LABELS, -1)), ValueError, "-1"),
    ("labels that are fractions", lambda: fit(classifier(), X, LABELS + 0.5), ValueError, "whole|integer"),
    ("one-hot where integers are wanted", lambda: fit(classifier(), X, ONE_HOT), ValueError, "categorical_crossentropy"),
    ("integers where one-hot is wanted", lambda: fit(classifier("categorical_crossentropy"), X, LABELS), ValueError, "sparse_categorical_crossentropy|to_categorical"),
    ("one-hot of too many classes", lambda: fit(classifier("categorical_crossentropy"), X, np.eye(4)[LABELS]), ValueError, "3|4"),
    ("binary labels of -1 and 1", lambda: fit(binary(), X, np.where(LABELS == 0, -1, 1)), ValueError, "0 .*1|hinge"),
    ("binary labels of 0 and 255", lambda: fit(binary(), X, np.where(LABELS == 0, 0, 255)), ValueError, "0 .*1|255"),
    ("two target columns for one output", lambda: fit(regressor(), X, X[:, :2]), ValueError, "shape|output"),
    ("a label out of range in evaluate", lambda: classifier().evaluate(X, with_value(LABELS, 9), verbose=0), ValueError, "9"),
    ("a label out of range from a generator", lambda: fit(classifier(), iter([(X, with_value(LABELS, 9))])), ValueError, "9"),
    ("a label out of range in train_on_batch", lambda: classifier().train_on_batch(X, with_value(LABELS, 9)), ValueError, "9"),
    ("softmax of one unit", lambda: fit(_one_unit_softmax(), X, LABELS % 2), ValueError, "sigmoid|softmax|unit|categorical"),
    ("no y", lambda: fit(classifier(), X), ValueError, "y"),
    # what is no array of numbers
    ("strings as x", lambda: fit(classifier(), np.array([["a"] * 4] * ROWS), LABELS), ValueError, "(?i)str|text|number"),
    ("strings as y", lambda: fit(classifier(), X, np.array(["cat"] * ROWS)), ValueError, "(?i)str|text|number"),
    ("objects as x", lambda: fit(classifier(), np.array([[object()] * 4] * ROWS), LABELS), ValueError, "(?i)object|number"),
    ("ragged lists", lambda: fit(classifier(), [[1.0, 2, 3, 4], [1, 2]] * 12, LABELS), ValueError, "(?i)length|row|ragged"),
    ("text columns in a frame", lambda: fit(classifier(), frame(pay=["low"] * ROWS), LABELS), ValueError, "pay"),
    ("None as x", lambda: fit(classifier(), None, LABELS), ValueError, "x"),
    ("a number as x", lambda: fit(classifier(), 5.0, LABELS), ValueError, "x"),
    ("a string as x", lambda: fit(classifier(), "data.csv", LABELS), (ValueError, TypeError), "x"),  # type: ignore[list-item]
    ("predict on None", lambda: classifier().predict(None, verbose=0), ValueError, "x"),
    # sizes
    ("empty arrays", lambda: fit(classifier(), X[:0], LABELS[:0]), ValueError, "empty"),
    ("predict on nothing", lambda: classifier().predict(X[:0], verbose=0), ValueError, "empty"),
    ("y shorter than x", lambda: fit(classifier(), X, LABELS[:20]), ValueError, "24.*20"),
    ("weights shorter than x", lambda: fit(classifier(), X, LABELS, sample_weight=np.ones(5)), ValueError, "5"),
    ("batch_size 0", lambda: fit(classifier(), X, LABELS, batch_size=0), (ValueError, TypeError), "batch_size"),  # type: ignore[list-item]
    ("batch_size -1", lambda: fit(classifier(), X, LABELS, batch_size=-1), (ValueError, TypeError), "batch_size"),  # type: ignore[list-item]
    ("batch_size 2.5", lambda: fit(classifier(), X, LABELS, batch_size=2.5), (ValueError, TypeError), "batch_size"),  # type: ignore[list-item]
    ("batch_size as text", lambda: fit(classifier(), X, LABELS, batch_size="32"), (ValueError, TypeError), "batch_size"),  # type: ignore[list-item]
    ("epochs -1", lambda: fit(classifier(), X, LABELS, epochs=-1), ValueError, "epochs"),
    ("epochs 2.5", lambda: fit(classifier(), X, LABELS, epochs=2.5), ValueError, "epochs"),
    ("validation_split 1", lambda: fit(classifier(), X, LABELS, validation_split=1.0), ValueError, "validation_split"),
    ("validation_split below 0", lambda: fit(classifier(), X, LABELS, validation_split=-0.1), ValueError, "validation_split"),
    ("validation data of another width", lambda: fit(classifier(), X, LABELS, validation_data=(X[:, :2], LABELS)), ValueError, "4"),
    ("validation data of four parts", lambda: fit(classifier(), X, LABELS, validation_data=(X, X, X, X)), ValueError, "validation_data"),
    ("verbose 7", lambda: classifier().fit(X, LABELS, verbose=7), ValueError, "verbose"),
    # generators
    ("a generator of the wrong structure", lambda: fit(classifier(), wrong_generator()), (ValueError, TypeError), "x, y|parts"),  # type: ignore[list-item]
    ("a generator of unequal lengths", lambda: fit(classifier(), unequal_generator()), ValueError, "8.*7"),
    ("a generator and y", lambda: fit(classifier(), short_generator(), LABELS), ValueError, "generator"),
    ("a generator of nothing", lambda: fit(classifier(), iter(())), ValueError, "(?i)batch|nothing|data"),
    ("split of a generator", lambda: fit(classifier(), short_generator(), validation_split=0.2), ValueError, "validation"),
    # names
    ("unknown loss", lambda: classifier("sparse_categorical_crosentropy"), ValueError, "sparse_categorical_crossentropy"),
    ("unknown optimizer", lambda: regressor(optimizer="adm"), ValueError, "adam"),
    ("unknown metric", lambda: regressor(metrics=["acuracy"]), ValueError, "accuracy"),
    ("unknown activation", lambda: layers.Dense(3, activation="rellu"), ValueError, "relu"),
    ("unknown initializer", lambda: layers.Dense(3, kernel_initializer="glorot_unifrm"), ValueError, "glorot_uniform"),
    ("unknown regularizer", lambda: layers.Dense(3, kernel_regularizer="l3"), ValueError, "l1|l2"),
    ("unknown argument of Dense", lambda: layers.Dense(3, activaton="relu"), (ValueError, TypeError), "activation"),  # type: ignore[list-item]
    ("unknown argument of Adam", lambda: keras.optimizers.Adam(learning_rat=0.1), (ValueError, TypeError), "learning_rate"),  # type: ignore[list-item]
    ("metrics that is a text", lambda: regressor(metrics="mae"), ValueError, "list"),
    ("a learning rate as text", lambda: keras.optimizers.SGD("fast"), (ValueError, TypeError), "learning_rate"),  # type: ignore[list-item]
    # making models
    ("Dense without units", lambda: layers.Dense(0), ValueError, "units"),
    ("Dense of -3", lambda: layers.Dense(-3), ValueError, "units"),
    ("Dense of 2.5", lambda: layers.Dense(2.5), ValueError, "units"),
    ("Dense of text", lambda: layers.Dense("64"), ValueError, "units"),
    ("Dropout of 1.5", lambda: layers.Dropout(1.5), ValueError, "rate"),
    ("Input without a shape", lambda: layers.Input(), ValueError, "shape"),
    ("Input of a negative size", lambda: layers.Input((-4,)), ValueError, "shape"),
    ("two layers of one name", lambda: keras.Sequential([layers.Dense(2, name="a"), layers.Dense(2, name="a")]), ValueError, "'a'"),
    ("a class instead of a layer", lambda: keras.Sequential([layers.Dense]), ValueError, r"Dense\("),
    ("a text instead of a layer", lambda: keras.Sequential(["dense"]), ValueError, "layer"),
    ("Input in the middle", lambda: keras.Sequential([layers.Dense(2), layers.Input((4,))]), ValueError, "first"),
    ("Reshape that does not fit", lambda: keras.Sequential([layers.Input((4,)), layers.Reshape((3, 2))]), ValueError, "4"),
    ("Concatenate of one", lambda: layers.Concatenate()(layers.Input((4,))), ValueError, "list"),
    ("an output from nowhere", lambda: keras.Model(layers.Input((4,)), layers.Dense(2)(layers.Input((3,)))), ValueError, "input"),
    ("outputs that are arrays", lambda: keras.Model(layers.Input((4,)), X), ValueError, "KerasTensor"),
    ("too many losses", lambda: fit(regressor(loss=["mse", "mae"]), X, NUMBERS), ValueError, "2.*1|loss"),
    ("a loss for an unknown output", lambda: fit(regressor(loss={"nowhere": "mse"}), X, NUMBERS), ValueError, "nowhere"),
    # order of things
    ("fit before compile", lambda: keras.Sequential([layers.Dense(2)]).fit(X, LABELS), (RuntimeError, ValueError), "compile"),  # type: ignore[list-item]
    ("evaluate before compile", lambda: keras.Sequential([layers.Dense(2)]).evaluate(X, LABELS), (RuntimeError, ValueError), "compile"),  # type: ignore[list-item]
    ("count_params before build", lambda: layers.Dense(2).count_params(), ValueError, "build"),
    ("weights of other shapes", lambda: classifier().set_weights([np.zeros((2, 2))] * 4), ValueError, "shape"),
    ("too few weights", lambda: classifier().set_weights([np.zeros((4, 5))]), ValueError, "4.*1"),
    ("an unknown layer", lambda: classifier().get_layer("dense_99"), ValueError, "dense"),
    ("fit without layers", lambda: _compiled_empty().fit(X, LABELS, verbose=0), ValueError, "layer"),
    ("a callback class", lambda: fit(classifier(), X, LABELS, callbacks=[keras.callbacks.EarlyStopping]), ValueError, "EarlyStopping"),
    ("a callback that is none", lambda: fit(classifier(), X, LABELS, callbacks=[print]), ValueError, "(?i)callback"),
    ("class_weight as a list", lambda: fit(classifier(), X, LABELS, class_weight=[1, 2, 3]), ValueError, "class_weight"),
]  # fmt: skip


def _one_unit_softmax() -> Any:
    model = keras.Sequential([layers.Input((4,)), layers.Dense(1, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def _compiled_empty() -> Any:
    model = keras.Sequential()
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    ("call", "error", "says"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_refused(call: Callable[[], Any], error: type[Exception], says: str) -> None:
    # With some first weights a ReLU hides an infinite input, and the loss copes with it.
    keras.utils.set_random_seed(0)
    with pytest.raises(error, match=f"(?s){says}") as caught:
        call()
    message = str(caught.value)
    assert len(message) > 20, "an error says what was expected and what came"
    assert "site-packages" not in message
    assert not isinstance(caught.value, (AssertionError, IndexError, KeyError))


LOOP_CASES: list[tuple[str, Callable[[Any], Any]]] = [
    ("wrong width", lambda m: fit(m, X[:, :3], LABELS)),
    ("NaN", lambda m: fit(m, with_value(X, np.nan), LABELS)),
    ("label out of range", lambda m: fit(m, X, with_value(LABELS, 7))),
    ("one-hot", lambda m: fit(m, X, ONE_HOT)),
    ("lengths", lambda m: fit(m, X, LABELS[:3])),
    ("late bad batch", lambda m: fit(m, iter([(X, LABELS), (X, LABELS + 5)]))),
    ("unequal batch", lambda m: m.train_on_batch(X, LABELS[:3])),
]


@pytest.mark.parametrize("call", [c[1] for c in LOOP_CASES], ids=[c[0] for c in LOOP_CASES])
def test_the_weights_are_usable_after_an_error(call: Callable[[Any], Any]) -> None:
    model = classifier()
    fit(model, X, LABELS)
    with pytest.raises(ValueError):
        call(model)
    assert all(np.isfinite(w).all() for w in model.get_weights())
    assert model.predict(X, verbose=0).shape == (ROWS, 3)
    history = fit(model, X, LABELS, epochs=2).history
    assert np.isfinite(history["loss"]).all()


def read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.flags.writeable = False
    return x


# Unusual arrays that must simply work: name, x made of the plain one, tolerance against the plain one
WELCOME: list[tuple[str, Callable[[np.ndarray], Any], float]] = [
    ("read-only", read_only, 0),
    ("Fortran order", np.asfortranarray, 0),
    ("every second column", lambda x: np.repeat(x, 2, axis=1)[:, ::2], 0),
    ("reversed rows twice", lambda x: np.ascontiguousarray(x[::-1])[::-1], 0),
    ("transposed", lambda x: np.ascontiguousarray(x.T).T, 0),
    ("big-endian", lambda x: x.astype(">f4"), 0),
    ("big-endian float64", lambda x: x.astype(">f8"), 0),
    ("float64", lambda x: x.astype("float64"), 0),
    ("float16", lambda x: x.astype("float16"), 2e-2),
    ("lists", lambda x: x.tolist(), 1e-6),
    ("tuples of rows", lambda x: np.array([tuple(r) for r in x]), 0),
    ("numbers as objects", lambda x: x.astype(object), 0),
    ("a frame", lambda x: frame(), 0),
]


@pytest.mark.parametrize(
    ("make", "tolerance"), [c[1:] for c in WELCOME], ids=[c[0] for c in WELCOME]
)
def test_unusual_arrays_give_the_result_of_plain_ones(
    make: Callable[[np.ndarray], Any], tolerance: float
) -> None:
    results = []
    first = classifier().get_weights()
    for x in (X, make(X)):
        model = classifier()
        model.set_weights(first)
        history = fit(model, x, LABELS, epochs=2, shuffle=False).history["loss"]
        results.append((history, model.predict(x, verbose=0)))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=tolerance or 1e-12)
    np.testing.assert_allclose(results[0][1], results[1][1], atol=tolerance)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64", "bool", ">i4"])
def test_whole_numbers_and_bools_are_data_too(dtype: str) -> None:
    x = (np.abs(X) > 0.5).astype(dtype)
    model = classifier()
    fit(model, x, LABELS, epochs=2)
    np.testing.assert_allclose(
        model.predict(x, verbose=0), model.predict(x.astype("float32"), verbose=0), rtol=1e-6
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda y: y.astype("uint8"),
        lambda y: y.astype("int64"),
        lambda y: y.astype("float32"),
        lambda y: y.astype(">i2"),
        lambda y: y[:, None],
        lambda y: y.tolist(),
        lambda y: read_only(y),
    ],
)
def test_labels_of_any_integer_form(make: Callable[[np.ndarray], Any]) -> None:
    first = classifier().get_weights()
    losses = []
    for y in (LABELS, make(LABELS)):
        model = classifier()
        model.set_weights(first)
        losses.append(fit(model, X, y, shuffle=False, epochs=2).history["loss"])
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-6)


def test_a_memory_mapped_file_is_trained_on(tmp_path: Any) -> None:
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert np.isfinite(fit(classifier(), mapped, LABELS).history["loss"]).all()


def test_a_generator_that_ends_early_stops_with_a_warning() -> None:
    model = classifier()
    with pytest.warns(UserWarning, match="ran out of data"):
        history = fit(model, short_generator(), steps_per_epoch=5, epochs=2)
    assert len(history.history["loss"]) >= 1
    assert model.predict(X, verbose=0).shape == (ROWS, 3)


def test_a_loss_that_copes_with_missing_targets_may_have_them() -> None:
    def masked(y_true: Any, y_pred: Any) -> Any:
        known = keras.ops.logical_not(keras.ops.isnan(y_true))
        error = keras.ops.where(known, y_true - y_pred, 0.0)
        return keras.ops.mean(keras.ops.square(error), axis=-1)

    history = fit(regressor(loss=masked), X, with_value(NUMBERS, np.nan), epochs=2).history
    assert np.isfinite(history["loss"]).all()


def test_interrupting_leaves_a_model_that_predicts() -> None:
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 2:
                raise KeyboardInterrupt

    model = classifier()
    with pytest.raises(KeyboardInterrupt):
        fit(model, X, LABELS, batch_size=4, epochs=3, callbacks=[Interrupt()])
    assert np.isfinite(model.predict(X, verbose=0)).all()
    assert np.isfinite(fit(model, X, LABELS).history["loss"]).all()


def test_no_warning_comes_from_plain_training() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(classifier(), X, LABELS, epochs=2, validation_split=0.25)


def test_there_are_enough_of_them() -> None:
    assert len(REFUSED) + len(WELCOME) >= 60
