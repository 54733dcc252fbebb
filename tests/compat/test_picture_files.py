"""`flow_from_directory` and `flow_from_dataframe` give what those of Keras 2 gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("installed")

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five cats, four dogs (one in a folder of its own), and a file that is no picture."""
    rng = np.random.default_rng(0)
    names = [f"cats/{i}.png" for i in range(5)] + ["dogs/a.png", "dogs/b.PNG", "dogs/c.bmp"]
    for name in [*names, "dogs/puppies/d.png"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (6, 5, 3), dtype="uint8")).save(tmp_path / name)
    (tmp_path / "cats" / "notes.txt").write_text("no picture")
    return tmp_path


def generator(**options: Any) -> Any:
    from keras.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**options)


def pixels(folder: Path, name: str, mode: str = "RGB") -> Any:
    return np.asarray(Image.open(folder / name).convert(mode), "float32")


def test_a_folder_for_each_class(folder: Path, capsys: Any) -> None:
    found = generator().flow_from_directory(
        str(folder), target_size=(6, 5), batch_size=4, shuffle=False
    )
    assert capsys.readouterr().out == "Found 9 images belonging to 2 classes.\n"
    assert found.class_indices == {"cats": 0, "dogs": 1} and found.num_classes == 2
    assert found.classes.tolist() == found.labels.tolist() == [0] * 5 + [1] * 4
    assert found.filenames[4:] == ["cats/4.png", "dogs/a.png", "dogs/b.PNG", "dogs/c.bmp",
                                   "dogs/puppies/d.png"]  # fmt: skip
    assert found.filepaths[0] == str(folder / "cats" / "0.png")
    assert (found.samples, found.n, len(found)) == (9, 9, 3)
    assert found.image_shape == (6, 5, 3)
    x, y = found[1]
    assert x.dtype == y.dtype == "float32" and x.shape == (4, 6, 5, 3)
    np.testing.assert_array_equal(x[1], pixels(folder, "dogs/a.png"))
    assert y.tolist() == [[1, 0], [0, 1], [0, 1], [0, 1]]
    assert found[2][0].shape == (1, 6, 5, 3)


@pytest.mark.parametrize(
    ("mode", "target"),
    [("binary", [0, 1, 1, 1]), ("sparse", [0, 1, 1, 1]), (None, None), ("input", "x")],
)
def test_modes_of_classes(folder: Path, mode: Any, target: Any) -> None:
    flow = generator(rescale=1 / 255).flow_from_directory(
        folder, (3, 4), class_mode=mode, batch_size=4, shuffle=False
    )
    batch = flow[1]
    if mode is None:
        assert batch.shape == (4, 3, 4, 3) and batch.max() <= 1
    elif target == "x":
        np.testing.assert_array_equal(batch[0], batch[1])
    else:
        assert batch[1].tolist() == target


def test_classes_in_an_order_of_ones_own_and_colours(folder: Path) -> None:
    found = generator(data_format="channels_first").flow_from_directory(
        folder, (6, 5), color_mode="grayscale", classes=["dogs"], class_mode="sparse",
        shuffle=False,
    )  # fmt: skip
    assert found.class_indices == {"dogs": 0} and found.samples == 4
    x, _ = next(found)
    assert x.shape == (4, 1, 6, 5)
    np.testing.assert_array_equal(x[0, 0], pixels(folder, "dogs/a.png", "L"))
    four = generator().flow_from_directory(folder, (6, 5), color_mode="rgba", class_mode=None)
    assert next(four).shape == (9, 6, 5, 4)


def test_the_first_of_each_class_are_for_validation(folder: Path) -> None:
    both = generator(validation_split=0.4)
    held = both.flow_from_directory(folder, subset="validation", shuffle=False)
    rest = both.flow_from_directory(folder, subset="training", shuffle=False)
    assert held.filenames == ["cats/0.png", "cats/1.png", "dogs/a.png"]
    assert rest.samples == 6 and not set(rest.filenames) & set(held.filenames)


def test_a_seed_says_the_order_and_the_changes(folder: Path) -> None:
    def batches() -> Any:
        changed = generator(rotation_range=20, horizontal_flip=True)
        flow = changed.flow_from_directory(folder, (6, 5), batch_size=4, seed=3)
        return [next(flow) for _ in range(4)]

    one, two = batches(), batches()
    for (x, y), (again, same) in zip(one, two, strict=True):
        np.testing.assert_array_equal(x, again)
        np.testing.assert_array_equal(y, same)
    assert not np.array_equal(one[0][0], one[3][0])


def test_networks_learn_from_folders(folder: Path) -> None:
    import keras

    flow = generator(rescale=1 / 255).flow_from_directory(
        folder, (6, 5), class_mode="binary", batch_size=3
    )
    model = keras.models.Sequential()
    model.add(keras.layers.Flatten(input_shape=(6, 5, 3)))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit_generator(flow, steps_per_epoch=len(flow), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    assert model.predict_generator(flow, steps=3).shape == (9, 1)


def test_changed_pictures_are_written(folder: Path, tmp_path_factory: Any) -> None:
    where = tmp_path_factory.mktemp("changed")
    flow = generator().flow_from_directory(
        folder, (6, 5), batch_size=2, save_to_dir=str(where), save_prefix="it"
    )
    next(flow)
    assert len(list(where.glob("it_*.png"))) == 2


# --- tables -----------------------------------------------------------------------------------


def table(**more: Any) -> dict[str, Any]:
    names = ["dogs/a.png", "cats/1.png", "cats/nowhere.png", "dogs/c.bmp", "cats/0.png"]
    return {"filename": names, "class": ["dog", "cat", "cat", "dog", "cat"], **more}


def from_table(folder: Path, frame: Any, split: float = 0.0, **options: Any) -> Any:
    options = {"shuffle": False, "target_size": (6, 5), **options}
    with pytest.warns(UserWarning, match="1 of 5 names .* 'cats/nowhere.png'"):
        return generator(validation_split=split).flow_from_dataframe(frame, str(folder), **options)


def test_a_table_of_files_and_classes(folder: Path, capsys: Any) -> None:
    pandas = pytest.importorskip("pandas")
    found = from_table(folder, pandas.DataFrame(table()), batch_size=3)
    assert capsys.readouterr().out == (
        "Found 4 validated image filenames belonging to 2 classes.\n"
    )
    assert found.class_indices == {"cat": 0, "dog": 1} and found.samples == 4
    assert found.filenames == ["dogs/a.png", "cats/1.png", "dogs/c.bmp", "cats/0.png"]
    assert found.classes == found.labels == [1, 0, 1, 0]
    x, y = found[0]
    np.testing.assert_array_equal(x[1], pixels(folder, "cats/1.png"))
    assert y.tolist() == [[0, 1], [1, 0], [0, 1]]


def test_targets_of_a_table(folder: Path) -> None:
    frame = table(age=[1.5, 2, 3, 4, 5], size=[1, 2, 3, 4, 5], w=[0.1, 0.2, 0.3, 0.4, 0.5])
    raw = from_table(folder, frame, class_mode="raw", y_col="age", weight_col="w")
    _, y, weight = raw[0]
    assert y.tolist() == [1.5, 2, 4, 5] and weight.tolist() == [0.1, 0.2, 0.4, 0.5]
    both = from_table(folder, frame, class_mode="raw", y_col=["age", "size"])
    assert both[0][1].tolist() == [[1.5, 1], [2, 2], [4, 4], [5, 5]]
    several = from_table(folder, frame, class_mode="multi_output", y_col=["age", "size"])
    assert [list(part) for part in several[0][1]] == [[1.5, 2, 4, 5], [1, 2, 4, 5]]
    assert from_table(folder, frame, class_mode="binary")[0][1].tolist() == [1, 0, 1, 0]
    assert from_table(folder, frame, class_mode=None)[0].shape == (4, 6, 5, 3)
    same = from_table(folder, frame, class_mode="input")[0]
    np.testing.assert_array_equal(same[0], same[1])


def test_classes_of_a_table_may_be_several_or_chosen(folder: Path) -> None:
    frame = table()
    frame["class"] = [["dog", "small"], "cat", "cat", ["dog"], None]
    found = from_table(folder, frame)
    assert found.class_indices == {"cat": 0, "dog": 1, "small": 2}
    assert found[0][1].tolist() == [[0, 1, 1], [1, 0, 0], [0, 1, 0]]
    chosen = from_table(folder, table(), classes=["dog"], class_mode="sparse")
    assert chosen.filenames == ["dogs/a.png", "dogs/c.bmp"]


def test_the_first_rows_of_a_table_are_for_validation(folder: Path) -> None:
    held = from_table(folder, table(), 0.25, subset="validation")
    rest = from_table(folder, table(), 0.25, subset="training")
    assert held.filenames == ["dogs/a.png"] and rest.samples == 3
    assert held.class_indices == rest.class_indices


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g, d: g.flow_from_directory(d / "no"), FileNotFoundError, "There is no folder"),
        (lambda g, d: g.flow_from_directory(d, class_mode="raw"), ValueError, "class_mode must be"),
        (lambda g, d: g.flow_from_directory(d, color_mode="hsv"), ValueError, "color_mode must be"),
        (lambda g, d: g.flow_from_directory(d, subset="test"), ValueError, "subset must be"),
        (lambda g, d: g.flow_from_directory(d, subset="training"), ValueError, "validation_split"),
        (lambda g, d: g.flow_from_dataframe(table(), d, y_col="kind"), KeyError, "no column"),
        (
            lambda g, d: g.flow_from_dataframe({"filename": [3], "class": ["a"]}, d),
            TypeError,
            "x_col='filename'",
        ),
        (
            lambda g, d: g.flow_from_dataframe({"filename": ["cats/0.png"], "class": [3]}, d),
            TypeError,
            "class_mode='raw'",
        ),
        (
            lambda g, d: g.flow_from_dataframe(
                {"filename": ["cats/0.png"], "class": ["a"]}, d, class_mode="binary"
            ),
            ValueError,
            "needs two classes",
        ),
    ],
)
def test_mistakes_are_named(folder: Path, call: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call(generator(), folder)
