"""Golden cases: the numpy-like names of `ops` on arrays; values, shapes and dtypes compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .cases import add_case, integers, uniform


def describe(value: Any) -> str:
    """A short text for an argument, as `float32[2,3]`."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}".replace(" ", "")
    if isinstance(value, np.generic):
        return str(value.dtype)
    if isinstance(value, list | tuple) and any(isinstance(item, np.ndarray) for item in value):
        return "[" + ", ".join(describe(item) for item in value) + "]"
    return getattr(value, "__name__", repr(value)).replace(" ", "")


class Call(NamedTuple):
    """One call of an operation, as a table has it; the sweeps make further cases of it."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    tolerance: str
    kind: str


CALLS: dict[str, list[Call]] = {}


def calls(name: str) -> list[Call]:
    """The calls of an operation in the tables' order, whichever of them was read first."""
    order = ("ops", "ops_nn", "ops_linalg")
    return sorted(CALLS.get(name, ()), key=lambda call: order.index(call.kind))


class Recorder:
    """`op.add(x, y)` registers the case `ops.add(x, y)`."""

    def __init__(self, kind: str, path: str = "") -> None:
        self._kind, self._path = kind, path

    def __getattr__(self, name: str) -> Callable[..., None]:
        def register(*args: Any, tolerance: str = "values", **kwargs: Any) -> None:
            words = [describe(a) for a in args] + [
                f"{key}={describe(v)}" for key, v in kwargs.items()
            ]
            CALLS.setdefault(name, []).append(Call(args, kwargs, tolerance, self._kind))
            add_case(
                self._kind,
                f"{name}({','.join(words)})",
                lambda k: getattr(k.ops, name)(*args, **kwargs),
                tolerance=tolerance,
            )

        return register


op = Recorder("ops")

V = uniform(5, seed=600, low=-2, high=2)
X = uniform(3, 4, seed=601, low=-2, high=2)
Y = uniform(3, 4, seed=602, low=-2, high=2)
ROW = uniform(4, seed=603, low=-2, high=2)
COLUMN = uniform(3, 1, seed=604, low=-2, high=2)
CUBE = uniform(2, 3, 4, seed=605, low=-2, high=2)
POSITIVE = uniform(3, 4, seed=606, low=0.1, high=3)
UNIT = uniform(3, 4, seed=607, low=-0.95, high=0.95)
WHOLE = integers(3, 4, seed=608, low=-5, high=6)
COUNTS = integers(3, 4, seed=609, low=1, high=7)
BITS = integers(3, 4, seed=610, low=0, high=16)
FLAGS = integers(3, 4, seed=611, high=2).astype(bool)
OTHER_FLAGS = integers(3, 4, seed=612, high=2).astype(bool)
SQUARE = uniform(4, 4, seed=613, low=-2, high=2)
HALVES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.3, -0.7], "float32")
STRANGE = np.array([1.0, np.nan, np.inf, -np.inf, -0.0, 0.0, 2.5, -3.0], "float32")
GAPS = np.where(FLAGS, X, np.nan).astype("float32")
GAPS[:, 0] = X[:, 0]  # no row is all gaps
GAPS[0] = X[0]
TIES = np.array([[3, 1, 3, 2], [1, 1, 0, 0]], "float32")
SCALAR = np.float32(1.5)
EMPTY = np.zeros((0, 4), "float32")

# --- one array ------------------------------------------------------------------------------------

ANY = (
    "abs absolute arcsinh arctan ceil copy cos cosh deg2rad exp exp2 expm1 fabs floor isfinite isinf isnan isneginf isposinf "
    "isreal logical_not negative rad2deg ravel sign signbit sin sinc sinh square tan tanh transpose trunc ndim conj "
    "conjugate real imag angle cbrt i0 nan_to_num round zeros_like ones_like flip"
).split()
WITHIN: dict[str, np.ndarray] = {
    "arccos": UNIT,
    "arcsin": UNIT,
    "arctanh": UNIT,
    "arccosh": 1 + POSITIVE,
    "log": POSITIVE,
    "log10": POSITIVE,
    "log1p": POSITIVE,
    "log2": POSITIVE,
    "sqrt": POSITIVE,
    "reciprocal": POSITIVE,
}
for _name in ANY:
    for _x in (X, CUBE, SCALAR):
        if not (_name == "flip" and _x is SCALAR):
            getattr(op, _name)(_x, tolerance="approximate" if _name == "i0" else "values")
for _name, _x in WITHIN.items():
    getattr(op, _name)(_x)
for _name in "abs ceil floor isfinite isinf isnan isneginf isposinf negative round sign signbit trunc exp tanh nan_to_num".split():
    getattr(op, _name)(STRANGE)
for _name in "log log1p sqrt log2 log10 cbrt arctan sinc square reciprocal".split():
    getattr(op, _name)(np.array([0.0, 1.0, np.inf], "float32"))
for _name in "bitwise_invert bitwise_not".split():
    getattr(op, _name)(BITS)
    getattr(op, _name)(FLAGS)
for _name in [*ANY[:3], "negative", "square", "sign", "transpose", "ravel", "copy"]:
    getattr(op, _name)(WHOLE)
    getattr(op, _name)(EMPTY)
op.round(HALVES)
op.round(X, decimals=2)
op.round(X * 100, decimals=-1)
op.round(WHOLE, decimals=-1)
op.nan_to_num(STRANGE, nan=1.0, posinf=2.0, neginf=-2.0)
op.fabs(WHOLE)

# --- two arrays -----------------------------------------------------------------------------------

PAIRS = [
    (X, Y),
    (X, ROW),
    (COLUMN, ROW),
    (X, 2.0),
    (0.5, X),
    (X, SCALAR),
    (WHOLE, COUNTS),
    (WHOLE, Y),
    (EMPTY, ROW),
]
for _name in (
    "add subtract multiply divide true_divide maximum minimum fmax fmin arctan2 hypot equal not_equal greater greater_equal "
    "less less_equal logaddexp logaddexp2 divide_no_nan heaviside"
).split():
    for _x, _y in PAIRS:
        getattr(op, _name)(_x, _y)
for _name in "floor_divide mod fmod".split():
    for _x, _y in (
        (X, POSITIVE),
        (X, -POSITIVE),
        (X, 0.7),
        (WHOLE, COUNTS),
        (WHOLE, -COUNTS),
        (WHOLE, 3),
        (7, COUNTS),
    ):
        getattr(op, _name)(_x, _y)
for _name in "logical_and logical_or logical_xor".split():
    for _x, _y in ((FLAGS, OTHER_FLAGS), (WHOLE, X), (FLAGS, True)):
        getattr(op, _name)(_x, _y)
for _name in "bitwise_and bitwise_or bitwise_xor".split():
    for _x, _y in ((BITS, COUNTS), (FLAGS, OTHER_FLAGS)):
        getattr(op, _name)(_x, _y)
for _name in "left_shift right_shift bitwise_left_shift bitwise_right_shift".split():
    getattr(op, _name)(BITS, COUNTS)
for _name in "gcd lcm".split():
    getattr(op, _name)(WHOLE, COUNTS)
for _x, _y in (
    (POSITIVE, Y),
    (POSITIVE, 2),
    (X, 2),
    (X, 3.0),
    (2.0, X),
    (COUNTS, 2),
    (WHOLE, 2),
    (POSITIVE, WHOLE),
    (X, 0),
):
    op.power(_x, _y)
op.nextafter(X, Y)
op.ldexp(X, WHOLE)
op.divide(X, np.array([0, 1, -1, 0], "float32"))
op.divide_no_nan(X, np.array([0, 1, -1, 0], "float32"))
op.floor_divide(WHOLE, np.array([1, 2, -2, 3], "int32"))
op.maximum(STRANGE, np.float32(0))
op.fmax(STRANGE, np.float32(0))
op.fmin(STRANGE, np.float32(0))
op.heaviside(np.array([-1, 0, 2, np.nan], "float32"), np.float32(0.5))
op.isclose(X, X + np.float32(1e-6))
op.isclose(STRANGE, STRANGE)
op.isclose(STRANGE, STRANGE, equal_nan=True)
op.isclose(X, X + 0.01, rtol=0.1, atol=0.1)
op.allclose(X, X + np.float32(1e-7))
op.allclose(X, Y)
op.isin(WHOLE, np.array([1, 2, 3], "int32"))
op.isin(WHOLE, np.array([1, 2, 3], "int32"), invert=True)
op.clip(X, -0.5, 0.5)
op.clip(X, -1, 1)
op.clip(WHOLE, -2, 2)
op.clip(X, ROW - 1, ROW + 1)

# --- reductions -----------------------------------------------------------------------------------

AXES: list[dict[str, Any]] = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": (0, 2)},
    {"axis": 1, "keepdims": True},
    {"keepdims": True},
]
for _name in "sum mean prod max min amax amin std var all any".split():
    for _kwargs in AXES:
        getattr(op, _name)(CUBE, **_kwargs)
    getattr(op, _name)(SCALAR)
    getattr(op, _name)(WHOLE, axis=0)
for _name in "all any sum mean max".split():
    getattr(op, _name)(FLAGS, axis=1)
for _name in "nansum nanmean nanmax nanmin nanstd nanvar".split():
    for _kwargs in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}):
        getattr(op, _name)(GAPS, **_kwargs)
for _kwargs in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}):
    op.nanprod(3 * GAPS, **_kwargs)
for _name in "median nanmedian ptp".split():
    for _kwargs in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}, {"axis": (0, 1)}):
        getattr(op, _name)(X if _name != "nanmedian" else GAPS, **_kwargs)
for _name in "quantile nanquantile".split():
    for _kwargs in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}):
        getattr(op, _name)(X, 0.3, **_kwargs)
    getattr(op, _name)(X, np.array([0.1, 0.5, 0.9], "float32"), axis=1)
for _method in ("linear", "lower", "higher", "midpoint", "nearest"):
    op.quantile(X, 0.4, axis=1, method=_method)
op.percentile(X, 30.0, axis=1)
op.percentile(X, np.array([10.0, 90.0], "float32"))
op.nanpercentile(X, 30.0, axis=1)
for _name in "argmax argmin".split():
    for _x in (X, TIES, WHOLE, FLAGS):
        for _kwargs in ({}, {"axis": 0}, {"axis": -1}, {"axis": 1, "keepdims": True}):
            getattr(op, _name)(_x, **_kwargs)
for _name in "nanargmax nanargmin".split():
    getattr(op, _name)(GAPS, axis=1)
for _name in "cumsum cumprod nancumsum nancumprod".split():
    for _kwargs in ({}, {"axis": 0}, {"axis": -1}):
        getattr(op, _name)(X if _name[0] == "c" else GAPS, **_kwargs)
op.cumsum(WHOLE, axis=1)
op.cumsum(FLAGS, axis=1)
op.cumsum(WHOLE, axis=1, dtype="float32")
op.count_nonzero(WHOLE)
op.count_nonzero(WHOLE, axis=1)
op.average(X)
op.average(X, axis=1)
op.average(X, axis=1, weights=np.array([1, 2, 3, 4], "float32"))
op.average(X, weights=POSITIVE)
op.max(X, initial=1.5)
op.min(X, axis=0, initial=-1.5)
op.prod(WHOLE, axis=1, dtype="float32")
op.sum(EMPTY, axis=0)
op.mean(WHOLE)
op.trace(X)
op.trace(CUBE, offset=1, axis1=1, axis2=2)
op.trapezoid(X)
op.trapezoid(X, dx=0.5, axis=0)
op.trapezoid(ROW, x=np.array([0, 1, 3, 4], "float32"))
op.diff(X)
op.diff(X, n=2, axis=1)
op.diff(X, axis=0)
op.corrcoef(X)
op.bincount(np.array([1, 2, 2, 5], "int32"))
op.bincount(np.array([1, 2, 2, 5], "int32"), minlength=8)
op.bincount(np.array([1, 2, 2, 5], "int32"), weights=np.array([0.5, 1, 2, 3], "float32"))
op.bincount(np.array([[1, 2], [0, 1]], "int32"), minlength=4)
op.histogram(V)
op.histogram(V, bins=4, range=(-1.0, 1.0))
op.digitize(V, np.array([-1, 0, 1], "float32"))
op.searchsorted(np.array([-1, 0, 1], "float32"), V)
op.searchsorted(np.array([0, 1, 1, 2], "int32"), np.array([1, 2], "int32"), side="right")
op.unique(np.array([3, 1, 1, 2, 3], "int32"))
op.unique(np.array([3, 1, 1, 2, 3], "int32"), return_inverse=True, return_counts=True)

# --- sorting and picking --------------------------------------------------------------------------

for _name in "sort argsort".split():
    for _kwargs in ({}, {"axis": 0}, {"axis": -1}):
        getattr(op, _name)(X, **_kwargs)
    getattr(op, _name)(TIES)
    getattr(op, _name)(WHOLE[:, :3])
op.argsort(X, axis=None)
op.argpartition(np.array([3.0, 1.0, 2.0], "float32"), 1)
for _kwargs in ({}, {"axis": 0}, {"axis": 1}, {"axis": -1}):
    op.take(X, np.array([0, 2, 1], "int32"), **_kwargs)
op.take(X, np.array([[0, -1]], "int32"), axis=1)
op.take(X, 1, axis=0)
op.take_along_axis(X, np.array([[0, 3], [1, 1], [2, -1]], "int32"), axis=1)
op.take_along_axis(X, np.array([5, 0], "int32"))
op.nonzero(WHOLE)
op.where(FLAGS, X, Y)
op.where(FLAGS, X, 0.0)
op.where(FLAGS, 1.0, 0)
op.where(FLAGS, WHOLE, X)
op.where(FLAGS)
op.select([FLAGS, OTHER_FLAGS], [X, Y], default=-1.0)
op.select([FLAGS, OTHER_FLAGS], [X, Y])
op.get_item(X, (slice(1, None), 2))
op.get_item(CUBE, (Ellipsis, None, slice(None, None, 2)))
op.unravel_index(np.array([1, 5, 11], "int32"), (3, 4))

# --- shapes ---------------------------------------------------------------------------------------

op.reshape(X, (4, 3))
op.reshape(X, (2, -1))
op.reshape(X, -1)
op.transpose(CUBE, (2, 0, 1))
op.transpose(CUBE, axes=(0, -1, 1))
op.moveaxis(CUBE, 0, -1)
op.moveaxis(CUBE, (0, 1), (-1, 0))
op.swapaxes(CUBE, 0, 2)
op.expand_dims(X, 0)
op.expand_dims(X, -1)
op.expand_dims(X, (0, 2))
op.squeeze(COLUMN)
op.squeeze(COLUMN, axis=1)
op.squeeze(CUBE[:1, :, :1], axis=(0, 2))
op.broadcast_to(ROW, (2, 3, 4))
op.tile(X, 2)
op.tile(X, (2, 1))
op.tile(ROW, (2, 1, 2))
op.repeat(X, 2)
op.repeat(X, 2, axis=0)
op.repeat(X, np.array([1, 0, 2, 1], "int32"), axis=1)
op.flip(X, axis=0)
op.flip(CUBE, axis=(0, 2))
op.fliplr(X)
op.flipud(X)
op.roll(X, 2)
op.roll(X, 1, axis=0)
op.roll(X, (1, -2), axis=(0, 1))
op.rot90(X)
op.rot90(X, k=3)
op.rot90(CUBE, k=2, axes=(1, 2))
op.concatenate([X, Y])
op.concatenate([X, COLUMN], axis=1)
op.concatenate([X, WHOLE], axis=-1)
op.concatenate([WHOLE, FLAGS])
op.stack([X, Y])
op.stack([X, Y], axis=-1)
op.stack([X, WHOLE], axis=1)
op.hstack([X, COLUMN])
op.hstack([ROW, V])
op.vstack([X, ROW[None]])
op.dstack([X, Y])
op.append(X, Y)
op.append(X, Y, axis=1)
op.split(X, 2, axis=1)
op.split(X, [1, 3], axis=1)
op.split(CUBE, 3, axis=1)
op.array_split(V, 3)
op.array_split(X, 3, axis=1)
op.hsplit(X, 2)
op.vsplit(CUBE, 2)
op.dsplit(CUBE, 2)
op.unstack(CUBE)
op.unstack(CUBE, axis=1)
for _mode in ("constant", "reflect", "symmetric"):
    op.pad(X, 1, mode=_mode)
    op.pad(X, ((1, 0), (0, 2)), mode=_mode)
op.pad(X, ((1, 1), (0, 0)), constant_values=9.0)
op.pad(WHOLE, 1, constant_values=7)
op.meshgrid(ROW, V)
op.meshgrid(ROW, V, indexing="ij")
op.meshgrid(ROW, V, COLUMN[:, 0])
op.diag(ROW)
op.diag(ROW, k=1)
op.diag(X)
op.diag(X, k=-1)
op.diagflat(X[:2, :2])
op.diagflat(ROW, k=-1)
op.diagonal(X)
op.diagonal(CUBE, offset=1, axis1=1, axis2=2)
op.tril(SQUARE)
op.tril(X, k=-1)
op.triu(SQUARE)
op.triu(CUBE, k=1)
op.vander(ROW)
op.vander(ROW, N=3, increasing=True)
op.view(X, dtype="int32")

# --- products -------------------------------------------------------------------------------------

for _x, _y in (
    (X, SQUARE),
    (ROW, SQUARE),
    (SQUARE, ROW),
    (ROW, ROW),
    (CUBE, SQUARE),
    (CUBE, uniform(2, 4, 5, seed=614)),
    (WHOLE, WHOLE.T),
    (FLAGS, FLAGS.T),
):
    op.matmul(_x, _y)
for _x, _y in (
    (X, SQUARE),
    (ROW, ROW),
    (X, 2.0),
    (CUBE, SQUARE),
    (CUBE, uniform(3, 4, 2, seed=615)),
    (WHOLE, WHOLE.T),
):
    op.dot(_x, _y)
op.inner(X, Y)
op.inner(ROW, ROW)
op.outer(ROW, V)
op.outer(X, ROW)
op.vdot(X, Y)
op.tensordot(CUBE, X, axes=2)
op.tensordot(CUBE, SQUARE, axes=1)
op.tensordot(CUBE, X, axes=([1, 2], [0, 1]))
op.tensordot(X, ROW, axes=0)
op.kron(X, SQUARE[:2, :2])
op.cross(X[:, :3], Y[:, :3])
op.cross(X[:, :2], Y[:, :2])
op.cross(X[:3, :2], Y[:3, :2], axis=0)
op.correlate(V, ROW)
op.correlate(V, ROW, mode="same")
op.correlate(V, ROW, mode="full")
for _text, *_operands in (
    ("ij,jk->ik", X, SQUARE),
    ("ij,ij->", X, Y),
    ("ij->ji", X),
    ("ii->i", SQUARE),
    ("ii", SQUARE),
    ("ij->j", X),
    ("i,j->ij", ROW, V),
    ("bij,jk->bik", CUBE, SQUARE),
    ("bij,bkj->bik", CUBE, CUBE),
    ("...j,jk->...k", CUBE, SQUARE),
    ("ij,jk", X, SQUARE),
    ("ij,jk,kl->il", X, SQUARE, SQUARE),
    ("ij,j->i", WHOLE, WHOLE[0]),
):
    op.einsum(_text, *_operands)

# --- making arrays --------------------------------------------------------------------------------

for _args in ((5,), (2, 7), (2, 10, 3), (5, 0, -2), (0.0, 1.0, 0.25), (3.0,), (0, 3, 0.5)):
    op.arange(*_args)
op.arange(4, dtype="float32")
op.arange(1, 5, dtype="int64")
for _name in "ones zeros".split():
    getattr(op, _name)((2, 3))
    getattr(op, _name)((), dtype="int32")
    getattr(op, _name)((2,), dtype="bool")
    getattr(op, f"{_name}_like")(WHOLE)
    getattr(op, f"{_name}_like")(X, dtype="int32")
op.full((2, 3), 1.5)
op.full((2, 3), 2)
op.full((2, 2), 2, dtype="int32")
op.full((2, 4), ROW)
op.full_like(X, 2)
op.full_like(WHOLE, 2.0)
op.full_like(X, 1, dtype="int32")
op.eye(3)
op.eye(2, 4, k=1)
op.eye(3, dtype="int32")
op.identity(3)
op.identity(2, dtype="int32")
op.tri(3)
op.tri(3, 4, k=1)
op.linspace(0.0, 1.0)
op.linspace(0, 10, num=5)
op.linspace(0.0, 1.0, num=4, endpoint=False)
op.linspace(0.0, 1.0, num=5, retstep=True)
op.linspace(ROW, ROW + 2, num=3, axis=-1)
op.linspace(0, 4, num=5, dtype="int32")
op.logspace(0.0, 2.0, num=5)
op.logspace(0.0, 2.0, num=4, base=2, endpoint=False)
op.geomspace(1.0, 100.0, num=5)
for _name in "bartlett blackman hamming hanning".split():
    getattr(op, _name)(7)
    getattr(op, _name)(1)
op.kaiser(7, 4.0, tolerance="approximate")
for _value in (
    3,
    2.5,
    True,
    [1, 2],
    [1.0, 2],
    [[True], [False]],
    [1, 2.5],
    np.float64(1.5),
    np.int64(3),
    X,
    WHOLE,
    FLAGS,
):
    op.array(_value)
    op.convert_to_tensor(_value)
op.array([1, 2], dtype="float32")
op.convert_to_tensor([1.7, -2.3], dtype="int32")
op.signbit(HALVES)
# a Python int on one backend of Keras, an int32 tensor on another
for _x in (X, CUBE, SCALAR, EMPTY):
    add_case("ops", f"size({describe(_x)})", lambda k, x=_x: int(k.ops.size(x)))


def _vectorized(k: Any) -> Any:
    return k.ops.vectorize(lambda x: x * x + 1.0)(X)


add_case("ops", "vectorize(square and one)", _vectorized)
add_case(
    "ops", "empty shapes", lambda k: [k.ops.empty((2, 3)) * 0 == 0, k.ops.empty_like(WHOLE) * 0]
)
