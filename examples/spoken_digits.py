"""Which digit was spoken? Recordings of six people, heard frame by frame in both directions.

A recording becomes a spectrogram: how loud each of 32 bands of pitch is in each 16 ms, in decibels.
Recordings differ in length; the frames that fill up the short ones are masked. Each recording is
learnt from three times: as it is, and as of a lower and a higher voice. Tested in two ways: on
other recordings of the same people (the data's own split), and on a person not heard before.

Data: the Free Spoken Digit Dataset (Jackson et al., CC BY-SA 4.0), 8,000 samples a second.
"""

from __future__ import annotations

import io
import wave
import zipfile
from typing import Any

import numpy as np
from example_tools import find, pyplot

import annette as keras
from annette import layers, ops

FILES = ("fsdd_wav_george_jackson_lucas.zip", "fsdd_wav_nicolas_theo_yweweler.zip")
RATE, STRIDE, WINDOW, BANDS = 8000, 128, 256, 32

Recordings = dict[str, Any]


def recordings(each: int | None) -> Recordings:
    """Return samples in [-1, 1], the digit, the speaker and the number of each recording."""
    found = [find(name) for name in FILES]
    heard: Recordings = {"samples": [], "digit": [], "speaker": [], "index": []}
    for name, samples in spoken(found) if all(found) else made_up():
        digit, speaker, index = name.split("_")
        if each is None or int(index) < each:
            heard["samples"].append(samples)
            for key, value in (("digit", int(digit)), ("speaker", speaker), ("index", int(index))):
                heard[key].append(value)
    return {key: v if key == "samples" else np.array(v) for key, v in heard.items()}


def spoken(files: list[Any]) -> Any:
    """Yield the name (digit_speaker_number) and the samples of each recording in zips."""
    for file in files:
        with zipfile.ZipFile(file) as archive:
            for name in sorted(n for n in archive.namelist() if n.endswith(".wav")):
                with wave.open(io.BytesIO(archive.read(name))) as sound:
                    frames = sound.readframes(sound.getnframes())
                samples = np.frombuffer(frames, dtype="<i2").astype("float32") / 32768
                yield name.rsplit("/", 1)[-1].removesuffix(".wav"), samples


def made_up(count: int = 25) -> Any:
    """Yield tones in place of words: two that glide, for each digit its own, in noise."""
    random = np.random.default_rng(3)
    for speaker, pitch in {"anna": 1.0, "ben": 0.9, "theo": 1.06}.items():
        for digit in range(10):
            for index in range(count):
                length = int(RATE * random.uniform(0.2, 0.45))
                along = np.linspace(0, 1, length)
                # The same tones for digits k and k + 5, but the other way in time.
                way = along if digit < 5 else 1 - along
                low = pitch * (300 + 90 * (digit % 5) + 250 * way)
                high = pitch * (1400 + 260 * ((digit * 2) % 5) - 600 * way)
                tones = sum(np.sin(2 * np.pi * np.cumsum(f) / RATE) for f in (low, high))
                noise = random.normal(scale=0.15, size=length)
                loud = random.uniform(0.1, 0.4) * np.sin(np.pi * along)
                yield f"{digit}_{speaker}_{index}", (loud * tones + 0.1 * noise).astype("float32")


def bands(low: float = 100.0) -> np.ndarray:
    """Return how much of each frequency is in each band: triangles, evenly spaced in mel.

    Mel (Stevens, Volkmann & Newman, 1937), 2595 log10(1 + hertz / 700), follows how ears hear.
    """
    ends = 2595 * np.log10(1 + np.array([low, RATE / 2]) / 700)
    corners = 700 * (10 ** (np.linspace(*ends, BANDS + 2) / 2595) - 1)
    hertz = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rising = (hertz - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - hertz) / (corners[2:] - corners[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype("float32")


def spectrograms(samples: list[np.ndarray], frames: int) -> np.ndarray:
    """Return the loudness of each band and frame (recordings, frames, bands); 0 fills up."""
    weights, found = bands(), np.zeros((len(samples), frames, BANDS), "float32")
    for row, sound in enumerate(samples):
        padded = np.pad(sound, (0, max(0, WINDOW - len(sound))))
        real, imaginary = ops.stft(padded[None], WINDOW, STRIDE, WINDOW)
        power = (np.asarray(real) ** 2 + np.asarray(imaginary) ** 2)[0] @ weights
        decibels = 10 * np.log10(power + 1e-6)
        # Of no matter are the distance and the tone of the microphone: they move all frames alike.
        level = (decibels - decibels.mean(axis=0))[:frames] / 10
        found[row, : len(level)] = level
    return found


def network(frames: int, units: int) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((frames, BANDS)),
            layers.Masking(),
            layers.SpatialDropout1D(0.15),  # whole bands
            layers.GaussianNoise(0.3),
            layers.Bidirectional(layers.GRU(units, return_sequences=True)),
            layers.Dropout(0.4),
            layers.Bidirectional(layers.GRU(units)),
            layers.Dropout(0.4),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return model


def voices(x: np.ndarray, bands_up: int = 2) -> np.ndarray:
    """Return recordings as they are, then as of a lower and of a higher voice: moved by bands."""
    lower, higher = np.zeros_like(x), np.zeros_like(x)
    lower[..., :-bands_up], higher[..., bands_up:] = x[..., bands_up:], x[..., :-bands_up]
    return np.concatenate([x, lower, higher])


def heard_as(x: np.ndarray, y: np.ndarray, test: np.ndarray, epochs: int, units: int) -> np.ndarray:
    """Train on what is not to be tested on; return the probabilities of the digits for that."""
    keras.utils.set_random_seed(4)
    model = network(x.shape[1], units)
    more, digits = voices(x[~test]), np.tile(y[~test], 3)
    rate = keras.optimizers.schedules.CosineDecay(3e-3, epochs * -(-len(more) // 64))
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(more, digits, epochs=epochs, batch_size=64, verbose=0)
    return np.asarray(model.predict(x[test], batch_size=256, verbose=0))


def draw(rows: Recordings, x: np.ndarray, tests: dict[str, Any], picture: str) -> None:
    """Draw a spectrogram of each digit, and which digit was heard as which."""
    plt = pyplot()
    figure = plt.figure(figsize=(13, 8.5), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.1, 1))
    test, likely = next(iter(tests.values()))
    at, guessed = np.flatnonzero(test), likely.argmax(axis=1)
    for digit, cell in enumerate(top.subplots(2, 5, sharey=True).flat):
        ours = np.flatnonzero(rows["digit"][at] == digit)
        # One heard wrongly if there is one, else the one heard least surely.
        k = ours[np.argmin(likely[ours, digit])]
        frames = int(np.any(x[at[k]] != 0, axis=1).sum())
        extent = (0, frames * STRIDE / RATE, 0, BANDS)
        cell.imshow(x[at[k], :frames].T, origin="lower", aspect="auto", cmap="magma",
                    extent=extent)  # fmt: skip
        right = guessed[k] == digit
        cell.set_title(f"{digit}, heard as {guessed[k]} ({likely[k].max():.0%})", fontsize=10,
                       color="black" if right else "tab:red")  # fmt: skip
        cell.set_yticks([])
    top.suptitle("of each digit the recording hardest to hear (across: seconds; up: pitch)")
    for axis, (name, (test, likely)) in zip(bottom.subplots(1, 2), tests.items(), strict=True):
        table, guessed = np.zeros((10, 10), int), likely.argmax(axis=1)
        np.add.at(table, (rows["digit"][test], guessed), 1)
        axis.imshow(table, cmap="Blues")
        for (i, j), count in np.ndenumerate(table):
            if count:
                axis.text(j, i, count, ha="center", va="center", fontsize=8,
                          color="white" if count > table.max() / 2 else "black")  # fmt: skip
        axis.set(title=name, xlabel="heard as", ylabel="spoken", xticks=range(10),
                 yticks=range(10))  # fmt: skip
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"What was heard: {picture}")


def main(
    epochs: int = 8,
    each: int | None = None,
    units: int = 64,
    frames: int = 64,
    unseen: str = "theo",
    picture: str | None = "spoken_digits.png",
) -> dict[str, float]:
    """Train for both tests; return the accuracies."""
    rows = recordings(each)
    x, y = spectrograms(rows["samples"], frames), rows["digit"]
    people = sorted(set(rows["speaker"]))
    seconds = sum(map(len, rows["samples"])) / RATE
    print(f"{len(y)} recordings of {len(people)} people, {seconds / 60:.0f} minutes")
    # Numbers 0 to 4 of each person and digit are for the test, says the data set.
    tests = {
        "others of the same people": rows["index"] < 5,
        f"not heard before: {unseen}": rows["speaker"] == unseen,
    }
    found, drawn = {}, {}
    for name, key, plain in zip(tests, ("split", "unseen"), (0.947, 0.860), strict=True):
        test = tests[name]
        likely = heard_as(x, y, test, epochs, units)
        found[key] = float(np.mean(likely.argmax(axis=1) == y[test]))
        drawn[name] = test, likely
        print(f"{name}: {found[key]:.3f} of {test.sum()} right "
              f"(logistic regression on the real ones: {plain:.3f})")  # fmt: skip
    if picture:
        draw(rows, x, drawn, picture)
    return found


if __name__ == "__main__":
    main()
