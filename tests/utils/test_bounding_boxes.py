"""Bounding boxes: formats go there and back, overlaps and offsets are those of their definitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from annette.utils import bounding_boxes as boxes

A = np.array([[10, 20, 30, 60], [0, 5, 80, 45]], "float32")
B = np.array([[20, 40, 40, 80], [0, 5, 80, 45]], "float32")


@pytest.mark.parametrize("form", boxes.FORMATS)
def test_formats_go_there_and_back(form: str) -> None:
    there = boxes.convert_format({"boxes": A, "labels": [1, 2]}, "xyxy", form, 100, 200)
    back = boxes.convert_format(there, form, "XYXY", 100, 200)
    np.testing.assert_allclose(back["boxes"], A, rtol=1e-5, atol=1e-4)
    assert back["labels"] == [1, 2]


def test_numbers_of_formats() -> None:
    found = {f: np.asarray(boxes.convert_format(A[0], "xyxy", f, 100, 200)) for f in boxes.FORMATS}
    assert found["xywh"].tolist() == [10, 20, 20, 40]
    assert found["center_yxhw"].tolist() == [40, 20, 40, 20]
    np.testing.assert_allclose(found["rel_yxyx"], [0.2, 0.05, 0.6, 0.15], rtol=1e-6)
    np.testing.assert_allclose(found["rel_center_xywh"], [0.1, 0.4, 0.1, 0.4], rtol=1e-6)


def test_overlaps() -> None:
    found = np.asarray(boxes.compute_iou(A, B, "xyxy"))
    assert found.shape == (2, 2)
    assert found[0, 0] == pytest.approx(10 * 20 / (2 * 20 * 40 - 200))
    assert found[1, 1] == pytest.approx(1)
    assert boxes.compute_iou(A[None], B, "xyxy").shape == (1, 2, 2)
    gone = np.array([[-1, -1, -1, -1]], "float32")
    assert np.asarray(boxes.compute_iou(A, gone, "xyxy", True, -3)).tolist() == [[-3], [-3]]
    whole = np.asarray(boxes.compute_ciou(A, B, "xyxy"))
    assert whole[1] == pytest.approx(1)
    assert whole[0] == pytest.approx(1 / 7 - (10**2 + 20**2) / (30**2 + 60**2), rel=1e-5)


def test_what_lies_outside_is_cut_off() -> None:
    given = {"boxes": np.array([[-10.0, 5, 20, 200], [150, 5, 160, 9]]), "labels": [3, 4]}
    found = boxes.clip_to_image_size(given, 100, 120)
    assert np.asarray(found["boxes"]).tolist() == [[0, 5, 20, 100], [120, 5, 120, 9]]
    assert np.asarray(found["labels"]).tolist() == [3, -1]
    sides = np.array([[-10.0, 5, 30, 200]])  # left, top, width, height
    found = boxes.clip_to_image_size({"boxes": sides}, 100, 120, "xywh")
    assert np.asarray(found["boxes"]).tolist() == [[0, 5, 20, 95]]


def test_parts_and_frames_of_a_picture() -> None:
    part = boxes.crop(A, top=10, left=5, height=30, width=20)
    assert np.asarray(part).tolist() == [[5, 10, 20, 30], [0, 0, 20, 30]]
    framed = boxes.pad(A, top=2, left=3, bounding_box_format="xyxy")
    np.testing.assert_array_equal(framed, A + np.array([3, 2, 3, 2]))
    same = boxes.pad(boxes.convert_format(A, "xyxy", "xywh"), 2, 3, bounding_box_format="xywh")
    np.testing.assert_array_equal(same, np.asarray(framed) - [[0, 0, 13, 22], [0, 0, 3, 7]])


@pytest.mark.parametrize("form", ["center_xywh", "center_yxhw"])
def test_offsets_lead_back_to_the_boxes(form: str) -> None:
    deltas = boxes.encode_box_to_deltas(A, B, "xyxy", "xyxy", form, variance=[0.1, 0.1, 0.2, 0.2])
    again = boxes.decode_deltas_to_boxes({"a": A}, {"a": deltas}, "xyxy", "xyxy", form,
                                         variance=[0.1, 0.1, 0.2, 0.2])  # fmt: skip
    np.testing.assert_allclose(again["a"], B, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(deltas, [[5, 5, 0, 0], [0, 0, 0, 0]], atol=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: boxes.convert_format(A, "xyxy", "foo"), "target expects"),
        (lambda: boxes.convert_format(A, "xyxy", "rel_xyxy"), "picture's size"),
        (lambda: boxes.convert_format(A[:, :3], "xyxy", "xywh"), "four numbers"),
        (lambda: boxes.compute_iou(A[0], A, "xyxy"), "boxes1"),
        (lambda: boxes.compute_iou(A, A, "rel_xyxy"), "image_shape"),
        (lambda: boxes.clip_to_image_size({"boxes": A}), "picture's size"),
        (lambda: boxes.crop(A, 0, 0, 1, 1, "rel_xyxy"), "in pixels"),
        (lambda: boxes.encode_box_to_deltas(A, A, "xyxy", "xyxy", "xyxy"), "encoding_format"),
        (
            lambda: boxes.decode_deltas_to_boxes(A, A, "xyxy", "xyxy", variance=[1.0]),
            "variance",
        ),
    ],
)
def test_mistakes_are_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
