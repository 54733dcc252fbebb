"""Bounding boxes: formats, overlaps, and offsets from anchors."""

from __future__ import annotations

import math
from typing import Any

from annette import ops

__all__ = (
    "clip_to_image_size compute_ciou compute_iou convert_format crop decode_deltas_to_boxes "
    "encode_box_to_deltas pad"
).split()

FORMATS = (
    "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh",
    "rel_center_xywh",
)  # fmt: skip
_ENCODINGS = ("center_xywh", "center_yxhw")
_TINY = 1e-7


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None,
    dtype: Any = "float32",
) -> Any:  # fmt: skip
    """Return boxes in another format.

    "xyxy" is left, top, right, bottom; "yxyx" top, left, bottom, right; "xywh" left, top, width,
    height; "center_xywh" the middle, width, height; "center_yxhw" the same the other way round.
    "rel_..." are shares of the picture's width and height.

    Args:
        boxes: (..., 4), or a dict whose "boxes" these are.
        source: the format that they have, in small letters or large ones.
        target: the format that they are to have.
        height: of the picture, to go from shares to pixels or back.
        width: likewise.
        dtype: of the result.

    Raises:
        ValueError: if there is no such format, the last axis is not of four, or the size of the
            picture is needed.
    """
    if isinstance(boxes, dict):
        made = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return {**boxes, "boxes": made}
    source, target = _format("source", source), _format("target", target)
    x = ops.cast(ops.convert_to_tensor(boxes), dtype)
    if not x.shape or x.shape[-1] != 4:
        raise ValueError(f"boxes expects four numbers a box; the shape is {tuple(x.shape)}.")
    if source == target:
        return x
    relative = source.startswith("rel_"), target.startswith("rel_")
    if relative[0] != relative[1] and (height is None or width is None):
        raise ValueError(
            f"Going from {source!r} to {target!r} needs the picture's size; height is {height!r} "
            f"and width is {width!r}."
        )
    sides = _corners(source.removeprefix("rel_"), ops.split(x, 4, axis=-1))
    if relative[0] != relative[1]:
        across, down = (ops.cast(n, dtype) for n in (width, height))
        scales = (across, down, across, down)
        sides = [s * n if relative[0] else s / n for s, n in zip(sides, scales, strict=True)]
    return ops.concatenate(_from_corners(target.removeprefix("rel_"), sides), axis=-1)


def _format(name: str, given: Any) -> str:
    found = given.lower() if isinstance(given, str) else given
    if found not in FORMATS:
        raise ValueError(
            f"{name} expects a format of boxes, one of {', '.join(map(repr, FORMATS))}; it got "
            f"{given!r}."
        )
    return str(found)


def _corners(form: str, parts: Any) -> list[Any]:
    """Return left, top, right and bottom."""
    a, b, c, d = parts
    if form == "yxyx":
        return [b, a, d, c]
    if form == "center_yxhw":
        a, b, c, d = b, a, d, c
    if form.startswith("center"):
        return [a - c / 2.0, b - d / 2.0, a + c / 2.0, b + d / 2.0]
    return [a, b, a + c, b + d] if form == "xywh" else [a, b, c, d]


def _from_corners(form: str, sides: list[Any]) -> list[Any]:
    left, top, right, bottom = sides
    if form == "xyxy":
        return sides
    if form == "yxyx":
        return [top, left, bottom, right]
    width, height = right - left, bottom - top
    if form == "xywh":
        return [left, top, width, height]
    x, y = left + width / 2.0, top + height / 2.0
    return [y, x, height, width] if form == "center_yxhw" else [x, y, width, height]


def clip_to_image_size(
    bounding_boxes: dict[str, Any], height: Any = None, width: Any = None,
    bounding_box_format: str = "xyxy",
) -> dict[str, Any]:  # fmt: skip
    """Return boxes cut off at the edges of their picture.

    Args:
        bounding_boxes: a dict with "boxes" (..., n, 4) and, as one likes, "labels" (..., n), which
            become -1 for boxes of which nothing is left.
        height: of the picture; not needed for shares.
        width: likewise.
        bounding_box_format: of the boxes, see `convert_format`.

    Raises:
        ValueError: if the size is missing, or there is no such format.
    """
    form = _format("bounding_box_format", bounding_box_format)
    relative = form.startswith("rel_")
    if not relative and (height is None or width is None):
        raise ValueError(
            f"Boxes in pixels ({form!r}) are cut off at the picture's size; height is {height!r} "
            f"and width is {width!r}."
        )
    corners = "rel_xyxy" if relative else "xyxy"
    given = ops.convert_to_tensor(bounding_boxes["boxes"])
    dtype = ops.dtype(given) if "float" in ops.dtype(given) else "float32"
    sides = ops.split(convert_format(given, form, corners, dtype=dtype), 4, axis=-1)
    most = (1.0, 1.0) * 2 if relative else (float(width), float(height)) * 2
    sides = [ops.clip(s, 0.0, m) for s, m in zip(sides, most, strict=True)]
    made = {
        **bounding_boxes,
        "boxes": convert_format(ops.concatenate(sides, -1), corners, form, dtype=dtype),
    }
    if "labels" in bounding_boxes:
        area = ops.squeeze((sides[2] - sides[0]) * (sides[3] - sides[1]), -1)
        labels = ops.convert_to_tensor(bounding_boxes["labels"])
        made["labels"] = ops.where(area > 0, labels, ops.full_like(labels, -1))
    return made


def crop(
    boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy"
) -> Any:
    """Return boxes seen from a part of the picture, and cut off at its edges.

    Args:
        boxes: (..., 4), in pixels.
        top: the part's first row.
        left: its first column.
        height: how many rows it has.
        width: how many columns.
        bounding_box_format: of the boxes, see `convert_format`.

    Raises:
        ValueError: for shares instead of pixels, or a format that is none.
    """
    form = _in_pixels("crop", bounding_box_format)
    x1, y1, x2, y2 = ops.split(convert_format(boxes, form, "xyxy"), 4, axis=-1)
    columns = [ops.clip(x - left, 0, width) for x in (x1, x2)]
    rows = [ops.clip(y - top, 0, height) for y in (y1, y2)]
    made = ops.concatenate([columns[0], rows[0], columns[1], rows[1]], axis=-1)
    return convert_format(made, "xyxy", form)


def pad(
    boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:  # fmt: skip
    """Return boxes after so many rows above and columns to the left were added to the picture.

    Args:
        boxes: (..., 4), in pixels.
        top: rows added above.
        left: columns added to the left.
        height: of no effect; Keras has it.
        width: likewise.
        bounding_box_format: of the boxes, see `convert_format`.

    Raises:
        ValueError: for shares instead of pixels, or a format that is none.
    """
    form = _in_pixels("pad", bounding_box_format)
    x1, y1, x2, y2 = ops.split(convert_format(boxes, form, "xyxy"), 4, axis=-1)
    made = ops.concatenate([x1 + left, y1 + top, x2 + left, y2 + top], axis=-1)
    return convert_format(made, "xyxy", form)


def _in_pixels(name: str, given: Any) -> str:
    form = _format("bounding_box_format", given)
    if form.startswith("rel_"):
        raise ValueError(
            f"{name} expects boxes in pixels; it got bounding_box_format={given!r}. Bring them to "
            "pixels with convert_format before."
        )
    return form


# --- overlaps ---------------------------------------------------------------------------------


def compute_iou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, use_masking: bool = False,
    mask_val: Any = -1, image_shape: Any = None,
) -> Any:  # fmt: skip
    """Return what each two boxes have in common, divided by what they cover together.

    Args:
        boxes1: (m, 4) or (rows, m, 4).
        boxes2: (n, 4) or (rows, n, 4).
        bounding_box_format: of both, see `convert_format`.
        use_masking: whether boxes that are below 0 in all four numbers are no boxes.
        mask_val: the result for these.
        image_shape: height and width of the picture (and channels), for shares.

    Returns:
        (m, n), or (rows, m, n) if there are rows on a side.

    Raises:
        ValueError: for other shapes, or shares without `image_shape`.
    """
    first, second = (
        _as_corners("compute_iou", b, bounding_box_format, image_shape) for b in (boxes1, boxes2)
    )
    for name, b in (("boxes1", first), ("boxes2", second)):
        if len(b.shape) not in (2, 3):
            raise ValueError(
                f"compute_iou expects {name} as (n, 4) or (rows, n, 4); the shape is "
                f"{tuple(b.shape)}."
            )
    one, two = ops.expand_dims(first, -2), ops.expand_dims(second, -3)
    iou = _overlap(one, two)[0]
    if use_masking:
        gone = [ops.all(b < 0, axis=-1) for b in (one, two)]
        iou = ops.where(ops.logical_or(*gone), ops.cast(mask_val, ops.dtype(iou)), iou)
    return iou


def compute_ciou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None
) -> Any:
    r"""Return the complete overlap of boxes, pair by pair (Zheng et al., 2020).

    .. math:: \mathrm{IoU} - \frac{\rho^2}{c^2} - \alpha v, \quad
        v = \frac{4}{\pi^2} \Big(\arctan \frac{w_2}{h_2} - \arctan \frac{w_1}{h_1}\Big)^2, \quad
        \alpha = \frac{v}{1 - \mathrm{IoU} + v}

    with the distance rho of the middles and the diagonal c of the smallest box around both.

    Args:
        boxes1: (..., 4).
        boxes2: (..., 4).
        bounding_box_format: of both, see `convert_format`.
        image_shape: height and width of the picture (and channels), for shares.

    Raises:
        ValueError: for shares without `image_shape`.
    """
    one, two = (
        _as_corners("compute_ciou", b, bounding_box_format, image_shape) for b in (boxes1, boxes2)
    )
    iou, sizes1, sizes2 = _overlap(one, two)
    around = ops.maximum(one[..., 2:], two[..., 2:]) - ops.minimum(one[..., :2], two[..., :2])
    apart = (one[..., :2] + one[..., 2:] - two[..., :2] - two[..., 2:]) / 2.0
    far = ops.sum(ops.square(apart), -1) / (ops.sum(ops.square(around), -1) + _TINY)
    angles = [ops.arctan2(s[..., 0], s[..., 1] + _TINY) for s in (sizes1, sizes2)]
    v = 4.0 / math.pi**2 * ops.square(angles[1] - angles[0])
    return iou - far - v * v / (1.0 - iou + v + _TINY)


def _as_corners(name: str, boxes: Any, form: Any, image_shape: Any) -> Any:
    form = _format("bounding_box_format", form)
    if form.startswith("rel_") and image_shape is None:
        raise ValueError(
            f"{name} needs image_shape, height and width of the picture, for boxes in shares "
            f"({form!r})."
        )
    height, width = (None, None) if image_shape is None else tuple(image_shape)[:2]
    return convert_format(boxes, form, "xyxy", height, width)


def _overlap(one: Any, two: Any) -> tuple[Any, Any, Any]:
    """Return the overlap of corners, and the sides of both."""
    low, high = ops.maximum(one[..., :2], two[..., :2]), ops.minimum(one[..., 2:], two[..., 2:])
    common = ops.prod(ops.maximum(high - low, 0.0), axis=-1)
    sizes = [ops.maximum(b[..., 2:] - b[..., :2], 0.0) for b in (one, two)]
    areas = [ops.prod(s, axis=-1) for s in sizes]
    return common / (areas[0] + areas[1] - common + _TINY), sizes[0], sizes[1]


# --- anchors ----------------------------------------------------------------------------------


def encode_box_to_deltas(
    anchors: Any, boxes: Any, anchor_format: str, box_format: str,
    encoding_format: str = "center_yxhw", variance: Any = None, image_shape: Any = None,
) -> Any:  # fmt: skip
    """Return how far boxes are off anchors: (middle - middle) / side, and log(side / side).

    Args:
        anchors: (n, 4).
        boxes: (n, 4) or (rows, n, 4).
        anchor_format: of the anchors, see `convert_format`.
        box_format: of the boxes.
        encoding_format: the order of the result, "center_yxhw" or "center_xywh".
        variance: four numbers that the result is divided by, None for none.
        image_shape: height and width of the picture (and channels), for shares.

    Raises:
        ValueError: for another `encoding_format`, or a `variance` that is not of four numbers.
    """
    _check_encoding("encoding_format", encoding_format, variance)
    size = (None, None) if image_shape is None else tuple(image_shape)[:2]
    a = convert_format(anchors, anchor_format, encoding_format, *size)
    b = convert_format(boxes, box_format, encoding_format, *size)
    places = (b[..., :2] - a[..., :2]) / a[..., 2:]
    made = ops.concatenate([places, ops.log(b[..., 2:] / a[..., 2:])], axis=-1)
    return made if variance is None else made / ops.convert_to_tensor(variance, "float32")


def decode_deltas_to_boxes(
    anchors: Any, boxes_delta: Any, anchor_format: str, box_format: str,
    encoded_format: str = "center_yxhw", variance: Any = None, image_shape: Any = None,
) -> Any:  # fmt: skip
    """Return the boxes that are so far off anchors, the inverse of `encode_box_to_deltas`.

    Args:
        anchors: (n, 4), or a dict of such.
        boxes_delta: (n, 4) or (rows, n, 4), or a dict of such.
        anchor_format: of the anchors, see `convert_format`.
        box_format: of the result.
        encoded_format: the order of the deltas, "center_yxhw" or "center_xywh".
        variance: four numbers that the deltas are multiplied by, None for none.
        image_shape: height and width of the picture (and channels), for shares.

    Raises:
        ValueError: for another `encoded_format`, or a `variance` that is not of four numbers.
    """
    _check_encoding("encoded_format", encoded_format, variance)
    if isinstance(anchors, dict):
        rest = (anchor_format, box_format, encoded_format, variance, image_shape)
        return {k: decode_deltas_to_boxes(a, boxes_delta[k], *rest) for k, a in anchors.items()}
    size = (None, None) if image_shape is None else tuple(image_shape)[:2]
    a = convert_format(anchors, anchor_format, encoded_format, *size)
    deltas = ops.convert_to_tensor(boxes_delta, "float32")
    if variance is not None:
        deltas = deltas * ops.convert_to_tensor(variance, "float32")
    places = deltas[..., :2] * a[..., 2:] + a[..., :2]
    made = ops.concatenate([places, ops.exp(deltas[..., 2:]) * a[..., 2:]], axis=-1)
    return convert_format(made, encoded_format, box_format, *size)


def _check_encoding(name: str, form: Any, variance: Any) -> None:
    if form not in _ENCODINGS:
        raise ValueError(f"{name} must be 'center_xywh' or 'center_yxhw'; it got {form!r}.")
    if variance is not None and len(variance) != 4:
        raise ValueError(f"variance must be four numbers; it got {variance!r}.")
