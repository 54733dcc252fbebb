"""Golden cases: preprocessing layers on numbers and strings, what they learn, their configs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import add_case, integers, uniform

X2 = uniform(5, 3, seed=900, low=-3, high=4)
X3 = uniform(2, 4, 3, seed=901, low=-2, high=2)
ONE = uniform(6, seed=902, low=-2, high=2)
INTS = integers(4, 3, seed=903, high=5)
COLUMN = integers(5, 1, seed=904, high=5)
FLAT = integers(6, seed=905, high=5)
WORDS = np.array([["a", "c", "d"], ["d", "z", "b"], ["a", "y", "c"]])
NUMBERS = np.array([[12, 1138, 42], [42, 1000, 36], [12, 7, 12]])
TEXTS = np.array(
    ["The quick, brown fox!", "jumps over the lazy dog.", "The dog  barks", "", "Ärger über Öl"]
)


def add(name: str, run: Callable[[Any], Any]) -> None:
    """Register a case that gives arrays."""
    add_case("preprocessing", name, run)


def add_plain(name: str, run: Callable[[Any], Any]) -> None:
    """Register a case that gives words, lists or configurations."""
    add_case("preprocessing_plain", name, run, json=True)


def adapted(make: Callable[[Any], Any], data: Any, x: Any = None) -> Callable[[Any], Any]:
    """Adapt a layer to data and call it."""

    def run(k: Any) -> Any:
        layer = make(k)
        layer.adapt(data)
        return layer(data if x is None else x)

    return run


def learnt(make: Callable[[Any], Any], data: Any) -> Callable[[Any], Any]:
    """Adapt a layer to data and tell what it learnt."""

    def run(k: Any) -> Any:
        layer = make(k)
        layer.adapt(data)
        return [layer.get_vocabulary(), layer.get_vocabulary(False), layer.vocabulary_size()]

    return run


def config(make: Callable[[Any], Any], drop: tuple[str, ...] = ()) -> Callable[[Any], Any]:
    """The configuration, and that of a layer made of it."""

    def run(k: Any) -> Any:
        layer = make(k)
        again = type(layer).from_config(layer.get_config())
        return [layer.get_config(), again.get_config() == layer.get_config()]

    return run


# --- Rescaling, Normalization ---------------------------------------------------------------------

for _kwargs in ({"scale": 0.5}, {"scale": 2.0, "offset": -1.0}, {"scale": [1.0, 2.0, 3.0]}):
    add(f"Rescaling {_kwargs}", lambda k, a=_kwargs: k.layers.Rescaling(**a)(X2))
add("Rescaling of integers", lambda k: k.layers.Rescaling(1 / 255, 0.5)(INTS))
add_plain("Rescaling config", config(lambda k: k.layers.Rescaling(0.5, offset=1.0, name="r")))

for _kwargs, _x in (
    ({}, X2), ({"axis": None}, X2), ({"axis": 1}, X3), ({"axis": (1, 2)}, X3),
    ({"axis": -1, "invert": True}, X2), ({"axis": ()}, X2), ({"axis": None}, ONE), ({}, INTS),
):  # fmt: skip
    add(
        f"Normalization {_kwargs} of {_x.dtype}{list(_x.shape)}",
        adapted(lambda k, a=_kwargs: k.layers.Normalization(**a), _x),
    )
for _kwargs in (
    {"mean": 3.0, "variance": 2.0}, {"mean": [1.0, 2.0, 3.0], "variance": [2.0, 0.0, 4.0]},
    {"mean": 1.0, "variance": 4.0, "invert": True}, {"axis": None, "mean": 1.0, "variance": 4.0},
):  # fmt: skip
    add(f"Normalization {_kwargs}", lambda k, a=_kwargs: k.layers.Normalization(**a)(X2))


def _normalization_state(k: Any) -> Any:
    layer = k.layers.Normalization()
    layer.adapt(X2)
    return [layer.mean, layer.variance, layer.get_weights()[:2]]


add("Normalization state", _normalization_state)


def _normalization_batches(k: Any) -> Any:
    layer = k.layers.Normalization()
    layer.adapt(iter([X2[:2], X2[2:]]))
    return [layer(X2), layer.mean, layer.variance]


add("Normalization adapted to batches", _normalization_batches)


def _normalization_names(k: Any) -> Any:
    layer = k.layers.Normalization(axis=-1, name="n")
    layer.adapt(X2)
    return {
        "weights": [[w.name, list(w.shape), str(w.dtype), w.trainable] for w in layer.weights],
        "config": layer.get_config(),
        "given": k.layers.Normalization(mean=1.0, variance=2.0, name="n").get_config(),
        "weights given": len(k.layers.Normalization(mean=1.0, variance=2.0).weights),
    }


add_plain("Normalization names", _normalization_names)

# --- CategoryEncoding -----------------------------------------------------------------------------

for _mode in ("one_hot", "multi_hot", "count"):
    for _x in (INTS, COLUMN, FLAT, integers(2, 3, 4, seed=906, high=5)):
        add(
            f"CategoryEncoding {_mode} of {list(_x.shape)}",
            lambda k, m=_mode, x=_x: k.layers.CategoryEncoding(5, output_mode=m)(x),
        )
    add(
        f"CategoryEncoding {_mode} of floats",
        lambda k, m=_mode: k.layers.CategoryEncoding(5, output_mode=m)(INTS.astype("float32")),
    )
add(
    "CategoryEncoding count weighted",
    lambda k: k.layers.CategoryEncoding(5, output_mode="count")(
        INTS, count_weights=uniform(4, 3, seed=907)
    ),
)
add(
    "CategoryEncoding one_hot in int32",
    lambda k: k.layers.CategoryEncoding(5, output_mode="one_hot", dtype="int32")(INTS),
)
add_plain("CategoryEncoding config", config(lambda k: k.layers.CategoryEncoding(5, name="c")))


def _encoding_shapes(k: Any) -> Any:
    return [
        [list(k.layers.CategoryEncoding(5, output_mode=mode).compute_output_shape(shape))
         for shape in ((None, 3), (None, 1), (None,), (4,))]
        for mode in ("one_hot", "multi_hot", "count")
    ]  # fmt: skip


add_plain("CategoryEncoding shapes", _encoding_shapes)

# --- Discretization -------------------------------------------------------------------------------

BINS = [-1.0, 0.0, 1.5]
for _mode in ("int", "one_hot", "multi_hot", "count"):
    for _x in (X2, ONE, X3, X2[:, :1], INTS):
        add(
            f"Discretization {_mode} of {_x.dtype}{list(_x.shape)}",
            lambda k, m=_mode, x=_x: k.layers.Discretization(BINS, output_mode=m)(x),
        )
add("Discretization on an edge", lambda k: k.layers.Discretization(BINS)(np.array(BINS)))
for _bins in (2, 4, 10):
    for _epsilon in (0.01, 0.2):
        add(
            f"Discretization adapted num_bins={_bins} epsilon={_epsilon}",
            adapted(
                lambda k, b=_bins, e=_epsilon: k.layers.Discretization(num_bins=b, epsilon=e),
                uniform(500, 2, seed=908, low=-5, high=5),
                X2,
            ),
        )


def _boundaries(k: Any) -> Any:
    found = []
    for bins, epsilon in ((4, 0.01), (7, 0.3), (3, 0.05)):
        for data in (X2, uniform(700, seed=909), INTS, np.array([[-1.5, 1.0, 3.4, 0.5]])):
            layer = k.layers.Discretization(num_bins=bins, epsilon=epsilon)
            layer.adapt(data)
            found.append([round(float(b), 5) for b in layer.bin_boundaries])
    return found


add_plain("Discretization boundaries", _boundaries)


def _boundaries_of_batches(k: Any) -> Any:
    found = []
    for bins, epsilon, steps in ((4, 0.2, None), (3, 0.01, None), (5, 0.05, 2)):
        layer = k.layers.Discretization(num_bins=bins, epsilon=epsilon)
        parts = [np.arange(20.0), np.arange(5.0, 30.0), uniform(300, seed=911, high=40)]
        layer.adapt(iter(parts), steps=steps)
        found.append([round(float(b), 5) for b in layer.bin_boundaries])
    return found


add_plain("Discretization boundaries of batches", _boundaries_of_batches)
add_plain(
    "Discretization configs",
    lambda k: [
        config(lambda k: k.layers.Discretization(BINS, name="d"))(k),
        config(lambda k: k.layers.Discretization(num_bins=3, epsilon=0.1, name="d"))(k),
    ],
)

# --- StringLookup, IntegerLookup ------------------------------------------------------------------

STRINGS = ["a", "b", "c", "d"]
WHOLE = [12, 36, 1138, 42]
MODES = ("one_hot", "multi_hot", "count")
LOOKUPS: list[tuple[str, dict[str, Any], Any]] = [
    ("StringLookup", {"vocabulary": STRINGS}, WORDS),
    ("StringLookup", {"vocabulary": STRINGS, "mask_token": ""}, np.array([["a", "", "q"]])),
    ("StringLookup", {"vocabulary": STRINGS, "num_oov_indices": 3}, WORDS),
    ("StringLookup", {"vocabulary": STRINGS, "num_oov_indices": 4, "salt": [133, 137]}, WORDS),
    ("StringLookup", {"vocabulary": STRINGS, "num_oov_indices": 4, "salt": 5}, WORDS),
    ("StringLookup", {"vocabulary": STRINGS, "num_oov_indices": 0}, np.array(["a", "d"])),
    ("StringLookup", {"vocabulary": ["", "[UNK]", *STRINGS], "mask_token": ""}, WORDS),
    ("StringLookup", {"vocabulary": ["[UNK]", *STRINGS]}, WORDS),
    ("IntegerLookup", {"vocabulary": WHOLE}, NUMBERS),
    ("IntegerLookup", {"vocabulary": WHOLE, "mask_token": 0}, np.array([[12, 0, 5]])),
    ("IntegerLookup", {"vocabulary": WHOLE, "num_oov_indices": 3}, NUMBERS),
    ("IntegerLookup", {"vocabulary": WHOLE, "num_oov_indices": 2, "mask_token": 7}, NUMBERS),
    ("IntegerLookup", {"vocabulary": WHOLE, "num_oov_indices": 0}, np.array([12, 42])),
    ("IntegerLookup", {"vocabulary": WHOLE, "num_oov_indices": 3}, np.array([-4, -5, 1000, 8])),
    (
        "IntegerLookup",
        {"vocabulary": WHOLE, "num_oov_indices": 5, "oov_method": "farmhash"},
        np.array([-4, -5, 1000, 8, 123456]),
    ),
    (
        "IntegerLookup",
        {"vocabulary": WHOLE, "num_oov_indices": 5, "oov_method": "farmhash", "salt": [1, 9]},
        np.array([-4, -5, 1000, 8, 123456]),
    ),
]
for _name, _kwargs, _x in LOOKUPS:
    add(
        f"{_name} {_kwargs} of {list(_x.shape)}",
        lambda k, n=_name, a=_kwargs, x=_x: getattr(k.layers, n)(**a)(x),
    )
for _name, _vocabulary, _x in (
    ("StringLookup", STRINGS, WORDS), ("IntegerLookup", WHOLE, NUMBERS),
):  # fmt: skip
    for _mode in MODES:
        for _sub in (_x, _x[:, :1], _x[0]):
            add(
                f"{_name} {_mode} of {list(_sub.shape)}",
                lambda k, n=_name, v=_vocabulary, m=_mode, x=_sub: getattr(k.layers, n)(
                    vocabulary=v, output_mode=m
                )(x),
            )
        add(
            f"{_name} {_mode} padded",
            lambda k, n=_name, v=_vocabulary, m=_mode, x=_x: getattr(k.layers, n)(
                vocabulary=v, output_mode=m, max_tokens=8, pad_to_max_tokens=True
            )(x),
        )
    add(
        f"{_name} tf_idf",
        lambda k, n=_name, v=_vocabulary, x=_x: getattr(k.layers, n)(
            vocabulary=v, output_mode="tf_idf", idf_weights=[0.25, 0.75, 0.6, 0.4]
        )(x),
    )
    add(
        f"{_name} tf_idf padded",
        lambda k, n=_name, v=_vocabulary, x=_x: getattr(k.layers, n)(
            vocabulary=v, output_mode="tf_idf", idf_weights=[0.25, 0.75, 0.6, 0.4],
            max_tokens=7, pad_to_max_tokens=True,
        )(x),
    )  # fmt: skip
    add(
        f"{_name} tf_idf adapted",
        adapted(lambda k, n=_name: getattr(k.layers, n)(output_mode="tf_idf"), _x),
    )
    add(
        f"{_name} count with a mask",
        lambda k, n=_name, v=_vocabulary, x=_x: getattr(k.layers, n)(
            vocabulary=v[1:], output_mode="count", mask_token=v[0], num_oov_indices=2
        )(x),
    )
    for _kwargs in ({}, {"max_tokens": 4}, {"num_oov_indices": 2}, {"output_mode": "count"}):
        add_plain(
            f"{_name} learnt {_kwargs}",
            learnt(lambda k, n=_name, a=_kwargs: getattr(k.layers, n)(**a), _x),
        )
add_plain(
    "StringLookup learnt with a mask",
    learnt(lambda k: k.layers.StringLookup(mask_token="a"), WORDS),
)
add_plain(
    "IntegerLookup learnt with a mask",
    learnt(lambda k: k.layers.IntegerLookup(mask_token=12), NUMBERS),
)
add(
    "IntegerLookup inverted",
    lambda k: [
        k.layers.IntegerLookup(vocabulary=WHOLE, invert=True)(np.array([[1, 3, 4], [4, 0, 2]])),
        k.layers.IntegerLookup(vocabulary=WHOLE, invert=True, mask_token=0)(np.array([0, 1, 9])),
    ],
)


def _vocabulary_set(k: Any) -> Any:
    layer = k.layers.StringLookup(output_mode="tf_idf")
    layer.set_vocabulary(["[UNK]", *STRINGS], idf_weights=[0.9, 0.25, 0.75, 0.6, 0.4])
    return layer(np.array([["a", "c", "d", "d"], ["d", "z", "b", "z"]]))


add("StringLookup tf_idf set with an unknown", _vocabulary_set)
add_plain(
    "lookup configs",
    lambda k: [
        config(lambda k: k.layers.StringLookup(name="s"))(k),
        config(lambda k: k.layers.StringLookup(vocabulary=STRINGS, name="s"))(k),
        config(lambda k: k.layers.StringLookup(mask_token="", max_tokens=9, name="s"))(k),
        config(lambda k: k.layers.IntegerLookup(name="i"))(k),
        config(lambda k: k.layers.IntegerLookup(vocabulary=WHOLE, mask_token=0, name="i"))(k),
    ],
)


def _lookup_shapes(k: Any) -> Any:
    return [
        [list(k.layers.IntegerLookup(vocabulary=WHOLE, output_mode=mode)
              .compute_output_shape(shape)) for shape in ((None, 3), (None, 1), (None,))]
        for mode in ("int", *MODES)
    ]  # fmt: skip


add_plain("IntegerLookup shapes", _lookup_shapes)

for _name, _x in (("StringLookup", WORDS), ("IntegerLookup", NUMBERS)):
    add(
        f"{_name} tf_idf adapted to one axis",
        adapted(lambda k, n=_name: getattr(k.layers, n)(output_mode="tf_idf"), _x.ravel(), _x),
    )
add_plain(
    "StringLookup learnt of empty and unknown",
    learnt(lambda k: k.layers.StringLookup(), np.array(["a", "", "[UNK]", "a"])),
)
add("lookup of one word", lambda k: k.layers.StringLookup(vocabulary=STRINGS)("b"))

# --- TextVectorization ----------------------------------------------------------------------------

TEXT_KWARGS: list[dict[str, Any]] = [
    {}, {"max_tokens": 6}, {"output_sequence_length": 3}, {"output_sequence_length": 8},
    {"standardize": None}, {"standardize": "lower"}, {"standardize": "strip_punctuation"},
    {"split": "character"}, {"split": None}, {"ngrams": 2}, {"ngrams": (2, 3)}, {"ngrams": 3},
    {"output_mode": "multi_hot"}, {"output_mode": "count"}, {"output_mode": "tf_idf"},
    {"output_mode": "count", "max_tokens": 30, "pad_to_max_tokens": True},
    {"output_mode": "tf_idf", "ngrams": 2, "max_tokens": 8},
]  # fmt: skip
for _kwargs in TEXT_KWARGS:
    add(
        f"TextVectorization {_kwargs}",
        adapted(
            lambda k, a=_kwargs: k.layers.TextVectorization(**a), TEXTS,
            np.array(["the dog, the DOG", "unheard of", "", "Über ärger fox"]),
        ),
    )  # fmt: skip
    add_plain(
        f"TextVectorization learnt {_kwargs}",
        learnt(lambda k, a=_kwargs: k.layers.TextVectorization(**a), TEXTS),
    )
add(
    "TextVectorization with a vocabulary",
    lambda k: k.layers.TextVectorization(
        vocabulary=["earth", "wind", "and", "fire"], output_sequence_length=4
    )(np.array([["earth and WIND"], ["fire, water"]])),
)
PUNCTUATION = np.array(["a!b\"c#d$e%f&g(h)i*j+k,l-m.n/o:p;q<r=s>t?u@v[w\\x]y^z_a`b{c|d}e~f'g"])
add_plain(
    "TextVectorization strips punctuation",
    lambda k: [
        learnt(lambda k: k.layers.TextVectorization(), PUNCTUATION)(k),
        learnt(lambda k: k.layers.TextVectorization(), np.array(["a\tb\nc\r\nd\u00a0e \u2003f"]))(
            k
        ),
    ],
)
add_plain(
    "TextVectorization configs",
    lambda k: [
        config(lambda k: k.layers.TextVectorization(name="t"))(k),
        config(
            lambda k: k.layers.TextVectorization(
                max_tokens=9, ngrams=2, output_mode="count", name="t"
            )
        )(k),
        config(lambda k: k.layers.TextVectorization(vocabulary=["x", "y"], name="t"))(k),
    ],
)

# --- Hashing, HashedCrossing ----------------------------------------------------------------------

LETTERS = np.array([["A"], ["B"], ["C"], ["D"], [""]])
LENGTHS = np.array([("abcdefghij" * 30)[:n] for n in [*range(40), 63, 64, 65, 127, 128, 129, 200]])
WIDE = np.array([[0, 1, -1], [12, 345678, -98765], [2**31 - 1, -(2**31), 7]])
for _kwargs in (
    {"num_bins": 3}, {"num_bins": 1000}, {"num_bins": 7, "mask_value": ""},
    {"num_bins": 1000, "salt": [133, 137]}, {"num_bins": 1000, "salt": 133},
    {"num_bins": 4, "output_mode": "one_hot"}, {"num_bins": 4, "output_mode": "count"},
    {"num_bins": 4, "output_mode": "multi_hot"},
):  # fmt: skip
    for _label, _x in (("letters", LETTERS), ("words", WORDS), ("lengths", LENGTHS)):
        add(f"Hashing {_kwargs} of {_label}", lambda k, a=_kwargs, x=_x: k.layers.Hashing(**a)(x))
for _kwargs in (
    {"num_bins": 1000}, {"num_bins": 7, "mask_value": 12}, {"num_bins": 1000, "salt": [133, 137]},
    {"num_bins": 5, "output_mode": "one_hot"}, {"num_bins": 5, "output_mode": "count"},
):  # fmt: skip
    add(f"Hashing {_kwargs} of integers", lambda k, a=_kwargs: k.layers.Hashing(**a)(WIDE))
add(
    "Hashing of large integers",
    lambda k: k.layers.Hashing(1000)(np.array([2**62, -(2**62), 10**18 + 3, 99999999999])),
)
add_plain("Hashing config", config(lambda k: k.layers.Hashing(7, salt=3, name="h")))
FIRST, SECOND = np.array(["A", "B", "A", "B", "A"]), np.array([101, 101, 101, 102, -102])
for _mode in ("int", "one_hot"):
    add(
        f"HashedCrossing {_mode}",
        lambda k, m=_mode: k.layers.HashedCrossing(7, output_mode=m)((FIRST, SECOND)),
    )
    add(
        f"HashedCrossing {_mode} of columns",
        lambda k, m=_mode: k.layers.HashedCrossing(7, output_mode=m)(
            (FIRST[:, None], SECOND[:, None])
        ),
    )
add(
    "HashedCrossing of three",
    lambda k: k.layers.HashedCrossing(1000)((SECOND, SECOND * 3, FIRST)),
)
add("HashedCrossing of integers", lambda k: k.layers.HashedCrossing(1000)((SECOND, SECOND + 1)))
add_plain("HashedCrossing config", config(lambda k: k.layers.HashedCrossing(7, name="h")))

# --- Pipeline -------------------------------------------------------------------------------------


def _pipeline(k: Any) -> Any:
    layer = k.layers.Pipeline([k.layers.Rescaling(2.0), k.layers.Discretization(BINS)])
    return [layer(X2), layer.layers[0](X2)]


add("Pipeline", _pipeline)
add_plain(
    "Pipeline config", config(lambda k: k.layers.Pipeline([k.layers.Rescaling(2.0)], name="p"))
)


# --- FeatureSpace ---------------------------------------------------------------------------------

TABLE: dict[str, np.ndarray] = {
    "f": np.array([0.0, 0.1, 0.2, 0.9], "float32"),
    "s": np.array(["zero", "one", "two", "one"]),
    "i": np.array([0, 1, 2, 7]),
    "h": np.array(["a", "b", "c", "d"]),
    "n": np.array([5, 6, 7, 8]),
    "d": np.array([0.1, 0.5, 0.7, 0.8], "float32"),
    "r": np.array([1.0, 2.0, 3.0, 4.0], "float32"),
    "p": np.array([1.0, 2.0, 3.0, 4.0], "float32"),
}


def _space(k: Any, mode: str) -> Any:
    kinds = k.utils.FeatureSpace
    space = kinds(
        {
            "f": "float_normalized",
            "s": "string_categorical",
            "i": kinds.integer_categorical(max_tokens=4),
            "h": kinds.string_hashed(num_bins=4),
            "n": kinds.integer_hashed(
                num_bins=3, output_mode="int" if mode == "dict" else "one_hot"
            ),
            "d": kinds.float_discretized(num_bins=3),
            "r": kinds.float_rescaled(scale=2.0, offset=1.0),
            "p": "float",
        },
        output_mode=mode,
        crosses=[("s", "i"), kinds.cross(("h", "s"), 3)],
        crossing_dim=5,
        name="space",
    )
    space.adapt(TABLE)
    return space


for _mode in ("concat", "dict"):
    add(f"FeatureSpace {_mode}", lambda k, m=_mode: _space(k, m)(TABLE))
    add(
        f"FeatureSpace {_mode} of one row",
        lambda k, m=_mode: _space(k, m)({name: column[0] for name, column in TABLE.items()}),
    )


def _space_plain(k: Any) -> Any:
    space = _space(k, "dict")
    return {
        "inputs": {n: [list(t.shape), str(t.dtype)] for n, t in space.get_inputs().items()},
        "encoded": {
            n: [list(t.shape), str(t.dtype)] for n, t in space.get_encoded_features().items()
        },
        "joined": list(_space(k, "concat").get_encoded_features().shape),
        "preprocessors": {n: type(p).__name__ for n, p in space.preprocessors.items() if n != "p"},
        "crossers": sorted(space.crossers),
        "modes": {n: f.output_mode for n, f in space.features.items()},
    }


add_plain("FeatureSpace parts", _space_plain)
add_plain(
    "Discretization config adapted",
    lambda k: [
        (lambda layer: [layer.adapt(np.arange(9.0)), config(lambda k: layer)(k)])(
            k.layers.Discretization(num_bins=3, name="d")
        )
    ],
)
