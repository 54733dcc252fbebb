"""A small convolutional network looks for tumours on 253 slices of brain scans, in five folds.

This is no medical device and of no use to a doctor: the slices were gathered from the web, nobody
knows from which patients, and the figures say how hard so few pictures are to learn from. Copies
of a slice carry the same group and stay together, in training or in test: a network that has seen
a copy need not understand the slice. Layers that flip, turn and zoom make new slices of the few.
The scans are `brain_mri_tumour.npz` where it is at hand, else rings and blobs that are made up.
"""

from __future__ import annotations

import numpy as np
from example_tools import find, folds, pyplot, ranking

import annette as keras
from annette import layers


def scans(rows: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return slices in [0, 1], (rows, 64, 64, 1), whether each shows a tumour, and its group."""
    file = find("brain_mri_tumour.npz")
    if file is None:
        return made_scans(rows or 253)
    with np.load(file) as found:
        x, y, group = (found[name] for name in ("x", "y", "group"))
    kept = np.random.default_rng(0).permutation(len(x))[:rows]
    means = x[kept].reshape(-1, 64, 2, 64, 2).mean(axis=(2, 4))  # of each 2 x 2 pixels
    return means[..., None].astype("float32") / 255.0, y[kept].astype("int64"), group[kept]


def made_scans(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make up heads, of which some have a bright blob; every fifth is a copy of the one before."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[-1:1:64j, -1:1:64j]
    images, ill, groups = [], [], []
    for row in range(rows):
        if row % 5 == 4:
            for values in (images, ill, groups):
                values.append(values[-1])
            continue
        tall, wide = random.uniform(0.7, 0.9), random.uniform(0.55, 0.75)
        radius = (down / tall) ** 2 + (across / wide) ** 2
        image = 0.35 * (radius < 0.8) + 0.8 * np.exp(-(((radius - 0.95) / 0.1) ** 2))
        image = image + random.normal(0.0, 0.08, image.shape)
        blob = random.random() < 0.6
        if blob:
            y, x = random.uniform(-0.4, 0.4, 2) * (tall, wide)
            image = image + 0.6 * np.exp(-((down - y) ** 2 + (across - x) ** 2) / 0.015)
        images.append(np.clip(image, 0.0, 1.0).astype("float32"))
        ill.append(int(blob))
        groups.append(row)
    return np.stack(images)[..., None], np.array(ill), np.array(groups)


def grouped_folds(group: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows to train on and to test on of each fold; no group is in both."""
    names = np.unique(group)
    found = []
    for _, test in folds(len(names), count):
        held = np.isin(group, names[test])
        found.append((np.flatnonzero(~held), np.flatnonzero(held)))
    return found


def augmentation() -> keras.Model:
    """Return the layers that change a slice at random in training, and leave it alone else."""
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.05, fill_mode="constant"),
            layers.RandomZoom(0.15, fill_mode="constant"),
        ],
        name="augmentation",
    )


def network(shape: tuple[int, ...], steps: int) -> keras.Model:
    """Return the network; its rate falls to nothing in `steps` steps, so that it settles."""
    model = keras.Sequential([keras.Input(shape), augmentation()])
    for filters in (16, 32, 64):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
        model.add(layers.MaxPooling2D())
    model.add(layers.GlobalMaxPooling2D())  # a tumour is one wherever it lies
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(1, activation="sigmoid"))
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def logistic_regression(shape: tuple[int, ...]) -> keras.Model:
    """Return the plain network to compare with: each pixel has a weight."""
    model = keras.Sequential(
        [keras.Input(shape), layers.Flatten(), layers.Dense(1, activation="sigmoid")]
    )
    model.compile(keras.optimizers.Adam(3e-4), "binary_crossentropy", metrics=["accuracy"])
    return model


def draw(x: np.ndarray, y: np.ndarray, likely: np.ndarray, picture: str) -> None:
    """Draw slices by how likely each was said to show a tumour, right ones above wrong ones."""
    plt = pyplot()
    figure = plt.figure(figsize=(13, 7), layout="constrained")
    parts = figure.subfigures(2, 1)
    right = (likely > 0.5) == (y == 1)
    random = np.random.default_rng(3)
    for part, rows, title in (
        (parts[0], np.flatnonzero(right), "judged rightly"),
        (parts[1], np.flatnonzero(~right), "judged wrongly"),
    ):
        part.suptitle(f"{title}: {len(rows)} of {len(y)} slices, each by a network that had not "
                      f"seen it; some, from the least to the most suspect")  # fmt: skip
        shown = random.permutation(rows)[:20]
        shown = shown[np.argsort(likely[shown])]
        cells = list(part.subplots(2, 10).flat)
        for cell in cells:
            cell.axis("off")
        for cell, row in zip(cells, shown, strict=False):
            cell.imshow(x[row, :, :, 0], cmap="gray", vmin=0, vmax=1)
            cell.set_title(f"{likely[row]:.0%}, {'tumour' if y[row] else 'none'}", fontsize=9)
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Slices and how likely each was said to show a tumour: {picture}")


def main(
    epochs: int = 30,
    rows: int | None = None,
    parts: int = 5,
    picture: str | None = "brain_scans.png",
) -> dict[str, float]:
    """Train on all parts but one, judge that one; return accuracies and areas over all parts."""
    x, y, group = scans(rows)
    likely, plain = np.zeros(len(x)), np.zeros(len(x))
    for part, (train, test) in enumerate(grouped_folds(group, parts)):
        keras.utils.set_random_seed(22)
        steps = epochs * -(-len(train) // 16)
        model, line = network(x.shape[1:], steps), logistic_regression(x.shape[1:])
        model.fit(x[train], y[train], epochs=epochs, batch_size=16, verbose=0)
        line.fit(x[train], y[train], epochs=epochs, batch_size=16, verbose=0)
        likely[test] = model.predict(x[test], verbose=0)[:, 0]
        plain[test] = line.predict(x[test], verbose=0)[:, 0]
        print(f"  part {part + 1}: {len(train)} slices to learn from; of {len(test)} others "
              f"{np.mean((likely[test] > 0.5) == y[test]):.3f} right, area "
              f"{ranking(y[test], likely[test]):.3f}")  # fmt: skip
    found = {
        "accuracy": float(np.mean((likely > 0.5) == y)),
        "auc": ranking(y, likely),
        "logistic accuracy": float(np.mean((plain > 0.5) == y)),
        "logistic auc": ranking(y, plain),
        "majority": float(max(y.mean(), 1 - y.mean())),
    }
    print(f"{len(x)} slices, {len(np.unique(group))} without their copies: accuracy "
          f"{found['accuracy']:.3f}, area {found['auc']:.3f}; logistic regression "
          f"{found['logistic accuracy']:.3f} and {found['logistic auc']:.3f}; always the same "
          f"{found['majority']:.3f} and 0.500")  # fmt: skip
    if picture:
        draw(x, y, likely, picture)
    return found


if __name__ == "__main__":
    main()
