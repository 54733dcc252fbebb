"""Models as estimators of scikit-learn (``keras.wrappers``), which is imported with their use."""

from __future__ import annotations

from typing import Any

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'annette.wrappers' has no attribute {name!r}")
    from annette.wrappers.estimators import made

    globals()[name] = found = made(name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
