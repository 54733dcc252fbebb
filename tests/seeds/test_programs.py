"""Programs that people wrote for Keras run as they are, with neither Keras nor TensorFlow."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

from annette.datasets import digits
from tests.programs import ROOT, annette

PROGRAMS = Path(__file__).with_name("programs")
AND_GATE_COSTS = (
    "0.693068 0.017021 0.006714 0.004193 0.003059 0.002412 0.001994 0.001700 0.001482 0.001314"
).split()


def real_mnist() -> Path | None:
    """The file, if this machine has it: in $ANNETTE_DATA, or in shared/data beside the checkout."""
    folders = [os.environ.get("ANNETTE_DATA"), ROOT.parent / "shared" / "data"]
    found = [Path(f) / "mnist.npz" for f in folders if f and (Path(f) / "mnist.npz").is_file()]
    return found[0] if found else None


def part_of_mnist() -> dict[str, np.ndarray]:
    """Every fourth digit of MNIST; without it, the 1,797 small ones drawn larger."""
    file = real_mnist()
    if file is not None:
        with np.load(file) as full:
            return {name: array[::4] for name, array in full.items()}
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    return {
        "x_train": enlarged(x_train),
        "y_train": y_train,
        "x_test": enlarged(x_test),
        "y_test": y_test,
    }


def enlarged(images: np.ndarray) -> np.ndarray:
    large = images.repeat(3, axis=1).repeat(3, axis=2) * np.uint8(15)
    return np.pad(large, ((0, 0), (2, 2), (2, 2)))


def run(name: str, folder: Path, **environment: str) -> str:
    return annette("run", "--seed", "1", PROGRAMS / name, cwd=folder, **environment).stdout


def number(pattern: str, text: str) -> float:
    found = re.findall(pattern + r"\s*([\d.]+)", text)
    assert found, text[-2000:]
    return float(found[-1])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("home")
    (folder / "datasets").mkdir()
    np.savez_compressed(folder / "datasets" / "mnist.npz", **part_of_mnist())
    return str(folder)


def test_mnist_feedforward_and_backprop(tmp_path: Path, home: str) -> None:
    text = run("000_mnist_feedforward_and_backprop.py", tmp_path, KERAS_HOME=home)
    assert number("Feedforward Only → Accuracy:", text) < 0.3  # untrained
    assert number("Backpropagation → Accuracy:", text) >= 0.95
    assert "117,296" in text and "116,996" in text  # the parameters in the two summaries


def test_mnist_plots(tmp_path: Path, home: str) -> None:
    text = run("001_mnist_plots.py", tmp_path, KERAS_HOME=home)
    assert number("Test Accuracy:", text) >= 0.94


def test_digits(tmp_path: Path) -> None:
    assert number("Test Accuracy:", run("001_digits.py", tmp_path)) >= 0.95


def test_binary_classification(tmp_path: Path) -> None:
    assert number("Accuracy:", run("002_binary_classification.py", tmp_path)) >= 0.85


def test_xor_model(tmp_path: Path) -> None:
    text = run("003_xor_model.py", tmp_path)
    assert "dense (Dense)" in text and "Total params: 6" in text


def test_and_gate_without_any_library(tmp_path: Path) -> None:
    text = run("004_simple_ann_and_gate.py", tmp_path)
    assert re.findall(r"Cost = ([\d.]+)", text) == AND_GATE_COSTS
    assert "[[0 0 0 1]]" in text


@pytest.mark.slow
def test_mnist_in_full(tmp_path: Path) -> None:
    file = real_mnist()
    if file is None:
        pytest.skip("there is no mnist.npz here; name its folder in ANNETTE_DATA")
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "mnist.npz").symlink_to(file)
    text = run("000_mnist_feedforward_and_backprop.py", tmp_path, KERAS_HOME=str(tmp_path))
    assert number("Backpropagation → Accuracy:", text) >= 0.97
