"""Golden cases: operations on pictures, and layers on them with given transformations.

Where Keras's backends disagree, the cases say which counts: the kind "images" is JAX's; in
"images_wide", whose inputs are float64, TensorFlow's counts (a blur on JAX loses its direction, and
edges there have zeros beyond the border).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .cases import add_case, integers, uniform

PICTURES = uniform(2, 6, 8, 3, seed=1000, low=0, high=255)
WHOLE = integers(2, 6, 8, 3, seed=1001, high=256, dtype="uint8")
UNIT = uniform(2, 5, 4, 3, seed=1002, low=0, high=1)
VOLUME = uniform(2, 4, 5, 6, 2, seed=1003)
FIRST = np.ascontiguousarray(np.moveaxis(PICTURES, -1, 1))


def add(name: str, run: Callable[[Any], Any], kind: str = "images") -> None:
    """Register a case whose numbers are far from 0 and sums of few terms."""
    add_case(kind, name, run, tolerance="approximate")


# --- sizes ----------------------------------------------------------------------------------------

for _how in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"):
    for _size in ((3, 4), (9, 5), (6, 8)):
        for _anti in (False, True):
            add(
                f"resize {_how} {_size} antialias={_anti}",
                lambda k, h=_how, s=_size, a=_anti: k.ops.image.resize(
                    PICTURES, s, interpolation=h, antialias=a
                ),
            )
    add(
        f"resize {_how} channels_first, one",
        lambda k, h=_how: k.ops.image.resize(
            FIRST[0], (4, 11), interpolation=h, data_format="channels_first"
        ),
    )
for _size in ((4, 4), (3, 8), (12, 4), (5, 5)):
    for _word in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
        add(
            f"resize {_size} {_word}",
            lambda k, s=_size, w=_word: k.ops.image.resize(PICTURES, s, **{w: True}),
        )
add("resize fill", lambda k: k.ops.image.resize(
    PICTURES, (3, 8), pad_to_aspect_ratio=True, fill_value=7.5))  # fmt: skip
add("resize whole nearest", lambda k: k.ops.image.resize(WHOLE, (4, 5), interpolation="nearest"))
add("resize whole bicubic", lambda k: k.ops.image.resize(WHOLE, (5, 13), interpolation="bicubic"))
for _method in ("linear", "bilinear", "trilinear", "cubic", "lanczos3", "lanczos5"):
    for _anti in (False, True):
        add(
            f"scale_and_translate {_method} antialias={_anti}",
            lambda k, m=_method, a=_anti: k.ops.image.scale_and_translate(
                PICTURES, (2, 5, 9, 3), np.array([0.6, 1.2], "float32"),
                np.array([0.5, -1.3], "float32"), (1, 2), m, antialias=a,
            ),
        )  # fmt: skip

# --- places ---------------------------------------------------------------------------------------

TURNS = np.array([[0.9, 0.2, 0.33, -0.2, 0.9, 0.57, 0, 0], [1.1, -0.6, 3.2, 0.47, 0.83, -4.13, 0, 0]],
                 "float32")  # fmt: skip
CORNERS = np.array([[[0, 0], [7, 0], [0, 5], [7, 5]]] * 2, "float32")
MOVED = CORNERS + uniform(2, 4, 2, seed=1004, low=-1.5, high=1.5)
PLACES = np.stack([uniform(4, 3, seed=1005 + i, low=-3, high=9) for i in range(2)])
for _mode in ("constant", "nearest", "wrap", "reflect"):
    for _how in ("nearest", "bilinear"):
        add(
            f"affine_transform {_how} {_mode}",
            lambda k, h=_how, m=_mode: k.ops.image.affine_transform(
                PICTURES, TURNS, interpolation=h, fill_mode=m, fill_value=9.0
            ),
        )
for _mode in ("constant", "nearest", "wrap", "reflect", "mirror"):
    for _order in (0, 1):
        add(
            f"map_coordinates {_order} {_mode}",
            lambda k, o=_order, m=_mode: k.ops.image.map_coordinates(
                PICTURES[0, ..., 0], PLACES, o, fill_mode=m, fill_value=9.0
            ),
        )
add("map_coordinates whole", lambda k: k.ops.image.map_coordinates(WHOLE[0, ..., 0], PLACES, 1))
add("affine_transform channels_first, one", lambda k: k.ops.image.affine_transform(
    FIRST[0], TURNS[0], data_format="channels_first"))  # fmt: skip
for _how in ("nearest", "bilinear"):
    add(
        f"perspective_transform {_how}",
        lambda k, h=_how: k.ops.image.perspective_transform(
            PICTURES, CORNERS, MOVED, interpolation=h, fill_value=9.0
        ),
    )
add("perspective_transform channels_first, one", lambda k: k.ops.image.perspective_transform(
    FIRST[0], CORNERS[0], MOVED[0], data_format="channels_first"))  # fmt: skip

# --- colours, frames, patches, filters ------------------------------------------------------------

add("rgb_to_grayscale", lambda k: [
    k.ops.image.rgb_to_grayscale(PICTURES), k.ops.image.rgb_to_grayscale(WHOLE),
    k.ops.image.rgb_to_grayscale(FIRST[0], data_format="channels_first"),
])  # fmt: skip
_PURE = np.array([[[0.1, 0.1, 0.1], [0, 0, 0], [1, 0, 0.2], [0.2, 1, 0.2], [0.1, 0.3, 1]]])
for _name in ("rgb_to_hsv", "hsv_to_rgb"):
    add(_name, lambda k, o=_name: [
        getattr(k.ops.image, o)(UNIT), getattr(k.ops.image, o)(_PURE.astype("float32")),
        getattr(k.ops.image, o)(np.moveaxis(UNIT, -1, 1), data_format="channels_first"),
    ])  # fmt: skip
add("pad_images", lambda k: [
    k.ops.image.pad_images(PICTURES, 1, 2, 3, 0), k.ops.image.pad_images(
        FIRST[0], 1, target_height=9, right_padding=2, target_width=12,
        data_format="channels_first"),
])  # fmt: skip
add("crop_images", lambda k: [
    k.ops.image.crop_images(PICTURES, 1, 2, 3, 0), k.ops.image.crop_images(
        FIRST[0], bottom_cropping=1, target_height=4, left_cropping=2, target_width=3,
        data_format="channels_first"),
])  # fmt: skip
for _kwargs in ({"size": 2}, {"size": (3, 2), "strides": 1}, {"size": 2, "strides": (2, 3)},
                {"size": 2, "strides": 1, "dilation_rate": 2}):  # fmt: skip
    for _pad in ("valid", "same"):
        add(
            f"extract_patches {_kwargs} {_pad}",
            lambda k, a=_kwargs, p=_pad: [
                k.ops.image.extract_patches(PICTURES, padding=p, **a),
                k.ops.image.extract_patches(PICTURES[0], padding=p, **a),
                k.ops.image.extract_patches(FIRST, padding=p, data_format="channels_first", **a),
            ],
        )
for _kwargs in ({"size": 2}, {"size": (3, 2, 2), "strides": 1}):
    for _pad in ("valid", "same"):
        add(
            f"extract_patches_3d {_kwargs} {_pad}",
            lambda k, a=_kwargs, p=_pad: [
                k.ops.image.extract_patches_3d(VOLUME, padding=p, **a),
                k.ops.image.extract_patches_3d(VOLUME[0], padding=p, **a),
            ],
        )
for _size in (1, 3, 5):
    add(
        f"gaussian_blur {_size}",
        lambda k, s=_size: k.ops.image.gaussian_blur(
            PICTURES.astype("float64"), (s, s), (0.8, 0.8)
        ),
        "images_wide",
    )
add("sobel_edges", lambda k: k.ops.image.sobel_edges(PICTURES.astype("float64")), "images_wide")
add("ssim", lambda k: [
    k.ops.image.ssim(PICTURES, PICTURES[::-1].copy(), max_val=255.0, filter_size=3),
    k.ops.image.ssim(UNIT[0], UNIT[1], filter_size=4, filter_sigma=0.7, k1=0.1, k2=0.2),
])  # fmt: skip

# --- layers, their transformations given ----------------------------------------------------------


def per_picture(*values: Any, dtype: str = "float32") -> np.ndarray:
    """A number for each picture, ready to be broadcast."""
    return np.array(values, dtype).reshape(2, 1, 1, 1)


SHAPE = PICTURES.shape
_MASK = np.zeros(SHAPE, bool)
_MASK[0, 1:3, 2:5] = True
_MASK[1, :4] = True
_ORDER = np.array([1, 0], "int32")
TRANSFORMED: list[tuple[str, dict[str, Any], Any]] = [
    ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.1}, {
        "translations": np.array([[1.5, -0.6], [0.3, 0.4]], "float32"), "input_shape": SHAPE}),
    ("RandomZoom", {"height_factor": 0.2}, {
        "height_zoom": np.array([[1.2], [0.7]], "float32"),
        "width_zoom": np.array([[0.9], [1.3]], "float32"), "input_shape": SHAPE}),
    ("RandomShear", {"x_factor": 0.2, "y_factor": 0.1}, {
        "shear_factor": np.array([[0.2, -0.1], [0.3, 0.1]], "float32"), "input_shape": SHAPE}),
    ("RandomRotation", {"factor": 0.2, "fill_mode": "wrap"}, {
        "angle": np.zeros(2, "float32"), "rotation_matrix": TURNS, "image_height": 6,
        "image_width": 8, "batch_size": 2}),
    ("RandomCrop", {"height": 3, "width": 4, "seed": 5}, (1, 2)),
    ("RandomContrast", {"factor": 0.3}, {"contrast_factor": per_picture(1.2, 0.5)}),
    ("RandomBrightness", {"factor": 0.3}, {"rgb_delta": per_picture(120, -50)}),
    ("RandomHue", {"factor": 0.3}, {"factor": np.array([0.1, -0.2], "float32")}),
    ("RandomSaturation", {"factor": 0.3}, {"factor": np.array([0.1, 0.8], "float32")}),
    ("RandomColorDegeneration", {"factor": 0.3}, {"factor": per_picture(0.3, 0.9)}),
    ("RandomGrayscale", {"factor": 0.3}, per_picture(True, False, dtype="bool")),
    ("RandomInvert", {"factor": 0.3}, {"apply_inversion": np.array([True, False])}),
    ("RandomPosterization", {"factor": 4}, {"shift_factor": np.array([5, 7], "uint8")}),
    ("RandomSharpness", {"factor": 0.3}, {"factor": np.array([0.2, 0.9], "float32")}),
    ("RandomErasing", {"factor": 1.0}, {
        "apply_erasing": np.array([True, True]), "batch_masks": _MASK,
        "fill_value": np.full(SHAPE, 3.0, "float32")}),
    ("RandomPerspective", {"factor": 1.0}, {
        "apply_perspective": np.array([True, False]), "start_points": CORNERS,
        "end_points": MOVED, "input_shape": SHAPE}),
    ("Solarization", {"addition_factor": 0.3, "threshold_factor": 0.4}, {
        "additions": per_picture(20, 50), "thresholds": per_picture(100, 30)}),
    ("CutMix", {}, {
        "permutation_order": _ORDER, "batch_masks": _MASK, "mix_weight": per_picture(0.4, 0.7)}),
    ("MixUp", {}, {
        "permutation_order": _ORDER, "mix_weight": np.array([0.4, 0.7], "float32")}),
]  # fmt: skip
for _mode in ("horizontal", "vertical", "horizontal_and_vertical"):
    TRANSFORMED.append(("RandomFlip", {"mode": _mode}, {
        "flips": per_picture(True, False, dtype="bool"), "input_shape": SHAPE}))  # fmt: skip


def _transformed(name: str, kwargs: dict[str, Any], given: Any) -> Callable[[Any], Any]:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        found = [layer.transform_images(PICTURES, given, True)]
        if name in ("CutMix", "MixUp"):
            found.append(layer.transform_labels(np.eye(2, dtype="float32"), given, True))
        return found

    return run


for _name, _kwargs, _given in TRANSFORMED:
    add(f"{_name} {_kwargs}", _transformed(_name, _kwargs, _given))
for _size in ((3, 4), (3, 5), (6, 8), (9, 4), (4, 12)):
    add(f"CenterCrop {_size}", lambda k, s=_size: [
        k.layers.CenterCrop(*s)(PICTURES), k.layers.CenterCrop(*s)(PICTURES[0]),
        k.layers.CenterCrop(*s, data_format="channels_first")(FIRST),
    ])  # fmt: skip
for _kwargs in ({}, {"interpolation": "bicubic", "antialias": True},
                {"crop_to_aspect_ratio": True},
                {"pad_to_aspect_ratio": True, "fill_value": 2.0}):  # fmt: skip
    add(f"Resizing {_kwargs}", lambda k, a=_kwargs: [
        k.layers.Resizing(4, 3, **a)(PICTURES), k.layers.Resizing(4, 3, **a)(PICTURES[0]),
        k.layers.Resizing(4, 3, data_format="channels_first", **a)(FIRST),
    ])  # fmt: skip
add("AutoContrast", lambda k: [
    k.layers.AutoContrast()(PICTURES, training=True),
    k.layers.AutoContrast(value_range=(0, 1))(UNIT, training=True),
    k.layers.AutoContrast()(PICTURES * 0 + 7, training=True),
])  # fmt: skip

# No count of these pixels lies halfway between two values, where rounding is anyone's.
_ODD = PICTURES[:, :5, :7]
for _bins in (256,):
    add(
        f"Equalization {_bins}",
        lambda k, b=_bins: [
            k.layers.Equalization(bins=b)(_ODD, training=True),
            k.layers.Equalization(value_range=(0, 1), bins=b)(_ODD / 255, training=True),
            k.layers.Equalization(bins=b)(_ODD * 0 + 7, training=True),
            k.layers.Equalization(bins=b, data_format="channels_first")(
                FIRST[:, :, :5, :7], training=True
            ),
        ],
    )
CLAHE = "ContrastLimitedAdaptiveHistogramEqualization"
# The values lie between those where a bin ends.
_LEVELS = np.floor(PICTURES[:, :5, :7]) + np.float32(0.5)
for _kwargs in ({}, {"tile_grid_size": (2, 3)}, {"tile_grid_size": (1, 1), "clip_limit": 30.0},
                {"tile_grid_size": (3, 2), "clip_limit": 0.0}):  # fmt: skip
    add(f"{CLAHE} {_kwargs}", lambda k, a=_kwargs: [
        getattr(k.layers, CLAHE)(**a)(_LEVELS), getattr(k.layers, CLAHE)(**a)(_LEVELS[0]),
        getattr(k.layers, CLAHE)(value_range=(-1, 1), **a)(_LEVELS / 127.5 - 1),
        getattr(k.layers, CLAHE)(data_format="channels_first", **a)(
            np.ascontiguousarray(np.moveaxis(_LEVELS, -1, 1))),
        getattr(k.layers, CLAHE)(**a)(_LEVELS * 0 + 7),
    ])  # fmt: skip
_OPERATIONS = {
    "random_shear": TRANSFORMED[2][2], "random_translation": TRANSFORMED[0][2],
    "random_rotation": TRANSFORMED[3][2], "random_brightness": TRANSFORMED[6][2],
    "random_color_degeneration": TRANSFORMED[9][2], "random_contrast": TRANSFORMED[5][2],
    "random_sharpness": TRANSFORMED[13][2], "random_posterization": TRANSFORMED[12][2],
    "solarization": TRANSFORMED[16][2], "auto_contrast": None, "equalization": None,
}  # fmt: skip
for _places in ([0], [1], [2], [3], [4], [5], [6], [7], [8], [9], [5, 3, 1], [4, 4, 2, 9]):
    add(f"RandAugment {_places}", lambda k, p=_places: k.layers.RandAugment(
        num_ops=len(p)).transform_images(PICTURES, {
            "transforms": _OPERATIONS, "layer_idxes": np.array(p, "int32")}, True))  # fmt: skip
for _name in ("RandomElasticTransform", "RandomGaussianBlur", "RandomColorJitter", "RandAugment",
              "AugMix"):  # fmt: skip
    # What they draw is theirs; outside training nothing changes.
    add(f"{_name} outside training", lambda k, o=_name: getattr(k.layers, o)()(
        PICTURES, training=False))  # fmt: skip

# --- bounding boxes -------------------------------------------------------------------------------

BOXES = np.array([[10, 20, 30, 50], [-5, 4, 130, 90], [40, 60, 41, 80]], "float32")
OTHERS = np.array([[12, 22, 40, 45], [-1, -1, -1, -1], [0, 0, 90, 85], [41, 55, 47, 83]], "float32")
FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh",
           "rel_center_xywh")  # fmt: skip
for _form in FORMATS:
    add(f"convert_format {_form}", lambda k, f=_form: [
        k.utils.bounding_boxes.convert_format(BOXES, "xyxy", f, height=100, width=200),
        k.utils.bounding_boxes.convert_format(BOXES[None], f.upper(), "xyxy", 100, 200, "float32"),
    ])  # fmt: skip
add("clip_to_image_size", lambda k: [
    v for form, size in (("xyxy", (80, 100)), ("rel_xyxy", (None, None)))
    for v in k.utils.bounding_boxes.clip_to_image_size(
        {"boxes": BOXES / (1 if size[0] else 50), "labels": np.array([1, 2, 3], "int32")}, *size,
        bounding_box_format=form).values()
])  # fmt: skip
add("compute_iou", lambda k: [
    k.utils.bounding_boxes.compute_iou(BOXES, OTHERS, "xyxy"),
    k.utils.bounding_boxes.compute_iou(OTHERS, BOXES, "xyxy", use_masking=True, mask_val=-2),
    k.utils.bounding_boxes.compute_iou(BOXES[None], OTHERS, "xywh"),
    k.utils.bounding_boxes.compute_iou(BOXES / 90, OTHERS[None] / 90, "rel_xyxy",
                                       image_shape=(90, 90, 3)),
])  # fmt: skip
add("compute_ciou", lambda k: [
    k.utils.bounding_boxes.compute_ciou(BOXES, OTHERS[[0, 2, 3]], "xyxy"),
    k.utils.bounding_boxes.compute_ciou(BOXES, OTHERS[[0, 2, 3]], "center_xywh"),
])  # fmt: skip
add("crop and pad boxes", lambda k: [
    k.utils.bounding_boxes.crop(BOXES, 10, 20, 40, 30),
    k.utils.bounding_boxes.pad(BOXES, 10, 20),
])  # fmt: skip
for _form in ("center_xywh", "center_yxhw"):
    for _variance in (None, [0.1, 0.1, 0.2, 0.2]):
        add(f"boxes and deltas {_form} {_variance}", lambda k, f=_form, v=_variance: [
            k.utils.bounding_boxes.encode_box_to_deltas(
                BOXES, OTHERS[[0, 2, 3]], "xyxy", "xyxy", encoding_format=f, variance=v),
            k.utils.bounding_boxes.decode_deltas_to_boxes(
                BOXES, OTHERS[[0, 2, 3]] / 60, "xyxy", "xywh", encoded_format=f, variance=v),
        ])  # fmt: skip

# --- configurations -------------------------------------------------------------------------------

CONFIGS: list[tuple[str, dict[str, Any]]] = [
    # Keras cannot make a RandomShear of its own configuration.
    *((name, kwargs) for name, kwargs, _ in TRANSFORMED if name != "RandomShear"),
    ("RandomRotation", {"factor": (-0.1, 0.3), "seed": 3, "fill_value": 2.0}),
    ("RandomZoom", {"height_factor": (-0.1, 0.3), "width_factor": 0.2}),
    ("RandomContrast", {"factor": (0.1, 0.3), "value_range": (0, 1)}),
    ("RandomBrightness", {"factor": (-0.2, 0.1), "value_range": (0, 1)}),
    ("RandomElasticTransform", {"factor": 0.5, "scale": 0.7}),
    ("RandomGaussianBlur", {"kernel_size": (3, 5), "sigma": (0.1, 2.0)}),
    ("RandomColorJitter", {"brightness_factor": 0.2, "hue_factor": (0.1, 0.2), "seed": 4}),
    ("RandomErasing", {"factor": (0.2, 0.8), "scale": (0.1, 0.2), "fill_value": 1.0}),
    ("CenterCrop", {"height": 3, "width": 4}),
    ("Resizing", {"height": 3, "width": 4, "interpolation": "nearest"}),
    ("AutoContrast", {"value_range": (0, 1)}),
    ("Equalization", {"bins": 100}),
    (CLAHE, {"clip_limit": 2.0, "tile_grid_size": (4, 2)}),
    ("RandAugment", {"num_ops": 3, "factor": (0.1, 0.3), "value_range": (0, 1), "seed": 3}),
    ("RandAugment", {"factor": 0.4, "interpolation": "nearest"}),
    ("AugMix", {"num_chains": 2, "factor": 0.2, "alpha": 0.5, "all_ops": False, "seed": 3}),
    ("AugMix", {}),
]  # fmt: skip


def _config(name: str, kwargs: dict[str, Any]) -> Callable[[Any], Any]:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(name="it", **kwargs)
        again = type(layer).from_config(layer.get_config())
        shapes = [list(layer.compute_output_shape((2, 6, 8, 3)))]
        config = {key: value for key, value in layer.get_config().items() if key != "dtype"}
        return [config, again.get_config() == layer.get_config(), shapes]

    return run


for _name, _kwargs in CONFIGS:
    add_case("image_configs", f"{_name} {_kwargs}", _config(_name, _kwargs), json=True)
