"""Golden cases: `ops` of linear algebra, Fourier transforms, complex numbers and axes by pattern.

Signs of eigenvectors and singular vectors are LAPACK's choice, so that what they compose is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import add_case, uniform
from .cases_ops import CUBE, ROW, SQUARE, WHOLE, Recorder, X, Y, describe

op = Recorder("ops_linalg")
A = (SQUARE * 0.4 + np.diag([3.0, 4, 5, 7])).astype("float32")
STACK = np.stack([A, A[::-1] * 0.5]).astype("float32")
DEFINITE = (A @ A.T).astype("float32")
DEFINITES = np.stack([DEFINITE, DEFINITE + np.diag([9, 5, 2, 1])]).astype("float32")
LOWER = np.linalg.cholesky(DEFINITE).astype("float32")
RIGHT = uniform(4, 2, seed=720, low=-2, high=2)

for _x in (A, STACK):
    for _name in ("det", "inv", "slogdet", "logdet", "lu_factor", "pinv", "matrix_rank"):
        getattr(op, _name)(_x, tolerance="approximate")
    op.norm(_x, ord=2, axis=(-2, -1), tolerance="approximate")
op.det(WHOLE[:, :3], tolerance="approximate")
op.pinv(X, tolerance="approximate")
op.pinv(X, rcond=0.5, tolerance="approximate")
op.lu_factor(X, tolerance="approximate")
op.lu_factor(X.T.copy(), tolerance="approximate")
op.matrix_rank(np.ones((3, 4), "float32"))
op.matrix_rank(A, tol=4.5)
for _x in (DEFINITE, DEFINITES):
    op.cholesky(_x)
    op.cholesky(_x, upper=True)
op.cholesky_inverse(LOWER, tolerance="approximate")
op.cholesky_inverse(LOWER.T.copy(), upper=True, tolerance="approximate")
op.solve(A, RIGHT, tolerance="approximate")
op.solve(A, ROW, tolerance="approximate")
op.solve(STACK, STACK[::-1].copy(), tolerance="approximate")
for _kwargs in ({}, {"lower": True}):
    op.solve_triangular(A, RIGHT, tolerance="approximate", **_kwargs)
    op.solve_triangular(A, ROW, tolerance="approximate", **_kwargs)
op.lstsq(X.T.copy(), ROW, tolerance="approximate")
op.lstsq(X.T.copy(), RIGHT, tolerance="approximate")
op.lstsq(X, RIGHT[:3], tolerance="approximate")
for _ord in (2, -2, "nuc"):
    op.norm(X, ord=_ord, axis=(0, 1), tolerance="approximate")
op.norm(CUBE, ord="nuc", axis=(0, 2), keepdims=True, tolerance="approximate")
op.svd(X, compute_uv=False, tolerance="approximate")


def _case(name: str, run: Callable[[Any], Any]) -> None:
    add_case("ops_linalg", name, run, tolerance="approximate")


def _recomposed(k: Any, x: Any, full: bool) -> Any:
    u, s, vt = k.ops.svd(x, full_matrices=full)
    n = min(x.shape)
    return (
        s,
        k.ops.matmul(u[:, :n] * s, vt[:n]),
        k.ops.matmul(u, k.ops.transpose(u)),
        tuple(vt.shape),
    )


def _eigh(k: Any, x: Any) -> Any:
    w, v = k.ops.eigh(x)
    return w, k.ops.matmul(v * w[..., None, :], k.ops.swapaxes(v, -1, -2))


def _qr(k: Any, x: Any, mode: str) -> Any:
    q, r = k.ops.qr(x, mode=mode)
    return k.ops.matmul(q, r), k.ops.abs(r), tuple(q.shape), tuple(r.shape)


for _x in (A, X, X.T.copy()):
    for _full in (True, False):
        _case(f"svd {_x.shape} {_full}", lambda k, x=_x, full=_full: _recomposed(k, x, full))
    for _mode in ("reduced", "complete"):
        _case(f"qr {_x.shape} {_mode}", lambda k, x=_x, mode=_mode: _qr(k, x, mode))
_case("eigh", lambda k: _eigh(k, DEFINITE))
_case("eigh of a stack", lambda k: _eigh(k, DEFINITES))
_case("eig", lambda k: k.ops.sort(k.ops.real(k.ops.eig(A)[0])))
_case("jvp", lambda k: k.ops.jvp(lambda x: k.ops.sin(x) * x, (X,), (Y,)))
_case("jvp of two", lambda k: k.ops.jvp(lambda x, y: (x * y, y), (X, Y), (Y, X)))
_case("jvp with more", lambda k: k.ops.jvp(lambda x: (x * x, x + 1.0), (X,), (Y,), has_aux=True))

# --- Fourier transforms ---------------------------------------------------------------------------

WAVE = uniform(2, 20, seed=721)

# TensorFlow's rfft makes float32 of float64: that width is compared where it is kept.
for _x in (X, CUBE, X.astype("float64")):
    op.fft((_x, -2 * _x), tolerance="approximate")
    op.fft2((_x, -2 * _x), tolerance="approximate")
    op.ifft2((_x, -2 * _x), tolerance="approximate")
    for _n in (None, 3, 6, 7):
        if _x.dtype == "float32":
            op.rfft(_x, fft_length=_n, tolerance="approximate")
        op.irfft((_x, -2 * _x), fft_length=_n, tolerance="approximate")
op.rfft(WHOLE, tolerance="approximate")
_WINDOW = np.array([1, 2, 3, 2, 1, 0.5], "float32")
for _x in (WAVE, WAVE[0].astype("float64")):
    for _kwargs in (
        {},
        {"window": "hamming"},
        {"window": None},
        {"window": _WINDOW},
        {"center": False},
        {"window": None, "center": False},
    ):
        op.stft(_x, 6, 2, 8, tolerance="approximate", **_kwargs)
        op.stft(_x, 6, 3, 9, tolerance="approximate", **_kwargs)
for _kwargs in (
    {},
    {"length": 9},
    {"length": 30},
    {"window": "hamming", "center": False},
    {"window": _WINDOW},
    {"window": None},
    {"window": None, "center": False},
):
    for _step, _n in ((2, 8), (3, 9)):
        _options = {k: v for k, v in _kwargs.items() if k != "length"}
        _case(
            f"istft {_step} {describe(list(_kwargs.items()))}",
            lambda k, kwargs=_kwargs, options=_options, step=_step, n=_n: k.ops.istft(
                k.ops.stft(WAVE, 6, step, n, **options), 6, step, n, **kwargs
            ),
        )

op.polar(np.abs(X), Y)
op.polar([1.0, 2.0], [0.0, 1.0])
op.view_as_complex(CUBE[..., :2].copy())
op.view_as_real(X)
Z = (X + 1j * Y).astype("complex64")
for _name in ("view_as_real", "real", "imag", "conj", "angle", "abs", "isreal"):
    getattr(op, _name)(Z)

op.rearrange(CUBE, "a b c -> c (a b)")
op.rearrange(CUBE, "a b (c d) -> a d (b c)", c=2, d=2)
op.rearrange(X, "a b -> b a")

PICTURES = uniform(2, 3, 4, 5, seed=722)
op.unfold(PICTURES, 2)
op.unfold(PICTURES, (2, 3), dilation=(2, 1), padding=1, stride=(2, 1))
op.fold(uniform(2, 12, 12, seed=723), (4, 5), 2)
op.fold(uniform(2, 12, 9, seed=724), (4, 5), 2, padding=1, stride=2)

_case("numpy.slogdet", lambda k: k.ops.numpy.slogdet(A))
_case("numpy.ndim", lambda k: int(k.ops.numpy.ndim(CUBE)))
_case("numpy.size", lambda k: int(k.ops.numpy.size(CUBE)))
_case("numpy.vectorize", lambda k: k.ops.numpy.vectorize(lambda a: a * 2.0)(ROW))
