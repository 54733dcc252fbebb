"""Functions between the layers of a model, as files of Keras describe them and as annette does.

Keras keeps a call of a function as an object of a class: `ops.mean(x, axis=1)` is a `Mean` with
``{"axis": 1}`` in its configuration, called on x. Which arguments are those of the call is in the
table here; annette keeps all of them with the call.
"""

from __future__ import annotations

import inspect
from typing import Any

from annette.utils.naming import to_snake_case

_ROOT = "keras.src.ops."
# (module, arguments of the call): the classes.
_TABLE: dict[tuple[str, str], str] = {
    ("core", "inputs indices updates"): "ScatterUpdate",
    ("core", "inputs start_indices"): "Slice",
    ("core", "inputs start_indices updates"): "SliceUpdate",
    ("core", "variable"): "StopGradient",
    ("core", "x"): "Unstack Cast SaturateCast ConvertToTensor",
    ("image", "image1 image2"): "SSIM",
    ("image", "images"): (
        "CropImages ElasticTransform ExtractPatches GaussianBlur HSVToRGB PadImages RGBToGrayscale "
        "RGBToHSV Resize SobelEdges"
    ),
    ("image", "images output_shape scale translation"): "ScaleAndTranslate",
    ("image", "images start_points end_points"): "PerspectiveTransform",
    ("image", "images transform"): "AffineTransform",
    ("image", "inputs coordinates"): "MapCoordinates",
    ("linalg", "a b"): "Solve SolveTriangular Lstsq",
    ("linalg", "x"): (
        "Cholesky CholeskyInverse Det Eig Eigh Inv LuFactor Norm Qr SVD MatrixRank Pinv"
    ),
    ("math", "data segment_ids"): "SegmentSum SegmentMax SegmentMin SegmentProd",
    ("math", "targets predictions"): "InTopK",
    ("math", "x"): (
        "TopK Logsumexp ExtractSequences FFT FFT2 IFFT2 RFFT IRFFT STFT ISTFT Rsqrt Erf Erfc "
        "Erfinv Logdet ViewAsComplex ViewAsReal"
    ),
    ("math", "x y"): "CDist",
    ("nn", "abs_ angle"): "Polar",
    ("nn", "inputs"): "MaxPool AdaptiveMaxPool AveragePool AdaptiveAveragePool MultiHot",
    ("nn", "inputs depthwise_kernel pointwise_kernel"): "SeparableConv",
    ("nn", "inputs kernel"): "Conv DepthwiseConv ConvTranspose",
    ("nn", "inputs sequence_lengths"): "CTCDecode",
    ("nn", "query key value bias mask scale"): "DotProductAttention",
    ("nn", "target output"): (
        "BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy"
    ),
    ("nn", "target output target_length output_length"): "CTCLoss",
    ("nn", "x"): (
        "Relu Relu6 Sigmoid SparseSigmoid Softplus Softsign SoftShrink SparsePlus Silu "
        "Squareplus LogSigmoid LeakyRelu HardSigmoid HardSilu Elu Selu Gelu Celu Glu "
        "TanhShrink HardTanh HardShrink Threshold Softmax LogSoftmax Sparsemax OneHot Moments "
        "Normalize Unfold Fold DepthToSpace SpaceToDepth"
    ),
    ("nn", "x1 x2"): "PSNR",
    ("numpy", "a"): "Diff",
    ("numpy", "array"): "Rot90",
    ("numpy", "condition x1 x2"): "Where",
    ("numpy", "condlist choicelist default"): "Select",
    ("numpy", "indices"): "UnravelIndex",
    ("numpy", "operands kwargs"): "Einsum",
    ("numpy", "sorted_sequence values"): "SearchSorted",
    ("numpy", "start stop"): "Geomspace Linspace Logspace",
    ("numpy", "x"): (
        "Absolute Abs Fabs All Angle Any Amax Amin Arccos Arccosh Arcsin Arcsinh Arctan "
        "Arctanh Argmax Argmin Argsort View Bincount BitwiseInvert BitwiseNot BroadcastTo "
        "Cbrt Ceil Clip Conjugate Conj Copy Cos Cosh CountNonzero Cumprod Cumsum Deg2rad "
        "Rad2deg Diag Diagflat Diagonal EmptyLike Exp Exp2 ExpandDims Expm1 Flip Fliplr "
        "Flipud Floor Hsplit Imag I0 Isfinite Isinf Isnan Isneginf Isposinf Isreal Log Log10 "
        "Log1p Log2 LogicalNot Max Median Meshgrid Min Moveaxis Nanargmax Nanargmin Nancumsum "
        "Nancumprod Nanmax Nanmean Nanmedian Nanmin Nanprod Nanstd Nansum Nanvar NanToNum "
        "OnesLike ZerosLike Prod Ptp Ravel Real Reciprocal Repeat Reshape Roll Round Sign "
        "Signbit Sin Sinc Sinh Sort Split Stack Std Swapaxes Tan Tanh Tile Trace Tril Triu "
        "Trunc Vsplit Negative Square Sqrt Squeeze Transpose Mean Vander Var Sum Corrcoef "
        "Slogdet Argpartition Histogram ArraySplit Dsplit"
    ),
    ("numpy", "x bins"): "Digitize",
    ("numpy", "x constant_values"): "Pad",
    ("numpy", "x fill_value"): "FullLike",
    ("numpy", "x indices"): "Take TakeAlongAxis",
    ("numpy", "x key"): "GetItem",
    ("numpy", "x q"): "Nanpercentile Nanquantile Percentile Quantile",
    ("numpy", "x weights"): "Average",
    ("numpy", "x y"): (
        "BitwiseAnd BitwiseOr BitwiseXor BitwiseLeftShift LeftShift BitwiseRightShift RightShift"
    ),
    ("numpy", "x1 x2"): (
        "Add AllClose Append Arctan2 Heaviside Cross Dot Equal Gcd Greater GreaterEqual Hypot "
        "IsIn Kron Lcm Ldexp Less LessEqual Logaddexp Logaddexp2 LogicalAnd LogicalOr Matmul "
        "Maximum Fmax Minimum Fmin Mod Fmod NotEqual Outer Tensordot Vdot Inner Subtract "
        "Multiply Divide DivideNoNan TrueDivide Power Nextafter FloorDivide LogicalXor "
        "Correlate"
    ),
    ("numpy", "x1 x2 rtol atol"): "Isclose",
    ("numpy", "xs"): "Concatenate Dstack Hstack Vstack",
    ("numpy", "y"): "Trapezoid",
}
# Classes that are not called as their function is.
_FUNCTIONS = {
    "Abs": "absolute",
    "AllClose": "allclose",
    "BitwiseInvert": "bitwise_not",
    "BitwiseLeftShift": "left_shift",
    "BitwiseRightShift": "right_shift",
    "CDist": "cdist",
    "Conj": "conjugate",
    "IsIn": "isin",
    "SearchSorted": "searchsorted",
}
_CLASSES: dict[str, tuple[str, str, tuple[str, ...]]] = {}  # by function, made when needed


def function_of(class_name: str) -> str:
    """The name of the function that a class of Keras's operations stands for."""
    return _FUNCTIONS.get(class_name) or to_snake_case(class_name)


def _class_of(function: str) -> tuple[str, str, tuple[str, ...]] | None:
    """The module and class of a function, and the arguments of its calls."""
    if not _CLASSES:
        for (module, call), names in _TABLE.items():
            for name in reversed(names.split()):  # of two for one function, the first
                _CLASSES[function_of(name)] = (module, name, tuple(call.split()))
        _CLASSES["getitem"] = _CLASSES["get_item"]
    return _CLASSES.get(function)


def as_keras_has_it(described: Any) -> Any:
    """A configuration in which operations between layers are written as Keras writes them."""
    if isinstance(described, (list, tuple)):
        return [as_keras_has_it(value) for value in described]
    if not isinstance(described, dict):
        return described
    found = {key: as_keras_has_it(value) for key, value in described.items()}
    if found.get("class_name") != "FunctionOperation" or "inbound_nodes" not in found:
        return found
    return _operation(found) or found


def _operation(described: dict[str, Any]) -> dict[str, Any] | None:
    """The description of one operation; None if Keras has no such class or it cannot say so."""
    function = described["config"].get("function")
    known = _class_of(str(function))
    if known is None or not described["inbound_nodes"]:
        return None
    module, name, called = known
    try:
        split = [_split(function, call, called) for call in described["inbound_nodes"]]
    except TypeError:
        return None
    config = split[0][1]
    if any(other != config for _, other in split) or _holds_tensor(config):
        return None
    return {
        **described,
        "module": _ROOT + module,
        "class_name": name,
        "config": {"name": described["config"]["name"], **config},
        "registered_name": name,
        "inbound_nodes": [call for call, _ in split],
    }


def _split(function: str, call: dict[str, Any], called: tuple[str, ...]) -> Any:
    """The arguments of a call as Keras has them, and those that belong to the configuration."""
    from annette.graph.symbolic import known_function

    parameters = inspect.signature(known_function(function)).parameters
    many = next((n for n, p in parameters.items() if p.kind is p.VAR_POSITIONAL), None)
    names = [n for n in parameters if n != many]
    if many in called:
        names = names[: list(parameters).index(many)]
        given = dict(zip(names, call["args"], strict=False))
        rest = call["args"][len(names) :]
    elif len(call["args"]) > len(names):
        raise TypeError("It has more arguments than the function.")
    else:
        given, rest = dict(zip(names, call["args"], strict=False)), []
    given.update(call["kwargs"])
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name in called:
        if name == many:
            args += rest
        elif name in given and not kwargs and len(args) == called.index(name):
            args.append(given.pop(name))
        elif name in given:
            kwargs[name] = given.pop(name)
    if function in ("getitem", "get_item"):
        args = [args[0], *(_plain_key(a) for a in args[1:])]
    return {"args": args, "kwargs": kwargs}, {n: _plain_key(v) for n, v in given.items()}


def _plain_key(value: Any) -> Any:
    """A tuple as a list, which is how Keras writes the parts of x[a, b]."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        return list(value["config"]["value"])
    return value


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("class_name") == "__keras_tensor__" or any(
            _holds_tensor(v) for v in value.values()
        )
    return isinstance(value, list) and any(_holds_tensor(v) for v in value)


def calls_of(described: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls of an operation as Keras describes it, as calls of annette's function."""
    own = {k: v for k, v in described["config"].items() if k != "name"}
    calls = described["inbound_nodes"]
    if described["class_name"] == "GetItem":
        calls = [{**call, "args": [_key_again(i, a) for i, a in enumerate(call["args"])]}
                 for call in calls]  # fmt: skip
    known = _class_of(function_of(str(described["class_name"])))
    if known is not None and "operands" in known[2] and "subscripts" in own:
        subscripts = own.pop("subscripts")  # it comes before the arrays
        own.pop("kwargs", None)
        calls = [{**call, "args": [subscripts, *call["args"]]} for call in calls]
    return [_named(known, own, call) for call in calls]


def _key_again(place: int, value: Any) -> Any:
    """A key of x[a, b], which JSON has made a list, as the tuple it was."""
    if place == 0 or not isinstance(value, list):
        return value
    return {"class_name": "__tuple__", "config": {"value": value}}


def _named(known: Any, own: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """A call with the arguments of the configuration put to it by name.

    Those of the call may come after others in the function, so that they go by name as well.
    """
    args, kwargs = list(call["args"]), {**own, **call["kwargs"]}
    if known is not None and len(args) <= len(known[2]) and "operands" not in known[2]:
        kwargs.update(zip(known[2][1:], args[1:], strict=False))
        args = args[:1]
    return {"args": args, "kwargs": kwargs}


def without_training(described: Any) -> Any:
    """A configuration that Keras wrote, its calls without the argument `training`.

    Keras writes down which value `training` had while the model was made, and what the model is
    called with takes its place when the model runs.
    """
    if isinstance(described, (list, tuple)):
        return [without_training(value) for value in described]
    if not isinstance(described, dict):
        return described
    found = {key: without_training(value) for key, value in described.items()}
    calls = found.get("inbound_nodes")
    if isinstance(calls, list) and all(isinstance(c, dict) and "kwargs" in c for c in calls):
        found["inbound_nodes"] = [
            {**c, "kwargs": {k: v for k, v in c["kwargs"].items() if k != "training"}}
            for c in calls
        ]
    return found
