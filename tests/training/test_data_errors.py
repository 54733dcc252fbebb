"""Data that cannot work: each gets one error that names the part, what came, and the mend."""

from __future__ import annotations

import numpy as np
import pytest

from annette.training.data import find_nonfinite, make_source, train_validation_split

X = np.zeros((10, 3), "float32")
Y = np.zeros(10, int)


def generator():
    yield X, Y


WRONG = {
    "rows differ": ({"x": X, "y": Y[:9]}, ValueError, r"x has 10 rows, y has 9 rows"),
    "rows of inputs differ": (
        {"x": [X, X[:4]], "y": Y},
        ValueError,
        r"x\[0\] has 10 rows, x\[1\] has 4 rows",
    ),
    "rows of weights differ": (
        {"x": X, "y": Y, "sample_weight": Y[:5]},
        ValueError,
        "sample_weight has 5 rows",
    ),
    "a list of rows": (
        {"x": [np.zeros(3)] * 10, "y": Y},
        ValueError,
        r"If it is a list of rows|if it is a list of rows.*numpy.array",
    ),
    "no data": ({}, ValueError, "x is None"),
    "only None in a dict": ({"x": {"a": None}}, ValueError, "no arrays, only None"),
    "only None": ({"x": [None, None]}, ValueError, "2 missing values"),
    "no rows": ({"x": X[:0], "y": Y[:0]}, ValueError, r"x is empty: its shape is \(0, 3\)"),
    "empty list": ({"x": [], "y": []}, ValueError, "x is an empty list"),
    "empty dict": ({"x": {}, "y": Y}, ValueError, "x is an empty dict"),
    "strings": ({"x": np.array(["a", "b"]), "y": Y[:2]}, ValueError, "x holds strings.*'a'"),
    "list of strings": ({"x": X, "y": ["cat"] * 10}, ValueError, "y holds strings.*numpy.unique"),
    "bytes": ({"x": np.array([b"a"])}, ValueError, "bytes strings"),
    "numbers and strings": (
        {"x": np.array([1, "a"], object)},
        ValueError,
        "x holds strings|dtype object",
    ),
    "objects": ({"x": np.array([1, {}], object)}, ValueError, r"x has dtype object and holds {}"),
    "None in objects": (
        {"x": np.array([[1.0, 2], [None, 3]], object)},
        ValueError,
        r"1 missing values \(None\), the first in row 1",
    ),
    "None in a list": ({"x": X, "y": [1] * 9 + [None]}, ValueError, "missing values"),
    "dates": ({"x": np.array(["2020-01-01"], "datetime64[D]")}, ValueError, "x holds dates"),
    "records": ({"x": np.zeros(2, [("a", "f4")])}, ValueError, "structured_to_unstructured"),
    "ragged list": (
        {"x": [[1, 2], [3]], "y": [0, 1]},
        ValueError,
        r"x is ragged: row 0 has 2 values, row 1 has 1 values.*pad_sequences",
    ),
    "ragged objects": ({"x": np.array([[1, 2], [3]], object)}, ValueError, "x is ragged"),
    "masked": (
        {"x": np.ma.masked_array(X, X == 0)},
        ValueError,
        "masked array with 30 masked values",
    ),
    "a number": ({"x": 3.0}, ValueError, r"one row: numpy.array\(\[\[...\]\]\)"),
    "no axes": ({"x": np.array(3.0)}, ValueError, r"single number"),
    "a file's name": ({"x": "data.csv"}, ValueError, "pandas.read_csv"),
    "a set": ({"x": {1, 2}}, ValueError, "of type set"),
    "a class": ({"x": int}, ValueError, "x must be an array"),
    "a function": ({"x": generator}, ValueError, "of type function"),
    "batch_size 0": (
        {"x": X, "batch_size": 0},
        ValueError,
        "batch_size must be at least 1; it got 0",
    ),
    "batch_size -1": ({"x": X, "batch_size": -1}, ValueError, "it got -1"),
    "batch_size 32.0": ({"x": X, "batch_size": 32.0}, TypeError, r"it got 32.0. Write 32"),
    "batch_size '32'": ({"x": X, "batch_size": "32"}, TypeError, "whole number; it got '32'"),
    "batch_size True": ({"x": X, "batch_size": True}, TypeError, "it got True"),
    "steps 0": ({"x": X, "steps": 0}, ValueError, "steps_per_epoch"),
    "steps 2.5": ({"x": X, "steps": 2.5}, TypeError, "Write 3"),
    "shuffle": ({"x": X, "shuffle": "yes"}, ValueError, "True, False or 'batch'"),
    "y with a generator": (
        {"x": generator(), "y": Y},
        ValueError,
        "x is a generator.*y must not be",
    ),
    "weights with a generator": (
        {"x": generator(), "sample_weight": Y},
        ValueError,
        "sample_weight must not be",
    ),
    "y is a generator": ({"x": X, "y": generator()}, ValueError, "y is a generator while x is not"),
    "both weights": (
        {"x": X, "y": Y, "sample_weight": Y, "class_weight": {0: 1}},
        ValueError,
        "class_weight and sample_weight are both given",
    ),
    "class_weight list": (
        {"x": X, "y": Y, "class_weight": [1, 2]},
        ValueError,
        r"dict\(enumerate\(weights\)\)",
    ),
    "class_weight balanced": (
        {"x": X, "y": Y, "class_weight": "balanced"},
        ValueError,
        "compute_class_weight",
    ),
    "class_weight names": ({"x": X, "y": Y, "class_weight": {"a": 1}}, ValueError, "the key 'a'"),
    "class_weight value": (
        {"x": X, "y": Y, "class_weight": {0: "x"}},
        ValueError,
        r"class_weight\[0\] must be a number",
    ),
    "class_weight without y": (
        {"x": X, "class_weight": {0: 1}},
        ValueError,
        "class_weight needs y",
    ),
    "class_weight, two outputs": (
        {"x": X, "y": [Y, Y], "class_weight": {0: 1}},
        ValueError,
        "single output",
    ),
    "class_weight of images": (
        {"x": X, "y": np.zeros((10, 2, 2)), "class_weight": {0: 1}},
        ValueError,
        "one class a row",
    ),
    "weights too many": (
        {"x": X, "y": Y, "sample_weight": [Y, Y]},
        ValueError,
        "sample_weight must be one array",
    ),
    "weights too few": (
        {"x": X, "y": [Y, Y], "sample_weight": [Y]},
        ValueError,
        "y has 2, sample_weight has 1",
    ),
    "weights' keys": (
        {"x": X, "y": {"a": Y}, "sample_weight": {"b": Y}},
        ValueError,
        "structure of y",
    ),
    "weights' shape": (
        {"x": X, "y": [Y, Y], "sample_weight": np.ones((10, 4))},
        ValueError,
        r"shape \(n,\); it has shape \(10, 4\)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_data_is_explained(name):
    arguments, error, text = WRONG[name]
    with pytest.raises(error, match=text):
        make_source(**arguments)


def test_messages_can_say_that_it_is_the_validation_data():
    with pytest.raises(ValueError, match="validation x has 10 rows, validation y has 9"):
        make_source(X, Y[:9], prefix="validation ")


@pytest.mark.parametrize(
    ("arrays", "fraction", "text"),
    [
        ((X, Y, None), 0, "between 0 and 1; it got 0"),
        ((X, Y, None), 1.5, "it got 1.5"),
        ((X, Y, None), True, "it got True"),
        ((X, Y, None), "0.2", "it got '0.2'"),
        ((X, Y, None), 0.99, "nothing to train on"),
        ((X, Y, None), 1e-20, "no row to validate with"),
        ((X, Y[:4], None), 0.2, "x has 10 rows, y has 4 rows"),
        ((generator(), None, None), 0.2, "x is a generator.*validation_data"),
    ],
)
def test_wrong_splits_are_explained(arrays, fraction, text):
    with pytest.raises(ValueError, match=text):
        train_validation_split(arrays, fraction)


def test_frames_name_their_columns():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"age": [1.0, None, 3], "town": ["a", "b", "c"], "n": [1, 2, 3]})
    with pytest.raises(ValueError, match=r"x: the column 'town' .*get_dummies"):
        make_source(frame)
    with pytest.raises(ValueError, match=r"missing values in 'age' \(1\).*fillna"):
        make_source(frame[["age", "n"]])
    with pytest.raises(ValueError, match=r"y \(the column 'town'\) is not numeric.*factorize"):
        make_source(frame[["n"]], frame["town"])
    with pytest.raises(ValueError, match=r"'age'\) has 1 missing"):
        make_source(frame[["n"]], frame["age"])
    infinite = pd.DataFrame({"a": [1.0, 2], "speed": [1.0, np.inf]})
    with pytest.raises(ValueError, match="1 infinite in row 1, in column speed"):
        make_source(infinite).check_finite()


# --- NaN and infinity -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "complex64", ">f8"])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray])
def test_nan_and_infinity_are_found(dtype, layout):
    x = layout(np.ones((300, 4), dtype))
    assert find_nonfinite(x) is None
    x[17, 2] = np.nan
    x[200, 2] = -np.inf
    x[200, 3] = np.nan
    found = find_nonfinite(x)
    assert (found.count, found.nan, found.inf, found.rows, found.first_row) == (3, 2, 1, 2, 17)
    assert found.columns == (2, 3)
    assert found.describe() == (
        "2 NaN and 1 infinite in 2 rows (the first is row 17), in columns 2 and 3"
    )
    assert found.describe(["a", "b", "c", "d"]).endswith("in columns c and d")


def test_large_finite_values_are_no_alarm():
    x = np.full(10**6, 3e38, "float32")  # their sum overflows
    assert find_nonfinite(x) is None


def test_values_too_large_for_the_network_count_as_infinite():
    x = np.array([[1.0], [1e300]])
    assert find_nonfinite(x) is None
    assert find_nonfinite(x, "float32").describe() == "1 infinite in row 1"


@pytest.mark.parametrize("shape", [(5,), (5, 1), (5, 2, 2), (0, 3)])
def test_every_rank(shape):
    x = np.ones(shape)
    assert find_nonfinite(x) is None
    if x.size:
        x.reshape(-1)[-1] = np.nan
        assert find_nonfinite(x).first_row == 4
        assert find_nonfinite(x).columns == ()


@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8"])
def test_whole_numbers_are_finite(dtype):
    assert find_nonfinite(np.ones(3, dtype)) is None


def test_a_large_array_is_looked_at_in_parts():
    import tracemalloc

    x = np.zeros((1000, 5000))
    tracemalloc.start()
    assert find_nonfinite(x, "float32") is None
    x[999, 4999] = np.nan
    assert find_nonfinite(x, "float32").first_index == (999, 4999)
    assert tracemalloc.get_traced_memory()[1] < x.nbytes / 2
    tracemalloc.stop()


def test_sources_refuse_what_is_not_finite():
    x = X.copy()
    x[3, 1] = np.inf
    with pytest.raises(ValueError, match=r"x\['a'\] has 1 infinite in row 3, in column 1. Replace"):
        make_source({"a": x}).check_finite()
    make_source(X, Y).check_finite()
