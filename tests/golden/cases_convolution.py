"""Golden cases: convolution and pooling, each layer in all its forms, with the gradients."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from .cases import add_case, case, plain, uniform
from .cases_layers import fill
from .cases_ops import describe
from .cases_shaping import gradients, numbers

FORMATS = ("channels_last", "channels_first")
# Inputs by number of spatial axes: rows, places, channels.
INPUTS = {
    1: uniform(2, 8, 4, seed=500, low=-2, high=2),
    2: uniform(2, 6, 7, 4, seed=501, low=-2, high=2),
    3: uniform(1, 5, 5, 6, 2, seed=502, low=-2, high=2),
}
KERNELS: dict[int, Any] = {1: 3, 2: (3, 2), 3: (2, 3, 2)}
UNLIKE: dict[int, Any] = {1: 3, 2: (2, 1), 3: (1, 2, 2)}

Rows = Iterator[tuple[dict[str, Any], np.ndarray]]


def formed(x: np.ndarray, form: str) -> np.ndarray:
    """The inputs in a data format."""
    return x if form == "channels_last" else np.ascontiguousarray(np.moveaxis(x, -1, 1))


def steps_and_gaps(axes: int, both: bool = False) -> list[dict[str, Any]]:
    """Strides, or a dilation, or neither."""
    found: list[dict[str, Any]] = [{}, {"strides": 2}, {"strides": UNLIKE[axes]}]
    found.append({"dilation_rate": 2})
    if both:
        found.append({"strides": 2, "dilation_rate": 2})
    return found


def forms(axes: int, *tables: list[dict[str, Any]]) -> Rows:
    """Every row of one table with every row of the others, in both data formats."""
    for parts in itertools.product(*tables):
        for form in FORMATS:
            kwargs = {key: value for part in parts for key, value in part.items()}
            shown = {"data_format": form} if form != "channels_last" else {}
            yield {**kwargs, **shown}, formed(INPUTS[axes], form)


def paddings(*kinds: str) -> list[dict[str, Any]]:
    return [{"padding": kind} for kind in kinds]


def _convolutions(axes: int) -> Rows:
    kinds = ("valid", "same", "causal") if axes == 1 else ("valid", "same")
    groups: list[dict[str, Any]] = [{}, {"groups": 2}]
    for kwargs, x in forms(axes, steps_and_gaps(axes), paddings(*kinds), groups):
        yield {"filters": 4, "kernel_size": KERNELS[axes], **kwargs}, x


def _transposed(axes: int) -> Rows:
    for kwargs, x in forms(axes, steps_and_gaps(axes), paddings("valid", "same")):
        yield {"filters": 3, "kernel_size": KERNELS[axes], **kwargs}, x
    for size, kind in itertools.product((2, 3, 5), ("valid", "same")):
        more = {"strides": 3, "output_padding": 1, "padding": kind}
        yield {"filters": 2, "kernel_size": size, **more}, INPUTS[axes]


def _depthwise(axes: int) -> Rows:
    equal = [row for row in steps_and_gaps(axes, both=True) if row.get("strides") != (2, 1)]
    for kwargs, x in forms(axes, equal, paddings("valid", "same"), [{}, {"depth_multiplier": 2}]):
        yield {"kernel_size": KERNELS[axes], **kwargs}, x


def _separable(axes: int) -> Rows:
    for kwargs, x in _depthwise(axes):
        yield {"filters": 3, **kwargs}, x


def _pools(axes: int) -> Rows:
    sizes: list[dict[str, Any]] = [
        {"pool_size": 2},
        {"pool_size": 3, "strides": 2},
        {"pool_size": 2, "strides": 3},
        {"pool_size": KERNELS[axes], "strides": 1},
    ]
    yield from forms(axes, sizes, paddings("valid", "same"))


def _all_places(axes: int) -> Rows:
    yield from forms(axes, [{}, {"keepdims": True}])


def _adaptive(axes: int) -> Rows:
    unlike = {1: 5, 2: (3, 4), 3: (2, 1, 4)}[axes]
    yield from forms(axes, [{"output_size": 2}, {"output_size": unlike}, {"output_size": 1}])


LAYERS: dict[str, list[tuple[dict[str, Any], np.ndarray]]] = {}
for _axes in (1, 2, 3):
    _tables = {
        f"Conv{_axes}D": _convolutions,
        f"Conv{_axes}DTranspose": _transposed,
        f"MaxPooling{_axes}D": _pools,
        f"AveragePooling{_axes}D": _pools,
        f"GlobalMaxPooling{_axes}D": _all_places,
        f"GlobalAveragePooling{_axes}D": _all_places,
        f"AdaptiveMaxPooling{_axes}D": _adaptive,
        f"AdaptiveAveragePooling{_axes}D": _adaptive,
    }
    if _axes < 3:
        _tables[f"DepthwiseConv{_axes}D"] = _depthwise
        _tables[f"SeparableConv{_axes}D"] = _separable
    LAYERS |= {name: list(table(_axes)) for name, table in _tables.items()}

MORE: dict[str, list[tuple[dict[str, Any], np.ndarray]]] = {
    "Conv1D": [({"filters": 3, "kernel_size": 1, "activation": "relu"}, INPUTS[1])],
    "Conv2D": [
        ({"filters": 3, "kernel_size": 1, "use_bias": False}, INPUTS[2]),
        ({"filters": 3, "kernel_size": 1, "strides": 2}, INPUTS[2]),
        ({"filters": 8, "kernel_size": 3, "groups": 4, "activation": "tanh"}, INPUTS[2]),
        ({"filters": 3, "kernel_size": (6, 7), "activation": "softmax"}, INPUTS[2]),
        ({"filters": 2, "kernel_size": 5, "padding": "same", "strides": 4}, INPUTS[2]),
    ],
    "Conv2DTranspose": [({"filters": 3, "kernel_size": 1, "strides": 2}, INPUTS[2])],
    "DepthwiseConv2D": [({"kernel_size": 3, "activation": "relu", "use_bias": False}, INPUTS[2])],
    "SeparableConv2D": [({"filters": 3, "kernel_size": 2, "activation": "relu"}, INPUTS[2])],
}


def _label(kwargs: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in kwargs.items()) or "default"


def _values(name: str, kwargs: dict[str, Any], x: np.ndarray) -> Any:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        layer(x)
        fill(layer.weights)
        return {"output": layer(x), "gradients": gradients(k, layer, [x])}

    return run


def _facts(name: str, kwargs: dict[str, Any], x: np.ndarray) -> Any:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        config = plain(layer.get_config())
        again = type(layer).from_config(layer.get_config()).get_config()
        channel = -1 if layer.data_format == "channels_last" else 1
        unknown: list[Any] = [None] * x.ndim
        unknown[channel] = x.shape[channel]
        layer.build((None, *x.shape[1:]))
        return {
            "config": config,
            "again": again,
            "shapes": [
                list(layer.compute_output_shape(shape))
                for shape in ((None, *x.shape[1:]), tuple(unknown), x.shape)
            ],
            "symbolic": list(layer(k.Input(x.shape[1:])).shape),
            "weights": [[w.path, list(w.shape), w.trainable] for w in layer.weights],
            "masking": layer.supports_masking,
            "count": layer.count_params(),
        }

    return run


for _name, _variants in LAYERS.items():
    for _number, (_kwargs, _x) in enumerate([*_variants, *MORE.get(_name, [])]):
        _title = f"{_name}({_label(_kwargs)}){list(_x.shape)}"
        add_case("convolution", _title, _values(_name, _kwargs, _x))
        if _number % 5 == 0:
            add_case("convolution", f"{_title} facts", _facts(_name, _kwargs, _x), json=True)

# --- what is not in the table ---------------------------------------------------------------------


@case("convolution", "convolutions with regularizers and constraints")
def _regularized(k: Any) -> Any:
    layer = k.layers.Conv2D(
        3,
        2,
        kernel_regularizer="l2",
        bias_regularizer=k.regularizers.L1(0.2),
        activity_regularizer=k.regularizers.L2(0.1),
        kernel_constraint=k.constraints.MaxNorm(0.5, axis=[0, 1, 2]),
        bias_constraint="non_neg",
    )
    layer.build(INPUTS[2].shape)
    fill(layer.weights)
    return {
        "output": layer(INPUTS[2]),
        "losses": list(layer.losses),
        "constrained": [w.constraint(w) for w in layer.weights],
    }


@case("convolution", "regularizers, constraints and initializers in configs", json=True)
def _configs(k: Any) -> Any:
    made = [
        k.layers.Conv2D(
            2, 3, kernel_initializer="he_normal", kernel_regularizer="l2", bias_constraint="non_neg"
        ),
        k.layers.Conv2DTranspose(
            2, 3, strides=2, output_padding=1, bias_initializer="ones", activity_regularizer="l1"
        ),
        k.layers.DepthwiseConv2D(
            3, depthwise_initializer="he_normal", depthwise_regularizer="l2",
            depthwise_constraint="unit_norm",
        ),
        k.layers.SeparableConv1D(
            2, 3, depthwise_initializer="he_normal", pointwise_initializer="he_uniform",
            depthwise_regularizer="l2", pointwise_regularizer="l1",
            depthwise_constraint="unit_norm", pointwise_constraint="non_neg",
        ),
    ]  # fmt: skip
    return [layer.get_config() for layer in made]


@case("convolution", "how widely kernels begin", json=True)
def _widths(k: Any) -> Any:
    found = []
    for layer in (
        k.layers.Conv2D(48, 3),
        k.layers.Conv2D(48, 3, groups=4),
        k.layers.Conv2DTranspose(48, 3),
        k.layers.DepthwiseConv2D(5, depth_multiplier=4),
        k.layers.SeparableConv1D(64, 5, depth_multiplier=2),
    ):
        shape = (None, 9, 64) if "1d" in layer.name else (None, 9, 9, 64)
        layer.build(shape)
        for w in layer.weights[:-1]:
            found.append(round(float(np.abs(numbers(k, w)).max()), 2))
    return found


@case("convolution", "GlobalAveragePooling1D with a mask")
def _masked(k: Any) -> Any:
    x = INPUTS[1]
    mask = np.arange(8) < np.array([[3], [8]])
    return [
        k.layers.GlobalAveragePooling1D()(x, mask=mask),
        k.layers.GlobalAveragePooling1D(keepdims=True)(x, mask=mask),
        k.layers.GlobalAveragePooling1D("channels_first")(formed(x, "channels_first"), mask=mask),
        k.layers.GlobalAveragePooling1D()(k.layers.Masking()(x * mask[..., None])),
    ]


@case("convolution", "other names", json=True)
def _aliases(k: Any) -> Any:
    names = [f"Convolution{n}D{end}" for n in (1, 2, 3) for end in ("", "Transpose")]
    names += [f"SeparableConvolution{n}D" for n in (1, 2)]
    names += [
        f"{start}{kind}Pool{n}D" for start in ("", "Global") for kind in ("Max", "Avg") for n in (1, 2, 3)
    ]  # fmt: skip
    return {name: getattr(k.layers, name).__name__ for name in names}


@case("convolution", "names in sequence", json=True)
def _names(k: Any) -> Any:
    made = [k.layers.Conv2D(1, 1), k.layers.Conv2D(1, 1), k.layers.Conv1DTranspose(1, 1)]
    made += [k.layers.DepthwiseConv2D(1), k.layers.SeparableConv1D(1, 1), k.layers.MaxPool2D()]
    made += [k.layers.AveragePooling1D(2), k.layers.GlobalAveragePooling3D()]
    made += [k.layers.AdaptiveMaxPooling2D(1), k.layers.MaxPooling2D(name="mine")]
    return [layer.name for layer in made]


@case("convolution", "a convnet trained", tolerance="history")
def _trained(k: Any) -> Any:
    layers = k.layers
    model = k.Sequential(
        [
            k.Input((8, 8, 2)),
            layers.Conv2D(6, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.SeparableConv2D(5, 2),
            layers.Conv2DTranspose(4, 2, strides=2),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )
    fill(model.weights)
    model.compile("sgd", "mse")
    x = uniform(12, 8, 8, 2, seed=510, low=-1, high=1)
    y = uniform(12, 3, seed=511, low=-1, high=1)
    history = model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0).history
    return [history["loss"], model.predict(x, verbose=0), [w.numpy() for w in model.weights]]


# --- ops ------------------------------------------------------------------------------------------


class Both:
    """`op.conv(x, w)` registers a case with the value of `ops.conv(x, w)` and its gradients."""

    def __getattr__(self, name: str) -> Any:
        def register(*args: Any, **kwargs: Any) -> None:
            words = [describe(a) for a in args] + [f"{k}={describe(v)}" for k, v in kwargs.items()]
            add_case(
                "convolution", f"{name}({','.join(words)})", _with_gradients(name, args, kwargs)
            )

        return register


def _with_gradients(name: str, args: Any, kwargs: Any) -> Any:
    arrays = [a for a in args if isinstance(a, np.ndarray)]

    def run(k: Any) -> Any:
        from .cases_gradients import slopes

        def function(*xs: Any) -> Any:
            return getattr(k.ops, name)(*xs, *args[len(arrays) :], **kwargs)

        found = {"value": function(*arrays)}
        if arrays[0].dtype == "float32":
            found["gradients"] = slopes(k, function, arrays)
        return found

    return run


op = Both()
W = {
    1: uniform(3, 4, 6, seed=520),
    2: uniform(3, 2, 4, 6, seed=521),
    3: uniform(2, 3, 2, 2, 4, seed=522),
}
for _axes, _w in W.items():
    _x = INPUTS[_axes]
    _taps = _w.shape[:-2]
    for _padding in ("valid", "same"):
        op.conv(_x, _w, padding=_padding)
        op.conv(_x, _w, 2, _padding)
        op.conv(_x, _w[..., : _x.shape[-1] // 2, :], dilation_rate=2, padding=_padding)
        op.conv(formed(_x, "channels_first"), _w, 1, _padding, "channels_first")
        _back = uniform(*_taps, 3, _x.shape[-1], seed=523)
        op.conv_transpose(_x, _back, padding=_padding)
        op.conv_transpose(_x, _back, 2, _padding, 1)
        op.conv_transpose(_x, _back, 2, _padding, None, None, 2)
        op.conv_transpose(
            formed(_x, "channels_first"), _back, 3, _padding, data_format="channels_first"
        )
        op.max_pool(_x, 2, 3, padding=_padding)
        op.max_pool(_x, KERNELS[_axes], 2, _padding)
        op.average_pool(_x, 2, 1, _padding)
        op.average_pool(formed(_x, "channels_first"), 3, 2, _padding, "channels_first")
    op.adaptive_average_pool(_x, 3)
    op.adaptive_max_pool(formed(_x, "channels_first"), 2, "channels_first")
for _axes in (1, 2):
    _x, _taps = INPUTS[_axes], W[_axes].shape[:-2]
    _deep = uniform(*_taps, 4, 2, seed=524)
    _points = uniform(*(1,) * _axes, 8, 3, seed=525)
    for _padding in ("valid", "same"):
        op.depthwise_conv(_x, _deep, padding=_padding)
        op.depthwise_conv(_x, _deep, 2, _padding, None, 2)
        op.separable_conv(_x, _deep, _points, 2, _padding)
        op.separable_conv(
            formed(_x, "channels_first"), _deep, _points, padding=_padding,
            data_format="channels_first",
        )  # fmt: skip
op.conv(INPUTS[2].astype("float16"), W[2].astype("float16"))
op.max_pool(INPUTS[2].astype("float16"), 2, 2)
for _form in ("channels_last", "channels_first"):
    op.depth_to_space(uniform(2, 8, 4, 8, seed=526), 2, _form)
    op.space_to_depth(uniform(2, 4, 8, 4, seed=527), 2, _form)


@case("convolution", "dtypes in half and mixed precision", json=True)
def _dtypes(k: Any) -> Any:
    found = {}
    for name in sorted(LAYERS):
        kwargs, x = LAYERS[name][0]
        for policy in ("float16", "mixed_float16"):
            layer = getattr(k.layers, name)(**kwargs, dtype=policy)
            y = layer(x)
            found[f"{name} {policy}"] = [str(y.dtype).split("'")[-1], str(layer.variable_dtype)]
    return found


@case("convolution", "dtypes of operations", json=True)
def _dtypes_of_operations(k: Any) -> Any:
    found = {}
    for dtype in ("float16", "float32"):
        x, w = INPUTS[1].astype(dtype), W[1].astype(dtype)
        deep, points = w[..., :2], uniform(1, 8, 3, seed=525).astype(dtype)
        results = {
            "conv": k.ops.conv(x, w),
            "conv_transpose": k.ops.conv_transpose(x, np.swapaxes(w, 1, 2)),
            "depthwise_conv": k.ops.depthwise_conv(x, deep),
            "separable_conv": k.ops.separable_conv(x, deep, points),
            "max_pool": k.ops.max_pool(x, 2, 2),
            "average_pool": k.ops.average_pool(x, 2, 2),
            "adaptive_average_pool": k.ops.adaptive_average_pool(x, 2),
            "adaptive_max_pool": k.ops.adaptive_max_pool(x, 2),
        }
        found[dtype] = {name: str(numbers(k, y).dtype) for name, y in results.items()}
    return found


@case("convolution", "the largest of equals")
def _ties(k: Any) -> Any:
    x = np.round(INPUTS[2])
    return [k.ops.max_pool(x, 2, 2), k.ops.max_pool(x, 3, 1, "same")]
