"""What the fixtures hold: for each file the arrays and attributes that a reader must find."""

from __future__ import annotations

from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).parent / "fixtures"


def _arrays(*dtypes):
    return {f"kinds/{d}": np.arange(6).reshape(2, 3).astype(d) - (d[0] != "u") for d in dtypes}


def _ramp(shape, dtype="f4"):
    return (np.arange(np.prod(shape)) * 0.5).astype(dtype).reshape(shape)


PLAIN = {
    **_arrays("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"),
    "big/i4": np.arange(5, dtype=">i4"),
    "big/f8": np.linspace(0, 1, 5).astype(">f8"),
    "flags": np.array([[True, False], [False, True]]),
    "flag": np.array(True),
    "scalar": np.array(2.5, "f4"),
    "none": np.zeros((0, 3), "f4"),
    "letters": np.array([b"ab", b"", b"xyz"]),
    "a/b/c/d": _ramp((2, 2)),
    "edge": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324]),
}

ATTRIBUTES = {
    "backend": "jax",
    "json": '{"class_name": "Sequential", "name": "né"}',
    "layer_names": np.array(["dense", "dense_1"], object),
    "fixed": "bytes",
    "names": np.array(["a", "", "日本"], object),
    "number": np.int64(7),
    "rate": np.float64(0.25),
    "half": np.float16(0.5),
    "on": np.bool_(True),
    "matrix": _ramp((2, 3)),
    "empty_list": np.zeros((0,), "f8"),
    "nothing": None,
}

# name -> values, chunks, options
CHUNKED = {
    "plain": (_ramp((5, 7)), (2, 3), {}),
    "gzip": (_ramp((5, 7)), (2, 3), {"compression": "gzip"}),
    "shuffle": (_ramp((6, 6), "f8"), (4, 4), {"shuffle": True}),
    "fletcher": (_ramp((5, 3), "i2"), (2, 3), {"fletcher32": True}),
    "odd": (np.arange(7, dtype="u1"), (3,), {"fletcher32": True}),
    "all": (_ramp((5, 4, 3)), (2, 2, 2),
            {"compression": "gzip", "shuffle": True, "fletcher32": True}),
    "one": (_ramp((3, 3)), (3, 3), {"compression": "gzip", "shuffle": True}),
    "whole": (_ramp((3, 3)), (3, 3), {}),
    "many": (_ramp((150,)), (1,), {}),
    "growing": (_ramp((5, 4)), (2, 2), {"maxshape": (None, 4)}),
    "growing_long": (_ramp((1300,), "i2"), (2,), {"maxshape": (None,)}),
    "growing_gzip": (_ramp((300,), "f8"), (4,), {"maxshape": (None,), "compression": "gzip"}),
    "both_ways": (_ramp((9, 8)), (2, 3), {"maxshape": (None, None)}),
    "both_ways_gzip": (_ramp((30, 32)), (1, 2), {"maxshape": (None, None), "compression": "gzip"}),
    "zero": (np.zeros((0, 4), "f4"), (2, 4), {"maxshape": (None, 4)}),
    "texts": (np.array(["a", "bé", "", "long" * 9], object), (3,), {}),
    "bools": (np.arange(9) % 3 == 0, (4,), {"compression": "gzip"}),
}  # fmt: skip
# Only in the newest format: more chunks than a page of an index holds.
PAGED = {
    "paged": (_ramp((1030,), "i2"), (1,), {}),
    "paged_gzip": (_ramp((2600,), "i1"), (2,), {"compression": "gzip"}),
    "growing_paged": (_ramp((5000,), "i1"), (1,), {"maxshape": (None,)}),
}

NEWEST = ["gzip", "all", "one", "growing_gzip", "both_ways_gzip"]
EARLY = np.arange(12.0).reshape(3, 4)
EDGES = np.arange(10.0)

MANY = [f"member_{i:03}" for i in range(300)]
MANY_ATTRIBUTES = {f"attribute_{i:02}": np.int64(i) for i in range(40)}
LARGE_ATTRIBUTE = _ramp((1500,), "f8")
TEXTS = {
    "texts/one": np.array("an é", object),
    "texts/some": np.array([["a", "", "日本"], ["b", "c", "d" * 50]], object),
}
SPACED = np.array([b"ab", b"c"])  # padded with blanks in the file, which are no part of them
BFLOAT16 = np.array([0.0, 1.0, -2.5, 2.0**100], "f4")  # exact


def bfloat16_bits():
    return (BFLOAT16.view("u4") >> 16).astype("u2")
