"""cifar10 and cifar100: read from folders and archives of their form, safely, clear offline."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from annette.datasets import cifar10, cifar100

SETS = {
    "cifar-10-batches-py": (cifar10, [f"data_batch_{n}" for n in range(1, 6)], "test_batch"),
    "cifar-100-python": (cifar100, ["train"], "test"),
}
ARCHIVES = {
    "cifar-10-batches-py": "cifar-10-python.tar.gz", "cifar-100-python": "cifar-100-python.tar.gz",
}  # fmt: skip


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def made(folder: Path, name: str, protocol: int = 2) -> tuple[np.ndarray, dict[str, list[int]]]:
    """Write files of the data set's form with random content, and return all of it in order."""
    rng = np.random.default_rng(3)
    (folder / name).mkdir(parents=True)
    _, train, test = SETS[name]
    pictures, labels = [], {"labels": [], "fine_labels": [], "coarse_labels": []}
    for file in (*train, test):
        x = rng.integers(0, 256, (4, 3, 32, 32), "uint8")
        given = {key: rng.integers(0, 10, 4).tolist() for key in labels}
        for key in labels:
            labels[key] += given[key]
        wanted = ("labels",) if "10-" in name else ("fine_labels", "coarse_labels")
        content = {b"data": x.reshape(4, -1), b"batch_label": b"some batch"}
        content |= {key.encode(): given[key] for key in wanted}
        (folder / name / file).write_bytes(pickle.dumps(content, protocol=protocol))
        pictures.append(x)
    return np.concatenate(pictures), labels


def check(found, x, y):
    n = len(x) - 4
    for (pictures, labels), rows in zip(found, (slice(None, n), slice(n, None)), strict=True):
        assert pictures.dtype == labels.dtype == np.uint8
        np.testing.assert_array_equal(pictures, x[rows].transpose(0, 2, 3, 1))
        np.testing.assert_array_equal(labels, np.array(y[rows])[:, None])


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("where", ["", "-target_extracted"])
def test_unpacked_folders_are_used(cache: Path, where: str, protocol: int) -> None:
    for name, keys in {
        "cifar-10-batches-py": ["labels"],
        "cifar-100-python": ["fine_labels", "coarse_labels"],
    }.items():
        x, y = made(cache / f"{name}{where}" if where else cache, name, protocol)
        module = SETS[name][0]
        check(module.load_data(), x, y[keys[0]])
        if len(keys) > 1:
            check(module.load_data(label_mode="coarse"), x, y["coarse_labels"])


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("by_hand", [True, False])
def test_archives_are_checked_and_unpacked(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, by_hand: bool
) -> None:
    x, y = made(tmp_path / "source", name)
    file = cache / (ARCHIVES[name] if by_hand else f"{name}-target")
    with tarfile.open(file, "w:gz") as archive:
        archive.add(tmp_path / "source" / name, name)
    module = SETS[name][0]
    with pytest.raises(OSError, match="put it at"):
        module.load_data()  # the archive is not the true one: fetched anew, which fails here
    monkeypatch.setattr(module, "_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    check(module.load_data(), x, y["labels" if module is cifar10 else "fine_labels"])


@pytest.mark.parametrize("module", [cifar10, cifar100])
def test_offline_the_place_for_the_archive_is_named(cache: Path, module) -> None:
    with pytest.raises(OSError, match="put it at") as error:
        module.load_data()
    assert str(cache) in str(error.value)
    assert not list(cache.iterdir())


class Evil:
    def __reduce__(self):
        return os.mkdir, ("was_here",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([1, 2], "list"),
        ({b"data": np.zeros((1, 3072), "uint8")}, "fine_labels"),
        ({b"data": np.zeros((2, 3072), "uint8"), b"fine_labels": [1]}, "2 pictures and 1 labels"),
        ({b"data": np.zeros((2, 100), "uint8"), b"fine_labels": [1, 2]}, "32 x 32 x 3"),
        ({b"data": Evil(), b"fine_labels": []}, "mkdir"),
    ],
    ids=["list", "no labels", "lengths", "pixels", "code"],
)
def test_other_content_is_refused(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    made(cache, "cifar-100-python")
    (cache / "cifar-100-python" / "train").write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=says):
        cifar100.load_data()
    assert not (tmp_path / "was_here").exists()


def test_label_mode_is_one_of_two(cache: Path) -> None:
    with pytest.raises(ValueError, match=r"label_mode.*'middle'"):
        cifar100.load_data("middle")


def test_archive_without_an_ending_is_known_by_its_content(tmp_path: Path) -> None:
    from annette.utils import get_file

    made(tmp_path / "source", "cifar-100-python")
    shutil.make_archive(str(tmp_path / "a"), "zip", tmp_path / "source")
    (tmp_path / "a.zip").rename(tmp_path / "pictures")
    folder = get_file(
        origin=(tmp_path / "pictures").as_uri(), extract=True, cache_dir=tmp_path / "c"
    )
    assert (Path(folder) / "cifar-100-python" / "train").is_file()
