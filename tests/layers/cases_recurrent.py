"""Recurrent layers for the table of promises, with shapes of inputs."""

from __future__ import annotations

from typing import Any

from annette import layers

STEPS, LINES, PLANES = (2, 3, 2), (2, 2, 4, 2), (1, 2, 3, 4, 2)
ALL = {"return_sequences": True, "return_state": True}
WIDE = {"dtype": "float64"}
RATES = {"dropout": 0.3, "recurrent_dropout": 0.2, "seed": 3}

_TABLE: list[tuple[type, dict[str, Any], Any, dict[str, Any]]] = [
    (layers.SimpleRNN, {"units": 2}, STEPS, {"order": 2}),
    (layers.SimpleRNN, {"units": 2, "go_backwards": True, **ALL}, STEPS, {}),
    (layers.SimpleRNN, {"units": 2, "activation": "softplus", "use_bias": False}, STEPS, {}),
    (layers.SimpleRNN, {"units": 2, **RATES}, STEPS, {}),
    (layers.LSTM, {"units": 2}, STEPS, {"order": 2}),
    (layers.LSTM, {"units": 2, "unroll": True, **ALL}, STEPS, {}),
    (layers.LSTM, {"units": 2, "unit_forget_bias": False, "kernel_regularizer": "l2"}, STEPS, {}),
    (layers.LSTM, {"units": 2, **RATES}, STEPS, {}),
    (layers.GRU, {"units": 2}, STEPS, {"order": 2}),
    (layers.GRU, {"units": 2, "reset_after": False, **ALL}, STEPS, {}),
    (layers.GRU, {"units": 2, "reset_after": False, **RATES}, STEPS, {}),
    (layers.RNN, {"cell": layers.LSTMCell(2, **WIDE), **ALL}, STEPS, {}),
    (
        layers.RNN,
        {"cell": [layers.GRUCell(2, **WIDE), layers.SimpleRNNCell(3, **WIDE)]},
        STEPS,
        {},
    ),
    (layers.Bidirectional, {"layer": layers.GRU(2, **WIDE)}, STEPS, {}),
    (
        layers.Bidirectional,
        {"layer": layers.LSTM(2, **ALL, **WIDE), "merge_mode": None},
        STEPS,
        {},
    ),
    (layers.TimeDistributed, {"layer": layers.Dense(2, **WIDE)}, STEPS, {}),
    (layers.TimeDistributed, {"layer": layers.BatchNormalization(**WIDE)}, STEPS, {}),
    (layers.ConvLSTM1D, {"filters": 2, "kernel_size": 2, **ALL}, LINES, {}),
    (
        layers.ConvLSTM2D,
        {"filters": 2, "kernel_size": [2, 3], "padding": "same", "strides": 2},
        PLANES,
        {},
    ),
    (
        layers.ConvLSTM2D,
        {"filters": 2, "kernel_size": 2, "data_format": "channels_first"},
        (1, 2, 2, 3, 4),
        {},
    ),
    (layers.ConvLSTM3D, {"filters": 1, "kernel_size": [1, 2, 2]}, (1, 2, 2, 3, 2, 1), {}),
]
# A state goes through two or three steps, each of several operations.
CASES = [(cls, config, shape, {"rounds": 8, **options}) for cls, config, shape, options in _TABLE]
