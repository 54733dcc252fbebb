"""mnist and fashion_mnist: read from the cache, fetched when missing, clear when offline."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from annette.datasets import fashion_mnist, mnist


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "x_train": rng.integers(0, 256, (6, 28, 28), "uint8"),
        "y_train": rng.integers(0, 10, 6, "uint8"),
        "x_test": rng.integers(0, 256, (3, 28, 28), "uint8"),
        "y_test": rng.integers(0, 10, 3, "uint8"),
    }


def test_mnist_in_the_cache_is_used_as_it_is(home: Path, offline: None) -> None:
    (home / "datasets").mkdir()
    made = arrays()
    np.savez(home / "datasets" / "mnist.npz", **made)
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    np.testing.assert_array_equal(x_train, made["x_train"])
    np.testing.assert_array_equal(y_train, made["y_train"])
    np.testing.assert_array_equal(x_test, made["x_test"])
    np.testing.assert_array_equal(y_test, made["y_test"])


def test_mnist_takes_an_absolute_path(home: Path, offline: None, tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **arrays())
    assert mnist.load_data(str(tmp_path / "mine.npz"))[0][0].shape == (6, 28, 28)


def test_mnist_offline_names_the_file_to_put_there(home: Path, offline: None) -> None:
    with pytest.raises(OSError, match="put it at") as error:
        mnist.load_data()
    assert str(home / "datasets" / "mnist.npz") in str(error.value)
    assert not list((home / "datasets").iterdir())  # no half a file stays


def test_mnist_file_without_its_arrays_is_refused(home: Path, offline: None) -> None:
    (home / "datasets").mkdir()
    np.savez(home / "datasets" / "mnist.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="x_train"):
        mnist.load_data()


def idx(array: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(head + array.tobytes())


def test_fashion_mnist_is_assembled_from_four_files(home: Path, offline: None) -> None:
    folder = home / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    made = arrays()
    for name, key in {
        "train-labels-idx1-ubyte.gz": "y_train",
        "train-images-idx3-ubyte.gz": "x_train",
        "t10k-labels-idx1-ubyte.gz": "y_test",
        "t10k-images-idx3-ubyte.gz": "x_test",
    }.items():
        (folder / name).write_bytes(idx(made[key]))
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, made["x_train"])
    np.testing.assert_array_equal(y_train, made["y_train"])
    np.testing.assert_array_equal(x_test, made["x_test"])
    np.testing.assert_array_equal(y_test, made["y_test"])


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(b"hello"),
        gzip.compress(b""),
        gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 9, 1, 2])),
    ],
    ids=["text", "empty", "cut off"],
)
def test_idx_file_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"f\.gz"):
        fashion_mnist.read_idx(tmp_path / "f.gz")
