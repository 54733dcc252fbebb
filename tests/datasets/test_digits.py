from __future__ import annotations

from pathlib import Path

import numpy as np

import annette.datasets.digits as digits


def test_split_is_fixed_and_has_the_documented_shapes() -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1438, 8, 8) and x_test.shape == (359, 8, 8)
    assert y_train.shape == (1438,) and y_test.shape == (359,)
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}
    assert (x_train.min(), x_train.max()) == (0, 16)
    assert sorted(set(y_train)) == sorted(set(y_test)) == list(range(10))


def test_equals_the_copy_in_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    (x_train, y_train), (x_test, y_test) = digits.load_data()
    source = load_digits()
    test = np.arange(len(source.target)) % 5 == 4
    np.testing.assert_array_equal(x_test, source.images[test])
    np.testing.assert_array_equal(x_train, source.images[~test])
    np.testing.assert_array_equal(y_test, source.target[test])
    np.testing.assert_array_equal(y_train, source.target[~test])


def test_returned_arrays_are_the_callers_own() -> None:
    (first, _), _ = digits.load_data()
    first[:] = 0
    assert digits.load_data()[0][0].max() == 16


def test_file_in_the_package_is_small() -> None:
    assert Path(digits.__file__).with_name("digits.npz").stat().st_size <= 100_000
