"""Golden cases: the dtype that every operation, layer, loss and metric gives for each dtype it gets.

Zeros stand for the values, so that shape and dtype alone are compared; what Keras itself refuses is
noted as a string and free in annette.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import add_case
from .cases_gradients import leaves
from .cases_layers import LAYERS, MERGING, A
from .cases_losses import LOSSES, Y
from .cases_metrics import METRICS, REQUIRED
from .cases_ops import CALLS, Call, calls
from .cases_ops_dtypes import BINARY, DTYPES, UNARY, _try
from .cases_shaping import LAYERS as SHAPING, NOISE

WHOLE = ("bool", "uint8", "int32", "int64")
# Left out: what Keras's backends give different dtypes, or the dtype of a detour that they take.
UNSURE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("i0", "heaviside", "corrcoef", "soft_shrink", "batch_normalization", "correlate"),
        ("int64",),
    ),
    **dict.fromkeys(
        (
            "clip",
            "select",
            "layer_normalization",
            "rms_normalization",
            "hard_tanh",
            "view_as_real",
            "dot_product_attention",
        ),
        WHOLE,
    ),
    **dict.fromkeys(("vander", "top_k", "inv", "solve"), ("bool",)),
    "bincount": DTYPES[4:],
    "histogram": ("int64", "float64"),
    **dict.fromkeys(("stack", "moments"), ("int64",)),
    "rfft": ("float16", "float64"),
    "unravel_index": ("int64", *DTYPES[4:]),
    "sparse_categorical_crossentropy": ("float16",),
    "view_as_complex": ("float64",),
}
# Operations whose result dtype has no case here, and why.
WITHOUT_WIDTHS = {
    **dict.fromkeys("dtype is_tensor ndim shape size".split(), "no arrays come out"),
    **dict.fromkeys(
        (
            "arange bartlett blackman empty eye geomspace hamming hanning identity kaiser logspace ones tri zeros"
        ).split(),
        "made of plain numbers",
    ),
    "empty_like": "its dtype is that of zeros_like",
    "custom_gradient": "it gives what its function gives",
    "jvp": "the dtypes are those of its function",
    **dict.fromkeys(
        "associative_scan cond fori_loop map scan switch vectorize vectorized_map while_loop".split(),
        "the dtypes are those of their functions",
    ),
    **dict.fromkeys((*UNARY, *BINARY), "swept with its values in cases_ops_dtypes.py"),
}


def hollow(k: Any, value: Any) -> Any:
    """Zeros of the shapes and dtypes of a result."""
    found = []
    for y in leaves(value):
        y = np.asarray(k.ops.convert_to_numpy(y))
        found.append(np.zeros(y.shape, y.dtype))
    return found if len(found) > 1 else found[0]


def first_with_arrays(name: str) -> Call | None:
    """The first call in the tables with an array that is not empty."""
    for call in calls(name):
        if any(x.size for x in leaves(list(call.args)) if isinstance(x, np.ndarray)):
            return call
    return None


def cast(args: Any, dtype: str) -> Any:
    """The arguments with their floating arrays in another dtype, or all if none is floating."""
    arrays = [x for x in leaves(list(args)) if isinstance(x, np.ndarray)]
    floating = any(x.dtype.kind == "f" for x in arrays)

    def changed(a: Any) -> Any:
        if type(a) in (list, tuple):
            return type(a)(changed(item) for item in a)
        moves = isinstance(a, np.ndarray) and (a.dtype.kind == "f" or not floating)
        return np.abs(a).astype(dtype) if moves else a

    return changed(args)


def _operation(name: str, call: Call) -> Callable[[Any], Any]:
    def run(k: Any) -> Any:
        function = getattr(k.ops, name)
        return {
            dtype: _try(
                lambda dtype=dtype: hollow(k, function(*cast(call.args, dtype), **call.kwargs))
            )
            for dtype in DTYPES
            if dtype not in UNSURE.get(name, ())
        }

    return run


for _name in list(CALLS):
    _call = first_with_arrays(_name)
    if _call is not None and _name not in WITHOUT_WIDTHS:
        add_case("ops_widths", _name, _operation(_name, _call))

_SOUND = np.diag([1.0, 2, 3]) + 0.1
_PARTS = {
    "eigh": lambda k, x: k.ops.eigh(x),
    "qr": lambda k, x: k.ops.qr(x),
    "svd": lambda k, x: k.ops.svd(x),
    "eig": lambda k, x: k.ops.eig(x),
    "istft": lambda k, x: k.ops.istft([k.ops.tile(x, (2, 2))[:, :5]] * 2, 6, 2, 8),
}


def _decomposed(name: str, make: Any) -> Callable[[Any], Any]:
    return lambda k: {
        dtype: _try(lambda dtype=dtype: hollow(k, make(k, _SOUND.astype(dtype))))
        for dtype in ("float32", "float64")
        if (name, dtype) != ("istft", "float64")  # TensorFlow's is float32
    }


for _name, _make in _PARTS.items():
    add_case("ops_widths", _name, _decomposed(_name, _make))

# --- layers, losses, metrics ----------------------------------------------------------------------

POLICIES = ("float16", "mixed_float16")


def _name_of(k: Any, value: Any) -> str:
    return str(k.ops.convert_to_tensor(value).dtype).replace("<dtype: '", "").replace("'>", "")


def _layer(name: str, kwargs: dict[str, Any], x: Any, policy: str) -> Callable[[Any], Any]:
    def run(k: Any) -> Any:
        given = dict(kwargs)
        if name == "SpectralNormalization":
            given["layer"] = k.layers.Dense(2, dtype=policy)
        layer = getattr(k.layers, name)(**given, dtype=policy)
        y = layer(x)
        weights = sorted({str(w.dtype) for w in layer.weights if "seed" not in w.name})
        return [_name_of(k, y), layer.compute_dtype, layer.variable_dtype, weights]

    return run


_ONE = {name: variants[0] for name, variants in {**LAYERS, **SHAPING}.items()}
_ONE |= {name: (variants[0][0], variants[0][1]) for name, variants in MERGING.items()}
_ONE |= {
    name: (variants[0], np.ones((2, 3, 4, 2, 2)[: {"1": 3, "2": 4, "3": 5}.get(name[-2], 2)], "float32"))
    for name, variants in NOISE.items()
}  # fmt: skip
_ONE["SpectralNormalization"] = ({}, A)
_ONE["Lambda"] = ({"function": lambda x: x * 2.0}, A)
_ONE["Dropout"] = ({"rate": 0.5}, A)
_ONE["Dot"] = ({"axes": 1}, [A, A])
for _name, (_kwargs, _x) in _ONE.items():
    for _policy in POLICIES:
        _run = _layer(_name, _kwargs, _x, _policy)
        add_case("widths", f"layers.{_name} {_policy}", _run, json=True)


def _loss(name: str, data: str, kwargs: dict[str, Any]) -> Callable[[Any], Any]:
    y_true, y_pred = Y[data]

    def run(k: Any) -> Any:
        made = getattr(k.losses, name)
        found = {
            p: _name_of(k, made(**kwargs, dtype=p)(y_true, y_pred)) for p in ("float16", "float32")
        }
        found["plain"] = _name_of(k, made(**kwargs)(y_true, y_pred.astype("float16")))
        function = getattr(k.losses, LOSSES[name][0])
        for dtype in ("float16", "float32"):
            if name == "SparseCategoricalCrossentropy" and dtype == "float16":
                continue  # float32 by the way of Keras's one-hot rows, on one backend
            given = y_true if y_true.dtype.kind == "i" else y_true.astype(dtype)
            found[dtype] = _name_of(k, function(given, y_pred.astype(dtype), **kwargs))
        return found

    return run


for _name, (_, _variants) in LOSSES.items():
    add_case("widths", f"losses.{_name}", _loss(_name, *_variants[0]), json=True)


def _plain(i: int) -> tuple[Any, Any]:
    return np.arange(3, dtype="float32"), np.ones(3, "float32")


def _metric(name: str, data: Any, kwargs: dict[str, Any]) -> Callable[[Any], Any]:
    def run(k: Any) -> Any:
        found = {}
        for dtype in ("float32", "float16"):
            metric = getattr(k.metrics, name)(
                **{**REQUIRED.get(name, {}), **kwargs, "dtype": dtype}
            )
            y_true, y_pred = data(0)
            metric.update_state(y_true, y_pred.astype("float32"))
            found[dtype] = [_name_of(k, metric.result()), [str(v.dtype) for v in metric.variables]]
        return found

    return run


for _name, _variants in {**METRICS, **{n: [(_plain, {})] for n in ("Mean", "Sum")}}.items():
    add_case("widths", f"metrics.{_name}", _metric(_name, *_variants[0]), json=True)
