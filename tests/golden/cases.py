"""What a golden case is: a named call on a namespace `k`.

`k` is real Keras for the maker and annette in the tests. The tables live in the `cases_*.py` files
beside this one; `load_all()` reads them. A case returns arrays (nested in tuples, lists and dicts as
it likes) or, with `json=True`, anything JSON can hold after `plain()`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

TABLES = (
    "cases_functions",
    "cases_losses",
    "cases_metrics",
    "cases_optimizers",
    "cases_layers",
    "cases_preprocessing",
    "cases_shaping",
    "cases_convolution",
    "cases_recurrent",
    "cases_models",
    "cases_histories",
    "cases_configs",
    "cases_ops",
    "cases_ops_nn",
    "cases_ops_dtypes",
    "cases_ops_linalg",
    "cases_half",
    "cases_random",
    "cases_edges",
    "cases_gradients",
    "cases_attention",
    "cases_widths",
    "cases_images",
)


@dataclass(frozen=True)
class Case:
    """One golden case; `tolerance` names an entry of `tests.tolerances.TOLERANCES`."""

    kind: str
    name: str
    run: Callable[[Any], Any]
    json: bool
    tolerance: str


CASES: dict[str, Case] = {}


def add_case(
    kind: str,
    name: str,
    run: Callable[[Any], Any],
    *,
    json: bool = False,
    tolerance: str = "values",
) -> None:
    """Register a case under the id `kind/name`, numbering a name that is used again."""
    key, count = f"{kind}/{name}", 1
    while key in CASES:
        count += 1
        key = f"{kind}/{name}#{count}"
    CASES[key] = Case(kind, key.partition("/")[2], run, json, tolerance)


def case(
    kind: str, name: str | None = None, *, json: bool = False, tolerance: str = "values"
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Decorator form of `add_case`; the function's name serves where none is given."""

    def register(run: Callable[[Any], Any]) -> Callable[[Any], Any]:
        add_case(kind, name or run.__name__.strip("_"), run, json=json, tolerance=tolerance)
        return run

    return register


def load_all() -> dict[str, Case]:
    """Read every table once and return all cases by id."""
    for table in TABLES:
        importlib.import_module(f"{__package__}.{table}")
    return CASES


class Namespace:
    """A view of a module that notes which public names a case uses, as `losses.Huber`."""

    def __init__(self, module: Any, used: set[str], path: str = "") -> None:
        self._module, self._used, self._path = module, used, path

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        if isinstance(value, ModuleType):
            return Namespace(value, self._used, f"{self._path}{name}.")
        self._used.add(self._path + name)
        return value


def run_case(case: Case, module: Any, used: set[str] | None = None) -> Any:
    """Run one case from a cleared session and give its flat result: {path: array} or plain JSON."""
    module.utils.clear_session(free_memory=False)
    module.utils.set_random_seed(1234)
    result = case.run(Namespace(module, set() if used is None else used))
    return plain(result) if case.json else flatten(result)


# --- inputs ---------------------------------------------------------------------------------------


def uniform(
    *shape: int, seed: int = 0, low: float = -1.0, high: float = 1.0, dtype: str = "float32"
) -> np.ndarray:
    """Numbers in [low, high) from integer arithmetic alone (splitmix64): equal on every machine."""
    count = int(np.prod(shape, dtype=np.int64))
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed * 1_000_003)
        z = z * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    unit = (z >> np.uint64(40)).astype(np.float64) / 2.0**24
    return (low + (high - low) * unit).reshape(shape).astype(dtype)


def integers(
    *shape: int, seed: int = 0, low: int = 0, high: int = 10, dtype: str = "int32"
) -> np.ndarray:
    """Whole numbers in [low, high), by the same arithmetic."""
    return np.floor(uniform(*shape, seed=seed, low=low, high=high, dtype="float64")).astype(dtype)


def probabilities(*shape: int, seed: int = 0) -> np.ndarray:
    """Rows over the last axis that are positive and sum to one."""
    raw = uniform(*shape, seed=seed, low=0.05, high=1.0, dtype="float64")
    return (raw / raw.sum(-1, keepdims=True)).astype("float32")


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Rows of the identity matrix picked by `labels`."""
    return np.eye(classes, dtype="float32")[labels]


# --- results --------------------------------------------------------------------------------------


def to_numpy(value: Any) -> np.ndarray:
    """An array of a result leaf: a tensor of any library, a variable, or a Python number."""
    if hasattr(value, "numpy") and not isinstance(value, np.ndarray):
        value = value.numpy()
    array = np.asarray(value)
    return array.view(np.ndarray) if isinstance(array, np.ndarray) else np.asarray(array)


def flatten(value: Any, path: str = "") -> dict[str, Any]:
    """{path: array} of a nested result; strings (a refusal noted by a sweep) stay strings."""
    if isinstance(value, dict):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return {path: value if isinstance(value, str) else to_numpy(value)}
    flat: dict[str, Any] = {}
    for key, item in items:
        flat.update(flatten(item, f"{path}.{key}" if path else key))
    return flat


def plain(value: Any) -> Any:
    """The value in JSON's own types: tuples and arrays as lists, NumPy scalars as Python's."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    if isinstance(value, str):
        return str(value)  # NumPy's own kind of text too
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, type):
        return value.__name__
    array = to_numpy(value)
    if array.dtype == object:
        raise TypeError(f"a JSON case returned {type(value).__name__}, which JSON cannot hold")
    return array.tolist()
