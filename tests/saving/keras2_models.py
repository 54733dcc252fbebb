"""Models as programs of 2019 to 2023 made them, of tf.keras's names or of annette's.

    python tests/saving/keras2_models.py FOLDER     with TensorFlow 2.0 to 2.15: their files
    python tests/saving/keras2_models.py pack FOLDER [FOLDER ...]     all of them as the fixture

This runs under old Pythons too.
"""

import io
import json
import sys
import tarfile
from pathlib import Path

import numpy as np

FIXTURE = Path(__file__).parent / "fixtures" / "keras2.tar.xz"


def digits(k):
    """Dense layers with what stood around them."""
    lay = k.layers
    return k.Sequential(
        [
            lay.Dense(5, activation="relu", input_shape=(4,), kernel_regularizer="l2"),
            lay.BatchNormalization(),
            lay.Dropout(0.3),
            lay.Dense(4, kernel_initializer=k.initializers.he_normal(), use_bias=False),
            lay.LeakyReLU(),
            lay.PReLU(),
            lay.Activation("tanh"),
            lay.Dense(3, activation="softmax", kernel_constraint="max_norm"),
        ],
        name="digits",
    )


def pictures(k):
    """Convolutions of all kinds."""
    lay = k.layers
    start = lay.Input(shape=(8, 8, 3), name="picture")
    x = lay.Conv2D(4, 3, padding="same", activation="relu")(start)
    x = lay.BatchNormalization(fused=False, axis=-1)(x) if _old(k) else lay.BatchNormalization()(x)
    side = lay.SeparableConv2D(4, (3, 1), padding="same", depth_multiplier=2)(x)
    x = lay.add([x, side])
    x = lay.ZeroPadding2D(((1, 0), (0, 1)))(x)
    x = lay.DepthwiseConv2D(2, depth_multiplier=2)(x)
    x = lay.Conv2DTranspose(3, 2, strides=2)(lay.MaxPooling2D()(x))
    x = lay.Cropping2D(1)(lay.UpSampling2D(2)(lay.AveragePooling2D(2)(x)))
    flat = lay.concatenate([lay.Flatten()(x), lay.GlobalAveragePooling2D()(x)])
    return k.Model(start, lay.Dense(2)(flat), name="pictures")


def lines(k):
    """One-dimensional convolutions and what reshapes."""
    lay = k.layers
    return k.Sequential(
        [
            lay.Conv1D(4, 2, padding="causal", input_shape=(6, 3)),
            lay.MaxPooling1D(2),
            lay.Permute((2, 1)),
            lay.Reshape((6, 2)),
            lay.SpatialDropout1D(0.2),
            lay.LayerNormalization(),
            lay.GlobalMaxPooling1D(),
            lay.RepeatVector(3),
            lay.SeparableConv1D(3, 2),
            lay.Flatten(),
            lay.Dense(2),
        ],
        name="lines",
    )


def words(k):
    """Words through recurrent layers of every kind."""
    lay = k.layers
    return k.Sequential(
        [
            lay.Embedding(9, 4, mask_zero=True, input_length=5)
            if _old(k)
            else lay.Embedding(9, 4, mask_zero=True, input_shape=(5,)),
            lay.Bidirectional(lay.LSTM(3, return_sequences=True)),
            lay.TimeDistributed(lay.Dense(4, activation="elu")),
            lay.Bidirectional(lay.GRU(2, return_sequences=True), merge_mode="sum"),
            lay.LSTM(3, return_sequences=True, unit_forget_bias=False),
            lay.GRU(3, return_sequences=True, reset_after=False),
            lay.SimpleRNN(3),
            lay.Dense(2, activation="sigmoid"),
        ],
        name="words",
    )


def cells(k):
    """Cells in layers, and convolutions in recurrence."""
    lay = k.layers
    start = lay.Input(shape=(4, 5, 5, 2))
    own = {}
    if not _old(k):  # Keras 2 had another hard_sigmoid by default
        from annette.saving.keras2 import keras2_hard_sigmoid

        own = {"recurrent_activation": keras2_hard_sigmoid}
    x = lay.ConvLSTM2D(2, 2, return_sequences=True, **own)(start)
    x = lay.TimeDistributed(lay.Flatten())(x)
    x = lay.RNN([lay.GRUCell(3), lay.LSTMCell(2)], return_sequences=True)(x)
    x = lay.Bidirectional(lay.RNN(lay.SimpleRNNCell(3)))(x)
    return k.Model(start, lay.Dense(1)(x), name="cells")


def nested(k):
    """Models in models, a layer at two places, two inputs and two outputs."""
    lay = k.layers
    one, two = lay.Input(shape=(4,), name="one"), lay.Input(shape=(4,), name="two")
    inner_start = lay.Input(shape=(3,), name="inner_start")
    inner_end = lay.BatchNormalization(name="inner_norm")(lay.Dense(3, name="inner")(inner_start))
    inner = k.Model(inner_start, inner_end, name="inner_model")
    head = k.Sequential(
        [lay.Dense(3, input_shape=(3,), name="h1"), lay.BatchNormalization(name="h2"), inner],
        name="head",
    )
    shared = lay.Dense(3, activation="tanh", name="shared")
    x = lay.Add(name="sum")([head(shared(one)), shared(two)])
    y = lay.Dot(1, name="dot")([shared(one), x])
    return k.Model([one, two], [lay.Dense(2, name="first")(x), y], name="nested")


def frozen(k):
    """A part that is not trained, whose weights stand last in a model's list."""
    lay = k.layers
    base = k.Sequential(
        [lay.Dense(4, input_shape=(4,), name="b1"), lay.BatchNormalization(name="b2"),
         lay.Dense(4, name="b3")],
        name="base",
    )  # fmt: skip
    base.layers[0].trainable = False
    start = lay.Input(shape=(4,))
    x = base(start)
    x = lay.Dense(3, trainable=False, name="still")(x)
    return k.Model(start, lay.Dense(2, name="end")(x), name="frozen")


def heads(k):
    """Attention."""
    lay = k.layers
    start, other = lay.Input(shape=(4, 3), name="q"), lay.Input(shape=(5, 3), name="v")
    x = lay.Attention(use_scale=True)([start, other])
    x = lay.AdditiveAttention()([x, other])
    x = lay.MultiHeadAttention(2, 3)(x, other)
    return k.Model([start, other], lay.GlobalAveragePooling1D()(x), name="heads")


def states(k):
    """States handed from layer to layer."""
    lay = k.layers
    start, other = lay.Input(shape=(4, 3), name="reads"), lay.Input(shape=(3, 2), name="writes")
    _, h, c = lay.LSTM(3, return_state=True, name="encoder")(start)
    x = lay.LSTM(3, return_sequences=True, name="decoder")(other, initial_state=[h, c])
    return k.Model([start, other], lay.Dense(2)(x), name="states")


def volumes(k):
    """Three axes."""
    lay = k.layers
    return k.Sequential(
        [
            lay.Conv3D(2, 2, input_shape=(4, 4, 4, 1), data_format="channels_last"),
            lay.MaxPooling3D(2),
            lay.GlobalAveragePooling3D(),
            lay.GaussianNoise(0.1),
            lay.AlphaDropout(0.1),
            lay.Dense(2, activation=k.activations.selu),
        ],
        name="volumes",
    )


def added(k):
    """An operation between layers, which is a layer of TensorFlow's in the file."""
    start = k.layers.Input(shape=(4,))
    x = k.layers.Dense(3)(start)
    return k.Model(start, k.layers.Dense(2)(x * 2.0 + x), name="added")


def coded(k):
    """A layer of code."""
    return k.Sequential(
        [k.layers.Dense(3, input_shape=(4,)), k.layers.Lambda(lambda x: x + 1)], name="coded"
    )


MODELS = (digits, pictures, lines, words, cells, nested, frozen, heads, states, volumes)
REFUSED = (added, coded)


def _old(k):
    return k.__name__ != "annette"


def rows(model):
    """Six rows for the inputs of a model."""
    rng = np.random.RandomState(7)
    found = []
    for tensor in model.inputs:
        shape = (6, *tensor.shape[1:])
        words_in = model.name == "words"
        found.append(rng.randint(0, 9, shape) if words_in else rng.normal(size=shape))
    found = [x.astype("int32" if model.name == "words" else "float32") for x in found]
    return found if len(found) > 1 else found[0]


def _fill(model):
    rng = np.random.RandomState(11)
    model.set_weights([rng.uniform(0.1, 0.9, w.shape) for w in model.get_weights()])


def main(folder):
    """Write the files of this TensorFlow."""
    import tensorflow as tf

    k = tf.keras
    version = ".".join(tf.__version__.split(".")[:2])
    for make in MODELS + REFUSED:
        k.backend.clear_session()
        try:
            model = make(k)
        except AttributeError as error:
            print(version, make.__name__, "is left out:", error)
            continue
        _fill(model)
        optimizer = "sgd" if make in (words, pictures) else k.optimizers.Adam(0.01)
        model.compile(optimizer, "mse", metrics=["mae"])
        path = str(Path(folder) / (version + "-" + make.__name__))
        kinds = []
        for ending, how in _kinds(version):
            save = model.save_weights if ending == ".weights.h5" else model.save
            try:
                save(path + ending, **how)
                kinds.append(ending)
            except Exception as error:  # what a release could not write is not written here
                print(version, make.__name__, ending, type(error).__name__, str(error)[:99])
                Path(path + ending).unlink()
        found = model.predict(rows(model))
        found = found if isinstance(found, list) else [found]
        values = [np.round(v.astype("float64"), 7).tolist() for v in found]
        Path(path + ".json").write_text(json.dumps({"files": kinds, "predicted": values}))


def _kinds(version):
    """The endings of a release's files, and how they were asked for."""
    new = len(version) > 3  # 2.12 and later have the format of Keras 3 as well
    kinds = [(".h5", {}), (".weights.h5", {} if new else {"save_format": "h5"})]
    how = "keras_v3" if version == "2.12" else "keras"
    return kinds + ([(".keras", {"save_format": how})] if new else [])


def pack(folders):
    """Put all files into one."""
    paths = {p.name: p for folder in folders for p in Path(folder).iterdir()}
    with tarfile.open(str(FIXTURE), "w:xz", preset=9) as packed:
        for name in sorted(paths, key=lambda n: (n.partition("-")[2], n)):
            info = tarfile.TarInfo(name)
            info.size = paths[name].stat().st_size
            packed.addfile(info, io.BytesIO(paths[name].read_bytes()))


if __name__ == "__main__":
    if sys.argv[1] == "pack":
        pack(sys.argv[2:])
    else:
        main(sys.argv[1])
