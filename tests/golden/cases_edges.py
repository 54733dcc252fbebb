"""Golden cases: operations at the edges. Not-a-number, infinities, -0.0, nothing, one, any axis.

What Keras itself refuses is noted as a string in the golden file and free in annette.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import add_case
from .cases_ops import ANY, CUBE, EMPTY, WITHIN, X
from .cases_ops_dtypes import _try

SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1.0, 0.5, -2.5, 88.0, -104.0, 1e30, -1e30, 1e-30],
    "float32",
)
WHOLE = np.array([-(2**31), -7, -1, 0, 1, 2, 9, 2**31 - 1], "int32")
SMALL = np.array([-3, -1, 0, 1, 2, 5], "int32")
BYTES = np.array([0, 1, 2, 127, 255], "uint8")
FLAGS = np.array([True, False, True])
PAIRS = [(x, y) for x in SPECIAL[:9] for y in SPECIAL[:9]]
LEFT, RIGHT = (np.array(side, "float32") for side in zip(*PAIRS, strict=True))
HOLES = np.array(
    [
        [[1, np.nan, 3], [-0.0, 0, 2]],
        [[np.nan, np.nan, np.nan], [np.inf, -np.inf, 1]],
        [[4, -5, 6], [np.inf, 1, 2]],
    ],
    "float32",
)

# Left out: whole numbers that overflow inside Keras's formula, quotients by no truth, activations of
# whole numbers that its backends give different dtypes, and not-a-number that soft_shrink hides. And
# where NumPy and annette refuse: the largest of nothing, whole numbers to negative powers.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("hard_shrink", "softsign"), ("whole",)),
    **dict.fromkeys(("log_sigmoid", "softmax", "squareplus"), ("whole", "bytes")),
    **dict.fromkeys(("hard_tanh", "relu6"), ("whole", "small", "bytes", "flags")),
    **dict.fromkeys(("relu", "floor_divide", "mod", "fmod"), ("flags",)),
    "soft_shrink": ("special",),
    "power": ("whole", "flags"),
    **dict.fromkeys(("nanmax", "nanmin", "nanmedian", "ptp"), ("no rows", "nothing")),
}


def sweep(title: str, name: str, inputs: dict[str, Callable[[Any], Any]], **options: Any) -> None:
    """One case with a result for each way of calling an operation."""
    inputs = {k: v for k, v in inputs.items() if k not in LEFT_OUT.get(name, ())}

    def run(k: Any) -> Any:
        function = getattr(k.ops, name)
        return {label: _try(lambda call=call: call(function)) for label, call in inputs.items()}

    add_case("ops_edges", f"{name} {title}", run, **options)


# --- one array, place by place --------------------------------------------------------------------

ACTIVATIONS = (
    "celu elu gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid log_softmax relu relu6 "
    "selu sigmoid silu swish soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid squareplus tanh_shrink"
).split()
MORE = "erf erfc erfinv rsqrt bitwise_invert bitwise_not i0 logical_not isposinf isneginf".split()
UNARY = [*dict.fromkeys([*ANY, *WITHIN, *ACTIVATIONS, *MORE])]
ARRAYS = {
    "special": SPECIAL,
    "empty": EMPTY,
    "whole": WHOLE,
    "small": SMALL,
    "bytes": BYTES,
    "flags": FLAGS,
    "one": np.float32(-0.0),
    "none of one axis": np.zeros((0,), "float32"),
}
for _name in UNARY:
    sweep(
        "of edges",
        _name,
        {label: (lambda f, x=x: f(x)) for label, x in ARRAYS.items()},
        tolerance="approximate",
    )

# --- two arrays -----------------------------------------------------------------------------------

BINARY = (
    "add subtract multiply divide true_divide maximum minimum fmax fmin arctan2 hypot equal not_equal greater greater_equal "
    "less less_equal logaddexp logaddexp2 divide_no_nan heaviside floor_divide mod fmod power nextafter logical_and "
    "logical_or logical_xor isclose"
).split()
for _name in BINARY:
    sweep(
        "of edges",
        _name,
        {
            "special": lambda f: f(LEFT, RIGHT),
            "empty": lambda f: f(EMPTY, X[0]),
            "empty and column": lambda f: f(EMPTY, np.zeros((1, 1), "float32")),
            "whole": lambda f: f(SMALL, SMALL[::-1] + (SMALL[::-1] == 0)),
            "flags": lambda f: f(FLAGS, np.array([True, True, False])),
            "scalars": lambda f: f(np.float32(2), np.float32(-0.0)),
            "python numbers": lambda f: f(2.0, np.float32(3)),
        },
        tolerance="approximate",
    )

# --- reductions -----------------------------------------------------------------------------------

ALL_AXES: dict[str, dict[str, Any]] = {
    "all": {},
    "-1": {"axis": -1},
    "-2 kept": {"axis": -2, "keepdims": True},
    "(0,-1)": {"axis": (0, -1)},
    "(-1,0) kept": {"axis": (-1, 0), "keepdims": True},
    "all three": {"axis": (0, 1, 2)},
    "none": {"axis": ()},
    "list": {"axis": [0, 1]},
}
REDUCTIONS = (
    "sum mean prod max min amax amin std var all any nansum nanmean nanprod nanmax nanmin nanstd nanvar count_nonzero "
    "logsumexp median nanmedian ptp average argmax argmin"
).split()
for _name in REDUCTIONS:
    _calls: dict[str, Callable[[Any], Any]] = {}
    for _label, _kwargs in ALL_AXES.items():
        if _name in ("count_nonzero", "average"):
            _kwargs = {key: value for key, value in _kwargs.items() if key != "keepdims"}
        _calls[f"{_label} of holes"] = lambda f, kw=_kwargs: f(HOLES, **kw)
        _calls[f"{_label} of numbers"] = lambda f, kw=_kwargs: f(CUBE, **kw)
    _calls["empty rows"] = lambda f: f(EMPTY, axis=1)
    _calls["no rows"] = lambda f: f(EMPTY, axis=0)
    _calls["nothing"] = lambda f: f(EMPTY)
    _calls["whole"] = lambda f: f(SMALL.reshape(2, 3), axis=-1)
    _calls["bytes"] = lambda f: f(BYTES)
    _calls["flags"] = lambda f: f(FLAGS)
    _calls["scalar"] = lambda f: f(np.float32(-0.0))
    sweep("of edges", _name, _calls, tolerance="approximate")

for _name in ("cumsum", "cumprod", "nancumsum", "nancumprod", "sort", "argsort", "flip", "diff"):
    sweep(
        "of edges",
        _name,
        {
            **{f"holes, {a}": (lambda f, a=a: f(HOLES, axis=a)) for a in (0, 1, -1, -3)},
            "empty": lambda f: f(EMPTY, axis=0),
            "empty rows": lambda f: f(EMPTY, axis=-1),
            "flags": lambda f: f(FLAGS, axis=0),
            "bytes": lambda f: f(BYTES, axis=-1),
        },
    )

# --- shapes ---------------------------------------------------------------------------------------

SHAPED: dict[str, dict[str, Callable[[Any], Any]]] = {
    "squeeze": {
        "nothing to": lambda f: f(X),
        "negative": lambda f: f(CUBE[:, :1], axis=-2),
        "wrong": lambda f: f(X, axis=0),
        "scalar": lambda f: f(np.ones((1, 1), "float32")),
    },
    "expand_dims": {
        "negative": lambda f: f(X, axis=-3),
        "two": lambda f: f(X, axis=(-1, 0)),
        "scalar": lambda f: f(np.float32(2), axis=0),
        "empty": lambda f: f(EMPTY, axis=-1),
    },
    "reshape": {
        "empty": lambda f: f(EMPTY, (4, 0)),
        "empty, -1": lambda f: f(EMPTY, (-1, 2)),
        "scalar": lambda f: f(X[:1, :1], ()),
    },
    "transpose": {
        "scalar": lambda f: f(np.float32(1)),
        "negative": lambda f: f(CUBE, axes=(-1, -3, -2)),
        "empty": lambda f: f(EMPTY),
    },
    "concatenate": {
        "with nothing": lambda f: f([EMPTY, X]),
        "negative": lambda f: f([X, X], axis=-2),
        "flags": lambda f: f([FLAGS, FLAGS]),
    },
    "stack": {
        "scalars": lambda f: f([np.float32(1), np.float32(2)]),
        "negative": lambda f: f([X, X], axis=-2),
        "empty": lambda f: f([EMPTY, EMPTY]),
    },
    "split": {
        "empty": lambda f: f(EMPTY, 2, axis=-1),
        "places": lambda f: f(X, (1, 1, 3), axis=-1),
    },
    "take": {
        "negative": lambda f: f(X, np.array([-1, -3], "int32"), axis=0),
        "none": lambda f: f(X, np.zeros((0,), "int32"), axis=-1),
        "flat": lambda f: f(X, np.array([[-1, 0]], "int32")),
    },
    "roll": {
        "far": lambda f: f(X, 9, axis=-1),
        "negative": lambda f: f(X, -7),
        "empty": lambda f: f(EMPTY, 1, axis=0),
    },
    "repeat": {
        "none": lambda f: f(X, 0, axis=0),
        "negative axis": lambda f: f(X, 2, axis=-1),
        "scalar": lambda f: f(np.float32(3), 2),
    },
    "tile": {
        "none": lambda f: f(X, (0, 1)),
        "scalar": lambda f: f(np.float32(3), 2),
        "more axes": lambda f: f(X, (2, 1, 1)),
    },
    "pad": {
        "empty": lambda f: f(EMPTY, ((1, 1), (0, 0))),
        "flags": lambda f: f(FLAGS, 1),
        "nothing": lambda f: f(X, ((0, 0), (0, 0))),
    },
    "clip": {
        "special": lambda f: f(SPECIAL, -1.0, 1.0),
        "crossed": lambda f: f(X, 1.0, -1.0),
        "whole": lambda f: f(WHOLE, -5, 5),
    },
    "where": {
        "holes": lambda f: f(np.isnan(HOLES), np.float32(0), HOLES),
        "scalar": lambda f: f(True, X, HOLES[0, 0, 0]),
        "empty": lambda f: f(np.zeros((0, 4), bool), EMPTY, X[0]),
    },
    "matmul": {
        "empty": lambda f: f(EMPTY, np.zeros((4, 3), "float32")),
        "empty inside": lambda f: f(EMPTY.T.copy(), EMPTY),
        "holes": lambda f: f(HOLES, np.swapaxes(HOLES, -1, -2)),
    },
    "einsum": {"empty inside": lambda f: f("ij,ik->jk", EMPTY, EMPTY)},
    "dot": {"scalars": lambda f: f(np.float32(2), np.float32(3)), "empty": lambda f: f(EMPTY.T.copy(), EMPTY)},
    "one_hot": {
        "outside": lambda f: f(np.array([-1, 3, 7], "int32"), 3),
        "empty": lambda f: f(np.zeros((0,), "int32"), 3),
        "negative axis": lambda f: f(np.array([[0, 1]], "int32"), 3, axis=-2),
    },
    "top_k": {"holes": lambda f: f(HOLES[2], 2), "ties": lambda f: f(np.ones(5, "float32"), 3)},
    "nan_to_num": {"holes": lambda f: f(HOLES), "whole": lambda f: f(WHOLE), "flags": lambda f: f(FLAGS)},
    "unique": {"floats": lambda f: f(np.array([2.5, -0.0, 0.0, 2.5], "float32"))},
    "arange": {
        "backwards": lambda f: f(3, -2, -2),
        "nothing": lambda f: f(3, 1),
        "floats": lambda f: f(0.5, 2.0, 0.5),
    },
    "linspace": {
        "one": lambda f: f(1.0, 2.0, num=1),
        "none": lambda f: f(1.0, 2.0, num=0),
        "backwards": lambda f: f(2.0, -1.0, num=4),
    },
    "norm": {
        "empty": lambda f: f(EMPTY, axis=-1),
        "holes": lambda f: f(HOLES, axis=-1),
        "scalar": lambda f: f(X[0], keepdims=True),
        "inf": lambda f: f(X, ord=np.inf, axis=(-2, -1)),
        "minus inf": lambda f: f(X, ord=-np.inf, axis=-1),
        "zero": lambda f: f(SMALL.astype("float32"), ord=0),
    },
    "searchsorted": {"ends": lambda f: f(np.array([1.0, 2.0], "float32"), SPECIAL[1:6])},
    "bincount": {"nothing": lambda f: f(np.zeros((0,), "int32"), minlength=3)},
    "digitize": {"ends": lambda f: f(SPECIAL[1:], np.array([-1.0, 0.0, 1.0], "float32"))},
    "round": {"halves": lambda f: f(np.array([0.5, 1.5, -0.5, 2.5, -0.0], "float32"))},
    "cast": {
        "to bool": lambda f: f(SPECIAL, "bool"),
        "from flags": lambda f: f(FLAGS, "float16"),
        "to float16": lambda f: f(np.array([1e30, -1e30, 1e-30, np.nan], "float32"), "float16"),
    },
}  # fmt: skip
for _name, _ways in SHAPED.items():
    sweep("in other ways", _name, _ways)
