"""Layers on pictures: what they draw, formats, dtypes, labels and masks, training, bad input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import annette
from annette import layers

RNG = np.random.default_rng(3)
X = RNG.uniform(0, 255, (6, 12, 14, 3)).astype("float32")
LAYERS: dict[str, dict[str, Any]] = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.1},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": 0.2},
    "RandomZoom": {"height_factor": 0.2},
    "RandomShear": {"x_factor": 0.2, "y_factor": 0.1},
    "RandomCrop": {"height": 8, "width": 9},
    "RandomContrast": {"factor": 0.3},
    "RandomBrightness": {"factor": 0.3},
    "RandomHue": {"factor": 0.3},
    "RandomSaturation": {"factor": 0.3},
    "RandomColorDegeneration": {"factor": 0.3},
    "RandomSharpness": {"factor": 0.3},
    "RandomPosterization": {"factor": 5},
    "RandomInvert": {},
    "RandomGaussianBlur": {},
    "RandomErasing": {},
    "RandomPerspective": {},
    "RandomElasticTransform": {},
    "RandomColorJitter": {"brightness_factor": 0.2, "hue_factor": 0.1},
    "Solarization": {"addition_factor": 0.3, "threshold_factor": 0.5},
    "CutMix": {},
    "MixUp": {},
    "RandomGrayscale": {},
    "CenterCrop": {"height": 5, "width": 6},
    "Resizing": {"height": 5, "width": 6},
    "AutoContrast": {},
    "Equalization": {},
    "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size": (3, 2)},
    "RandAugment": {"num_ops": 3},
    "AugMix": {},
}
CLAHE = "ContrastLimitedAdaptiveHistogramEqualization"
FIXED = ("CenterCrop", "Resizing", "AutoContrast", "Equalization", CLAHE)
SEEDED = [n for n in LAYERS if n not in FIXED]


def make(name: str, **more: Any) -> Any:
    """A layer with a seed, if it takes one."""
    seed = {"seed": 5} if name in SEEDED else {}
    return getattr(layers, name)(**LAYERS[name], **seed, **more)


@pytest.mark.parametrize("name", LAYERS)
def test_shapes_dtypes_and_formats(name: str) -> None:
    """Either format, one picture, bytes and half floats; symbols tell the shape."""
    y = np.asarray(make(name)(X, training=True))
    shape = make(name).compute_output_shape((None, *X.shape[1:]))
    assert y.shape == (6, *shape[1:])
    assert y.dtype == "float32"
    flat = np.ascontiguousarray(np.moveaxis(X, -1, 1))
    other = np.asarray(make(name, data_format="channels_first")(flat, training=True))
    if name != "RandomErasing":  # whose noise is drawn in the pictures' own order
        np.testing.assert_allclose(np.moveaxis(other, 1, -1), y, atol=2e-2)
    assert make(name)(X[0], training=True).shape == shape[1:]
    small = make(name, dtype="uint8")(X.astype("uint8"), training=True)
    assert small.dtype == "uint8"
    half = make(name, dtype="float16")(X, training=True)
    assert half.dtype == "float16"
    assert np.isfinite(np.asarray(half)).all()


@pytest.mark.parametrize("name", SEEDED)
def test_a_seed_says_what_is_drawn(name: str) -> None:
    """Equal seeds give equal pictures; the next draw is another one."""
    layer = make(name)
    one, two = np.asarray(layer(X, training=True)), np.asarray(layer(X, training=True))
    np.testing.assert_array_equal(np.asarray(make(name)(X, training=True)), one)
    assert not np.array_equal(one, two)


@pytest.mark.parametrize("name", [n for n in LAYERS if n != "RandomCrop"])
def test_nothing_is_drawn_outside_training(name: str) -> None:
    """Predicting is the same each time; only sizes change."""
    layer = make(name)
    y = np.asarray(layer(X, training=False))
    np.testing.assert_array_equal(np.asarray(layer(X, training=False)), y)
    if name in SEEDED or name == "Equalization":
        np.testing.assert_array_equal(y, X)


@pytest.mark.parametrize("name", LAYERS)
def test_in_a_model(name: str) -> None:
    """It trains, draws anew in each step, and predicts what the layer gives."""
    layer = make(name)
    model = annette.Sequential(
        [annette.Input((12, 14, 3)), layer, layers.Flatten(), layers.Dense(2)]
    )
    model.compile("sgd", "mse")
    model.fit(X / 255, np.zeros((6, 2)), batch_size=3, verbose=0)
    alone = annette.Sequential([annette.Input((12, 14, 3)), make(name)])
    want = make(name)(X, training=False)
    np.testing.assert_allclose(alone.predict(X, verbose=0), want, atol=1e-2)


def test_masks_move_with_pictures_and_labels_mix() -> None:
    """What belongs to a picture is changed as it is."""
    marks = (X[..., :1] > 128).astype("float32")
    for name in ("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomShear"):
        how = {} if name == "RandomFlip" else {"interpolation": "nearest"}
        found = make(name, **how)(
            {"images": X, "segmentation_masks": marks, "labels": np.arange(6), "own": 3},
            training=True,
        )
        np.testing.assert_array_equal(
            found["segmentation_masks"], np.asarray(found["images"])[..., :1] > 128
        )
        np.testing.assert_array_equal(found["labels"], np.arange(6))
        assert found["own"] == 3
    for name in ("CutMix", "MixUp"):
        found = make(name)({"images": X, "labels": np.eye(6, dtype="float32")}, training=True)
        np.testing.assert_allclose(np.asarray(found["labels"]).sum(1), 1.0, rtol=1e-5)


MANY = np.zeros((4000, 10, 20, 3), "float32")
RANGES: list[tuple[Any, Callable[[Any], Any], float, float, float]] = [
    (layers.RandomRotation(0.1, seed=1), lambda t: t["angle"], -36, 36, 0),
    (layers.RandomTranslation((0.0, 0.2), 0.1, seed=1), lambda t: t["translations"][:, 1], 0, 2, 1),
    (layers.RandomTranslation(0.2, 0.1, seed=1), lambda t: t["translations"][:, 0], -2, 2, 0),
    (layers.RandomZoom((-0.2, 0.6), seed=1), lambda t: t["width_zoom"], 0.8, 1.6, 1.2),
    (layers.RandomShear(0.3, seed=1), lambda t: t["shear_factor"][:, 0], -0.3, 0.3, 0),
    (layers.RandomContrast((0.2, 0.6), seed=1), lambda t: t["contrast_factor"], 0.8, 1.6, 1.2),
    (layers.RandomBrightness(0.3, seed=1), lambda t: t["rgb_delta"], -76.5, 76.5, 0),
    (layers.RandomHue(0.3, seed=1), lambda t: t["factor"], -0.15, 0.15, 0),
    (layers.RandomSaturation((0.2, 0.6), seed=1), lambda t: t["factor"], 0.25, 1.5, 0.733),
    (layers.RandomPosterization((2, 5), seed=1), lambda t: t["shift_factor"], 4, 6, 5),
    (layers.RandomFlip("vertical", seed=1), lambda t: t["flips"], 0, 1, 0.5),
    (layers.RandomInvert((0.2, 0.6), seed=1), lambda t: t["apply_inversion"], 0, 1, 0.4),
    (layers.RandomGrayscale(0.3, seed=1), lambda t: t, 0, 1, 0.3),
    (layers.MixUp(1.0, seed=1), lambda t: t["mix_weight"], 0, 1, 0.5),
    (
        layers.RandomPerspective(1.0, 0.6, seed=1),
        lambda t: t["end_points"][:, 3, 0] - 19.0,
        -5.7,
        5.7,
        0,
    ),
]


@pytest.mark.parametrize(("layer", "look", "low", "high", "mean"), RANGES)
def test_draws(layer: Any, look: Any, low: float, high: float, mean: float) -> None:
    """Draws fill their range, and their mean is where it belongs."""
    found = np.asarray(look(layer.get_random_transformation(MANY))).astype("float64").ravel()
    width = high - low
    assert low - 1e-5 <= found.min() <= low + 0.02 * width
    assert high - 0.02 * width <= found.max() <= high + 1e-5
    assert abs(found.mean() - mean) < 0.03 * width


def test_erased_and_cut_parts_have_their_areas() -> None:
    """A tenth of each picture is erased; what CutMix leaves is what it says."""
    big = np.zeros((300, 60, 80, 1), "float32")
    erase = layers.RandomErasing(1.0, scale=(0.1, 0.1), seed=1)
    mask = np.asarray(erase.get_random_transformation(big)["batch_masks"])
    np.testing.assert_allclose(mask.mean((1, 2, 3)), 0.1, atol=0.012)
    drawn = layers.CutMix(seed=1).get_random_transformation(big)
    left = np.asarray(drawn["mix_weight"]).ravel()
    np.testing.assert_allclose(
        1 - np.asarray(drawn["batch_masks"]).mean((1, 2, 3)), left, atol=0.04
    )


def test_rand_augment_makes_the_chosen_changes_in_order() -> None:
    """Each place stands for one of eleven layers, and all of them are drawn."""
    layer = layers.RandAugment(num_ops=4, seed=2)
    drawn = layer.get_random_transformation(X)
    names = list(drawn["transforms"])
    assert len(names) == 11
    y = X
    for place in np.asarray(drawn["layer_idxes"]):
        step = getattr(layer, names[place])
        y = step.transform_images(y, drawn["transforms"][names[place]], True)
    np.testing.assert_array_equal(layer.transform_images(X, drawn), y)
    places = [layer.get_random_transformation(X[:1])["layer_idxes"] for _ in range(100)]
    assert set(np.asarray(places).ravel().tolist()) == set(range(11))


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_rand_augment_has_one_strength(strength: float) -> None:
    """It is that of each of its layers, in bits for the shades that are kept."""
    layer = layers.RandAugment(factor=strength)
    assert layer.random_contrast.factor == layer.random_rotation.factor == (0, strength)
    assert layer.random_posterization.factor[1] == max(int(8 * strength), 1)


def test_aug_mix_mixes_pictures_with_their_versions() -> None:
    """What it gives is the sum that it says, with the weights that it draws."""
    layer = layers.AugMix(num_chains=2, chain_depth=2, seed=2)
    drawn = layer.get_random_transformation(X)
    weights, kept = np.asarray(drawn["chain_mixing_weights"]), float(drawn["weight_sample"])
    assert weights.sum() == pytest.approx(1) and 0 < kept < 1
    names = list(drawn["transforms"][0])
    mixed: Any = 0.0
    for chain in range(2):
        version = np.concatenate([X, X])
        for places, transforms in zip(drawn["layer_idxes"], drawn["transforms"], strict=True):
            place = int(places[chain])
            if place < len(names):
                step = getattr(layer, names[place])
                if names[place] == "equalization":  # of the pictures of its own chain alone
                    version = np.concatenate([step(half, training=True) for half in
                                              np.split(np.asarray(version), 2)])  # fmt: skip
                else:
                    version = step.transform_images(version, transforms[names[place]], True)
        mixed = mixed + weights[chain] * np.split(np.asarray(version), 2)[chain]
    expected = kept * X + (1 - kept) * mixed
    np.testing.assert_allclose(layer.transform_images(X, drawn), expected, atol=1e-2)


def test_aug_mix_draws_what_it_says() -> None:
    """Each layer, and doing nothing, is as probable as the others; weights are those of alpha."""
    few, most = layers.AugMix(all_ops=False, seed=1), layers.AugMix(seed=1)
    assert len(few.get_random_transformation(X[:1])["transforms"][0]) == 7
    drawn = [most.get_random_transformation(X[:1]) for _ in range(150)]
    places = np.array([d["layer_idxes"] for d in drawn])
    assert places.shape == (150, 3, 3)
    shares = np.bincount(places.ravel(), minlength=12) / places.size
    np.testing.assert_allclose(shares, 1 / 12, atol=0.035)
    weights = np.array([d["chain_mixing_weights"] for d in drawn])
    np.testing.assert_allclose(weights.mean(0), 1 / 3, atol=0.07)
    np.testing.assert_allclose(weights.std(0), 18**-0.5, atol=0.05)
    kept = np.array([d["weight_sample"] for d in drawn])
    assert abs(kept.mean() - 0.5) < 0.08 and abs(kept.std() - 12**-0.5) < 0.05


def test_masks_of_rand_augment_keep_their_values() -> None:
    """Masks are moved as pictures are, and their colours are their own."""
    marks = (X[..., :1] > 128).astype("float32") * 7
    layer = layers.RandAugment(num_ops=5, seed=4)
    found = layer({"images": X, "segmentation_masks": marks}, training=True)
    assert set(np.unique(np.asarray(found["segmentation_masks"]))) <= {0.0, 7.0}


def test_equalization_by_tiles_is_bounded() -> None:
    """Two values become the ends of the range without a limit, and stay close with one."""
    x = np.full((1, 8, 8, 1), 100, "float32")
    x[:, ::2] = 110
    free = getattr(layers, CLAHE)(clip_limit=0, tile_grid_size=(1, 1))(x)
    assert set(np.unique(np.asarray(free))) == {127.5, 255.0}
    tight = np.asarray(getattr(layers, CLAHE)(clip_limit=2.0, tile_grid_size=(1, 1))(x))
    assert 8 < tight.max() - tight.min() < 14
    many = np.tile(x, (2, 1, 1, 3))
    np.testing.assert_array_equal(
        getattr(layers, CLAHE)()(many)[1], getattr(layers, CLAHE)()(many)[0]
    )


BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: layers.RandomFlip("sideways"), "mode"),
    (lambda: layers.RandomFlip(data_format="last"), "data_format"),
    (lambda: layers.RandomRotation((0.1, 0.2, 0.3)), "factor"),
    (lambda: layers.RandomRotation((0.3, 0.1)), "Swap"),
    (lambda: layers.RandomRotation(0.1, fill_mode="edge"), "fill_mode"),
    (lambda: layers.RandomTranslation(2.0, 0.1), "height_factor"),
    (lambda: layers.RandomZoom((-1.0, 0.1)), "above -1"),
    (lambda: layers.RandomContrast(1.5), "factor"),
    (lambda: layers.RandomBrightness(0.1, value_range=(1, 0)), "value_range"),
    (lambda: layers.RandomSaturation(2.0), "factor"),
    (lambda: layers.RandomPosterization(9), "factor"),
    (lambda: layers.RandomGaussianBlur(kernel_size=4), "odd"),
    (lambda: layers.RandomCrop(0, 2), "height"),
    (lambda: layers.Resizing(3, 3, interpolation="area"), "interpolation"),
    (lambda: layers.MixUp(alpha=-1.0), "alpha"),
    (lambda: layers.RandomFlip(bounding_box_format="xyxy"), "bounding_box_format"),
    (lambda: layers.RandAugment(num_ops=0), "num_ops"),
    (lambda: layers.RandAugment(factor=1.5), "factor"),
    (lambda: layers.AugMix(chain_depth=0), "chain_depth"),
    (lambda: layers.AugMix(alpha=0), "alpha"),
    (lambda: getattr(layers, CLAHE)(tile_grid_size=(0, 2)), "tile_grid_size"),
    (lambda: getattr(layers, CLAHE)(clip_limit="4"), "clip_limit"),
    (lambda: layers.RandomFlip()(X[0, 0]), "4 axes"),
    (lambda: layers.RandomFlip()({"labels": X}), "'images'"),
]


@pytest.mark.parametrize(("call", "says"), BAD)
def test_refused(call: Callable[[], Any], says: str) -> None:
    """Errors name the argument."""
    with pytest.raises(ValueError, match=says):
        call()
