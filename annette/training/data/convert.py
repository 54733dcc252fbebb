"""What a user gives as data, made into arrays: every known kind, and one error for the rest."""

from __future__ import annotations

import numbers
import sys
from typing import Any

import numpy as np

from annette.graph import dtypes
from annette.utils import tree

_NUMERIC_KINDS = "biufc"
_KIND_MENDS = {
    "U": "strings",
    "S": "bytes strings",
    "T": "strings",
    "M": "dates",
    "m": "time differences",
    "V": "records with named fields",
}


class Leaf:
    """One array of the data, with what error messages want to know of it."""

    __slots__ = ("array", "columns", "label")

    def __init__(self, array: Any, label: str, columns: list[str] | None = None) -> None:
        self.array = array
        self.label = label
        self.columns = columns


class SparseRows:
    """A SciPy sparse matrix that gives dense rows when indexed; the whole is never made dense."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix.tocsr()
        self.shape: tuple[int, ...] = tuple(self.matrix.shape)
        self.ndim = 2
        self.dtype = np.dtype(self.matrix.dtype)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        return np.asarray(self.matrix[rows].toarray())


def batch_dtype(dtype: Any) -> str:
    """Return the dtype a batch has for data of `dtype`: floats ``floatx()``, others unchanged."""
    from annette import config

    dtype = np.dtype(dtype)
    name = dtypes.name_of(dtype)
    return config.floatx() if dtype.kind == "f" or name == "bfloat16" else name


def as_batch(array: np.ndarray) -> np.ndarray:
    """Return `array` as a step takes it: C-contiguous, native byte order, of `batch_dtype`."""
    wanted = dtypes.numpy_dtype(batch_dtype(array.dtype))
    with np.errstate(over="ignore"):  # a float64 too large becomes inf, which the checks report
        return np.ascontiguousarray(array, dtype=wanted)


def convert_structure(value: Any, label: str) -> Any:
    """Return `value` with each array-like in it a `Leaf`; Nones stay.

    Raises:
        ValueError: for anything that cannot be data, saying which part it is and the mend.
    """
    if value is None:
        return None
    if is_sparse(value):  # one of SciPy's kinds is a dict
        return as_leaf(value, label)
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        if len(value) == 0:
            raise ValueError(
                f"{label} is an empty {type(value).__name__}: there are no rows in it."
            )
        if _holds_scalars(value):
            return as_leaf(value, label)
        items = [convert_structure(v, f"{label}[{i}]") for i, v in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        if not value:
            raise ValueError(f"{label} is an empty dict: there are no arrays in it.")
        return {key: convert_structure(v, f"{label}[{key!r}]") for key, v in value.items()}
    if tree.is_nested(value):
        leaves = tree.flatten_with_path(value)
        made = [convert_structure(v, label + "".join(f"[{k!r}]" for k in p)) for p, v in leaves]
        return tree.pack_sequence_as(value, made)
    return as_leaf(value, label)


def as_leaf(value: Any, label: str) -> Leaf:
    """Return one array-like as a `Leaf`: at least 1-D and numeric, otherwise as the user gave it.

    Raises:
        ValueError: for strings, dates, objects that are no numbers, ragged lists, missing values.
    """
    columns: list[str] | None = None
    if is_frame(value):
        array, columns = _frame_array(value, label)
    elif is_series(value):
        array = _series_array(value, label)
    elif is_sparse(value):
        return Leaf(SparseRows(value), label)
    elif isinstance(value, np.ndarray):
        array = value
    elif type(value).__name__ == "DataFrame" and type(value).__module__.startswith("polars"):
        array, columns = _polars_array(value, label)
    elif isinstance(value, (list, tuple, range)):
        array = _list_array(value, label)
    else:
        array = _foreign_array(value, label)
    # A masked array cannot be there before its module is, which takes long to import.
    if "numpy.ma" in sys.modules and isinstance(array, np.ma.MaskedArray):
        if np.ma.is_masked(array):
            masked = int(np.ma.getmaskarray(array).sum())
            raise ValueError(
                f"{label} is a masked array with {masked} masked values. "
                "Fill them first, for instance with .filled(0)."
            )
        array = array.data
    array = _numeric(array, label)
    if array.ndim == 0:
        raise ValueError(
            f"{label} is the single number {array[()]!r}; an array with one row for each sample "
            "is expected."
        )
    return Leaf(array, label, columns)


def is_frame(value: Any) -> bool:
    """Say whether `value` is a pandas DataFrame, without importing pandas."""
    return _from_pandas(value, "DataFrame")


def is_series(value: Any) -> bool:
    """Say whether `value` is a pandas Series, without importing pandas."""
    return _from_pandas(value, "Series")


def is_sparse(value: Any) -> bool:
    """Say whether `value` is a SciPy sparse matrix or array, without importing SciPy."""
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "tocsr")


def is_array_like(value: Any) -> bool:
    """Say whether `value` is one array, of whatever library."""
    if isinstance(value, (str, bytes, dict, type)):
        return False
    return isinstance(value, np.ndarray) or hasattr(value, "__array__") or is_sparse(value)


def _from_pandas(value: Any, name: str) -> bool:
    return any(
        c.__name__ == name and c.__module__.startswith("pandas") for c in type(value).__mro__
    )


def _holds_scalars(value: Any) -> bool:
    """Say whether a list is an array written out in numbers (or strings), not several arrays."""
    while isinstance(value, (list, tuple, range)) and len(value):
        if value[0] is None:
            return not any(is_array_like(v) or isinstance(v, (list, tuple, dict)) for v in value)
        value = value[0]
    return isinstance(value, (numbers.Number, np.generic, str, bytes))


def _list_array(value: Any, label: str) -> np.ndarray:
    try:
        return np.array(value)
    except ValueError:
        raise _ragged(value, label) from None


def _ragged(value: Any, label: str) -> ValueError:
    lengths = [len(row) if hasattr(row, "__len__") else None for row in value]
    odd = next((i for i, n in enumerate(lengths) if n != lengths[0]), None)
    if odd is None:
        detail = "its rows have different shapes further in"
    else:
        first, other = (
            "is a single number" if lengths[i] is None else f"has {lengths[i]} values"
            for i in (0, odd)
        )
        detail = f"row 0 {first}, row {odd} {other}"
    return ValueError(
        f"{label} is ragged: {detail}. All rows need the same length; "
        "annette.utils.pad_sequences makes sequences equally long."
    )


def _foreign_array(value: Any, label: str) -> np.ndarray:
    """Return an array of another library (PyTorch, JAX, TensorFlow, polars) as NumPy's."""
    if isinstance(value, (str, bytes, type)) or not is_array_like(value):
        hint = _foreign_hint(value)
        if isinstance(value, str):
            hint = " A file is read first, for instance with numpy.load or pandas.read_csv."
        elif isinstance(value, (numbers.Number, np.generic)):
            hint = " One sample is still an array with one row: numpy.array([[...]])."
        raise ValueError(
            f"{label} must be an array (or a list, tuple or dict of arrays), a pandas frame, "
            f"a generator or a PyDataset; it got {_short(value)} of type "
            f"{type(value).__name__}.{hint}"
        )
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # PyTorch: off the graph, off the GPU
        value = value.detach().cpu()
        if str(getattr(value, "dtype", "")) == "torch.bfloat16":
            value = value.float()
    return np.asarray(value)


def _foreign_hint(value: Any) -> str:
    if type(value).__module__.startswith("polars") and hasattr(value, "collect"):
        return " Write .collect() after the query."
    if hasattr(value, "__getitem__") and hasattr(value, "__len__"):
        return (
            " Of a dataset of samples, a loader makes batches, such as torch.utils.data.DataLoader."
        )
    return ""


def _numeric(array: np.ndarray, label: str) -> np.ndarray:
    kind = array.dtype.kind
    if kind in _NUMERIC_KINDS or array.dtype.name == "bfloat16":
        if array.dtype.name in ("float128", "longdouble", "float96", "complex256"):
            return array.astype(np.complex128 if kind == "c" else np.float64)
        return array
    if kind == "O":
        return _from_objects(array, label)
    what = _KIND_MENDS.get(kind, f"values of dtype {array.dtype}")
    if kind in "UST":
        example = f" (the first is {array.reshape(-1)[:1].tolist()[0]!r})" if array.size else ""
        mend = (
            "A network takes numbers: number the categories, for instance with "
            "numpy.unique(..., return_inverse=True), convert figures with .astype('float32'), or "
            "give fit what a TextVectorization or StringLookup layer makes of them"
        )
        raise ValueError(f"{label} holds {what}{example}. {mend}.")
    mend = (
        "numpy.lib.recfunctions.structured_to_unstructured makes a plain array of them"
        if kind == "V"
        else "Turn them into numbers first, for instance days since the first one"
    )
    raise ValueError(f"{label} holds {what} (dtype {array.dtype}). {mend}.")


def _from_objects(array: np.ndarray, label: str) -> np.ndarray:
    """Return an object array as a numeric one, where its elements are numbers or equal arrays."""
    if array.size == 0:
        return np.zeros(array.shape, "float32")
    items = array.reshape(-1).tolist()
    missing = [i for i, v in enumerate(items) if v is None]
    if missing:
        row = missing[0] // max(1, array.size // array.shape[0]) if array.ndim else 0
        raise ValueError(
            f"{label} has {len(missing)} missing values (None), the first in row {row}. "
            "Fill them or drop those rows."
        )
    try:
        made = np.array(items)
    except ValueError:
        raise _ragged(items, label) from None
    if made.dtype.kind == "O":
        from decimal import Decimal

        odd = next((v for v in items if not isinstance(v, (numbers.Real, Decimal))), None)
        if odd is not None:
            raise ValueError(
                f"{label} has dtype object and holds {_short(odd)} of type {type(odd).__name__}. "
                "Arrays of numbers are expected."
            )
        made = np.array([float(v) for v in items])
    if made.dtype.kind not in _NUMERIC_KINDS:
        return _numeric(made, label)
    return made.reshape(array.shape + made.shape[1:])


def _frame_array(frame: Any, label: str) -> tuple[np.ndarray, list[str]]:
    """Return a DataFrame's values and its columns' names."""
    names = [str(name) for name in frame.columns]
    odd = [n for n, d in zip(names, frame.dtypes, strict=True) if not _is_numeric_dtype(d)]
    columns = [frame.iloc[:, i] for i in range(len(names))]
    odd = [n for n in odd if not _numbers_in(columns[names.index(n)])]
    if odd:
        raise ValueError(
            f"{label}: {_columns(odd)} of the frame must be numeric. "
            "Drop them or turn them into numbers, for instance with pandas.get_dummies(frame)."
        )
    missing = {n: int(c.isna().sum()) for n, c in zip(names, columns, strict=True)}
    missing = {n: count for n, count in missing.items() if count}
    if missing:
        counts = ", ".join(f"{n!r} ({count})" for n, count in list(missing.items())[:8])
        more = f" and {len(missing) - 8} more columns" if len(missing) > 8 else ""
        raise ValueError(
            f"{label}: the frame has missing values in {counts}{more}. "
            "Fill them with frame.fillna(...) or drop those rows with frame.dropna()."
        )
    if not columns:
        raise ValueError(f"{label} is a frame without columns.")
    kinds = [_numpy_dtype(c) for c in columns]
    if all(kind == kinds[0] for kind in kinds) and kinds[0] == frame.dtypes.iloc[0]:
        return frame.to_numpy(), names
    return np.column_stack([c.to_numpy(dtype=np.result_type(*kinds)) for c in columns]), names


def _polars_array(frame: Any, label: str) -> tuple[np.ndarray, list[str]]:
    """Return a polars frame's values and its columns' names."""
    odd = [
        str(name)
        for name, kind in zip(frame.columns, frame.dtypes, strict=True)
        if not (kind.is_numeric() or str(kind) == "Boolean")
    ]
    if odd:
        raise ValueError(
            f"{label}: {_columns(odd)} of the frame must be numeric. "
            "Drop them or turn them into numbers, for instance with frame.to_dummies()."
        )
    return np.asarray(frame), [str(name) for name in frame.columns]


def _series_array(series: Any, label: str) -> np.ndarray:
    """Return a Series as a column, as Keras does."""
    name = f"{label} (the column {series.name!r})" if series.name is not None else label
    if not _is_numeric_dtype(series.dtype) and not _numbers_in(series):
        raise ValueError(
            f"{name} is not numeric (dtype {series.dtype}). Number its categories, for instance "
            "with pandas.factorize(column)[0]."
        )
    missing = int(series.isna().sum())
    if missing:
        raise ValueError(
            f"{name} has {missing} missing values. Fill them with .fillna(...) or drop those rows."
        )
    return np.asarray(series.to_numpy(dtype=_numpy_dtype(series)))[:, None]


def _is_numeric_dtype(dtype: Any) -> bool:
    if isinstance(dtype, np.dtype):
        return dtype.kind in _NUMERIC_KINDS
    return getattr(dtype, "kind", "O") in _NUMERIC_KINDS and dtype.name != "category"


def _numbers_in(column: Any) -> bool:
    """Say whether a column of dtype object holds numbers only (or nothing) all the same."""
    if getattr(column.dtype, "kind", "") != "O" or column.dtype.name != "object":
        return False
    return all(isinstance(v, numbers.Number) or v is None for v in column)


def _numpy_dtype(column: Any) -> np.dtype[Any]:
    if isinstance(column.dtype, np.dtype):
        return np.dtype("float64" if column.dtype.kind == "O" else column.dtype)
    held = getattr(column.dtype, "subtype", None)  # pandas's sparse columns, its nullable types
    kind: np.dtype[Any] = np.dtype(column.dtype.numpy_dtype if held is None else held)
    return kind


def _columns(names: list[str]) -> str:
    shown = ", ".join(repr(n) for n in names[:8])
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"the column{'s' if len(names) > 1 else ''} {shown}{more}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
