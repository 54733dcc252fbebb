"""Layers of convolution and pooling for the table of promises, with shapes of inputs."""

from __future__ import annotations

from typing import Any

from annette import layers

LINE, PLANE, SPACE = (2, 7, 4), (2, 5, 6, 2), (1, 3, 4, 3, 2)
FIRST_LINE, FIRST_PLANE = (2, 4, 7), (2, 2, 5, 6)
FIRST = {"data_format": "channels_first"}

CASES: list[tuple[type, dict[str, Any], Any, dict[str, Any]]] = [
    (layers.Conv1D, {"filters": 3, "kernel_size": 3}, LINE, {"order": 2}),
    (layers.Conv1D, {"filters": 4, "kernel_size": 3, "padding": "causal", "groups": 2}, LINE, {}),
    (
        layers.Conv1D,
        {"filters": 3, "kernel_size": 2, "padding": "causal", "dilation_rate": 2, **FIRST},
        FIRST_LINE,
        {},
    ),
    (
        layers.Conv2D,
        {"filters": 3, "kernel_size": [3, 2], "padding": "same", "activation": "tanh"},
        PLANE,
        {"order": 2},
    ),
    (layers.Conv2D, {"filters": 3, "kernel_size": 3, "strides": 2, **FIRST}, FIRST_PLANE, {}),
    (layers.Conv2D, {"filters": 2, "kernel_size": 2, "groups": 2, "use_bias": False}, PLANE, {}),
    (
        layers.Conv2D,
        {"filters": 2, "kernel_size": 2, "kernel_regularizer": "l2", "bias_constraint": "non_neg"},
        PLANE,
        {},
    ),
    (layers.Conv3D, {"filters": 2, "kernel_size": 2, "strides": [1, 2, 1]}, SPACE, {}),
    (layers.Conv1DTranspose, {"filters": 3, "kernel_size": 3, "strides": 2}, LINE, {"order": 2}),
    (
        layers.Conv2DTranspose,
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
        PLANE,
        {},
    ),
    (
        layers.Conv2DTranspose,
        {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "activation": "tanh", **FIRST},
        FIRST_PLANE,
        {},
    ),
    (layers.Conv3DTranspose, {"filters": 1, "kernel_size": 2, "strides": 2}, SPACE, {}),
    (layers.DepthwiseConv1D, {"kernel_size": 3, "depth_multiplier": 2}, LINE, {"order": 2}),
    (
        layers.DepthwiseConv2D,
        {"kernel_size": 2, "strides": 2, "dilation_rate": 2, "padding": "same"},
        PLANE,
        {},
    ),
    (layers.DepthwiseConv2D, {"kernel_size": [2, 3], **FIRST}, FIRST_PLANE, {}),
    (layers.SeparableConv1D, {"filters": 3, "kernel_size": 3, "padding": "same"}, LINE, {}),
    (
        layers.SeparableConv2D,
        {"filters": 3, "kernel_size": 3, "strides": 2, "depth_multiplier": 2},
        PLANE,
        {"order": 2},
    ),
    (layers.MaxPooling1D, {"pool_size": 3, "strides": 2, "padding": "same"}, LINE, {}),
    (layers.MaxPooling2D, {}, PLANE, {"order": 2}),
    (layers.MaxPooling2D, {"pool_size": [3, 2], "strides": 1, **FIRST}, FIRST_PLANE, {}),
    (layers.MaxPooling3D, {"pool_size": 2, "strides": 1}, SPACE, {}),
    (layers.AveragePooling1D, {"pool_size": 3, "padding": "same", **FIRST}, FIRST_LINE, {}),
    (layers.AveragePooling2D, {"pool_size": 2}, PLANE, {"order": 2}),
    (layers.AveragePooling3D, {"pool_size": 2, "padding": "same"}, SPACE, {}),
    (layers.GlobalMaxPooling1D, {"keepdims": True}, LINE, {}),
    (layers.GlobalMaxPooling2D, FIRST, FIRST_PLANE, {}),
    (layers.GlobalMaxPooling3D, {}, SPACE, {}),
    (layers.GlobalAveragePooling1D, FIRST, FIRST_LINE, {}),
    (layers.GlobalAveragePooling2D, {}, PLANE, {"order": 2}),
    (layers.GlobalAveragePooling3D, {"keepdims": True}, SPACE, {}),
    (layers.AdaptiveMaxPooling1D, {"output_size": 3}, LINE, {}),
    (layers.AdaptiveMaxPooling2D, {"output_size": [2, 4]}, PLANE, {}),
    (layers.AdaptiveMaxPooling3D, {"output_size": 2}, SPACE, {}),
    (layers.AdaptiveAveragePooling1D, {"output_size": 3, **FIRST}, FIRST_LINE, {}),
    (layers.AdaptiveAveragePooling2D, {"output_size": [2, 4]}, PLANE, {}),
    (layers.AdaptiveAveragePooling3D, {"output_size": 2}, SPACE, {}),
]
