"""Operations that ONNX has no words for, each with the reason."""

from __future__ import annotations

from annette.export.onnx.table import refuse

refuse(
    "ONNX has no operator that takes a matrix apart or solves equations.",
    "solve", "solve_triangular", "slogdet", "pinv", "cholesky", "qr", "eigh", "eig", "svd",
    "lu_factor",
)  # fmt: skip
refuse("ONNX's operators take no complex numbers.", "complex", "real", "imag")
refuse("ONNX has no random numbers that follow from a seed as annette's do.", "random_bits")
refuse(
    "It stands in gradients only, and a file holds inference.",
    "conv_filter", "max_unpool", "sum_unpool",
)  # fmt: skip
refuse("ONNX has no complementary error function, and 1 - erf(x) loses small values.", "erfc")
refuse("ONNX has no greatest common divisor.", "gcd")
