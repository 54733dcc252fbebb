"""The table's rows for linear algebra and Fourier transforms."""

from __future__ import annotations

from typing import Any

import numpy as np

from .table import Static as S, case, spread

A = spread(3, 3, seed=41) * 0.3 + np.diag([3.0, 4.5, 6.0])
STACK = np.stack([A, A.T @ A, A - 9 * np.eye(3)])
DEFINITE = A @ A.T
DEFINITES = np.stack([DEFINITE, DEFINITE + np.diag([1.0, 2.0, 4.0])])
TALL = spread(4, 2, seed=42)
WIDE = spread(2, 3, 4, seed=43)
B = spread(3, 2, seed=44)
ROW = spread(3, seed=45)


def _triangular(a: Any, b: Any, lower: bool = False) -> Any:
    return np.linalg.solve(np.tril(a) if lower else np.triu(a), b)


def _vectors(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b[..., None])[..., 0]


def _symmetric(x: Any) -> Any:
    return (x + np.swapaxes(x, -1, -2)) / 2


for _x in (A, STACK):
    case("det", _x, want=np.linalg.det)
    case("inv", _x, want=np.linalg.inv)
    case("slogdet", _x, want=np.linalg.slogdet)
    case("logdet", _x, want=lambda x: np.linalg.slogdet(x)[1])
    case("matrix_rank", _x, want=np.linalg.matrix_rank)
    case("eig", _x, want=np.linalg.eig, order=0)
case("det", np.array([[1, 2], [3, 4]]), want=np.array(-2.0, "float32"))
case("det", (np.eye(3) * 2).astype("float16"), want=np.array(8.0, "float16"))
case("matrix_rank", np.ones((3, 2)), want=1)
case("matrix_rank", A, tol=4.5, want=lambda x, tol: (np.linalg.svd(x)[1] > tol).sum())
for _x in (DEFINITE, DEFINITES):
    case("cholesky", _x, want=np.linalg.cholesky)
    case(
        "cholesky", _x, upper=True, want=lambda x, upper: np.swapaxes(np.linalg.cholesky(x), -1, -2)
    )
    case(
        "cholesky_inverse",
        _x,
        want=lambda x: np.linalg.inv(np.tril(x) @ np.swapaxes(np.tril(x), -1, -2)),
    )
    case("eigh", _x, want=np.linalg.eigh)
case("cholesky", A, want=lambda x: np.linalg.cholesky(_symmetric(x)))
case("eigh", A, want=lambda x: np.linalg.eigh(_symmetric(x)))
case(
    "cholesky_inverse",
    A,
    upper=True,
    want=lambda x, upper: np.linalg.inv(np.triu(x).T @ np.triu(x)),
)
for _a, _b in ((A, B), (STACK, B[None]), (A, WIDE[:, :3, :2])):
    case("solve", _a, _b, want=np.linalg.solve)
    case("solve_triangular", _a, _b, want=_triangular)
    case("solve_triangular", _a, _b, lower=True, want=_triangular)
case("solve", A, ROW, want=_vectors)
case("solve", STACK, A, want=_vectors)
case("solve_triangular", A, ROW, want=_triangular)
for _x in (A, TALL, WIDE, WIDE[0].T):
    case("qr", _x, want=np.linalg.qr)
    case("svd", _x, full_matrices=False, want=np.linalg.svd)
    case("svd", _x, compute_uv=False, want=np.linalg.svd)
    case("pinv", _x, want=np.linalg.pinv)
case("qr", TALL, mode="complete", want=np.linalg.qr, order=0)
case("qr", WIDE, mode="complete", want=np.linalg.qr)
case("svd", A, want=np.linalg.svd)
case("svd", TALL, want=np.linalg.svd, order=0)
case("pinv", np.diag([4.0, 2.0, 0.1]), rcond=0.1, want=np.diag([0.25, 0.5, 0]), order=0)
case("lstsq", TALL, spread(4, seed=46), want=lambda a, b: np.linalg.lstsq(a, b, None)[0])
case("lstsq", TALL, spread(4, 3, seed=47), want=lambda a, b: np.linalg.lstsq(a, b, None)[0])
case("lstsq", WIDE[0], ROW, want=lambda a, b: np.linalg.lstsq(a, b, None)[0])
case("lu_factor", A, want=lambda x: (_eliminated(x), np.arange(3)))
case("lu_factor", A[::-1].copy(), want=lambda x: (_eliminated(x[::-1]), np.array([2, 1, 2])))
case("lu_factor", WIDE, want=lambda x: _lu_of_rows(x), order=0)
case("lu_factor", np.zeros((2, 2)), want=(np.zeros((2, 2)), np.arange(2)), order=0)
for _ord in (2, -2, "nuc"):
    case("norm", TALL, ord=_ord, axis=(0, 1), want=np.linalg.norm)
case("norm", WIDE, ord=2, axis=(0, 2), keepdims=True, want=np.linalg.norm)


def _eliminated(x: Any) -> Any:
    """Gauss's elimination without exchanges, written out."""
    lu = x.copy()
    for k in range(min(lu.shape)):
        lu[k + 1 :, k] /= lu[k, k]
        lu[k + 1 :, k + 1 :] -= np.outer(lu[k + 1 :, k], lu[k, k + 1 :])
    return lu


def _lu_of_rows(x: Any) -> tuple[Any, Any]:
    """The same with exchanges, row by row."""
    factors, pivots = [], []
    for matrix in x.copy():
        places = []
        for k in range(min(matrix.shape)):
            p = k + int(np.argmax(np.abs(_reduced(matrix, k)[k:, k])))
            matrix[[k, p]] = matrix[[p, k]]
            places.append(p)
        factors.append(_eliminated(matrix))
        pivots.append(places)
    return np.stack(factors), np.array(pivots)


def _reduced(x: Any, steps: int) -> Any:
    lu = x.copy()
    for k in range(steps):
        lu[k + 1 :] -= np.outer(lu[k + 1 :, k] / lu[k, k], lu[k])
    return lu


# --- Fourier transforms ---------------------------------------------------------------------------

SIGNAL = spread(12, seed=48)
SIGNALS = spread(2, 9, seed=49)
RE, IM = spread(2, 4, seed=50), spread(2, 4, seed=51)
Z = RE + 1j * IM


def _parts(z: Any) -> tuple[Any, Any]:
    return z.real, z.imag


def _joined(x: Any) -> Any:
    return x[0] + 1j * x[1]


case("fft", (RE, IM), want=lambda x: _parts(np.fft.fft(_joined(x))))
case("fft2", (RE, IM), want=lambda x: _parts(np.fft.fft2(_joined(x))))
case("ifft2", (RE, IM), want=lambda x: _parts(np.fft.ifft2(_joined(x))))
for _n in (None, 4, 9, 14):
    case(
        "rfft",
        SIGNALS,
        fft_length=_n,
        want=lambda x, fft_length: _parts(np.fft.rfft(x, fft_length)),
    )
    case(
        "irfft",
        (RE, IM),
        fft_length=_n,
        want=lambda x, fft_length: np.fft.irfft(_joined(x), fft_length),
    )


def _stft(
    x: Any, length: int, stride: int, n: int, window: Any = "hann", center: bool = True
) -> tuple[Any, Any]:
    """The definition, stretch by stretch."""
    w = _window(window, length, n)
    if center:
        x = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(n // 2, n // 2)], mode="reflect")
    starts = range(0, x.shape[-1] - n + 1, stride)
    return _parts(np.stack([np.fft.rfft(x[..., s : s + n] * w) for s in starts], axis=-2))


def _window(window: Any, length: int, n: int) -> Any:
    if window is None:
        return np.ones(n)
    if isinstance(window, str):
        share = {"hann": 0.5, "hamming": 0.54}[window]
        window = share - (1 - share) * np.cos(2 * np.pi * np.arange(length) / length)
    before = (n - length) // 2
    return np.pad(window, (before, n - length - before))


case("stft", SIGNAL, 4, 2, 4, want=_stft)
case("stft", SIGNALS, 3, 2, 5, want=_stft)
case("stft", SIGNAL, 4, 3, 6, window="hamming", center=False, want=_stft)
case("stft", SIGNAL, 4, 1, 4, window=None, want=_stft)
case("stft", SIGNAL, 4, 2, 5, window=np.array([1.0, 2.0, 3.0, 1.5]), want=_stft)
case("istft", _stft(SIGNAL, 4, 2, 4), 4, 2, 4, want=SIGNAL)
case("istft", _stft(SIGNALS, 4, 1, 5), 4, 1, 5, length=6, want=SIGNALS[:, :6])
case("istft", _stft(SIGNAL, 4, 2, 6, "hamming", False), 4, 2, 6, window="hamming", center=False,
     want=np.concatenate([[0], SIGNAL[1:-1], [0]]))  # fmt: skip
case("istft", _stft(SIGNAL, 4, 2, 4, None), 4, 2, 4, window=None, want=2 * SIGNAL)

# --- complex numbers ------------------------------------------------------------------------------

case("polar", np.abs(RE), IM, want=lambda r, a: r * np.exp(1j * a), order=0)
case("view_as_complex", spread(3, 2, seed=52), want=lambda x: x[:, 0] + 1j * x[:, 1], order=0)
case("view_as_real", Z, want=lambda z: np.stack([z.real, z.imag], -1))
case("view_as_real", RE, want=lambda x: np.stack([x, 0 * x], -1))
for _name in ("real", "imag", "conjugate", "conj", "angle", "absolute", "abs"):
    case(_name, Z)
case("isreal", np.array([1 + 1j, 2]), want=np.array([False, True]))

# --- axes and directions --------------------------------------------------------------------------

CUBE = spread(2, 3, 4, seed=53)
case("rearrange", CUBE, "a b c -> c (a b)", want=lambda x, p: x.transpose(2, 0, 1).reshape(4, 6))
case("rearrange", CUBE, "a b (c d) -> a d (b c)", c=2,
     want=lambda x, p, c: x.reshape(2, 3, 2, 2).transpose(0, 3, 1, 2).reshape(2, 2, 6))  # fmt: skip
case("rearrange", CUBE, "a ... -> ... 1 a", want=lambda x, p: x.transpose(1, 2, 0)[:, :, None])
case("rearrange", CUBE, "a ... -> (... a)", want=lambda x, p: x.transpose(1, 2, 0).ravel())
case("rearrange", CUBE[:1], "1 b c -> b c", want=lambda x, p: x[0])
case("jvp", S(lambda x: x * x * x), (CUBE[0],), (CUBE[1],),
     want=lambda f, x, t: (x[0] ** 3, 3 * x[0] ** 2 * t[0]))  # fmt: skip
case("jvp", S(lambda x, y: {"a": x * y, "b": y}), [RE, IM], [IM, RE],
     want=lambda f, x, t: ({"a": RE * IM, "b": IM}, {"a": IM * IM + RE * RE, "b": RE}))  # fmt: skip
case("jvp", S(lambda x: (x * 2.0, x > 0)), (RE,), (IM,), has_aux=True,
     want=lambda f, x, t, has_aux: (2 * RE, 2 * IM, RE > 0))  # fmt: skip

PICTURES = spread(1, 2, 3, 4, seed=54)


def _unfolded(
    x: Any, kernel: Any, dilation: int = 1, padding: Any = (0, 0), stride: Any = (1, 1)
) -> Any:
    """The patches, one after the other."""
    top, left = padding
    x = np.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    a, b = ((k - 1) * dilation + 1 for k in kernel)
    patches = [
        x[:, :, i : i + a : dilation, j : j + b : dilation].reshape(len(x), -1)
        for i in range(0, x.shape[2] - a + 1, stride[0])
        for j in range(0, x.shape[3] - b + 1, stride[1])
    ]
    return np.stack(patches, axis=-1)


case("unfold", PICTURES, (2, 2), want=_unfolded)
case("unfold", PICTURES, (2, 1), dilation=2, padding=(1, 0), stride=(1, 2), want=_unfolded)
case("fold", _unfolded(PICTURES[:, :, :2], (2, 2), stride=(2, 2)), (2, 4), 2, stride=2,
     want=PICTURES[:, :, :2])  # fmt: skip
case("fold", _unfolded(PICTURES, (1, 3), padding=(0, 1)), (3, 4), (1, 3), padding=(0, 1),
     want=PICTURES * np.array([2, 3, 3, 2]))  # fmt: skip
