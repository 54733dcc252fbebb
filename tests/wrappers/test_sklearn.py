"""Models as scikit-learn's estimators."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import annette as keras

pytest.importorskip("sklearn", "1.6")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from annette.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

# A sample of weight 0 still counts in what a layer has of its batch; Keras's fails this as well.
EXPECTED = {"check_classifiers_one_label_sample_weights"}


def network(X, y, loss="mse", units=(10,), activation=None):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((X.shape[1],))
    h = inputs
    for n in units:
        h = keras.layers.Dense(n, activation="relu")(h)
    outputs = keras.layers.Dense(y.shape[1] if y.ndim > 1 else 1, activation=activation)(h)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.02), loss)
    return model


CLASSIFY = {"loss": "categorical_crossentropy", "activation": "softmax"}
ESTIMATORS = {
    "classifier": lambda **fit: SKLearnClassifier(network, False, CLASSIFY, {"verbose": 0, **fit}),
    "regressor": lambda **fit: SKLearnRegressor(network, fit_kwargs={"verbose": 0, **fit}),
    "transformer": lambda **fit: SKLearnTransformer(network, fit_kwargs={"verbose": 0, **fit}),
}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4))
LABELS = np.array(["a", "b", "c"])[np.digitize(X[:, 0], [-0.4, 0.4])]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_the_checks_of_scikit_learn(kind):
    results = check_estimator(ESTIMATORS[kind](), on_skip=None, on_fail=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert set(failed) <= EXPECTED, failed


def test_a_classifier_learns_names_of_classes():
    found = ESTIMATORS["classifier"](epochs=40).fit(X, LABELS)
    assert found.classes_.tolist() == ["a", "b", "c"]
    assert found.predict(X[:5]).dtype == LABELS.dtype
    assert found.score(X, LABELS) > 0.9
    assert found.n_features_in_ == 4
    assert len(found.history_.history["loss"]) == 40


def test_a_regressor_learns_numbers():
    y = X @ np.array([1.0, 2.0, -1.0, 0.5])
    found = ESTIMATORS["regressor"](epochs=60).fit(X, y)
    assert found.predict(X).shape == (90,)
    assert found.score(X, y) > 0.9


def test_a_transformer_gives_the_outputs():
    found = ESTIMATORS["transformer"]().fit(X, X[:, 0])
    np.testing.assert_array_equal(found.transform(X), found.model_.predict(X, verbose=0))


def test_arguments_of_fit_come_before_those_given_earlier():
    found = ESTIMATORS["regressor"](epochs=3).fit(X, X[:, 0], epochs=2)
    assert len(found.history_.history["loss"]) == 2


def test_a_model_that_is_given_stays_as_it_is_unless_warm_start():
    model = network(X, X[:, :1])
    before = model.get_weights()
    found = SKLearnRegressor(model, fit_kwargs={"verbose": 0}).fit(X, X[:, 0])
    assert found.model_ is not model
    assert found.model_.optimizer is not model.optimizer
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs={"verbose": 0}).fit(X, X[:, 0])
    assert warm.model_ is model
    assert warm.fit(X, X[:, 0]).model_ is model


def test_cross_validation_search_and_pipelines():
    y = X @ np.array([1.0, 2.0, -1.0, 0.5])
    estimator = ESTIMATORS["regressor"](epochs=2)
    assert cross_val_score(estimator, X, y, cv=3).shape == (3,)
    grid = {"model_kwargs": [{"units": (4,)}, {"units": (8,)}]}
    assert GridSearchCV(estimator, grid, cv=2).fit(X, y).best_params_["model_kwargs"]
    assert make_pipeline(StandardScaler(), estimator).fit(X, y).predict(X).shape == (90,)
    assert clone(estimator).get_params() == estimator.get_params()


def test_a_fitted_estimator_is_pickled():
    found = ESTIMATORS["classifier"]().fit(X, LABELS)
    again = pickle.loads(pickle.dumps(found))
    assert again.predict(X).tolist() == found.predict(X).tolist()


def test_what_is_no_compiled_model_is_refused():
    row = keras.Sequential([keras.layers.Dense(1)])
    with pytest.raises(RuntimeError, match="compile"):
        SKLearnRegressor(row).fit(X, X[:, 0])
    with pytest.raises(RuntimeError, match="compile"):
        SKLearnRegressor(lambda X, y: row).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="compiled model"):
        SKLearnRegressor(3).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="must return"):
        SKLearnRegressor(lambda X, y: 3).fit(X, X[:, 0])
    with pytest.raises(NotFittedError):
        SKLearnRegressor(network).predict(X)
    with pytest.raises(ValueError, match="class"):
        ESTIMATORS["classifier"]().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="one class"):
        ESTIMATORS["classifier"]().fit(X, np.ones(90, int))


def test_importing_the_room_loads_no_scikit_learn():
    text = "import annette.wrappers, sys; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", text], check=True)


def test_without_scikit_learn_it_is_said_what_to_install():
    text = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import annette.wrappers\n"
        "try: annette.wrappers.SKLearnRegressor\n"
        "except ImportError as error: assert 'pip install' in str(error)\n"
        "else: raise SystemExit(1)"
    )
    subprocess.run([sys.executable, "-c", text], check=True)
