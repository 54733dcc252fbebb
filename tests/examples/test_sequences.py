"""The examples of recurrent networks: on sequences made up, and on the real ones where at hand."""

from __future__ import annotations

import io
import wave
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.examples.test_examples import example
from tests.examples.test_programs import made_up, real, tools

__all__ = ["made_up", "tools"]  # fixtures


@pytest.mark.usefixtures("made_up")
def test_digits_are_read_row_by_row_and_known_better_by_the_end() -> None:
    found = example("mnist_rows").main(epochs=25, units=32, picture=None)
    assert found["all rows"] > 0.8 and found["half"] < found["all rows"] - 0.2


@pytest.mark.usefixtures("tools")
def test_gates_remember_what_is_to_be_added() -> None:
    found = example("adding_problem").main(
        epochs=15, rows=2000, length=20, units=24, rate=1e-2, picture=None
    )
    assert found["GRU"] < 0.02 and found["LSTM"] < 0.02
    assert 0.15 < found["always the mean"] < 0.18
    assert found["SimpleRNN"] > max(found["GRU"], found["LSTM"])


@pytest.mark.usefixtures("tools")
def test_the_sum_is_that_of_the_two_marked_numbers() -> None:
    x, y = example("adding_problem").sequences(50, 10, seed=0)
    assert x.shape == (50, 10, 2) and y.shape == (50, 1)
    assert (x[:, :5, 1].sum(axis=1) == 1).all() and (x[:, 5:, 1].sum(axis=1) == 1).all()
    np.testing.assert_allclose(y[:, 0], [row[row[:, 1] == 1, 0].sum() for row in x], rtol=1e-6)


@pytest.mark.usefixtures("made_up")
def test_tones_are_heard_also_of_a_voice_not_heard_before() -> None:
    found = example("spoken_digits").main(epochs=4, each=14, units=16, picture=None)
    assert found["split"] > 0.9 and found["unseen"] > 0.8


def test_recordings_are_read_from_zips(
    tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = example("spoken_digits")
    monkeypatch.setenv("ANNETTE_DATA", str(tmp_path))
    for file, speaker in zip(program.FILES, ("ann", "bob"), strict=True):
        sound = io.BytesIO()
        with wave.open(sound, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(8000)
            writer.writeframes(np.array([0, 16384, -32768], dtype="<i2").tobytes())
        with zipfile.ZipFile(tmp_path / file, "w") as archive:
            archive.writestr(f"recordings/7_{speaker}_3.wav", sound.getvalue())
            archive.writestr("recordings/README.md", "no sound")
    rows = program.recordings(each=None)
    assert rows["digit"].tolist() == [7, 7] and rows["index"].tolist() == [3, 3]
    assert rows["speaker"].tolist() == ["ann", "bob"]
    assert rows["samples"][0].tolist() == [0.0, 0.5, -1.0]
    assert program.recordings(each=3)["samples"] == []  # numbers 0, 1 and 2 only


@pytest.mark.usefixtures("tools")
def test_a_tone_is_loud_in_its_own_band_and_what_fills_up_is_zero() -> None:
    program = example("spoken_digits")
    # A pause, then a tone of 1,000 Hz: 0.25 s in all.
    times = np.arange(2000) / 8000
    sound = (np.sin(2 * np.pi * 1000 * times) * (times > 0.125)).astype("float32")
    (found,) = program.spectrograms([sound], frames=64)
    assert found.shape == (64, program.BANDS)
    heard = np.any(found != 0, axis=1)
    assert heard[:14].all() and not heard[17:].any()
    loudest = found[12].argmax()
    assert program.bands()[:, loudest].argmax() == 1000 * program.WINDOW / 8000


@pytest.mark.usefixtures("tools")
def test_voices_lower_and_higher_move_by_bands() -> None:
    found = example("spoken_digits").voices(np.array([[[1.0, 2.0, 3.0]]]), bands_up=1)
    assert found[:, 0].tolist() == [[1, 2, 3], [2, 3, 0], [0, 1, 2]]


@pytest.mark.usefixtures("made_up")
def test_texts_are_told_apart_in_order() -> None:
    found = example("text_rnn").main(epochs=8, words=1000, units=8, picture=None)
    assert found["false: LSTM"] > 0.85 and found["false: GRU"] > 0.85
    assert found["spam: LSTM"] > found["spam: majority"] + 0.03


@pytest.mark.usefixtures("made_up")
def test_a_series_is_forecast_better_than_by_plain_rules() -> None:
    found = example("series_rnn").main(epochs=8, past=48, ahead=12, units=12, picture=None)
    rules = min(found[name] for name in ("stays", "as a cycle before", "mean"))
    assert max(found["LSTM"], found["GRU"]) < 0.8 * rules


@pytest.mark.usefixtures("tools")
def test_a_window_ends_where_what_is_forecast_begins() -> None:
    x, y = example("series_rnn").windows(np.arange(10.0), 4, 3)
    assert x[0, :, 0].tolist() == [0, 1, 2, 3] and y[0].tolist() == [4, 5, 6]
    assert x[-1, :, 0].tolist() == [3, 4, 5, 6] and y[-1].tolist() == [7, 8, 9]


@pytest.mark.usefixtures("made_up")
def test_letters_are_foretold_better_than_by_pairs_and_make_names() -> None:
    found = example("character_generator").main(epochs=40, units=48, picture=None)
    assert found["network"] < found["bigrams"] - 0.2
    # What fit says is the same loss per letter, but for batches of unlike many letters.
    assert found["said in training"] == pytest.approx(found["network"], rel=0.02)
    # The made-up names keep to one vowel, and so do most that the network makes up.
    calm = [name for name in found["made"][0.5] if name]
    one_vowel = [len({c for c in name if c in "aeiou"}) == 1 for name in calm]
    assert len(calm) == 12 and np.mean(one_vowel) >= 0.75


@pytest.mark.usefixtures("made_up")
def test_the_loss_per_letter_counts_the_end_and_not_what_fills_up() -> None:
    program = example("character_generator")
    rows = program.numbered(["ab", "a"], 2)
    assert rows.tolist() == [[1, 2, 3, 1], [1, 2, 1, 0]]
    likely = np.log(np.full((2, 3, 27), 0.5))
    likely[1, 2] = -100.0  # after its end: of no matter
    assert program.per_letter(likely, rows) == pytest.approx(np.log(2))
    # Of the two names both begin with an a, which one b and one end follow.
    table = np.exp(program.pairs(rows))
    assert table.sum(axis=1) == pytest.approx(1.0)
    assert table[1, 0] == table[1, 2] == pytest.approx(1.5 / (2 + 13.5))


@pytest.mark.usefixtures("made_up")
def test_the_writer_of_one_letter_says_what_the_reader_of_names_says() -> None:
    program = example("character_generator")
    reader, writer = program.network(8), program.network(8, batch=2)
    for own, learnt in zip(writer.trainable_variables, reader.trainable_variables, strict=True):
        own.assign(learnt)
    rows = program.numbered(["abc", "xyz"], 3)
    assert program.lesson(rows)[0].tolist() == rows[:, :-1].tolist()  # both are of full length
    whole = reader.predict(rows, verbose=0)
    steps = [np.asarray(writer(rows[:, place : place + 1])) for place in range(rows.shape[1])]
    np.testing.assert_allclose(np.concatenate(steps, axis=1), whole, atol=1e-5)


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mnist_rows", {"epochs": 1, "units": 8}),
        ("adding_problem", {"epochs": 2, "rows": 200, "length": 8, "units": 4}),
        ("spoken_digits", {"epochs": 1, "each": 7, "units": 4}),
        ("text_rnn", {"epochs": 1, "rows": 300, "words": 200, "units": 4}),
        ("series_rnn", {"epochs": 1, "past": 24, "ahead": 6, "units": 4}),
        ("character_generator", {"epochs": 1, "rows": 300, "units": 8, "count": 2}),
    ],
)
def test_pictures_are_drawn(
    name: str, arguments: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    example(name).main(**arguments)
    assert (tmp_path / f"{name}.png").stat().st_size > 1000


# --- the real ones --------------------------------------------------------------------------------


@pytest.mark.slow
def test_real_digits_row_by_row(tools: Any) -> None:
    real(tools, "mnist.npz")
    assert example("mnist_rows").main(epochs=2, picture=None)["all rows"] > 0.97


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
def test_a_hundred_steps_are_too_many_without_gates() -> None:
    found = example("adding_problem").main(picture=None)
    assert found["LSTM"] < 0.01 and found["GRU"] < 0.01 < 0.1 < found["SimpleRNN"]


@pytest.mark.slow
def test_real_speech(tools: Any) -> None:
    program = example("spoken_digits")
    real(tools, *program.FILES)
    found = program.main(picture=None)
    assert found["split"] > 0.955 and found["unseen"] > 0.88


@pytest.mark.slow
def test_real_messages_in_order(tools: Any) -> None:
    real(tools, "sms_spam.tsv", "covid_fake_news.zip")
    found = example("text_rnn").main(picture=None)
    assert found["spam: LSTM"] > 0.97 and found["spam: GRU"] > 0.97
    assert found["false: LSTM"] > 0.91 and found["false: GRU"] > 0.91


@pytest.mark.slow
def test_real_sunspots(tools: Any) -> None:
    real(tools, "monthly_sunspots.csv")
    found = example("series_rnn").main(picture=None)
    rules = min(found[name] for name in ("stays", "as a cycle before", "mean"))
    assert max(found["LSTM"], found["GRU"]) < 0.9 * rules


@pytest.mark.slow
def test_real_names(tools: Any) -> None:
    real(tools, "names.txt")
    found = example("character_generator").main(epochs=6, picture=None)
    assert found["network"] < found["bigrams"] - 0.2
