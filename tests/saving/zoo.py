"""A small model around each layer, made alike of annette's names and of Keras's."""

from __future__ import annotations

from typing import Any

import numpy as np

LINE, PAIR, PICTURE, SPACE = (4,), (4, 4), (4, 4, 3), (4, 4, 4, 2)

# (arguments, shape of an input), for layers of one input.
ONE: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "Activation": ({"activation": "relu"}, LINE),
    "ActivityRegularization": ({"l2": 0.1}, LINE),
    "AlphaDropout": ({"rate": 0.5}, LINE),
    "BatchNormalization": ({}, LINE),
    "CategoryEncoding": ({"num_tokens": 4, "output_mode": "count"}, LINE),
    "CenterCrop": ({"height": 3, "width": 3}, PICTURE),
    "Dense": ({"units": 3, "kernel_regularizer": "l2"}, LINE),
    "Discretization": ({"bin_boundaries": [0.0, 0.5]}, LINE),
    "Dropout": ({"rate": 0.5}, LINE),
    "ELU": ({}, LINE),
    "EinsumDense": ({"equation": "ab,bc->ac", "output_shape": 4, "bias_axes": "c"}, LINE),
    "Embedding": ({"input_dim": 5, "output_dim": 2}, LINE),
    "Flatten": ({}, PICTURE),
    "GRU": ({"units": 3}, PAIR),
    "GaussianDropout": ({"rate": 0.5}, LINE),
    "GaussianNoise": ({"stddev": 0.1}, LINE),
    "GroupNormalization": ({"groups": 2}, LINE),
    "Hashing": ({"num_bins": 3}, LINE),
    "Identity": ({}, LINE),
    "LSTM": ({"units": 3, "dropout": 0.1}, PAIR),
    "LayerNormalization": ({}, LINE),
    "LeakyReLU": ({}, LINE),
    "Masking": ({}, PAIR),
    "Normalization": ({}, LINE),
    "PReLU": ({}, LINE),
    "Permute": ({"dims": (2, 1)}, PAIR),
    "RMSNormalization": ({}, LINE),
    "ReLU": ({}, LINE),
    "RepeatVector": ({"n": 2}, LINE),
    "Rescaling": ({"scale": 2.0}, LINE),
    "Reshape": ({"target_shape": (2, 2)}, LINE),
    "Resizing": ({"height": 3, "width": 3}, PICTURE),
    "ReversibleEmbedding": ({"input_dim": 5, "output_dim": 2}, LINE),
    "SimpleRNN": ({"units": 3}, PAIR),
    "Softmax": ({}, LINE),
    "UnitNormalization": ({}, LINE),
}
for dims, given in ((1, PAIR), (2, PICTURE), (3, SPACE)):
    end = f"{dims}D"
    ONE |= {
        name + end: ({"output_size": 2}, given)
        for name in ("AdaptiveAveragePooling", "AdaptiveMaxPooling")
    }
    ONE |= {name + end: ({"pool_size": 2}, given) for name in ("AveragePooling", "MaxPooling")}
    ONE |= {name + end: ({}, given) for name in ("GlobalAveragePooling", "GlobalMaxPooling")}
    ONE |= {name + end: ({}, given) for name in ("Cropping", "ZeroPadding", "UpSampling")}
    ONE["SpatialDropout" + end] = ({"rate": 0.5}, given)
    ONE[f"Conv{end}"] = ONE[f"Conv{end}Transpose"] = ({"filters": 2, "kernel_size": 2}, given)
    ONE["ConvLSTM" + end] = ({"filters": 2, "kernel_size": 2}, (2, *given))
    if dims < 3:
        ONE["DepthwiseConv" + end] = ({"kernel_size": 2}, given)
        ONE["SeparableConv" + end] = ({"filters": 2, "kernel_size": 2}, given)
ONE |= {
    name: ({}, PICTURE)
    for name in (
        "AugMix", "AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "CutMix",
        "Equalization", "MixUp", "RandAugment", "RandomColorJitter", "RandomElasticTransform",
        "RandomErasing", "RandomFlip", "RandomGaussianBlur", "RandomGrayscale", "RandomInvert",
        "RandomPerspective", "RandomShear", "Solarization",
    )
}  # fmt: skip
ONE |= {
    name: ({"factor": 0.2}, PICTURE)
    for name in (
        "RandomBrightness", "RandomColorDegeneration", "RandomContrast", "RandomHue",
        "RandomRotation", "RandomSaturation", "RandomSharpness",
    )
}  # fmt: skip
ONE["RandomCrop"] = ({"height": 3, "width": 3}, PICTURE)
ONE["RandomPosterization"] = ({"factor": 4}, PICTURE)
ONE["RandomTranslation"] = ({"height_factor": 0.2, "width_factor": 0.2}, PICTURE)
ONE["RandomZoom"] = ({"height_factor": 0.2}, PICTURE)

TWO: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    name: ({}, LINE)
    for name in ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")
} | {
    "AdditiveAttention": ({}, PAIR),
    "Attention": ({"use_scale": True}, PAIR),
    "Dot": ({"axes": 1}, LINE),
    "HashedCrossing": ({"num_bins": 3}, (1,)),
}
CELLS = ("GRUCell", "LSTMCell", "SimpleRNNCell")
# What no model of one layer stands for: bases, data about inputs, what takes strings only.
ELSEWHERE = {"InputLayer", "InputSpec", "Layer", "Wrapper", "Lambda", "FeatureSpace",
             "StringLookup", "TextVectorization", "IntegerLookup"}  # fmt: skip


def _wrapping(k: Any) -> dict[str, Any]:
    """Layers around others, with the shape of an input."""
    lay = k.layers
    return {
        "Bidirectional": lambda: (lay.Bidirectional(lay.LSTM(3)), PAIR),
        "Bidirectional of two": lambda: (
            lay.Bidirectional(lay.GRU(2), backward_layer=lay.GRU(2, go_backwards=True)), PAIR,
        ),
        "Pipeline": lambda: (lay.Pipeline([lay.Rescaling(2.0), lay.RandomFlip()]), PICTURE),
        "RNN": lambda: (lay.RNN(lay.LSTMCell(3)), PAIR),
        "Sequential": lambda: (
            k.Sequential([lay.Dense(3), lay.Dropout(0.2), lay.Dense(2, name="last")]), LINE,
        ),
        "SpectralNormalization": lambda: (lay.SpectralNormalization(lay.Dense(2)), LINE),
        "StackedRNNCells": lambda: (
            lay.RNN(lay.StackedRNNCells([lay.LSTMCell(3), lay.GRUCell(2), lay.LSTMCell(2)])), PAIR,
        ),
        "TimeDistributed": lambda: (lay.TimeDistributed(lay.Dense(2)), PAIR),
    }  # fmt: skip


def names(k: Any) -> list[str]:
    """The names of all models."""
    heads = ["GroupQueryAttention", "MultiHeadAttention", "MultiHeadAttention of two"]
    return [*ONE, *TWO, *CELLS, *heads, *_wrapping(k)]


def make(k: Any, name: str) -> Any:
    """The model around a layer, its weights filled, not compiled."""
    k.utils.clear_session()
    lay = k.layers
    if name in ONE:
        arguments, shape = ONE[name]
        start = k.Input(shape, batch_size=None)
        end = getattr(lay, name)(**arguments)(start)
    elif name in TWO:
        arguments, shape = TWO[name]
        start = [k.Input(shape, dtype="int64" if name == "HashedCrossing" else None)] * 2
        start = [start[0], k.Input(shape, dtype=start[0].dtype)]
        end = getattr(lay, name)(**arguments)(start)
    elif name in CELLS:
        start = k.Input(PAIR)
        end = lay.RNN(getattr(lay, name)(3))(start)
    elif name == "GroupQueryAttention":
        start = k.Input(PAIR)
        end = lay.GroupQueryAttention(2, 4, 2, dropout=0.1)(start, start)
    elif name.startswith("MultiHeadAttention"):
        start = k.Input(PAIR)
        own = {"dropout": 0.1, "value_dim": 3} if name.endswith("two") else {"use_bias": False}
        end = lay.MultiHeadAttention(2, 3, **own)(start, start)
    else:
        layer, shape = _wrapping(k)[name]()
        start = k.Input(shape)
        end = layer(start)
    model = k.Model(start, end, name="zoo")
    fill(model)
    return model


def fill(model: Any, seed: int = 3) -> None:
    """Give each weight values of its own."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        values = rng.uniform(0.1, 0.9, tuple(weight.shape))
        weight.assign(values.astype("int32" if "int" in str(weight.dtype) else "float32"))


def data(model: Any) -> Any:
    """Arrays for a model's inputs."""
    rng = np.random.default_rng(1)
    found = [rng.integers(0, 3, (2, *t.shape[1:])).astype(str(t.dtype)) for t in model.inputs]
    return found if len(found) > 1 else found[0]
