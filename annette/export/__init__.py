"""Models as files for other programs: what `Model.export` does."""

from __future__ import annotations

import os
from typing import Any

from annette.export.errors import Refused

# Formats that Keras names, and what to do instead of each.
_OTHERS = {
    "tf_saved_model": "TensorFlow writes and reads it, and annette does without TensorFlow",
    "openvino": "OpenVINO reads the ONNX file itself: openvino.Core().read_model('model.onnx')",
    "litert": "LiteRT's converters take it from an ONNX file",
    "torch": "PyTorch writes it itself; onnxruntime runs an ONNX file beside PyTorch",
}

__all__ = ["Refused", "export_model"]


def export_model(
    model: Any,
    filepath: str | os.PathLike[str],
    format: str = "onnx",
    verbose: bool | None = None,
    input_signature: Any = None,
    **kwargs: Any,
) -> None:
    """Write a model's inference for other programs; see `Model.export`."""
    path = os.fspath(filepath)
    if format in _OTHERS:
        raise ValueError(
            f"annette does not export format={format!r}: {_OTHERS[format]}. Use format='onnx'."
        )
    if format != "onnx":
        raise ValueError(f"export expects format='onnx'; it got {format!r}.")
    opset_version = kwargs.pop("opset_version", None)
    if kwargs:
        raise TypeError(
            f"export got unknown arguments {', '.join(map(repr, kwargs))}; format 'onnx' takes "
            "opset_version."
        )
    from annette.export import onnx

    onnx.export(model, path, input_signature, opset_version)
    if verbose is None or verbose:
        from annette.utils.io import print_msg

        print_msg(f"Saved artifact at '{path}'.")
