"""callbacks.TensorBoard: read back what it wrote, by the format's rules and by TensorBoard."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette.callbacks import TensorBoard
from annette.training.event_file import EventFile, histogram_rows, masked_crc, png

X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def compiled(*layers):
    layers = layers or (keras.layers.Dense(2, name="d"), keras.layers.Dense(1, name="e"))
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def fit(folder, model=None, validate=True, epochs=2, **settings):
    model = model or compiled()
    history = model.fit(
        X, Y, epochs=epochs, batch_size=16, verbose=0, callbacks=[TensorBoard(folder, **settings)],
        validation_data=(X, Y) if validate else None,
    )  # fmt: skip
    return history.history


def fields(message):
    """Return a protocol buffer's fields as pairs of number and content."""
    found, place = [], 0

    def varint():
        nonlocal place
        value = shift = 0
        while True:
            byte = message[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(message):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
        else:
            size = {1: 8, 5: 4}.get(key & 7) or varint()
            found.append((key >> 3, message[place : place + size]))
            place += size
    return found


def events(folder):
    """Return (step, tag, plugin, value) of every value in a folder's files, sums checked."""
    found = []
    for path in sorted(Path(folder).glob("events.out.tfevents.*")):
        content, place = path.read_bytes(), 0
        while place < len(content):
            head = content[place : place + 8]
            (size,) = struct.unpack("<Q", head)
            body = content[place + 12 : place + 12 + size]
            sums = struct.unpack_from("<I", content, place + 8) + struct.unpack_from(
                "<I", content, place + 12 + size
            )
            assert sums == (masked_crc(head), masked_crc(body))
            place += size + 16
            event = dict(fields(body))
            if 5 in event:
                value = dict(fields(dict(fields(event[5]))[1]))
                plugin = dict(fields(dict(fields(value[9]))[1]))[1].decode()
                found.append((event[2], value[1].decode(), plugin, content_of(value[8])))
            else:
                assert event[3] == b"brain.Event:2"
    return found


def content_of(tensor):
    parts = fields(tensor)
    named = dict(parts)
    shape = [dict(fields(size))[1] for _, size in fields(named[2])]
    if named[1] == 7:
        texts = [content for number, content in parts if number == 8]
        return texts if shape else texts[0]
    return np.frombuffer(named[4], {1: "<f4", 2: "<f8"}[named[1]]).reshape(shape)


def curve(folder, tag):
    return [(step, float(value)) for step, name, _, value in events(folder) if name == tag]


def test_checksum_is_that_of_the_standard():
    # RFC 3720, B.4: the CRC-32C of 32 zeros is 8A9136AA; masked as TensorFlow does
    crc = 0x8A9136AA
    assert masked_crc(bytes(32)) == (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def test_epochs_are_curves_of_both_runs(tmp_path):
    history = fit(tmp_path)
    for run, prefix in (("train", ""), ("validation", "val_")):
        for name in ("loss", "mae"):
            expected = history[prefix + name]
            found = curve(tmp_path / run, f"epoch_{name}")
            assert [step for step, _ in found] == [0, 1]
            assert [value for _, value in found] == pytest.approx(expected, rel=1e-6)
    rates = curve(tmp_path / "train", "epoch_learning_rate")
    assert rates == [(0, pytest.approx(0.01)), (1, pytest.approx(0.01))]
    found = curve(tmp_path / "validation", "evaluation_loss_vs_iterations")
    assert found == [
        (4, pytest.approx(history["val_loss"][0], rel=1e-6)),
        (8, pytest.approx(history["val_loss"][1], rel=1e-6)),
    ]


def test_without_validation_there_is_one_run(tmp_path):
    fit(tmp_path, validate=False)
    assert [p.name for p in tmp_path.iterdir()] == ["train"]
    tags = {tag for _, tag, _, _ in events(tmp_path / "train")}
    assert tags == {"keras", "epoch_loss", "epoch_mae", "epoch_learning_rate"}


@pytest.mark.parametrize(("freq", "steps"), [("batch", range(1, 9)), (1, range(1, 9)), (3, [3, 6])])
def test_batches_are_curves_if_asked(tmp_path, freq, steps):
    history = fit(tmp_path, update_freq=freq, write_steps_per_second=True)
    found = curve(tmp_path / "train", "batch_loss")
    assert [step for step, _ in found] == list(steps)
    if freq != 3:  # the last one of an epoch is the epoch's
        assert found[3][1] == pytest.approx(history["loss"][0], rel=1e-6)
    speeds = curve(tmp_path / "train", "batch_steps_per_second")
    assert [step for step, _ in speeds] == list(steps) and all(v > 0 for _, v in speeds)
    assert len(curve(tmp_path / "train", "epoch_steps_per_second")) == 2
    assert [step for step, _ in curve(tmp_path / "train", "epoch_loss")] == [0, 1]


def test_by_the_epoch_batches_are_left_alone():
    from annette.callbacks import CallbackList

    assert not CallbackList([TensorBoard()]).uses_batch_hooks
    assert CallbackList([TensorBoard(update_freq=5)]).uses_hooks("train")


def test_weights_are_histograms_and_pictures(tmp_path):
    model = compiled()
    fit(tmp_path, model, epochs=3, histogram_freq=2, write_images=True)
    found = [e for e in events(tmp_path / "train") if e[2] == "histograms"]
    assert sorted({step for step, *_ in found}) == [0, 2]
    last = {tag: value for step, tag, _, value in found if step == 2}
    assert set(last) == {f"{w.path}/histogram" for w in model.weights}
    kernel = model.layers[0].kernel
    rows = last[f"{kernel.path}/histogram"]
    assert rows.shape == (30, 3) and rows[:, 2].sum() == 6
    assert rows[0, 0] == kernel.numpy().min() and rows[-1, 1] == kernel.numpy().max()
    images = {tag: value for step, tag, p, value in events(tmp_path / "train") if p == "images"}
    assert len(images) == 3  # a single number is no picture
    assert images[f"{kernel.path}/image"][:2] == [b"3", b"2"]


def test_histograms_of_odd_values():
    assert histogram_rows(np.zeros(4))[-1].tolist() == [0, 0, 4]
    assert histogram_rows(np.array([np.nan, np.inf])).sum() == 0
    assert histogram_rows(np.array([1.0, 2.0, np.nan]))[:, 2].sum() == 2
    assert histogram_rows(np.zeros((0, 3))).shape == (30, 3)


def test_png_holds_the_picture():
    picture = np.arange(12, dtype="uint8").reshape(3, 4) * 20
    content = png(picture)
    start = content.index(b"IDAT")
    (size,) = struct.unpack(">I", content[start - 4 : start])
    lines = zlib.decompress(content[start + 4 : start + 4 + size])
    rows = np.frombuffer(lines, "uint8").reshape(3, 5)
    np.testing.assert_array_equal(rows[:, 1:], picture)
    assert struct.unpack(">II", content[16:24]) == (4, 3)


def test_the_models_form_is_written_unless_declined(tmp_path):
    fit(tmp_path / "with")
    ((step, tag, _, form),) = [
        e for e in events(tmp_path / "with" / "train") if e[2] == "graph_keras_model"
    ]
    assert (step, tag) == (0, "keras")
    assert json.loads(form)["class_name"] == "Sequential"
    fit(tmp_path / "without", write_graph=False)
    assert "keras" not in {tag for _, tag, _, _ in events(tmp_path / "without" / "train")}


def test_evaluation_alone_is_written(tmp_path):
    model = compiled()
    fit(tmp_path / "fit", model)
    loss = model.evaluate(X, Y, verbose=0, callbacks=[TensorBoard(tmp_path / "later")])[0]
    found = curve(tmp_path / "later" / "validation", "evaluation_loss_vs_iterations")
    assert found == [(8, pytest.approx(loss, rel=1e-6))]


def test_chosen_batches_are_timed(tmp_path):
    fit(tmp_path, profile_batch=(2, 3))
    found = curve(tmp_path / "train", "batch_milliseconds")
    assert [step for step, _ in found] == [2, 3] and all(v > 0 for _, v in found)


def test_embeddings_are_written_for_the_projector(tmp_path):
    embedding = keras.layers.Embedding(10, 4, name="words")
    model = compiled(embedding, keras.layers.Flatten(), keras.layers.Dense(1))
    model.fit(
        np.ones((8, 3)), Y[:8], verbose=0,
        callbacks=[TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "names.tsv"})],
    )  # fmt: skip
    table = np.loadtxt(tmp_path / "embedding_words.tsv", delimiter="\t")
    np.testing.assert_allclose(table, embedding.get_weights()[0], rtol=1e-5)
    config = (tmp_path / "projector_config.pbtxt").read_text()
    for line in (
        'tensor_name: "words"',
        'tensor_path: "embedding_words.tsv"',
        'metadata_path: "names.tsv"',
    ):
        assert line in config
    with pytest.raises(ValueError, match="'verbs'"):
        fit(tmp_path, model, embeddings_freq=1, embeddings_metadata={"verbs": "names.tsv"})


@pytest.mark.parametrize(
    "settings",
    [
        {"update_freq": "week"}, {"update_freq": 0}, {"histogram_freq": -1}, {"histogram_freq": 0.5},
        {"embeddings_freq": -1}, {"profile_batch": -1}, {"profile_batch": (3, 1)},
        {"profile_batch": "x"}, {"profile_batch": (1, 2, 3)},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_named(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        TensorBoard(**settings)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_tensorboard_reads_it(tmp_path):
    module = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    util = pytest.importorskip("tensorboard.util.tensor_util")
    model = compiled()
    history = fit(tmp_path, model, histogram_freq=1, write_images=True)
    read = module.EventAccumulator(str(tmp_path / "train")).Reload()
    losses = [
        (e.step, util.make_ndarray(e.tensor_proto).item()) for e in read.Tensors("epoch_loss")
    ]
    assert losses == [
        (0, pytest.approx(history["loss"][0])),
        (1, pytest.approx(history["loss"][1])),
    ]
    path = f"{model.layers[0].kernel.path}"
    assert util.make_ndarray(read.Tensors(f"{path}/histogram")[0].tensor_proto).shape == (30, 3)
    plugins = {read.SummaryMetadata(t).plugin_data.plugin_name for t in read.Tags()["tensors"]}
    assert plugins == {"scalars", "histograms", "images", "graph_keras_model"}


def test_a_file_can_be_read_while_it_is_written(tmp_path):
    file = EventFile(tmp_path)
    file.scalar("speed", 2.5, 7)
    file.flush()
    assert curve(tmp_path, "speed") == [(7, 2.5)]
    file.close()
