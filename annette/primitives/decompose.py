"""Matrix equations and decompositions, on the last two axes of stacks of matrices.

A matrix that has no answer (singular, not positive definite) gives not-a-number, on every backend
alike and for itself alone; the functions in ``annette.ops`` refuse it where the numbers are known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.dtypes import is_float, numpy_dtype
from annette.graph.primitive import Primitive, Spec
from annette.graph.tensor import operator
from annette.primitives.elementwise import broadcast_shapes, cast, maximum
from annette.primitives.index import put_along_axis
from annette.primitives.linear import matmul, turned
from annette.primitives.shape import broadcast_to, reshape, slice_

Samples = list[tuple[tuple[Any, ...], dict[str, Any]]]


def check_matrices(name: str, x: Any, square: bool = False) -> None:
    """Refuse what is no stack of matrices of floats.

    Raises:
        TypeError: if the elements are no floating-point numbers.
        ValueError: if there are fewer than two axes, or the last two differ where `square`.
    """
    if len(x.shape) < 2:
        raise ValueError(
            f"{name} takes matrices (2 axes or more); it got shape {tuple(x.shape)}. Reshape a "
            "vector to one row or column."
        )
    if square and x.shape[-1] != x.shape[-2]:
        raise ValueError(
            f"{name} takes square matrices: the last two axes must be equal; the shape is "
            f"{tuple(x.shape)}."
        )
    if not is_float(x.dtype):
        raise TypeError(
            f"Primitive {name!r} takes floating-point numbers; it got {x.dtype}. Cast it first."
        )


def _wide(x: Any) -> Any:
    """Return `x` in a dtype that LAPACK has: half precision as float32."""
    return x if x.dtype in ("float32", "float64") else x.astype("float32")


def _narrow(results: Any, x: Any) -> Any:
    """Return what was computed on `_wide(x)` in the dtype of `x`."""
    if isinstance(results, tuple):
        return tuple(r.astype(x.dtype) for r in results)
    return results.astype(x.dtype)


def _each(function: Callable[..., Any], *arrays: Any) -> Any:
    """Call a function of NumPy's on stacks; a matrix that it refuses gives not-a-number."""
    try:
        return function(*arrays)
    except np.linalg.LinAlgError:
        lead = broadcast_shapes(*(a.shape[:-2] for a in arrays))
        if not lead:
            return np.full_like(arrays[-1], np.nan)
        stacks = [np.broadcast_to(a, (*lead, *a.shape[-2:])) for a in arrays]
        rows = [_each(function, *(s[i] for s in stacks)) for i in range(lead[0])]
        return np.stack(rows)


def _constant(values: Any, like: Any) -> Any:
    return np.asarray(values, numpy_dtype(like.dtype))


def _lower(n: int, k: int = 0) -> Any:
    return np.tri(n, n, k)


def _columns(x: Any, start: int, stop: int) -> Any:
    lead = tuple(x.shape[:-1])
    zeros, ones = (0,) * len(lead), (1,) * len(lead)
    return slice_(x, start=(*zeros, start), stop=(*lead, stop), step=(*ones, 1))


def _row(x: Any) -> Any:
    return reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))


def _column(x: Any) -> Any:
    return reshape(x, shape=(*x.shape, 1))


def _inverse_gaps(w: Any) -> Any:
    """Return 1 / (w_j - w_i), and 0 where the two are equal."""
    gaps = _row(w) - _column(w)
    # A compiler may round the two halves of a difference unalike: w_i - w_i need not be 0.
    eye = _constant(np.eye(w.shape[-1]), w)
    same = maximum(cast(operator("equal")(gaps, 0), dtype=w.dtype), eye)
    return (1.0 - same) / (gaps + same)


def _inverse(x: Any) -> Any:
    """Return 1 / x, and 0 for 0."""
    zero = cast(operator("equal")(x, 0), dtype=x.dtype)
    return (1.0 - zero) / (x + zero)


def _near_identity(rng: np.random.Generator, *shape: int) -> Any:
    """Draw well-conditioned matrices whose eigenvalues lie apart."""
    n, m = shape[-2:]
    return rng.uniform(-0.3, 0.3, shape) + np.eye(n, m) * (1 + np.arange(m))


# --- equations ------------------------------------------------------------------------------------


def _solve_shape(name: str, a: Any, b: Any) -> Spec:
    check_matrices(name, a, square=True)
    check_matrices(name, b)
    if a.dtype != b.dtype:
        raise ValueError(f"{name} takes one dtype; it got {a.dtype} and {b.dtype}.")
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(
            f"{name} needs as many rows of b as a has; the shapes are {a.shape} and {b.shape}."
        )
    return (*broadcast_shapes(a.shape[:-2], b.shape[:-2]), *b.shape[-2:]), b.dtype


def _levelled(a: Any, b: Any) -> tuple[Any, Any]:
    """Give both as many axes: with fewer NumPy may take `b` for a stack of vectors."""
    rank = max(len(a.shape), len(b.shape))
    a = a.reshape((*(1,) * (rank - len(a.shape)), *a.shape))
    return _wide(a), _wide(b.reshape((*(1,) * (rank - len(b.shape)), *b.shape)))


def _solve(xp: Any, a: Any, b: Any) -> Any:
    solver = (lambda a, b: _each(np.linalg.solve, a, b)) if xp is np else xp.linalg.solve
    return _narrow(solver(*_levelled(a, b)), b)


def _solve_vjp(g: Any, y: Any, a: Any, b: Any) -> tuple[Any, ...]:
    db = solve(turned(a), g)
    return -matmul(db, turned(y)), db


def _triangle(xp: Any, a: Any, lower: bool) -> Any:
    return xp.tril(a) if lower else xp.triu(a)


def _triangular_vjp(g: Any, y: Any, a: Any, b: Any, *, lower: bool) -> tuple[Any, ...]:
    db = solve_triangular(turned(a), g, lower=not lower)
    mask = _lower(a.shape[-1])
    da = matmul(db, turned(y)) * _constant(mask if lower else mask.T, g)
    return -da, db


def _equations(rng: np.random.Generator) -> list[tuple[Any, ...]]:
    return [
        (_near_identity(rng, 3, 3), rng.normal(size=(3, 2))),
        (_near_identity(rng, 2, 3, 3), rng.normal(size=(3, 1))),
        (_near_identity(rng, 2, 2), rng.normal(size=(3, 2, 2))),
    ]


solve: Primitive = Primitive(
    "solve", r"a\,y = b", run=_solve, shape=lambda a, b: _solve_shape("solve", a, b),
    vjp=_solve_vjp, samples=lambda rng: [(arrays, {}) for arrays in _equations(rng)],
    family="decompose",
)  # fmt: skip
solve_triangular: Primitive = Primitive(
    "solve_triangular", r"t\,y = b,\ t \text{ the lower or upper triangle of } a",
    run=lambda xp, a, b, *, lower: _solve(xp, _triangle(xp, a, lower), b),
    shape=lambda a, b, *, lower: _solve_shape("solve_triangular", a, b),
    vjp=_triangular_vjp,
    samples=lambda rng: [
        (arrays, {"lower": lower}) for lower in (True, False) for arrays in _equations(rng)
    ],
    family="decompose",
)  # fmt: skip


def _slogdet_shape(x: Any) -> list[Spec]:
    check_matrices("slogdet", x, square=True)
    return [(x.shape[:-2], x.dtype)] * 2


def _slogdet(xp: Any, x: Any) -> Any:
    sign, size = xp.linalg.slogdet(_wide(x))
    return _narrow((sign, size), x)


def _slogdet_vjp(g: Any, y: Any, x: Any) -> tuple[Any, ...]:
    size = reshape(g[1], shape=(*g[1].shape, 1, 1))
    return (size * solve(turned(x), _constant(np.eye(x.shape[-1]), x)),)


slogdet: Primitive = Primitive(
    "slogdet", r"\operatorname{sgn} \det x,\ \ln |\det x|", run=_slogdet, shape=_slogdet_shape,
    vjp=_slogdet_vjp,
    samples=lambda rng: [
        ((_near_identity(rng, 3, 3),), {}), ((-_near_identity(rng, 2, 3, 3),), {}),
    ],
    family="decompose",
)  # fmt: skip


def _pinv_shape(x: Any, *, rcond: float) -> Spec:
    check_matrices("pinv", x)
    return (*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype


def _pinv_vjp(g: Any, y: Any, x: Any, *, rcond: float) -> tuple[Any, ...]:
    """Golub and Pereyra, "The differentiation of pseudo-inverses", 1973."""
    m, n = x.shape[-2:]
    left = _constant(np.eye(m), x) - matmul(x, y)
    right = _constant(np.eye(n), x) - matmul(y, x)
    yt, gt = turned(y), turned(g)
    dx = matmul(matmul(left, gt), matmul(y, yt)) + matmul(matmul(yt, y), matmul(gt, right))
    return (dx - matmul(matmul(yt, g), yt),)


def _pinv(xp: Any, x: Any, *, rcond: float) -> Any:
    return _narrow(xp.linalg.pinv(_wide(x), rcond), x)


pinv: Primitive = Primitive(
    "pinv", r"x^+:\ x x^+ x = x,\ x^+ x x^+ = x^+,\ x x^+ \text{ and } x^+ x \text{ symmetric}",
    run=_pinv, shape=_pinv_shape, vjp=_pinv_vjp,
    samples=lambda rng: [
        ((_near_identity(rng, *shape),), {"rcond": 1e-10})
        for shape in ((3, 3), (4, 2), (2, 2, 3))
    ],
    family="decompose",
)  # fmt: skip

# --- decompositions -------------------------------------------------------------------------------


def _cholesky_shape(x: Any) -> Spec:
    check_matrices("cholesky", x, square=True)
    return x.shape, x.dtype


def _symmetric(xp: Any, x: Any) -> Any:
    x = _wide(x)
    return (x + xp.swapaxes(x, -1, -2)) / 2


def _cholesky(xp: Any, x: Any) -> Any:
    if xp is np:
        return _narrow(_each(np.linalg.cholesky, _symmetric(xp, x)), x)
    return _narrow(xp.linalg.cholesky(_symmetric(xp, x)), x)


def _cholesky_vjp(g: Any, y: Any, x: Any) -> tuple[Any, ...]:
    """Murray, "Differentiation of the Cholesky decomposition", 2016."""
    n = x.shape[-1]
    half = matmul(turned(y), g) * _constant(_lower(n) - np.eye(n) / 2, g)
    middle = (half + turned(half)) * 0.5
    left = solve_triangular(turned(y), middle, lower=False)
    return (turned(solve_triangular(turned(y), turned(left), lower=False)),)


def _definite(rng: np.random.Generator, *shape: int) -> Any:
    x = rng.uniform(-0.3, 0.3, shape)
    return x + np.swapaxes(x, -1, -2) + np.eye(shape[-1]) * (1.5 + np.arange(shape[-1]))


cholesky: Primitive = Primitive(
    "cholesky", r"y y^\top = \tfrac12 (x + x^\top),\ y \text{ lower triangular}", run=_cholesky,
    shape=_cholesky_shape, vjp=_cholesky_vjp,
    samples=lambda rng: [((_definite(rng, 3, 3),), {}), ((_definite(rng, 2, 2, 2),), {})],
    family="decompose",
)  # fmt: skip


def _qr_shape(x: Any, *, complete: bool) -> list[Spec]:
    check_matrices("qr", x)
    *lead, m, n = x.shape
    if m < n:
        raise ValueError(
            f"Primitive 'qr' takes matrices with no more columns than rows; the shape is {x.shape}."
        )
    k = m if complete else n
    return [((*lead, m, k), x.dtype), ((*lead, k, n), x.dtype)]


def _qr(xp: Any, x: Any, *, complete: bool) -> Any:
    q, r = xp.linalg.qr(_wide(x), "complete" if complete else "reduced")
    return _narrow((q, r), x)


def _qr_vjp(g: Any, y: Any, x: Any, *, complete: bool) -> tuple[Any, ...]:
    """Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2010."""
    (gq, gr), (q, r), n = g, y, x.shape[-1]
    if q.shape[-1] != n:
        raise ValueError(
            "qr with mode='complete' of a matrix with more rows than columns has no gradient: the "
            "last columns of q are any that complete the others. Use mode='reduced'."
        )
    m = matmul(r, turned(gr)) - matmul(turned(gq), q)
    mirrored = m * _constant(_lower(n), m) + turned(m * _constant(_lower(n, -1), m))
    b = gq + matmul(q, mirrored)
    return (turned(solve_triangular(r, turned(b), lower=False)),)


qr: Primitive = Primitive(
    "qr", r"q r = x,\ q^\top q = I,\ r \text{ upper triangular}", run=_qr, shape=_qr_shape,
    vjp=_qr_vjp,
    samples=lambda rng: [
        ((_near_identity(rng, 4, 3),), {"complete": False}),
        ((_near_identity(rng, 2, 3, 3),), {"complete": True}),
    ],
    family="decompose",
)  # fmt: skip


def _eigh_shape(x: Any) -> list[Spec]:
    check_matrices("eigh", x, square=True)
    return [(x.shape[:-1], x.dtype), (x.shape, x.dtype)]


def _eigh(xp: Any, x: Any) -> Any:
    w, v = xp.linalg.eigh(_symmetric(xp, x))
    return _narrow((w, v), x)


def _eigh_vjp(g: Any, y: Any, x: Any) -> tuple[Any, ...]:
    (gw, gv), (w, v) = g, y
    inner = _inverse_gaps(w) * matmul(turned(v), gv)
    inner = inner + _row(gw) * _constant(np.eye(x.shape[-1]), gw)
    dx = matmul(matmul(v, inner), turned(v))
    return ((dx + turned(dx)) * 0.5,)


eigh: Primitive = Primitive(
    "eigh", r"\tfrac12 (x + x^\top) = v \operatorname{diag}(w) v^\top,\ w \text{ upwards}",
    run=_eigh, shape=_eigh_shape, vjp=_eigh_vjp,
    samples=lambda rng: [((_definite(rng, 3, 3),), {}), ((_definite(rng, 2, 2, 2),), {})],
    family="decompose",
)  # fmt: skip


def _complex(dtype: str) -> str:
    return "complex128" if dtype == "float64" else "complex64"


def _eig_shape(x: Any) -> list[Spec]:
    check_matrices("eig", x, square=True)
    return [(x.shape[:-1], _complex(x.dtype)), (x.shape, _complex(x.dtype))]


def _eig(xp: Any, x: Any) -> Any:
    w, v = xp.linalg.eig(_wide(x))
    dtype = numpy_dtype("complex128" if x.dtype == "float64" else "complex64")
    return w.astype(dtype), v.astype(dtype)


eig: Primitive = Primitive(
    "eig", r"x v = v \operatorname{diag}(w)", run=_eig, shape=_eig_shape, vjp=None,
    samples=lambda rng: [((rng.normal(size=(2, 3, 3)),), {}), ((_near_identity(rng, 2, 2),), {})],
    family="decompose",
)  # fmt: skip


def _svd_shape(x: Any, *, full: bool) -> list[Spec]:
    check_matrices("svd", x)
    *lead, m, n = x.shape
    k = min(m, n)
    left, right = (m, n) if full else (k, k)
    return [((*lead, m, left), x.dtype), ((*lead, k), x.dtype), ((*lead, right, n), x.dtype)]


def _svd(xp: Any, x: Any, *, full: bool) -> Any:
    u, s, vt = xp.linalg.svd(_wide(x), full)
    return _narrow((u, s, vt), x)


def _outside(g: Any, u: Any, k: int) -> Any:
    """Return what the gradient of an orthogonal factor says outside the span of its first k columns.

    The other columns, where there are any, may be turned among themselves: they follow the first
    ones and no more.
    """
    g1, u1 = _columns(g, 0, k), _columns(u, 0, k)
    part = g1 - matmul(u1, matmul(turned(u1), g1))
    if u.shape[-1] == k:
        return part
    g0, u0 = _columns(g, k, u.shape[-1]), _columns(u, k, u.shape[-1])
    return part - matmul(u0, matmul(turned(g0), u1))


def _svd_vjp(g: Any, y: Any, x: Any, *, full: bool) -> tuple[Any, ...]:
    """Townsend, "Differentiating the singular value decomposition", 2016."""
    (gu, gs, gvt), (u, s, vt) = g, y
    k = s.shape[-1]
    v, gv = turned(vt), turned(gvt)
    u1, v1 = _columns(u, 0, k), _columns(v, 0, k)
    gaps = _inverse_gaps(s * s)
    left = gaps * matmul(turned(u1), _columns(gu, 0, k))
    right = gaps * matmul(turned(v1), _columns(gv, 0, k))
    core = (left + turned(left)) * _row(s) + _column(s) * (right + turned(right))
    core = core + _row(gs) * _constant(np.eye(k), gs)
    dx = matmul(matmul(u1, core), turned(v1))
    per = _row(_inverse(s))
    if x.shape[-2] > k:
        dx = dx + matmul(_outside(gu, u, k) * per, turned(v1))
    if x.shape[-1] > k:
        dx = dx + matmul(u1 * per, turned(_outside(gv, v, k)))
    return (dx,)


svd: Primitive = Primitive(
    "svd", r"x = u \operatorname{diag}(s) v^\top,\ u^\top u = v^\top v = I,\ s \text{ downwards}",
    run=_svd, shape=_svd_shape, vjp=_svd_vjp,
    samples=lambda rng: [
        ((_near_identity(rng, *shape),), {"full": full})
        for shape, full in (((3, 3), True), ((4, 2), False), ((2, 2, 3), False))
    ],
    family="decompose",
)  # fmt: skip


def _lu_shape(x: Any) -> list[Spec]:
    check_matrices("lu_factor", x)
    *lead, m, n = x.shape
    return [(x.shape, x.dtype), ((*lead, min(m, n)), "int32"), ((*lead, m), "int32")]


def _lu(xp: Any, x: Any) -> Any:
    """Gauss's elimination, the largest element of each column its pivot."""
    lu = np.array(_wide(x))
    *lead, m, n = lu.shape
    order = np.broadcast_to(np.arange(m, dtype="int32"), (*lead, m)).copy()
    pivots = np.zeros((*lead, min(m, n)), "int32")
    for k in range(min(m, n)):
        pivots[..., k] = k + np.argmax(np.abs(lu[..., k:, k]), axis=-1)
        swap = np.broadcast_to(np.arange(m), (*lead, m)).copy()
        swap[..., k] = pivots[..., k]
        np.put_along_axis(swap, pivots[..., k : k + 1], k, axis=-1)
        lu = np.take_along_axis(lu, swap[..., None], axis=-2)
        order = np.take_along_axis(order, swap, axis=-1)
        pivot = lu[..., k, k, None]
        below = lu[..., k + 1 :, k]
        lu[..., k + 1 :, k] = np.where(pivot == 0, below, below / np.where(pivot == 0, 1, pivot))
        lu[..., k + 1 :, k + 1 :] -= lu[..., k + 1 :, k, None] * lu[..., None, k, k + 1 :]
    return lu.astype(x.dtype), pivots, order


def _lu_jax(x: Any) -> Any:
    from jax.lax.linalg import lu

    factors, pivots, order = lu(_wide(x))
    return factors.astype(x.dtype), pivots, order


def _lu_vjp(g: Any, y: Any, x: Any) -> tuple[Any, ...]:
    m, n = x.shape[-2:]
    if m != n:
        raise ValueError(
            f"lu_factor has a gradient for square matrices; the shape is {tuple(x.shape)}."
        )
    g, (lu, _, order) = g[0], y
    strict, upper = _constant(_lower(n, -1), lu), _constant(_lower(n).T, lu)
    lower_t = turned(lu * strict + _constant(np.eye(n), lu))
    r = lu * upper
    middle = matmul(lower_t, g * strict) * strict + matmul(g * upper, turned(r)) * upper
    left = solve_triangular(lower_t, middle, lower=False)
    dx = turned(solve_triangular(r, turned(left), lower=False))
    places = broadcast_to(_column(order), shape=tuple(dx.shape))
    return (put_along_axis(dx, places, axis=len(dx.shape) - 2, size=n),)


lu_factor: Primitive = Primitive(
    "lu_factor", r"p x = l u,\ l \text{ lower, with ones}, u \text{ upper triangular}", run=_lu,
    jax=_lu_jax, shape=_lu_shape, vjp=_lu_vjp,
    samples=lambda rng: [
        ((_near_identity(rng, 3, 3)[::-1].copy(),), {}), ((_near_identity(rng, 2, 2, 2),), {}),
    ],
    family="decompose",
)  # fmt: skip
