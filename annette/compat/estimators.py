"""`keras.wrappers.scikit_learn`: `KerasClassifier` and `KerasRegressor` around a `build_fn`."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

__all__ = ["KerasClassifier", "KerasRegressor"]

_FIT = "fit evaluate predict".split()


class _Wrapper:
    """A function that builds a compiled model, with scikit-learn's `fit` and `score`.

    Args:
        build_fn: the function, an object that can be called, or None for a subclass that has
            ``__call__``.
        sk_params: its arguments, and those of `fit` and `predict` (epochs, batch_size, ...).
    """

    _estimator_type: str | None = None

    def __init__(self, build_fn: Any = None, **sk_params: Any) -> None:
        if build_fn is None and "model" in sk_params:
            build_fn = sk_params.pop("model")
        self.build_fn = build_fn
        self.sk_params = sk_params
        self._check(sk_params)

    def _check(self, given: dict[str, Any]) -> None:
        from annette import Model

        known = {"nb_epoch", *_arguments(self._builder())}
        for name in _FIT:
            known |= _arguments(getattr(Model, name))
        wrong = sorted(set(given) - known)
        if wrong and not _takes_any(self._builder()):
            raise ValueError(
                f"{type(self).__name__} got {wrong[0]!r}, which is an argument neither of its "
                f"build_fn nor of fit, evaluate or predict. build_fn takes: "
                f"{', '.join(sorted(_arguments(self._builder()))) or 'none'}."
            )

    def _builder(self) -> Any:
        if self.build_fn is not None:
            return self.build_fn
        if not callable(self):
            raise ValueError(
                f"{type(self).__name__} needs build_fn: a function that returns a compiled model."
            )
        return type(self).__call__

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn (1.6 or newer) asks an estimator about itself."""
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        kind = self._estimator_type
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if kind == "classifier" else None,
            regressor_tags=RegressorTags() if kind == "regressor" else None,
        )

    def get_params(self, **params: Any) -> dict[str, Any]:
        """Return the arguments, and `build_fn`."""
        return {**copy.deepcopy(self.sk_params), "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Change arguments; return the wrapper."""
        if "build_fn" in params:
            self.build_fn = params.pop("build_fn")
        self._check(params)
        self.sk_params.update(params)
        return self

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build the model, train it on `x` and `y`, and return its `History`."""
        from annette.utils import to_categorical

        given = self._given(self._builder())
        self.model = self.build_fn(**given) if self.build_fn is not None else self(**given)  # type: ignore[operator]  # a subclass with __call__
        loss = getattr(self.model.loss, "__name__", self.model.loss)
        if loss == "categorical_crossentropy" and np.ndim(y) != 2:
            y = to_categorical(y)
        return self.model.fit(x, y, **self._given(type(self.model).fit, kwargs))

    def _given(self, function: Any, override: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the arguments that are meant for `function`."""
        params = {"epochs" if k == "nb_epoch" else k: v for k, v in self.sk_params.items()}
        takes = _arguments(function)
        found = {k: v for k, v in params.items() if k in takes}
        return {**found, **(override or {})}

    def _predicted(self, x: Any, kwargs: dict[str, Any]) -> np.ndarray:
        found: np.ndarray = self.model.predict(
            x, **{"verbose": 0, **self._given(type(self.model).predict, kwargs)}
        )
        return found


class KerasClassifier(_Wrapper):
    """A classifier: `predict` gives classes, `score` the accuracy."""

    _estimator_type = "classifier"

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build and train the model; `y` are classes (n,), or a row a sample (n, classes).

        Raises:
            ValueError: for targets of another shape.
        """
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_, y = np.unique(y, return_inverse=True)
            y = y.reshape(-1)
        else:
            raise ValueError(f"y must have shape (n,) or (n, classes); it has {y.shape}.")
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the class of each row."""
        found = self._predicted(x, kwargs)
        several = found.shape[-1] > 1
        places = found.argmax(axis=-1) if several else (found > 0.5).astype("int32")
        classes: np.ndarray = self.classes_[places]
        return classes

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the chance of each class (n, classes)."""
        found = self._predicted(x, kwargs)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the share of rows whose class is right."""
        y = np.asarray(y)
        true = self.classes_[y.argmax(axis=-1)] if y.ndim == 2 and y.shape[1] > 1 else y.reshape(-1)
        kwargs.pop("sample_weight", None)
        return float(np.mean(self.predict(x, **kwargs).reshape(-1) == true))


class KerasRegressor(_Wrapper):
    """A regressor: `predict` gives values, `score` the loss with its sign turned."""

    _estimator_type = "regressor"

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """Return the value of each row."""
        return np.squeeze(self._predicted(x, kwargs))

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Return the loss with its sign turned: more is better."""
        given = self._given(type(self.model).evaluate, kwargs)
        loss = self.model.evaluate(x, y, **{"verbose": 0, **given})
        return -float(loss[0] if isinstance(loss, list) else loss)


def _arguments(function: Any) -> set[str]:
    """Return the names that a function takes, itself left out."""
    taken = inspect.signature(inspect.unwrap(function)).parameters
    return {
        name
        for name, p in taken.items()
        if name != "self" and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }


def _takes_any(function: Any) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values())
