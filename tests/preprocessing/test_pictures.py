"""Pictures in files and folders: sizes, colours and labels as in Keras."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest

import annette as keras
from annette.preprocessing.image import smart_resize
from annette.utils import (
    array_to_img,
    image_dataset_from_directory,
    img_to_array,
    load_img,
    save_img,
)

Image = pytest.importorskip("PIL.Image")

GREY = (np.arange(20) * 37 % 256).astype("uint8").reshape(4, 5)
COLOUR = np.random.default_rng(0).integers(0, 256, (5, 7, 3), "uint8")


@pytest.fixture
def one(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "grey.png")
    return tmp_path


@pytest.fixture
def folder(tmp_path):
    """Red pictures and blue ones, of different sizes."""
    for number, name in enumerate(("blue", "red")):
        (tmp_path / name).mkdir()
        for i in range(6):
            picture = np.zeros((6 + i, 8, 3), "uint8")
            picture[..., 2 - 2 * number] = 200 + i
            Image.fromarray(picture).save(tmp_path / name / f"{i}.{'png' if i else 'bmp'}")
    (tmp_path / "red" / "notes.txt").write_text("no picture")
    return tmp_path


# the middle row of GREY in 3 x 7 pixels, by Keras 3
RESIZED = {
    "bilinear": [149.5, 170.64, 160.5, 95.5, 121.93, 93.5, 41.5],
    "nearest": [114.0, 151.0, 151.0, 188.0, 225.0, 225.0, 6.0],
    "bicubic": [163.35, 193.31, 178.17, 95.5, 128.2, 87.81, 19.28],
    "area": [149.5, 171.7, 168.3, 95.5, 125.1, 96.1, 41.5],
    "lanczos3": [179.89, 220.32, 191.83, 95.5, 132.01, 80.16, -6.24],
    "lanczos5": [191.82, 245.65, 194.84, 95.5, 136.08, 75.73, -27.5],
    "gaussian": [152.13, 169.59, 159.1, 109.13, 119.12, 93.48, 47.96],
    "mitchellcubic": [158.39, 182.62, 168.25, 103.1, 123.33, 89.85, 32.61],
}
QUIET = {"verbose": False, "shuffle": False}


@pytest.mark.parametrize("interpolation", RESIZED)
def test_sizes_are_those_of_keras(one, interpolation):
    (x,) = image_dataset_from_directory(
        one, labels=None, color_mode="grayscale", image_size=(3, 7), interpolation=interpolation, **QUIET,
    )  # fmt: skip
    assert x.shape == (1, 3, 7, 1)
    assert x.dtype == ("uint8" if interpolation == "nearest" else "float32")
    # Keras reads the weights of "bicubic" from a table
    np.testing.assert_allclose(
        x[0, 1, :, 0], RESIZED[interpolation], atol=0.2 if interpolation == "bicubic" else 0.01
    )


def test_cropped_instead_of_stretched(one):
    (x,) = image_dataset_from_directory(
        one, labels=None, color_mode="grayscale", image_size=(3, 3), crop_to_aspect_ratio=True, **QUIET,
    )  # fmt: skip
    expected = [[37.0, 65.0, 93.0], [155.67, 141.0, 126.33], [61.0, 110.33, 159.67]]
    np.testing.assert_allclose(x[0, ..., 0], expected, atol=0.01)
    np.testing.assert_allclose(smart_resize(GREY[..., None], (3, 3))[..., 0], expected, atol=0.01)


def test_padded_instead_of_stretched(one):
    (x,) = image_dataset_from_directory(
        one, labels=None, color_mode="grayscale", image_size=(12, 5), pad_to_aspect_ratio=True, **QUIET,
    )  # fmt: skip
    np.testing.assert_array_equal(x[0, 4:8, :, 0], GREY)
    assert not x[0, :4].any() and not x[0, 8:].any()


# first line and number of lines and columns with the picture in them, by Keras 3
@pytest.mark.parametrize(
    ("shape", "size", "lines", "columns"),
    [
        ((2, 6), (6, 7), (1, 2), (0, 7)),
        ((6, 7), (8, 8), (0, 6), (0, 8)),
        ((10, 2), (19, 6), (0, 19), (1, 3)),
        ((2, 2), (8, 12), (0, 8), (2, 8)),
        ((13, 16), (14, 12), (2, 9), (0, 12)),
        ((2, 14), (6, 1), (2, 1), (0, 1)),  # at least one line stays
    ],
)
def test_black_is_where_keras_puts_it(tmp_path, shape, size, lines, columns):
    Image.fromarray(np.full(shape, 9, "uint8")).save(tmp_path / "a.png")
    (x,) = image_dataset_from_directory(
        tmp_path, labels=None, image_size=size, pad_to_aspect_ratio=True, **QUIET
    )
    expected = np.zeros(size)
    expected[lines[0] : sum(lines), columns[0] : sum(columns)] = 9
    np.testing.assert_allclose(x[0, ..., 0], expected, atol=1e-4)


def test_channels_and_formats(tmp_path):
    Image.fromarray(COLOUR).save(tmp_path / "a.png")

    def read(**settings):
        (x,) = image_dataset_from_directory(
            tmp_path, labels=None, image_size=(5, 7), **QUIET, **settings
        )
        return x[0]

    np.testing.assert_array_equal(read(), COLOUR)
    assert (read(color_mode="rgba")[..., 3] == 255).all()
    np.testing.assert_array_equal(read(data_format="channels_first"), COLOUR.transpose(2, 0, 1))
    grey = COLOUR @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(read(color_mode="grayscale")[..., 0], grey, atol=1.01)


def test_grey_of_16_bits_keeps_its_upper_half(tmp_path):
    Image.fromarray(GREY.astype("uint16") * 256 + 9).save(tmp_path / "a.png")
    (x,) = image_dataset_from_directory(
        tmp_path, labels=None, image_size=(4, 5), color_mode="grayscale", **QUIET
    )
    np.testing.assert_array_equal(x[0, ..., 0], GREY)


def test_classes_labels_and_parts(folder, capsys):
    training, validation = image_dataset_from_directory(
        folder, image_size=(4, 4), batch_size=4, validation_split=0.25, subset="both", seed=1
    )
    assert capsys.readouterr().out == (
        "Found 12 files belonging to 2 classes.\nUsing 9 files for training.\n"
        "Using 3 files for validation.\n"
    )
    assert training.class_names == validation.class_names == ["blue", "red"]
    assert len(training) == 3 and len(validation) == 1
    assert not set(training.file_paths) & set(validation.file_paths)
    for x, y in (*training, *validation):
        assert ((x[:, 0, 0, 0] > 0) == (y == 1)).all()  # red is red


def test_a_model_learns_from_a_folder(folder):
    data = image_dataset_from_directory(
        folder, image_size=(4, 4), batch_size=4, seed=0, label_mode="binary", verbose=False
    )
    model = keras.Sequential(
        [keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")]
    )
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    model.fit(data, epochs=15, verbose=0, validation_data=data)
    assert model.evaluate(data, verbose=0, return_dict=True)["accuracy"] == 1.0
    images, labels = next(iter(data.take(1)))
    assert images[0].numpy().astype("uint8").shape == (4, 4, 3) and labels.shape == (4, 1)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"color_mode": "cmyk"}, "color_mode must be"),
        ({"interpolation": "best"}, "interpolation must be"),
        ({"image_size": (4,)}, "height, width"),
        ({"image_size": (0, 4)}, "at least 1"),
        ({"image_size": None}, "height, width"),
        ({"data_format": "last"}, "data_format must be"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "cannot both"),
        ({"labels": [1, 2]}, "12 files and 2 labels"),
        ({"label_mode": "other"}, "label_mode must be"),
    ],
)
def test_settings_that_do_not_fit(folder, settings, says):
    with pytest.raises(ValueError, match=says):
        image_dataset_from_directory(folder, verbose=False, **settings)


def test_a_broken_file_is_named(one):
    (one / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"broken\.png"):
        list(image_dataset_from_directory(one, labels=None, verbose=False))


def test_load_img(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(COLOUR).save(path)
    np.testing.assert_array_equal(np.asarray(load_img(path)), COLOUR)
    np.testing.assert_array_equal(np.asarray(load_img(str(path))), COLOUR)
    np.testing.assert_array_equal(np.asarray(load_img(io.BytesIO(path.read_bytes()))), COLOUR)
    assert [load_img(path, m).mode for m in ("grayscale", "rgb", "rgba")] == ["L", "RGB", "RGBA"]
    assert load_img(path, target_size=(8, 9)).size == (9, 8)
    squared = load_img(path, target_size=(5, 5), keep_aspect_ratio=True)
    np.testing.assert_array_equal(np.asarray(squared), COLOUR[:, 1:6])
    with pytest.raises(ValueError, match="color_mode"):
        load_img(path, "cmyk")
    with pytest.raises(ValueError, match="interpolation"):
        load_img(path, target_size=(2, 2), interpolation="best")
    with pytest.raises(TypeError, match="path"):
        load_img(3)
    with pytest.raises(FileNotFoundError):
        load_img(tmp_path / "none.png")


def test_img_to_array():
    picture = Image.fromarray(COLOUR)
    x = img_to_array(picture)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(x, COLOUR)
    np.testing.assert_array_equal(
        img_to_array(picture, "channels_first"), COLOUR.transpose(2, 0, 1)
    )
    assert img_to_array(picture, dtype="uint8").dtype == np.uint8
    assert img_to_array(Image.fromarray(GREY)).shape == (4, 5, 1)
    assert img_to_array(Image.fromarray(GREY), "channels_first").shape == (1, 4, 5)
    for wrong in ({"img": np.zeros(2)}, {"img": picture, "data_format": "last"}):
        with pytest.raises(ValueError, match=r"shape|data_format"):
            img_to_array(**wrong)


def test_array_to_img_scales_if_asked():
    x = np.array([-1.0, 0.0, 3.0]).reshape(1, 3, 1)
    np.testing.assert_array_equal(np.asarray(array_to_img(x)), [[0, 63, 255]])
    plain = array_to_img(COLOUR, scale=False)
    np.testing.assert_array_equal(np.asarray(plain), COLOUR)
    first = array_to_img(COLOUR.transpose(2, 0, 1), "channels_first", scale=False)
    np.testing.assert_array_equal(np.asarray(first), COLOUR)
    assert np.asarray(array_to_img(np.zeros((2, 2, 3)))).max() == 0
    assert array_to_img(np.full((2, 2, 1), 300), scale=False).mode == "I"
    assert array_to_img(np.ones((2, 3, 4))).mode == "RGBA"
    for wrong in (np.ones((4, 5)), np.ones((4, 5, 2))):
        with pytest.raises(ValueError, match=r"three axes|channels"):
            array_to_img(wrong)


def test_save_img_and_back(tmp_path):
    save_img(tmp_path / "a.png", COLOUR, scale=False)
    np.testing.assert_array_equal(img_to_array(load_img(tmp_path / "a.png")), COLOUR)
    save_img(tmp_path / "a.jpg", np.ones((2, 2, 4)))  # without its transparency
    assert load_img(tmp_path / "a.jpg").size == (2, 2)
    save_img(tmp_path / "noending", COLOUR, file_format="jpg")
    with Image.open(tmp_path / "noending") as picture:
        assert picture.format == "JPEG"


def test_smart_resize_takes_several_and_channels_first():
    x = COLOUR.astype("float32")
    several = smart_resize(np.stack([x, x]), (3, 3))
    np.testing.assert_array_equal(several[1], smart_resize(x, (3, 3)))
    first = smart_resize(x.transpose(2, 0, 1), (3, 3), data_format="channels_first")
    np.testing.assert_array_equal(first, several[0].transpose(2, 0, 1))
    with pytest.raises(ValueError, match="axes"):
        smart_resize(GREY, (3, 3))


def test_without_pillow_the_mend_is_named(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    for action in (
        lambda: image_dataset_from_directory(folder, verbose=False),
        lambda: load_img(folder / "red" / "1.png"),
        lambda: array_to_img(COLOUR),
    ):
        with pytest.raises(ImportError, match="pip install pillow"):
            action()
