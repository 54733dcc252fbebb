"""What the estimators do. The classes are put together with scikit-learn's when asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.models import Model, clone_model
from annette.utils import tree


class Estimator:
    """A model with scikit-learn's `fit`.

    Args:
        model: a compiled model, which is cloned before it is fitted, or a function
            ``model(X, y, **model_kwargs)`` that returns one.
        warm_start: whether `fit` goes on with the weights of the last `fit` (or of the model that
            was given) instead of beginning anew.
        model_kwargs: further arguments for the function.
        fit_kwargs: arguments for ``Model.fit``; those given to `fit` itself come first.

    Attributes:
        model_: the fitted model.
        history_: the `History` of its training.
        n_features_in_: how many features the rows have.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Train on rows `X` (n, features) and targets `y` (n,); return the estimator.

        Raises:
            RuntimeError: if the model is not compiled.
            TypeError: if `model` is neither a model nor a function that returns one.
            ValueError: if the data cannot be used.
        """
        from sklearn.utils.validation import validate_data

        X, y = validate_data(self, X, y, accept_sparse=False, y_numeric=self._numeric)
        y = self._target(y)
        self.model_ = self._ready(X, y)
        self.history_ = self.model_.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        return self

    _numeric = False  # whether targets must be numbers

    def _target(self, y: np.ndarray) -> np.ndarray:
        return y.reshape(-1, 1)

    def _outputs(self, X: Any) -> np.ndarray:
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=False, reset=False)
        found: np.ndarray = self.model_.predict(X, verbose=0)
        return found

    def _ready(self, X: np.ndarray, y: np.ndarray) -> Any:
        """Return the model to train: the last one, a clone of the given one, or a new one."""
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            _check_compiled(self.model)
            return self.model if self.warm_start else _compiled_clone(self.model)
        if not callable(self.model):
            raise TypeError(
                f"{type(self).__name__} expects a compiled model or a function that returns one "
                f"as model; it got {self.model!r} of type {type(self.model).__name__}."
            )
        found = self.model(X=X, y=y, **(self.model_kwargs or {}))
        if not isinstance(found, Model):
            raise TypeError(
                "The function given as model must return a compiled model; it returned "
                f"{found!r} of type {type(found).__name__}."
            )
        _check_compiled(found)
        return found

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of BaseEstimator, joined later
        tags.non_deterministic = True
        return tags


class Classifier(Estimator):
    """A model as a classifier: trained on one-hot targets, it predicts classes.

    ``predict(x) = classes_[argmax f(x)]``; the model needs an output for each class.

    Attributes:
        classes_: the classes, sorted.
    """

    classes_: np.ndarray

    def predict(self, X: Any) -> np.ndarray:
        """Return the class of each row, (n,)."""
        chosen = np.argmax(self._outputs(X), axis=-1)
        found: np.ndarray = self.classes_[chosen]
        return found

    def _target(self, y: np.ndarray) -> np.ndarray:
        from sklearn.utils.multiclass import check_classification_targets

        check_classification_targets(y)
        if self.warm_start and hasattr(self, "model_") and hasattr(self, "classes_"):
            unknown = np.setdiff1d(y, self.classes_)
            if len(unknown):
                raise ValueError(
                    f"fit with warm_start=True goes on with the classes {self.classes_.tolist()}; "
                    f"y holds others: {unknown.tolist()}."
                )
            places = np.searchsorted(self.classes_, y)
        else:
            self.classes_, places = np.unique(y, return_inverse=True)
            if len(self.classes_) < 2:
                raise ValueError(
                    f"A classifier needs targets of at least two classes; y holds one class only, "
                    f"{self.classes_.tolist()}."
                )
        return np.eye(len(self.classes_))[places]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # a network of any kind, trained for any time
        return tags


class Regressor(Estimator):
    """A model as a regressor: trained on targets (n, 1), it predicts (n,)."""

    _numeric = True

    def predict(self, X: Any) -> np.ndarray:
        """Return the value for each row, (n,)."""
        outputs = self._outputs(X)
        if outputs.ndim == 2 and outputs.shape[1] == 1:
            return outputs[:, 0]
        return outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # a network of any kind, trained for any time
        return tags


class Transformer(Estimator):
    """A model as a transformer, a step of a pipeline: it gives the model's outputs."""

    def transform(self, X: Any) -> np.ndarray:
        """Return the model's outputs for the rows."""
        return self._outputs(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        tags.target_tags.required = True
        return tags


def made(name: str) -> type:
    """Return the class of this name, made of ours and scikit-learn's.

    Raises:
        ImportError: if scikit-learn 1.6 or newer is not installed.
    """
    try:
        from sklearn import base
        from sklearn.utils.validation import validate_data  # noqa: F401  # new in 1.6
    except ImportError as error:
        raise ImportError(
            f"{name} needs scikit-learn 1.6 or newer. Install it: pip install 'scikit-learn>=1.6'"
        ) from error
    own, mixin = {
        "SKLearnClassifier": (Classifier, base.ClassifierMixin),
        "SKLearnRegressor": (Regressor, base.RegressorMixin),
        "SKLearnTransformer": (Transformer, base.TransformerMixin),
    }[name]
    text = f"{own.__doc__}\n{Estimator.__doc__}"
    room = {"__doc__": text, "__module__": "annette.wrappers"}
    return type(name, (own, mixin, base.BaseEstimator), room)


def _check_compiled(model: Any) -> None:
    if not model.compiled or model.optimizer is None or model.loss is None:
        raise RuntimeError(
            f"Model '{model.name}' must be compiled with a loss and an optimizer before it can be "
            "fitted: model.compile(optimizer=..., loss=...)."
        )


def _compiled_clone(model: Any) -> Any:
    """Return a clone with new weights, compiled alike with an optimizer and metrics of its own."""
    clone = clone_model(model)

    def anew(x: Any) -> Any:
        stateful = hasattr(x, "get_config") and hasattr(type(x), "from_config")
        return type(x).from_config(x.get_config()) if stateful else x

    clone.compile(**{k: tree.map_structure(anew, v) for k, v in model._compile_config.items()})
    return clone
