"""Golden cases: the dtype that comes out for each dtype, or pair of dtypes, that goes in.

What Keras itself refuses is noted as a string in the golden file and free in annette.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case

DTYPES = ("bool", "uint8", "int32", "int64", "float16", "float32", "float64")
OPERANDS: dict[str, Any] = {dtype: np.array([1, 0, 1], dtype) for dtype in DTYPES}
OPERANDS |= {dtype: np.array([1, 2, 3], dtype) for dtype in DTYPES if dtype != "bool"}
OPERANDS |= {"python bool": True, "python int": 2, "python float": 2.0}

UNARY = (
    "abs absolute negative sign square sqrt exp exp2 expm1 log log1p log2 log10 sin cos tan tanh sinh cosh arcsin arctan "
    "arcsinh floor ceil round trunc reciprocal isnan isfinite logical_not cbrt deg2rad rad2deg signbit sum mean prod max min "
    "std var all any argmax argmin cumsum cumprod median sort argsort zeros_like ones_like transpose flip diff ptp "
    "count_nonzero diag tril nan_to_num copy ravel average relu sigmoid softplus softmax log_softmax gelu silu elu selu "
    "leaky_relu hard_sigmoid softsign relu6 logsumexp erf rsqrt norm array convert_to_tensor trace "
    "nansum nanmean nanmax stop_gradient conj real imag fabs sinc"
).split()
BINARY = (
    "add subtract multiply divide true_divide power floor_divide mod maximum minimum arctan2 equal less logical_and "
    "divide_no_nan matmul dot outer inner hypot logaddexp fmod"
).split()
MATRIX_ONLY = {"trace", "tril"}
# Left out: Keras overflows in uint8, or its backends and its symbolic shapes name different dtypes.
UNSURE = {(name, "uint8") for name in ("softmax", "log_softmax", "relu6")} | {
    ("relu", "bool"),
    ("relu6", "bool"),
    ("relu6", "int32"),
    ("relu6", "int64"),
}
UNSURE_PAIRS = {
    ("power", left, right) for left in ("bool", "python bool") for right in ("bool", "python bool")
}
NO_ZERO = {"floor_divide", "mod", "fmod"}


def _try(call: Any) -> Any:
    try:
        return call()
    except Exception as error:
        return f"refused: {type(error).__name__}: {str(error)[:80]}".splitlines()[0]


def _unary(name: str) -> Any:
    def run(k: Any) -> Any:
        function = getattr(k.ops, name)
        found = {}
        for label in DTYPES:
            if (name, label) in UNSURE:
                continue
            x = np.diag(OPERANDS[label]) if name in MATRIX_ONLY else OPERANDS[label]
            found[label] = _try(lambda x=x: function(x))
        return found

    return run


def _binary(name: str, left: str) -> Any:
    def run(k: Any) -> Any:
        function = getattr(k.ops, name)
        found = {}
        for right, y in OPERANDS.items():
            if (name, left, right) not in UNSURE_PAIRS:
                y = np.ones(3, "bool") if name in NO_ZERO and right == "bool" else y
                found[right] = _try(lambda y=y: function(OPERANDS[left], y))
        return found

    return run


for _name in UNARY:
    add_case("ops_dtypes", _name, _unary(_name), tolerance="approximate")
for _name in BINARY:
    for _left in OPERANDS:
        add_case(
            "ops_dtypes", f"{_name}({_left}, ...)", _binary(_name, _left), tolerance="approximate"
        )


def _where(left: str) -> Any:
    def run(k: Any) -> Any:
        condition = np.array([True, False, True])
        return {
            right: _try(lambda right=right: k.ops.where(condition, OPERANDS[left], OPERANDS[right]))
            for right in OPERANDS
        }

    return run


def _join(name: str, left: str) -> Any:
    def run(k: Any) -> Any:
        function, tensor = getattr(k.ops, name), k.ops.convert_to_tensor
        return {
            right: _try(
                lambda right=right: function([tensor(OPERANDS[left]), tensor(OPERANDS[right])])
            )
            for right in DTYPES
        }

    return run


for _left in OPERANDS:
    add_case("ops_dtypes", f"where({_left}, ...)", _where(_left))
for _left in DTYPES:
    for _name in ("concatenate", "stack"):
        add_case("ops_dtypes", f"{_name}({_left}, ...)", _join(_name, _left))
    add_case(
        "ops_dtypes",
        f"cast({_left}, ...)",
        lambda k, left=_left: {right: k.ops.cast(OPERANDS[left], right) for right in DTYPES},
    )
    # Floats as bounds of whole numbers: refused by one backend of Keras, float32 on another.
    _bounds = [(0, 2), (0.5, 1.5)] if "float" in _left else [(0, 2)]
    add_case(
        "ops_dtypes",
        f"clip({_left}, ...)",
        lambda k, left=_left, bounds=_bounds: [
            _try(lambda pair=pair: k.ops.clip(OPERANDS[left], *pair)) for pair in bounds
        ],
    )
