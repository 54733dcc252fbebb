"""text_dataset_from_directory: the files, labels and parts that Keras's has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette.utils import text_dataset_from_directory

CLASSES = ("b", "a", "c10", "c2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in CLASSES:
        (tmp_path / "four" / name).mkdir(parents=True)
        for i in range(5):
            (tmp_path / "four" / name / f"f{i}.txt").write_text(f"{name}{i} grüße\n", "utf-8")
    return tmp_path / "four"


@pytest.fixture
def two(folder: Path) -> Path:
    for name in ("c10", "c2"):
        for file in (folder / name).iterdir():
            file.unlink()
        (folder / name).rmdir()
    return folder


def words(dataset):
    """Return the first word of each text and its label."""
    found = [b if isinstance(b, tuple) else (b, np.zeros(len(b))) for b in dataset]
    return {
        t.decode().split()[0]: y.tolist() for x, ys in found for t, y in zip(x, ys, strict=True)
    }


def test_classes_are_the_folders_and_files_sorted(folder, capsys):
    dataset = text_dataset_from_directory(folder, shuffle=False)
    assert capsys.readouterr().out == "Found 20 files belonging to 4 classes.\n"
    assert dataset.class_names == ["a", "b", "c10", "c2"]
    ((texts, labels),) = dataset
    assert texts.numpy()[0] == "a0 grüße\n".encode()
    assert labels.dtype == np.int32 and labels.tolist() == sorted([0, 1, 2, 3] * 5)
    assert list(words(dataset)) == [f"{c}{i}" for c in sorted(CLASSES) for i in range(5)]
    assert [Path(p).parent.name for p in dataset.file_paths[::5]] == sorted(CLASSES)
    assert len(dataset) == 1 and len(list(dataset)) == 1


def test_label_modes(two):
    ((_, y),) = text_dataset_from_directory(two, label_mode="binary", shuffle=False)
    assert y.dtype == np.float32 and y.tolist() == [[0.0]] * 5 + [[1.0]] * 5
    ((_, y),) = text_dataset_from_directory(two, label_mode="categorical", shuffle=False)
    assert y.dtype == np.float32 and y[0].tolist() == [1, 0] and y.shape == (10, 2)
    for none in ({"label_mode": None}, {"labels": None}):
        (texts,) = text_dataset_from_directory(two, shuffle=False, **none)
        assert texts.shape == (10,)


def test_labels_of_ones_own(folder):
    numbers = [i % 3 for i in range(20)]
    for given in (numbers, tuple(numbers), np.array(numbers)):
        dataset = text_dataset_from_directory(folder, labels=given, shuffle=False, batch_size=20)
        ((_, y),) = dataset
        assert y.tolist() == numbers and dataset.class_names == ["0", "1", "2"]


def test_class_names_choose_and_order(folder):
    dataset = text_dataset_from_directory(folder, class_names=["c2", "a"], shuffle=False)
    assert dataset.class_names == ["c2", "a"]
    assert words(dataset) == {f"{c}{i}": n for n, c in enumerate(["c2", "a"]) for i in range(5)}


# the files that Keras 3 keeps for validation with this split and seed
HELD = {"c20", "b0", "c101", "b3", "c102"}


def test_split_is_that_of_keras(folder, capsys):
    settings = {"validation_split": 0.25, "seed": 1, "batch_size": 4}
    training, validation = text_dataset_from_directory(folder, subset="both", **settings)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "Using 15 files for training.", "Using 5 files for validation.",
    ]  # fmt: skip
    assert set(words(validation)) == HELD
    assert len(words(training)) == 15 and not set(words(training)) & HELD
    for name, both in (("training", training), ("validation", validation)):
        alone = text_dataset_from_directory(folder, subset=name, **settings)
        assert words(alone) == words(both)
    order = [t.decode().split()[0] for x, _ in validation for t in x]
    assert order == ["c20", "b3", "c102", "c101", "b0"]


def test_split_without_shuffling_is_of_the_last(folder):
    dataset = text_dataset_from_directory(
        folder, validation_split=0.25, subset="validation", shuffle=False
    )
    assert list(words(dataset)) == [f"c2{i}" for i in range(5)]


def test_labels_stay_with_their_texts_when_shuffled(folder):
    dataset = text_dataset_from_directory(folder, seed=3, batch_size=6)
    first, second = words(dataset), words(dataset)
    assert (
        first == second == {f"{c}{i}": n for n, c in enumerate(sorted(CLASSES)) for i in range(5)}
    )
    assert list(first) != list(second)
    assert list(words(text_dataset_from_directory(folder, seed=3, batch_size=6))) == list(first)
    assert [len(x) for x, _ in dataset] == [6, 6, 6, 2]


def test_texts_are_cut_off(folder):
    dataset = text_dataset_from_directory(folder, max_length=2, shuffle=False)
    assert next(iter(dataset))[0].numpy()[0] == b"a0"


def test_single_texts(folder):
    dataset = text_dataset_from_directory(folder, batch_size=None, shuffle=False)
    text, label = next(iter(dataset))
    assert text == "a0 grüße\n".encode() and label == 0 and len(dataset) == 20


def test_only_txt_files_count_and_inner_folders_too(two):
    (two / "a" / "inner").mkdir()
    (two / "a" / "inner" / "z.TXT").write_text("z")
    (two / "a" / "notes.md").write_text("notes")
    (two / "top.txt").write_text("top")
    (two / ".hidden").mkdir()
    (two / ".hidden" / "h.txt").write_text("hidden")
    dataset = text_dataset_from_directory(two, shuffle=False)
    assert list(words(dataset)) == [*(f"a{i}" for i in range(5)), "z", *(f"b{i}" for i in range(5))]
    alone = text_dataset_from_directory(two, labels=None, shuffle=False)
    assert list(words(alone))[:2] == ["top", "hidden"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"labels": list(range(19))}, "20 files and 19 labels"),
        ({"labels": "other"}, "labels must be"),
        ({"labels": [0] * 20, "class_names": ["a"]}, "labels='inferred'"),
        ({"class_names": ["a", "zz"]}, "'zz'"),
        ({"label_mode": "binary"}, "two classes"),
        ({"label_mode": "other"}, "label_mode must be"),
        ({"validation_split": 0.2}, "go together"),
        ({"subset": "training"}, "go together"),
        ({"validation_split": 1.5, "subset": "training", "seed": 1}, "between 0 and 1"),
        ({"validation_split": 0.2, "subset": "other", "seed": 1}, "subset must be"),
        ({"validation_split": 0.2, "subset": "training"}, "seed is needed"),
        ({"validation_split": 0.01, "subset": "validation", "seed": 1}, "none for validation"),
        ({"batch_size": 0}, "batch_size"),
        ({"format": "other"}, "format must be"),
    ],
)
def test_settings_that_do_not_fit(folder, settings, says):
    with pytest.raises(ValueError, match=says):
        text_dataset_from_directory(folder, verbose=False, **settings)


def test_folders_without_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        text_dataset_from_directory(tmp_path / "nowhere", labels=None)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        text_dataset_from_directory(tmp_path / "nowhere")
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match=r"\.txt"):
        text_dataset_from_directory(tmp_path, verbose=False)


def test_texts_become_numbers_and_a_model_learns_them(two):
    """The way of most programs: adapt on the texts, map, cache, prefetch, fit."""
    raw = text_dataset_from_directory(two, seed=0, batch_size=4, verbose=False)
    vectorize = keras.layers.TextVectorization(output_mode="multi_hot", standardize=None)
    vectorize.adapt(raw.map(lambda text, label: text))
    assert "grüße" in vectorize.get_vocabulary()
    data = raw.map(lambda text, label: (vectorize(text), label)).cache().prefetch(2)
    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.3), "binary_crossentropy", metrics=["accuracy"])
    model.fit(data, epochs=30, verbose=0)
    assert model.evaluate(data, verbose=0, return_dict=True)["accuracy"] == 1.0
    text, label = next(iter(raw.take(1)))
    assert isinstance(text.numpy()[0].decode(), str) and label.numpy().dtype == np.int32
