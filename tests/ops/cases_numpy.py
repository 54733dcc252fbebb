"""A row or more for each operation with NumPy's name: the judge is NumPy in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from .table import Static as S, case, spread

X, Y = spread(3, 4, seed=0), spread(3, 4, seed=1)
ROW, COLUMN = spread(4, seed=2), spread(3, 1, seed=3)
CUBE = spread(2, 3, 4, seed=4)
POSITIVE, UNIT = spread(3, 4, seed=5, positive=True), spread(3, 3, seed=6, unit=True)
SQUARE = spread(4, 4, seed=7)
VECTOR = spread(5, seed=8)
SCALAR = np.array(1.37)
EMPTY = np.zeros((0, 4))
WHOLE = np.array([[3, -5, 0, 2], [7, 1, -4, 6], [-2, 5, 4, -1]], "int32")
COUNTS = np.array([[1, 2, 3, 4], [5, 6, 1, 2], [3, 4, 5, 6]], "int32")
FLAGS = np.array([[1, 0, 1, 1], [0, 1, 0, 1], [1, 1, 0, 0]], bool)
OTHERS = np.array([[1, 1, 0, 1], [0, 0, 0, 1], [1, 0, 0, 1]], bool)
STRANGE = np.array([1.2, np.nan, np.inf, -np.inf, -0.0, 0.0, 2.7, -3.3])
GAPS = np.where(FLAGS, X, np.nan)
TIES = np.array([[3.0, 1.0, 3.0, 2.0], [1.0, 1.0, 0.0, 0.0]])

# --- one array ------------------------------------------------------------------------------------

SMOOTH = (
    "arcsinh arctan conj cos cosh deg2rad exp exp2 expm1 negative rad2deg real sin sinc sinh square "
    "tan tanh copy ravel transpose conjugate i0 cbrt abs absolute fabs sign ceil floor trunc round "
    "isfinite isinf isnan isneginf isposinf isreal logical_not signbit angle imag nan_to_num flip "
    "ones_like zeros_like"
).split()
for _name in SMOOTH:
    case(_name, X)
    case(_name, CUBE)
    if _name != "i0":
        case(_name, EMPTY, order=0)
for _name in "log log10 log1p log2 sqrt reciprocal".split():
    case(_name, POSITIVE)
for _name in "arccos arcsin arctanh".split():
    case(_name, UNIT)
case("arccosh", POSITIVE + 1.05)
for _name in "abs ceil floor isfinite isinf isnan isneginf isposinf negative round sign signbit trunc nan_to_num".split():
    case(_name, STRANGE, order=0)
for _name in "abs negative sign square copy transpose ravel".split():
    case(_name, WHOLE, order=0)
for _name in "sinh cosh arcsinh sinc tanh expm1 cbrt".split():
    case(_name, np.array([-30.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 30.0]), order=0)
case("sinh", np.array([0.0, 0.4, -0.4]))
case("cosh", np.array([0.0, 0.4, -0.4]))
case("arcsinh", np.array([0.0, 0.4, -0.4, 1e6]), order=1)
case("arccosh", np.array([1.0, 1.0 + 1e-9, 2.0, 1e9]), order=0)
case("sinc", np.array([0.0, 0.02, -0.02, 0.0318, 0.4]))
case("i0", np.array([0.0, 19.9, 20.1, -35.0, 600.0]), order=0)
case("i0", np.array([0.0, 22.3, -35.2]))
case("bitwise_invert", WHOLE, want=np.invert)
case("bitwise_not", WHOLE, want=np.invert)
case("bitwise_not", FLAGS, want=np.invert)
case("bitwise_invert", FLAGS, want=np.invert)
case("round", X, decimals=1, order=0)
case("round", 100 * X, decimals=-1, order=0)
case("round", np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]), order=0)
case("nan_to_num", STRANGE, nan=1.0, posinf=2.0, neginf=-2.0, order=0)
case("view", X, dtype="int64", want=lambda x, dtype: x.view(dtype))
case("view", X.astype("float32"), dtype="int16", want=lambda x, dtype: x.view(dtype), order=0)

# --- two arrays -----------------------------------------------------------------------------------

PAIRS = [(X, Y), (X, ROW), (COLUMN, ROW), (X, SCALAR), (X, 0.73), (0.73, X)]
for _name in (
    "add subtract multiply maximum minimum fmax fmin arctan2 hypot equal not_equal greater "
    "greater_equal less less_equal logaddexp logaddexp2 heaviside isclose allclose divide "
    "true_divide"
).split():
    for _x, _y in PAIRS:
        case(_name, _x, _y)
    case(_name, WHOLE, COUNTS, order=0)
for _name in "logaddexp logaddexp2 hypot".split():
    # Where the two are equal all derivatives exist, and they must be right.
    case(_name, X, X.copy())
    case(_name, np.array([1e3, -1e3, 1e3]), np.array([1e3, -1e3, -1e3]), order=1)
    case(_name, STRANGE, STRANGE[::-1].copy(), order=0)
case("hypot", np.array([3e200, 0.0, 1e-200]), np.array([4e200, 0.0, 1e-200]), order=0)
case("hypot", np.array([0.0, 1.2]), np.array([1.3, 0.0]))
for _name in "floor_divide mod fmod".split():
    for _x, _y in ((X, POSITIVE), (X, -POSITIVE), (-POSITIVE, X + 0.03), (X, 0.717)):
        case(_name, _x, _y, order=0)
    for _x, _y in ((WHOLE, COUNTS), (WHOLE, -COUNTS), (WHOLE, 3), (7, COUNTS)):
        case(_name, _x, _y, order=0)
case("mod", np.array([2.3, -2.3, 7.1]), np.array([0.9, 0.9, -1.7]))
case("fmod", np.array([2.3, -2.3, 7.1]), np.array([0.9, 0.9, -1.7]))
for _name in "logical_and logical_or logical_xor".split():
    case(_name, FLAGS, OTHERS)
    case(_name, WHOLE, X, order=0)
for _name in "bitwise_and bitwise_or bitwise_xor".split():
    case(_name, WHOLE, COUNTS)
    case(_name, FLAGS, OTHERS)
for _name in "left_shift right_shift".split():
    case(_name, WHOLE, COUNTS)
    case(f"bitwise_{_name}", WHOLE, COUNTS, want=getattr(np, _name))
for _name in "gcd lcm".split():
    case(_name, WHOLE, COUNTS)
    case(_name, WHOLE, np.zeros_like(WHOLE))
for _x, _y in (
    (POSITIVE, Y),
    (POSITIVE, 2.7),
    (X, 3),
    (2.0, X),
    (X, 2),
    (X, 1),
    (np.array([0.0, 1.3]), 0.0),
):
    case("power", _x, _y)
case("power", COUNTS, 2, order=0)
case("nextafter", X, Y, order=0)
case("nextafter", STRANGE, np.zeros(8), order=0)
case("nextafter", np.zeros(2), np.array([1.0, -1.0]), order=0)
case("ldexp", X, WHOLE)
case("ldexp", np.array([1.5, 1.5]), np.array([1000, -1070], "int32"), order=0)
case("fmax", STRANGE, 0.0, order=0)
case("fmin", STRANGE, 0.0, order=0)
case("heaviside", np.array([-1.0, 0.0, 2.0, np.nan]), 0.5, order=0)
case("divide_no_nan", X, Y, want=np.divide)
case(
    "divide_no_nan",
    ROW,
    np.array([0.0, 1.0, 2.0, 0.0]),
    want=lambda x, y: np.where(y == 0, 0, x / np.where(y == 0, 1, y)),
    order=0,
)
case("isclose", STRANGE, STRANGE, equal_nan=True, order=0)
case("allclose", STRANGE, STRANGE, equal_nan=True, order=0)
case("isin", WHOLE, np.array([1, 2, 3], "int32"))
case("isin", X, X[1], invert=True, order=0)
case("isin", WHOLE, np.zeros(0, "int32"))
case("clip", X, -0.5, 0.5)
case("clip", X, ROW - 1.03, ROW + 1.03, order=1)
case("clip", WHOLE, -2, 2)
case("where", FLAGS, X, Y)
case("where", FLAGS, X, 0.0)
case("where", FLAGS[:1], X, COLUMN)
case("where", FLAGS, want=np.nonzero, traced=False)
case("select", [FLAGS, OTHERS], [X, Y], default=-1.0)
case("select", [FLAGS, OTHERS], [X, Y], 0.5)

# --- reductions -----------------------------------------------------------------------------------

AXES: list[dict[str, Any]] = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": (0, 2)},
    {"axis": 1, "keepdims": True},
    {"keepdims": True},
]
for _name in "sum mean prod max min amax amin std var all any ptp median".split():
    for _kwargs in AXES:
        case(_name, CUBE, **_kwargs)
    case(_name, WHOLE, axis=0, order=0)
for _name in "nansum nanmean nanprod nanmax nanmin nanstd nanvar nanmedian".split():
    for _kwargs in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}):
        case(_name, GAPS, order=0, **_kwargs)
        case(_name, X, **_kwargs)
for _name in "quantile nanquantile".split():
    for _x in (X, GAPS) if _name[0] == "n" else (X,):
        for _kwargs in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}):
            case(_name, _x, S(0.3), order=0 if _x is GAPS else 2, **_kwargs)
            case(_name, _x, S(np.array([[0.1, 0.5], [0.0, 1.0]])), order=0, **_kwargs)
    case(_name, CUBE, S(0.41), axis=(0, 2))
    for _method in ("linear", "lower", "higher", "midpoint", "nearest"):
        case(_name, X, S(0.4), axis=1, method=_method, order=1)
case("quantile", X, np.array([0.31, 0.62]), axis=1, order=1)
case("quantile", GAPS, S(0.5), axis=1, order=0)
for _name in "percentile nanpercentile".split():
    case(_name, X, S(30.0), axis=1)
    case(_name, X, S(np.array([10.0, 90.0])), order=0)
for _name in "argmax argmin".split():
    for _x in (X, TIES, WHOLE):
        for _kwargs in ({}, {"axis": 0}, {"axis": -1}, {"axis": 1, "keepdims": True}):
            case(_name, _x, order=0, **_kwargs)
for _name in "nanargmax nanargmin".split():
    case(_name, np.where(np.eye(3, 4) > 0, np.nan, X), axis=1, order=0)
    case(_name, X, order=0)
for _name in "cumsum cumprod nancumsum nancumprod".split():
    for _kwargs in ({}, {"axis": 0}, {"axis": -1}):
        case(_name, X, **_kwargs)
        case(_name, GAPS, want=None if _name[0] == "n" else getattr(np, _name), order=0, **_kwargs)
case("cumprod", np.array([1.5, 0.0, 2.0, 0.0, 3.0]))
case("cumprod", WHOLE, axis=1, order=0)
case("count_nonzero", WHOLE)
case("count_nonzero", WHOLE, axis=1)
case("average", X)
case("average", X, 1)
case("average", X, 1, ROW + 3)
case("average", X, None, POSITIVE, want=lambda x, a, w: np.average(x, a, w))
case("max", X, initial=1.5, order=0)
case("min", X, axis=0, initial=-1.5, order=0)
case("trace", X)
case("trace", CUBE, offset=1, axis1=1, axis2=2)
case("trapezoid", X)
case("trapezoid", X, dx=0.5, axis=0)
case("trapezoid", ROW, np.array([0.0, 1.0, 3.0, 4.0]))
case("trapezoid", CUBE, np.array([0.0, 1.0, 3.0]), axis=1)
case("diff", X)
case("diff", X, n=2, axis=1)
case("diff", X, axis=0)
case("diff", X, n=5)
case("diff", FLAGS, axis=1)
case("corrcoef", X)
case("corrcoef", ROW, order=0)
case("bincount", S(np.array([1, 2, 2, 5])))
case("bincount", S(np.array([1, 2, 2, 5])), minlength=8)
case("bincount", S(np.array([1, 2, 2, 5])), ROW)
case("bincount", S(np.array([[1, 2], [0, 1]])), want=np.array([[0, 1, 1], [1, 1, 0]]))
case("histogram", VECTOR, order=0)
case("histogram", X, bins=4, range=(-1.0, 1.0), order=0)
case("histogram", np.ones(3), order=0)
case("digitize", VECTOR, np.array([-1.0, 0.0, 1.0]), order=0)
case("searchsorted", np.array([-1.0, 0.0, 1.0]), VECTOR, order=0)
case("searchsorted", np.array([0, 1, 1, 2]), np.array([1, 2]), side="right")
case("unique", np.array([3, 1, 1, 2, 3]), traced=False)
case(
    "unique",
    np.array([3, 1, 1, 2, 3]),
    return_index=True,
    return_inverse=True,
    return_counts=True,
    traced=False,
)
case("unique", np.array([3, 1, 1]), size=4, fill_value=9, want=np.array([1, 3, 9, 9]), traced=False)
case("unique", np.array([3, 1, 1]), size=1, want=np.array([1]), traced=False)
case("unique", np.array([[1, 2], [1, 2], [0, 4]]), axis=0, traced=False)

# --- sorting and picking --------------------------------------------------------------------------

for _kwargs in ({}, {"axis": 0}, {"axis": -1}, {"axis": None}):
    case("sort", X, **_kwargs)
    case("argsort", X, order=0, **_kwargs)
case("argsort", TIES, want=lambda x: np.argsort(x, stable=True), order=0)
case("argpartition", np.array([3.0, 1.0, 2.0]), 1, order=0)
for _axis in (None, 0, 1, -1):
    case("take", X, np.array([0, 2, 1]), axis=_axis)
case("take", X, np.array([[0, -1]]), axis=1)
case("take", X, 1, axis=0)
case("take_along_axis", X, np.array([[0, 3], [1, 1], [2, -1]]), axis=1)
case("take_along_axis", X, np.array([[2, 0, -3, 1]]), axis=0)
case("take_along_axis", X, np.array([5, 0]), axis=None)
case("nonzero", WHOLE, traced=False)
case("get_item", X, S((slice(1, None), 2)), want=lambda x, k: x[k])
case("get_item", CUBE, S((Ellipsis, None, slice(None, None, -2))), want=lambda x, k: x[k])
case("get_item", CUBE, np.array([0, 1, 1]), want=lambda x, k: x[k])
case("unravel_index", np.array([1, 5, 11]), (3, 4))
case("unravel_index", np.array([[1, 5], [11, 0]]), (2, 2, 3))

# --- shapes ---------------------------------------------------------------------------------------

case("reshape", X, (4, 3))
case("reshape", X, (2, -1))
case("reshape", X, -1)
case("reshape", X, (3, 4))
case("transpose", CUBE, (2, 0, 1))
case("transpose", CUBE, axes=(0, -1, 1))
case("moveaxis", CUBE, 0, -1)
case("moveaxis", CUBE, (0, 1), (-1, 0))
case("swapaxes", CUBE, 0, 2)
for _axis in (0, -1, (0, 2)):
    case("expand_dims", X, _axis)
case("squeeze", COLUMN)
case("squeeze", COLUMN, axis=1)
case("squeeze", CUBE[:1, :, :1], axis=(0, 2))
case("broadcast_to", ROW, (2, 3, 4))
for _repeats in (2, (2, 1), (2, 1, 2)):
    case("tile", X, _repeats)
case("repeat", X, 2)
case("repeat", X, 2, axis=0)
case("repeat", X, S(np.array([1, 0, 2, 1])), axis=1)
case("flip", X, axis=0)
case("flip", CUBE, axis=(0, 2))
case("fliplr", X)
case("flipud", X)
case("roll", X, 2)
case("roll", X, 1, axis=0)
case("roll", X, (1, -2), axis=(0, 1))
case("roll", X, (1, -3), axis=1)
case("roll", EMPTY, 2, axis=0)
for _k in range(-1, 4):
    case("rot90", X, k=_k)
case("rot90", CUBE, k=1, axes=(1, 2))
case("concatenate", [X, Y])
case("concatenate", [X, COLUMN], axis=1)
case("concatenate", [X, WHOLE], axis=-1, order=0)
case("stack", [X, Y])
case("stack", [X, Y], axis=-1)
case("hstack", [X, COLUMN])
case("hstack", [ROW, VECTOR])
case("hstack", [SCALAR, SCALAR])
case("vstack", [X, ROW])
case("vstack", [ROW, ROW])
case("dstack", [X, Y])
case("dstack", [ROW, ROW])
case("append", X, Y)
case("append", X, Y, axis=1)
case("split", X, 2, axis=1)
case("split", X, [1, 3], axis=1)
case("split", CUBE, 3, axis=1)
case("array_split", VECTOR, 3)
case("array_split", X, 3, axis=1)
case("array_split", X, [1, 2], axis=1)
case("hsplit", X, 2)
case("hsplit", ROW, 2)
case("vsplit", CUBE, 2)
case("dsplit", CUBE, 2)
case("unstack", CUBE, want=lambda x: list(x))
case("unstack", CUBE, axis=1, want=lambda x, axis: list(np.moveaxis(x, axis, 0)))
case("unstack", CUBE, 2, want=lambda x, n: list(x))
for _mode in ("constant", "reflect", "symmetric", "edge", "wrap"):
    case("pad", X, 1, mode=_mode)
    case("pad", X, ((1, 0), (0, 2)), mode=_mode)
    case("pad", X, (1, 2), mode=_mode)
case("pad", ROW, 9, mode="reflect")
case("pad", ROW, 9, mode="symmetric")
case("pad", X, ((1, 1), (0, 0)), constant_values=9.0)
case("pad", WHOLE, 1, constant_values=7)
case("pad", FLAGS, 1)
case("pad", X, 0)
case("meshgrid", ROW, VECTOR)
case("meshgrid", ROW, VECTOR, indexing="ij")
case("meshgrid", ROW, VECTOR, COLUMN[:, 0])
case("meshgrid", ROW)
for _k in (-1, 0, 2):
    case("diag", ROW, k=_k)
    case("diag", X, k=_k)
    case("diagflat", X[:2, :2], k=_k)
    case("diagonal", X, offset=_k)
    case("tril", X, k=_k)
    case("triu", CUBE, k=_k)
case("diag", np.zeros(0), k=1)
case("diag", FLAGS[0])
case("diagonal", X, offset=9)
case("diagonal", CUBE, offset=1, axis1=1, axis2=2)
case("diagonal", CUBE, axis1=2, axis2=0)
case("vander", ROW)
case("vander", ROW, N=3, increasing=True)
case("vander", ROW, N=0)

# --- products -------------------------------------------------------------------------------------

for _x, _y in (
    (X, SQUARE),
    (ROW, SQUARE),
    (SQUARE, ROW),
    (ROW, ROW + 0.1),
    (CUBE, SQUARE),
    (CUBE, spread(2, 4, 3, seed=11)),
):
    case("matmul", _x, _y)
    case("dot", _x, _y)
case("dot", X, 2.5)
case("matmul", WHOLE, WHOLE.T.copy())
case("matmul", EMPTY, SQUARE)
case("inner", X, Y)
case("inner", ROW, ROW + 0.1)
case("inner", CUBE, X)
case("inner", X, 2.5)
case("outer", ROW, VECTOR)
case("outer", X, VECTOR)
case("vdot", X, Y)
case("tensordot", X, SQUARE, axes=1)
case("tensordot", CUBE, X, axes=([1, 2], [0, 1]))
case("tensordot", CUBE, X, axes=([2], [1]))
case("tensordot", X, ROW, axes=0)
case("kron", X, SQUARE)
case("kron", ROW, X)
case("kron", CUBE, X)
case("cross", X[:, :3], Y[:, :3])
case("cross", X[:, :2], Y[:, :2], want=lambda x, y: x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0])
case("cross", X, Y, axis=0)
case("cross", CUBE, CUBE[:, ::-1] + 0.01, axisa=1, axisb=1, axisc=0)
for _mode in ("valid", "same", "full"):
    case("correlate", VECTOR, ROW[:3], mode=_mode)
    case("correlate", ROW[:2], VECTOR, mode=_mode)
for _text, *_operands in (
    ("ij,jk->ik", X, SQUARE),
    ("ij,jk", X, SQUARE),
    ("ij,kj->ik", X, Y),
    ("bij,jk->bik", CUBE, SQUARE),
    ("bij,bij->b", CUBE, CUBE + 0.01),
    ("bij,bkj->bik", CUBE, CUBE + 0.01),
    ("ii->i", SQUARE),
    ("ii", SQUARE),
    ("ij->ji", X),
    ("ij->", X),
    ("i,j->ij", ROW, VECTOR),
    ("ij,ij->ij", X, Y),
    ("...ij,jk->...ik", CUBE, SQUARE),
    ("...i,...i->...", CUBE, ROW),
    ("...,...->...", CUBE, X),
    ("ij...,j->i...", CUBE, COLUMN[:, 0]),
    ("ij,jk,kl->il", X, SQUARE, SQUARE + 0.01),
    ("a,b,c,d->dcba", ROW[:2], ROW[:3], ROW[:2], ROW[:3]),
    ("ij,j->i", X, ROW),
    ("ij,ij", X, Y),
    ("ij,kl->", X, Y),
    ("iij->j", np.stack([SQUARE] * 4)),
    ("b...,b->b...", CUBE, ROW[:2]),
    ("ij,ij->ij", X, COLUMN),
):
    case("einsum", _text, *_operands)

# --- making ---------------------------------------------------------------------------------------

FLOATS = {"dtype": "float64"}
for _args in ((5,), (2, 7), (2, 10, 3), (5, 0, -2), (0.0, 1.0, 0.25), (3.0,), (0, 3, 0.5)):
    case("arange", *_args)
for _name in "ones zeros".split():
    case(_name, (2, 3))
    case(_name, (), dtype="int32")
case("empty", (2, 3), want=np.zeros((2, 3)))
case("empty_like", X, want=np.zeros_like(X))
case("ones_like", X, dtype="int32", order=0)
case("zeros_like", X, dtype="int32", order=0)
case("full", (2, 4), ROW, dtype="float64")
case("full", (2, 3), 1.5)
case("full_like", X, 2.5)
case("full_like", X, SCALAR)
case("eye", 3)
case("eye", 2, 4, k=1)
case("identity", 3)
case("tri", 3, 4, k=1)
case("array", X)
case("array", [[1, 2], [3, 4]])
for _kwargs in (
    {},
    {"num": 5},
    {"num": 4, "endpoint": False},
    {"num": 5, "retstep": True},
    {"num": 1},
    {"num": 0},
):
    case("linspace", SCALAR, np.array(3.21), **_kwargs)
    case("linspace", 0.5, 2, **_kwargs, **FLOATS)
case("linspace", ROW, ROW + 2, num=3, axis=-1)
case("linspace", 0, 10, num=11, dtype="int32")
case("linspace", np.array(0), np.array(10), num=11, dtype="int32")
case("logspace", SCALAR, np.array(0.21), num=5)
case("logspace", 0.0, 2.0, num=4, base=2, endpoint=False, **FLOATS)
case("geomspace", np.array(1.1), np.array(100.3), num=5, order=1)
case("geomspace", -1.0, -100.0, num=5, **FLOATS)
case("geomspace", 1.0, 100.0, num=5, endpoint=False, **FLOATS)
for _name in "bartlett blackman hamming hanning".split():
    case(_name, 7)
    case(_name, 1)
case("kaiser", 7, 4.0)
case("ndim", CUBE)
case("size", CUBE)
