"""Exported models, run by onnxruntime and held against annette."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from annette.export.onnx import onnx_model  # noqa: E402  # needs what was asked for above

# Half precision is rounded in another order; bfloat16 has eight bits.
CLOSE = {"float64": 1e-6, "float32": 1e-4, "float16": 2e-2, "bfloat16": 5e-2}


def session(proto: Any) -> Any:
    """A session of a model in memory."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def outputs(proto: Any, inputs: Any, running: Any = None) -> list[np.ndarray]:
    """What onnxruntime computes."""
    running = running or session(proto)
    flat = [np.asarray(x) for x in keras.tree.flatten(inputs)]
    names = [i.name for i in running.get_inputs()]
    return running.run(None, dict(zip(names, flat, strict=True)))


def check(
    model: Any, batches: list[Any], *, close: float | None = None, signature: Any = None,
    opset: int | None = None,
) -> Any:  # fmt: skip
    """Export a model and hold it against its own inference on each of the batches."""
    proto = onnx_model(model, signature, opset)
    running = session(proto)
    for batch in batches:
        expected = [np.asarray(y) for y in keras.tree.flatten(model(batch, training=False))]
        found = outputs(proto, batch, running)
        assert len(found) == len(expected)
        for y, wanted in zip(found, expected, strict=True):
            near(y, wanted, close)
    return proto


def near(found: np.ndarray, expected: np.ndarray, close: float | None = None) -> None:
    """Hold numbers of a file against annette's; bfloat16 comes as float32."""
    name = expected.dtype.name
    assert found.dtype.name == ("float32" if name == "bfloat16" else name)
    bound = CLOSE.get(name, 0) if close is None or expected.dtype.kind in "iub" else close
    wide = "float64" if expected.dtype.kind not in "iub" else expected.dtype
    np.testing.assert_allclose(found.astype(wide), expected.astype(wide), rtol=bound, atol=bound)


def kinds(proto: Any) -> list[str]:
    """The operators of a file, in order."""
    return [node.op_type for node in proto.graph.node]
