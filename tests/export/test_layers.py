"""Every layer as an ONNX file that computes what the layer does, or refused by name."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette import dtype_policies, layers, ops
from tests.layers.test_layers import CASES
from tests.saving import zoo

from .running import check, onnx_model

ZOO = zoo.names(keras)
# Layers that no file of ONNX can be, with a part of what the error says.
REFUSED = {
    "FeatureSpace": "no model of its own",
    "HashedCrossing": "hashes digits",
    "Hashing": "hashes digits",
    "StringLookup": "holds strings, which 'string_lookup' would have to read",
    "TextVectorization": "holds strings, which 'text_vectorization' would have to read",
}
# What stands for no computation: a base to derive from, a place for data, what is said of inputs.
BASES = {"InputLayer", "InputSpec", "Layer", "Wrapper"}
UNKNOWN_BY_MEANING = {"Resizing", "RandomCrop", "ContrastLimitedAdaptiveHistogramEqualization"}


def parts(model):
    """The names of the classes of a model's layers, inner ones included."""
    return {type(x).__name__ for x in model._flatten_layers()}


def batches(model, rows):
    """Data for a model's inputs, one for each number of rows."""
    found = []
    for n in rows:
        rng = np.random.default_rng(n)
        arrays = [rng.integers(0, 4, (n, *t.shape[1:])).astype(str(t.dtype)) for t in model.inputs]
        found.append(arrays if len(arrays) > 1 else arrays[0])
    return found


def of_case(cls, config, shape, options):
    """A model of a layer, arrays for it; as the layer's other tests have it."""
    layer = cls.from_config(cls(**config).get_config())
    many = isinstance(shape, list)
    shapes = shape if many else [shape]
    dtype = options.get("input_dtype", "float32")
    alike = len({s[0] for s in shapes}) == 1
    start = [
        keras.Input(batch_shape=(None if alike else s[0], *s[1:]), dtype=dtype) for s in shapes
    ]
    given = {k: v for k, v in options.get("arguments", {}).items() if k != "training"}
    model = keras.Model(start, layer(start if many else start[0], **given))
    found = []
    for more in (0, 1) if alike else (0,):
        rng = np.random.default_rng(more)
        sizes = [(s[0] + more, *s[1:]) for s in shapes]
        floats = dtype.startswith("float")
        top = 2 if dtype == "bool" else 3
        arrays = [
            (rng.normal(size=s) if floats else rng.integers(0, top, s)).astype(dtype) for s in sizes
        ]
        found.append(arrays if many else arrays[0])
    return model, found


EXPORTED = [n for n in ZOO if n not in REFUSED]


@pytest.mark.parametrize("name", EXPORTED)
def test_a_layer_runs_without_annette(name):
    model = zoo.make(keras, name)
    check(model, batches(model, (1, 2, 7)))


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: f"{CASES[i][0].__name__}-{i}")
def test_a_layer_of_other_arguments_runs_without_annette(case):
    check(*of_case(*CASES[case]))


def test_every_layer_is_exported_or_refused():
    classes = {
        n for n in keras.layers.__all__
        if isinstance(getattr(layers, n), type) and getattr(layers, n).__name__ == n
    }  # fmt: skip
    exported = {name for n in EXPORTED for name in parts(zoo.make(keras, n))}
    exported |= {case[0].__name__ for case in CASES}
    assert classes - BASES - set(REFUSED) <= exported
    assert not exported & set(REFUSED)


def refused(model):
    with pytest.raises(ValueError, match=r"cannot be exported to ONNX") as error:
        onnx_model(model)
    return str(error.value)


@pytest.mark.parametrize("name", [n for n in ZOO if n in REFUSED])
def test_a_layer_that_onnx_cannot_express_is_named(name):
    message = refused(zoo.make(keras, name))
    assert REFUSED[name] in message
    assert f"{name} '" in message


@pytest.mark.parametrize("layer", ["StringLookup", "TextVectorization"])
def test_layers_on_strings_are_named(layer):
    made = getattr(layers, layer)(vocabulary=["a", "b"])
    shape = () if layer == "TextVectorization" else (2,)
    words = keras.Input(shape, dtype="string")
    message = refused(keras.Model(words, layers.Embedding(9, 2)(made(words))))
    assert REFUSED[layer] in message
    assert "call these layers on the data" in message


@pytest.mark.parametrize("policy", ["mixed_float16", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize("name", EXPORTED)
def test_a_layer_of_another_dtype_runs_without_annette(name, policy, monkeypatch):
    monkeypatch.setattr(dtype_policies, "_current", dtype_policies.get(policy))
    model = zoo.make(keras, name)
    monkeypatch.undo()
    proto = check(model, batches(model, (3,)))
    assert proto.graph.node


# --- sizes that are not known ---------------------------------------------------------------------

# Layers whose numbers come from tables that the size of a picture says.
KNOWN = {
    *(f"Adaptive{kind}Pooling{n}D" for kind in ("Average", "Max") for n in (1, 2, 3)),
    *(f"ConvLSTM{n}D" for n in (1, 2, 3)),
    "ContrastLimitedAdaptiveHistogramEqualization", "RandomCrop", "Resizing",
    # Their calls take more than one input, or their kernels and equations the size.
    "AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention",
    "MultiHeadAttention of two", "Permute", "PReLU", "EinsumDense",
}  # fmt: skip


def open_model(name):
    """A model of a layer whose inputs may have any size, where it takes such."""
    layer = zoo.make(keras, name).layers[-1]
    shapes = [t.shape for t in zoo.make(keras, name).inputs]
    if len(shapes[0]) < 3:
        return None
    start = [keras.Input((*(None,) * (len(s) - 2), s[-1])) for s in shapes]
    fresh = type(layer).from_config(layer.get_config())
    return keras.Model(start, fresh(start if len(start) > 1 else start[0]))


@pytest.mark.parametrize("name", [n for n in EXPORTED if n not in KNOWN])
def test_a_layer_takes_any_sizes_in_the_file_too(name):
    model = open_model(name)
    if model is None:
        return
    zoo.fill(model)
    found = []
    for rows, size in ((2, 8), (1, 9), (3, 12)):
        rng = np.random.default_rng(size)
        arrays = [
            rng.normal(size=(rows, *(size + i for i in range(len(t.shape) - 2)), t.shape[-1]))
            .astype("float32") for t in model.inputs
        ]  # fmt: skip
        found.append(arrays if len(arrays) > 1 else arrays[0])
    check(model, found)


def test_a_table_that_an_unknown_size_says_is_refused_with_the_mend():
    pictures = keras.Input((None, None, 3))
    model = keras.Model(pictures, layers.Resizing(4, 4)(pictures))
    message = refused(model)
    assert "Layer 'functional" in message and "resizing'" in message
    assert "Give the input_signature sizes" in message
    signature = [layers.InputSpec(shape=(None, 9, 7, 3), dtype="float32")]
    rng = np.random.default_rng(0)
    check(model, [rng.uniform(size=(2, 9, 7, 3)).astype("float32")], signature=signature)


# --- what is refused ------------------------------------------------------------------------------


def of(function, shape=(4, 4), **how):
    start = keras.Input(shape, **how)
    return keras.Model(start, layers.Lambda(function, name="mine")(start))


def test_operations_without_words_in_onnx_are_named_with_their_layer_and_reason():
    message = refused(of(lambda x: ops.cholesky(ops.add(x, x)) + ops.sum(ops.qr(x)[0])))
    assert (
        "mine' uses the operation 'cholesky': ONNX has no operator that takes a matrix" in message
    )
    assert "mine' uses the operation 'qr'" in message


def test_randomness_in_inference_is_refused():
    seed = keras.random.SeedGenerator(1)
    message = refused(of(lambda x: x + keras.random.normal((4,), seed=seed), (4,)))
    assert "draws random numbers" in message


def test_a_state_that_outlives_a_call_is_refused():
    steps = keras.Input(batch_shape=(2, 3, 4))
    message = refused(keras.Model(steps, layers.LSTM(3, stateful=True)(steps)))
    assert "changes the variable" in message and "stateful=False" in message


def test_a_computation_that_turns_on_an_unknown_size_is_refused():
    def halves(x):
        return ops.concatenate([x, x], axis=-1) if x.shape[1] > 60 else ops.tanh(x)

    steps = keras.Input((None, 4))
    kept = keras.Model(steps, layers.Lambda(lambda x: ops.sum(halves(x), axis=(1, 2)))(steps))
    assert "depends on a size that is not known" in refused(kept)
