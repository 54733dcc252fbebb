"""What operations refuse, and that the message names the argument and says what was expected."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from annette import ops
from annette.graph import trace

X = np.ones((3, 4), "float32")
V = np.ones(4, "float32")
I = np.ones((3, 4), "int32")  # noqa: E741  # whole numbers

REFUSED: list[tuple[str, Any, type[Exception], str]] = [
    ("add shapes", lambda: ops.add(X, np.ones(3)), ValueError, r"\(3, 4\) and \(3,\)"),
    ("add None", lambda: ops.add(X, None), ValueError, "numbers or arrays; it got None"),
    ("add text", lambda: ops.add(X, "1"), ValueError, "it got '1'"),
    ("ragged list", lambda: ops.sum([[1, 2], [3]]), ValueError, "rectangular"),
    ("objects", lambda: ops.sum(np.array([{}, 1], object)), TypeError, "dtype object"),
    ("axis outside", lambda: ops.sum(X, axis=2), ValueError, "axis=2 is outside an array of 2 axes"),
    ("axis twice", lambda: ops.sum(X, axis=(0, 0)), ValueError, "names an axis twice"),
    ("axis float", lambda: ops.sum(X, axis=1.0), TypeError, "axis must be a whole number"),
    ("max of nothing", lambda: ops.max(np.zeros((0, 2))), ValueError, "empty"),
    ("argmax of nothing", lambda: ops.argmax(np.zeros((0, 2)), axis=0), ValueError, "empty"),
    ("reshape", lambda: ops.reshape(X, (5, 2)), ValueError, "12 elements"),
    ("reshape -1", lambda: ops.reshape(X, (-1, -1)), ValueError, "at most one size may be -1"),
    ("reshape -1 no divisor", lambda: ops.reshape(X, (-1, 5)), ValueError, "must divide 12"),
    ("transpose", lambda: ops.transpose(X, (0, 0)), ValueError, "each of the 2 axes once"),
    ("squeeze", lambda: ops.squeeze(X, 0), ValueError, "size 1"),
    ("broadcast_to", lambda: ops.broadcast_to(X, (4, 3)), ValueError, "does not broadcast"),
    ("concatenate", lambda: ops.concatenate([X, V]), ValueError, r"\(3, 4\), \(4,\)"),
    ("split", lambda: ops.split(X, 3, axis=1), ValueError, "3 equal parts"),
    ("array_split", lambda: ops.array_split(X, 0), ValueError, "1 part or more"),
    ("vsplit", lambda: ops.vsplit(V, 2), ValueError, "vsplit takes an array of 2 axes"),
    ("dsplit", lambda: ops.dsplit(X, 2), ValueError, "dsplit takes an array of 3 axes"),
    ("roll", lambda: ops.roll(X, (1, 2, 3), axis=(0, 1)), ValueError, "one shift for each axis"),
    ("rot90 vector", lambda: ops.rot90(V), ValueError, "2 axes or more"),
    ("rot90 axes", lambda: ops.rot90(X, axes=(1, 1)), ValueError, "two different axes"),
    ("pad mode", lambda: ops.pad(X, 1, mode="mirror"), ValueError, "'mirror'"),
    ("pad value", lambda: ops.pad(X, 1, "edge", 3.0), ValueError, "only with mode='constant'"),
    ("pad negative", lambda: ops.pad(X, -1), ValueError, "not below 0"),
    ("pad pairs", lambda: ops.pad(X, ((1, 1),) * 3), ValueError, "each of the 2 axes"),
    ("pad nothing", lambda: ops.pad(np.zeros((0, 2)), 1, "reflect"), ValueError, "axis 0, which has none"),
    ("meshgrid", lambda: ops.meshgrid(V, V, indexing="yx"), ValueError, "indexing='xy' or 'ij'"),
    ("vander", lambda: ops.vander(X), ValueError, "one axis"),
    ("diag", lambda: ops.diag(np.ones((2, 2, 2))), ValueError, "a vector or a matrix"),
    ("diagonal", lambda: ops.diagonal(V), ValueError, "2 axes or more"),
    ("diagonal axes", lambda: ops.diagonal(X, axis1=1, axis2=-1), ValueError, "two different axes"),
    ("tril", lambda: ops.tril(V), ValueError, "2 axes or more"),
    ("matmul", lambda: ops.matmul(X, X), ValueError, r"\(4\) must equal .*\(3\)"),
    ("matmul scalar", lambda: ops.matmul(X, 2.0), ValueError, "use \\* for a scalar"),
    ("dot", lambda: ops.dot(X, X), ValueError, "one size"),
    ("tensordot", lambda: ops.tensordot(X, X, axes=3), ValueError, "as many axes of x1 as of x2"),
    ("vdot", lambda: ops.vdot(X, V), ValueError, "one size"),
    ("cross", lambda: ops.cross(X, X), ValueError, "2 or 3 components"),
    ("correlate mode", lambda: ops.correlate(V, V, mode="all"), ValueError, "'all'"),
    ("correlate", lambda: ops.correlate(X, V), ValueError, "two vectors"),
    ("einsum operands", lambda: ops.einsum("ij,jk->ik", X), ValueError, "2 operands; it got 1"),
    ("einsum axes", lambda: ops.einsum("ijk->i", X), ValueError, "names 3 axes"),
    ("einsum sizes", lambda: ops.einsum("ij,ij->i", X, X.T), ValueError, "axis 'i' has size 3"),
    ("einsum result", lambda: ops.einsum("ij->k", X), ValueError, "axis of the result"),
    ("einsum text", lambda: ops.einsum("i1->i", X), ValueError, "expects letters"),
    ("einsum diagonal", lambda: ops.einsum("ii->i", X), ValueError, "sizes 3 and 4"),
    ("average", lambda: ops.average(X, axis=0, weights=V), ValueError, r"\(3,\); it got \(4,\)"),
    ("average all", lambda: ops.average(X, weights=V), ValueError, "weights of the shape of x"),
    ("quantile", lambda: ops.quantile(X, 1.5), ValueError, "between 0 and 1; it got 1.5"),
    ("percentile", lambda: ops.percentile(X, -1), ValueError, "between 0 and 100"),
    ("quantile method", lambda: ops.quantile(X, 0.5, method="best"), ValueError, "'best'"),
    ("median of nothing", lambda: ops.median(np.zeros((0, 2)), axis=0), ValueError, "no element"),
    ("corrcoef", lambda: ops.corrcoef(np.ones((2, 2, 2))), ValueError, "a matrix or a vector"),
    ("diff n", lambda: ops.diff(X, n=-1), ValueError, "n of 0 or more; it got -1"),
    ("diff scalar", lambda: ops.diff(1.0), ValueError, "1 axis or more"),
    ("digitize", lambda: ops.digitize(X, X), ValueError, "bins of one axis"),
    ("searchsorted", lambda: ops.searchsorted(V, V, side="middle"), ValueError, "'middle'"),
    ("bincount floats", lambda: ops.bincount(V), TypeError, "whole numbers; it got float32"),
    ("bincount negative", lambda: ops.bincount(-I[0]), ValueError, "smallest number -1"),
    ("bincount weights", lambda: ops.bincount(I[0], V[:2]), ValueError, "weights of the shape of x"),
    ("histogram bins", lambda: ops.histogram(V, bins=0), ValueError, "above 0; it got 0"),
    ("histogram range", lambda: ops.histogram(V, range=(1, 0)), ValueError, "lowest, highest"),
    ("select", lambda: ops.select([X > 0], []), ValueError, "1 in condlist and 0"),
    ("where", lambda: ops.where(X > 0, X), ValueError, "both x1 and x2"),
    ("bits of floats", lambda: ops.bitwise_and(X, 1), TypeError, "float32"),
    ("shift floats", lambda: ops.left_shift(X, 1), TypeError, "float32"),
    ("gcd floats", lambda: ops.gcd(X, X), TypeError, "float32"),
    ("ldexp", lambda: ops.ldexp(X, X), TypeError, "whole numbers for x2"),
    ("view", lambda: ops.view(np.ones((2, 3), "int16"), "int32"), ValueError, "last axis"),
    ("fft of one", lambda: ops.fft(X), ValueError, "a pair .*it got ndarray"),
    ("fft shapes", lambda: ops.fft((X, X[:2])), ValueError, r"\(3, 4\) and \(2, 4\)"),
    ("fft of whole numbers", lambda: ops.fft((I, I)), ValueError, "float dtype; it got int32"),
    ("fft2 vectors", lambda: ops.fft2((V, V)), ValueError, "2 or more axes"),
    ("rfft length", lambda: ops.rfft(V, 0), ValueError, "fft_length .*1 or more; it got 0"),
    ("rfft scalar", lambda: ops.rfft(1.0), ValueError, "1 axis or more"),
    ("irfft of one number", lambda: ops.irfft((V[:1], V[:1])), ValueError, "it got 0"),
    ("stft window", lambda: ops.stft(V, 2, 1, 2, window="kaiser"), ValueError, "'hann', 'hamming'.*'kaiser'"),
    ("stft window length", lambda: ops.stft(V, 2, 1, 2, window=V), ValueError, r"sequence_length=2 .*\(4,\)"),
    ("stft lengths", lambda: ops.stft(V, 4, 1, 2), ValueError, "they are 2 and 4"),
    ("stft stride", lambda: ops.stft(V, 2, 0, 2), ValueError, "sequence_stride .*it got 0"),
    ("stft too short", lambda: ops.stft(V, 5, 1, 5, center=False), ValueError, "fft_length=5 numbers"),
    ("stft whole numbers", lambda: ops.stft(I, 2, 1, 2), TypeError, "int32"),
    ("view_as_complex", lambda: ops.view_as_complex(X), ValueError, "last axis of size 2"),
    ("linspace", lambda: ops.linspace(0, 1, -1), ValueError, "num to be a whole number"),
    ("geomspace", lambda: ops.geomspace(-1, 1), ValueError, "one sign"),
    ("hanning", lambda: ops.hanning(-2), ValueError, "length of 0 or more"),
    ("dtype", lambda: ops.cast(X, "float31"), ValueError, "float31"),
    ("one axis too many", lambda: ops.get_item(X, (0, 0, 0)), IndexError, r"\(3, 4\)"),
    ("place outside", lambda: ops.get_item(X, 7), IndexError, r"\(3, 4\)"),
    ("take from nothing", lambda: ops.take(np.zeros((0, 2)), [0], axis=0), ValueError, "size 0"),
    ("top_k", lambda: ops.top_k(X, 5), ValueError, "k=5"),
    ("segment ids", lambda: ops.segment_sum(X, I), ValueError, "segment_ids of one axis"),
    ("segment rows", lambda: ops.segment_max(X, I[0]), ValueError, "each row of data"),
    ("extract_sequences", lambda: ops.extract_sequences(V, 0, 1), ValueError, "sequence_length=0"),
    ("cdist", lambda: ops.cdist(X, X.T), ValueError, "points"),
    ("norm order", lambda: ops.norm(X, ord="best"), ValueError, "'best'"),
    ("norm axes", lambda: ops.norm(np.ones((2, 2, 2)), ord=1), ValueError, "one axis .* or two"),
    ("norm of vectors", lambda: ops.norm(V, ord="fro"), ValueError, "'fro'"),
    ("norm spectral", lambda: ops.norm(X, ord=7, axis=(0, 1)), ValueError, "'nuc', .*it got 7"),
    ("inv vector", lambda: ops.inv(V), ValueError, r"2 axes or more\); it got shape \(4,\)"),
    ("det not square", lambda: ops.det(X), ValueError, r"det takes square .*\(3, 4\)"),
    ("inv singular", lambda: ops.inv(np.ones((2, 2))), ValueError, "inv: .*singular.*ops.pinv"),
    ("solve singular", lambda: ops.solve(np.ones((2, 3, 3)), X[:2, :3]), ValueError, "solve: .*singular"),
    ("solve zeros", lambda: ops.solve(np.zeros((2, 2)), V[:2]), ValueError, "solve: .*singular"),
    ("solve rows", lambda: ops.solve(np.eye(3), V), ValueError, r"\(3, 3\) and \(4,\)"),
    ("solve_triangular", lambda: ops.solve_triangular(np.zeros((2, 2)), V[:2]), ValueError, "0 on its diagonal"),
    ("lstsq rows", lambda: ops.lstsq(X, V), ValueError, r"\(3, 4\) and \(4,\)"),
    ("cholesky", lambda: ops.cholesky(-np.eye(2)), ValueError, "not positive definite.*ops.eigh"),
    ("cholesky of a stack", lambda: ops.cholesky(np.stack([np.eye(2), np.ones((2, 2)) - 3])), ValueError, "not positive"),
    ("cholesky_inverse", lambda: ops.cholesky_inverse(np.zeros((2, 2))), ValueError, "0 on its diagonal"),
    ("qr mode", lambda: ops.qr(X, mode="raw"), ValueError, "'reduced' or 'complete'; it got 'raw'"),
    ("qr vector", lambda: ops.qr(V), ValueError, "qr takes matrices"),
    ("eigh complex", lambda: ops.eigh(np.eye(2) * 1j), TypeError, "complex128"),
    ("rearrange arrow", lambda: ops.rearrange(X, "a b"), ValueError, "one '->'; it got 'a b'"),
    ("rearrange axes", lambda: ops.rearrange(X, "a -> a"), ValueError, "names 1 axes .*has 2"),
    ("rearrange names", lambda: ops.rearrange(X, "a b -> a"), ValueError, "the same names"),
    ("rearrange open", lambda: ops.rearrange(X, "a (b c) -> a b c"), ValueError, "sizes of b, c .*are open"),
    ("rearrange split", lambda: ops.rearrange(X, "a (b c) -> a b c", b=3), ValueError, "of size 4 does not split"),
    ("rearrange size", lambda: ops.rearrange(X, "a b -> b a", c=3), ValueError, "no axis named c"),
    ("rearrange word", lambda: ops.rearrange(X, "a b! -> a b!"), ValueError, "'b!'"),
    ("rearrange pairs", lambda: ops.rearrange(X, "(a b -> a b"), ValueError, "pair up"),
    ("rearrange 1", lambda: ops.rearrange(X, "1 b -> b"), ValueError, "of size 3 does not split"),
    ("unfold axes", lambda: ops.unfold(X, 2), ValueError, r"\(n, c, h, w\); the shape is \(3, 4\)"),
    ("unfold patch", lambda: ops.unfold(X[None, None], 5), ValueError, r"covers \(5, 5\) .*\(3, 4\)"),
    ("unfold stride", lambda: ops.unfold(X[None, None], 2, stride=0), ValueError, "stride .*it got 0"),
    ("fold", lambda: ops.fold(X[None], (4, 4), 2), ValueError, r"\(n, c \* 4, 9\).*\(1, 3, 4\)"),
    ("jvp primals", lambda: ops.jvp(ops.sin, V, V), TypeError, "primals to be a tuple .*it got ndarray"),
    ("jvp tangents", lambda: ops.jvp(ops.sin, (V,), ()), TypeError, "1 primals and 0 tangents"),
    ("jvp shapes", lambda: ops.jvp(ops.sin, (V,), (X,)), ValueError, r"\(3, 4\) and \(4,\)"),
    ("glu", lambda: ops.glu(X[:, :3]), ValueError, "odd"),
    ("multi_hot", lambda: ops.multi_hot([0, 1]), ValueError, "num_classes"),
    ("psnr", lambda: ops.psnr(X, V, 1.0), ValueError, r"\(3, 4\)"),
    ("normalize", lambda: ops.normalize(X, order=0), ValueError, "order"),
    ("scatter_update", lambda: ops.scatter_update(X, [[0]], X[:1], "mean"), ValueError, "'mean'"),
    ("switch", lambda: ops.switch(0, []), ValueError, "one function or more"),
    ("scan", lambda: ops.scan(3, 0.0, V), TypeError, "function of"),
    ("scan length", lambda: ops.scan(lambda c, x: (c, x), 0.0), ValueError, "xs or length"),
    ("scan lengths", lambda: ops.scan(lambda c, x: (c, x), 0.0, V, 3), ValueError, r"\[3, 4\]"),
    ("associative_scan", lambda: ops.associative_scan(max, (X, V)), ValueError, "one size along axis 0"),
    ("vectorize", lambda: ops.vectorize(3), TypeError, "expects a function"),
    ("vectorize names", lambda: ops.vectorize(max, signature="(n)->()")(V, V), ValueError, "names 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "error", "says"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(call: Any, error: type[Exception], says: str) -> None:
    """Bad arguments get an error of Keras's kind whose message says what is wrong."""
    with pytest.raises(error) as caught:
        call()
    assert re.search(says, str(caught.value)), str(caught.value)


NEEDS_NUMBERS: dict[str, Any] = {
    "nonzero": ops.nonzero,
    "where": ops.where,
    "unique": ops.unique,
    "bincount": lambda x: ops.bincount(ops.cast(x, "int32")),
    "segment_sum": lambda x: ops.segment_sum(x, ops.cast(x, "int32")),
    "mask": lambda x: x[x > 0],
    "while_loop": lambda x: ops.while_loop(lambda v: ops.sum(v) < 9, lambda v: v + 1, x),
    "if": lambda x: x if ops.sum(x) > 0 else -x,
    "numpy": lambda x: np.asarray(x),
}


@pytest.mark.parametrize("name", NEEDS_NUMBERS)
def test_what_a_trace_cannot_know(name: str) -> None:
    """What depends on values says so inside a trace, and how to do without."""
    with pytest.raises((ValueError, TypeError), match=r"run_eagerly=True"):
        trace(NEEDS_NUMBERS[name], [((4,), "float32")])


def test_a_loop_whose_turns_are_known_is_unrolled() -> None:
    """In a trace while_loop runs as long as its condition does not ask for values."""
    graph, _ = trace(
        lambda x: ops.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, v * 2.0), (0, x)),
        [((2,), "float32")],
    )
    assert sum(n.primitive.name == "multiply" for n in graph.nodes) == 3
