"""summary() prints the tables Keras prints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import config, layers, utils
from annette.models import Model, Sequential
from annette.models.summary import (
    count_params,
    print_summary,
    readable_memory_size,
    weight_memory_size,
)


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    utils.clear_session()


def text_of(model, **options):
    printed: list[str] = []
    print_summary(model, print_fn=printed.append, **options)
    assert len(printed) == 1
    return printed[0]


def rows_of(model, **options):
    """Return the table's cells, row by row."""
    lines = [line for line in text_of(model, **options).splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def chain():
    return Sequential(
        [
            layers.Input((4,)),
            layers.Dense(3, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(2),
        ]
    )


def branches():
    left, right = layers.Input((4,)), layers.Input((4,))
    shared = layers.Dense(3, name="shared")
    return Model([left, right], layers.Add()([shared(left), shared(right)]))


def test_a_built_sequential():
    assert (
        text_of(chain())
        == """\
Model: "sequential"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
│ dense (Dense)                        │ (None, 3)                   │              15 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ batch_normalization                  │ (None, 3)                   │              12 │
│ (BatchNormalization)                 │                             │                 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ dropout (Dropout)                    │ (None, 3)                   │               0 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ dense_1 (Dense)                      │ (None, 2)                   │               8 │
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 35 (140.00 B)
 Trainable params: 29 (116.00 B)
 Non-trainable params: 6 (24.00 B)
"""
    )


def test_a_sequential_that_does_not_know_its_input():
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    assert rows_of(model) == [
        ["dense (Dense)", "?", "0 (unbuilt)"],
        ["dense_1 (Dense)", "?", "0 (unbuilt)"],
    ]


def test_a_model_with_branches_says_what_is_connected():
    cells = rows_of(branches(), line_length=130)
    assert [row[0] for row in cells] == [
        "input_layer (InputLayer)",
        "input_layer_1 (InputLayer)",
        "shared (Dense)",
        "",
        "add (Add)",
    ]
    assert [row[3] for row in cells] == [
        "-",
        "-",
        "input_layer[0][0],",
        "input_layer_1[0][0]",
        "shared[0][0], shared[1][0]",
    ]


def test_a_functional_chain_needs_no_connections():
    inputs = layers.Input((4,))
    model = Model(inputs, layers.Dense(2)(inputs))
    assert rows_of(model) == [
        ["input_layer (InputLayer)", "(None, 4)", "0"],
        ["dense (Dense)", "(None, 2)", "10"],
    ]


def test_a_subclassed_model():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(3)
            self.last = layers.Dense(2)

        def call(self, x):
            return self.last(self.first(x))

    model = Net()
    assert rows_of(model)[0] == ["dense (Dense)", "?", "0 (unbuilt)"]
    model(np.zeros((5, 4), "float32"))
    assert rows_of(model) == [
        ["dense (Dense)", "(5, 3)", "15"],
        ["dense_1 (Dense)", "(5, 2)", "8"],
    ]


def test_the_optimizers_variables_are_counted_once_it_has_any():
    model = chain()
    model.compile("adam", "mse")
    assert "Optimizer" not in text_of(model)
    model.fit(np.zeros((4, 4)), np.zeros((4, 2)), verbose=0)
    text = text_of(model)
    assert " Optimizer params: 60 (240.00 B)" in text
    assert " Total params: 95 (380.00 B)" in text


def test_models_in_models_are_opened_if_wanted():
    model = Sequential([layers.Input((4,)), chain(), layers.Dense(2)])
    assert len(rows_of(model)) == 2
    names = [row[0] for row in rows_of(model, expand_nested=True)]
    assert names[1] == "└ dense (Dense)"
    assert len(names) == 7  # batch_normalization takes two lines


def test_what_is_trained_is_shown_if_wanted():
    model = chain()
    model.layers[0].trainable = False
    marks = [row[3] for row in rows_of(model, show_trainable=True, line_length=140)]
    assert marks == ["N", "Y", "-", "Y"]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["dense", "dropout"], ["dense", "batch_normalization", "dropout"]),
        (["batch.*", "drop"], ["batch_normalization", "dropout"]),
        (["dropout", "batch.*"], ["batch_normalization", "dropout"]),
    ],
)
def test_a_range_of_layers(names, shown):
    rows = rows_of(chain(), layer_range=names, line_length=140)
    assert [row[0].split(" ")[0] for row in rows] == shown


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"layer_range": ["none", "dense"]}, "does not match the layers' names, which are dense, "),
        ({"layer_range": ["dense"]}, "two names"),
        ({"layer_range": "dense"}, "two names"),
        ({"layer_range": [1, 2]}, "strings only"),
        ({"line_length": 8}, "Insufficient console width"),
        ({"positions": [0.5, 1.0]}, "each of the 3 columns"),
    ],
)
def test_impossible_tables_are_explained(options, text):
    with pytest.raises(ValueError, match=text):
        text_of(chain(), **options)


def test_a_wide_table_is_whole_on_a_narrow_output(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    print_summary(chain(), line_length=120)
    assert max(map(len, capsys.readouterr().out.splitlines())) == 120


def test_names_with_brackets_are_shown_as_they_are():
    model = Sequential([layers.Input((2,)), layers.Dense(1, name="a[red]b")], name="m[1]")
    assert 'Model: "m[1]"' in text_of(model)
    assert "a[red]b (Dense)" in text_of(model)


def test_without_interactive_logging_it_goes_to_the_log(caplog, capsys):
    config.disable_interactive_logging()
    try:
        with caplog.at_level("INFO", logger="annette"):
            print_summary(chain())
    finally:
        config.enable_interactive_logging()
    assert "Total params: 35" in caplog.text
    assert capsys.readouterr().out == ""


class Weight:
    def __init__(self, shape, dtype):
        self.shape, self.dtype = shape, dtype


@pytest.mark.parametrize(
    ("shape", "dtype", "size"),
    [
        ((2, 3), "float32", 24),
        ((), "float64", 8),
        ((4,), "bfloat16", 8),
        ((16,), "bool", 2),
        ((0, 5), "int8", 0),
    ],
)
def test_the_size_of_weights(shape, dtype, size):
    weight = Weight(shape, dtype)
    assert count_params([weight]) == np.prod(shape, dtype=int)
    assert weight_memory_size([weight, weight]) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.00 B"), (1023, "1023.00 B"), (1024, "1.00 KB"), (1.5 * 2**20, "1.50 MB")],
)
def test_sizes_are_readable(size, text):
    assert readable_memory_size(size) == text


def test_operations_are_shown_by_keras_names() -> None:
    inputs = keras.Input((4,))
    x = keras.ops.expand_dims(inputs[:, 1:] * 2, 1)
    lines: list[str] = []
    keras.Model(inputs, x).summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "get_item (GetItem)" in text and "multiply (Multiply)" in text
    assert "(ExpandDims)" in text and "FunctionOperation" not in text


def test_models_within_a_model_of_ones_own_show_their_shapes() -> None:
    inputs = keras.Input((16,))
    two = [layers.Dense(2)(inputs), layers.Dense(3)(inputs)]

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = keras.Model(inputs, two, name="encoder")
            self.decoder = keras.Sequential([keras.Input((2,)), layers.Dense(5)], name="decoder")

        def call(self, x: Any) -> Any:
            return self.decoder(self.encoder(x)[0])

    model = Own()
    model(np.ones((2, 16)))
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "((None, 2), (None, 3))" in text and "(None, 5)" in text and "?" not in text
