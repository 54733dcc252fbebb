"""Is a signature genuine? Two branches with the same weights compare it with known ones.

A siamese network (Bromley et al., 1993): one convolutional network looks at both signatures of a
pair, the distance is a weighted sum of how far its features lie apart (Koch et al., 2015), and a
sigmoid of the distance says how likely one hand wrote both. It learns on the pairs of some writers
and is tested on writers it has never seen, of each of whom five genuine signatures are known.
SVC2004 where it is at hand, else scrawls that are made up.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from example_tools import find, folds, pyplot, ranking

import annette as keras
from annette import layers, ops

KNOWN = 5
#: x: ink in [0, 1], (rows, 32, 64, 1); writer: who is meant; genuine: 1, or 0 for a forgery.
Signatures = dict[str, np.ndarray]


def signatures(writers: int = 40) -> Signatures:
    """Return the signatures of some writers: of each 20 genuine ones, then 20 forgeries."""
    file = find("signatures_svc2004.npz")
    if file is None:
        return scrawls(writers)
    with np.load(file) as found:
        rows = {name: found[name] for name in ("x", "writer", "genuine", "sample")}
    order = np.lexsort((rows["sample"], rows["writer"]))
    order = order[rows["writer"][order] <= writers]
    # The most ink of each 2 x 2 pixels: thin lines stay as dark as they are.
    ink = rows["x"][order].reshape(len(order), 32, 2, 64, 2).max(axis=(2, 4))
    return {
        "x": ink[..., None].astype("float32") / 255.0,
        "writer": rows["writer"][order].astype("int64"),
        "genuine": rows["genuine"][order].astype("int64"),
    }


def scrawls(writers: int, seed: int = 0) -> Signatures:
    """Make up signatures: curves of a few waves, here or there; a forger's waves are a bit off."""
    random = np.random.default_rng(seed)
    time = np.linspace(0.0, 1.0, 400)
    images, writer, genuine = [], [], []
    for name in range(1, writers + 1):
        hand = random.normal(size=(2, 4, 2))
        for sample in range(40):
            true = sample < 20
            moved = hand + random.normal(0.0, 0.08 if true else 0.25, hand.shape)
            turns = 2 * np.pi * np.arange(1, 5)[:, None] * time
            x, y = (m[:, :1] * np.sin(turns) + m[:, 1:] * np.cos(turns) for m in moved)
            image = np.zeros((32, 64), "float32")
            right, low = random.uniform(-1.0, 1.0, 2)
            across = 32 + right + 12 * x.sum(axis=0) / 4 + 36 * (time - 0.5)
            down = 16 + low + 8 * y.sum(axis=0) / 2
            image[np.clip(down, 0, 31).astype(int), np.clip(across, 0, 63).astype(int)] = 1.0
            images.append(image)
            writer.append(name)
            genuine.append(int(true))
    return {
        "x": np.stack(images)[..., None], "writer": np.array(writer), "genuine": np.array(genuine),
    }  # fmt: skip


def siamese(shape: tuple[int, ...]) -> tuple[keras.Model, keras.Model, keras.Model]:
    """Return what says how likely one hand wrote both, the distance, and the shared branch."""
    image = keras.Input(shape)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    branch = keras.Model(image, x, name="branch")

    # How far each kind of stroke lies apart place by place, and all over: no place and no writer
    # has weights of its own, so the distance holds for new writers.
    mean = layers.GlobalAveragePooling2D()
    seen = [keras.Input(x.shape[1:]), keras.Input(x.shape[1:])]
    by_place = mean(ops.abs(seen[0] - seen[1]))
    all_over = ops.abs(mean(seen[0]) - mean(seen[1]))
    apart = layers.Concatenate()([by_place, all_over])
    weighted = layers.Dense(
        1, use_bias=False, kernel_initializer="ones", kernel_constraint="non_neg"
    )(apart)
    distance = keras.Model(seen, weighted, name="distance")

    pair = [keras.Input(shape), keras.Input(shape)]
    far = distance([branch(pair[0]), branch(pair[1])])
    alike = layers.Dense(
        1, activation="sigmoid",
        kernel_initializer=keras.initializers.Constant(-1.0), bias_initializer="ones",
    )(far)  # fmt: skip
    return keras.Model(pair, alike), distance, branch


def pairs(rows: Signatures, writers: np.ndarray, each: int, random: Any) -> tuple[Any, np.ndarray]:
    """Return pairs of each writer, half of them both genuine, half with a forgery; 1 if genuine."""
    first, second = [], []
    for name in writers:
        true = np.flatnonzero((rows["writer"] == name) & (rows["genuine"] == 1))
        forged = np.flatnonzero((rows["writer"] == name) & (rows["genuine"] == 0))
        for _ in range(each):
            one, other, third = random.choice(true, 3, replace=False)
            first += [one, third]
            second += [other, random.choice(forged)]
    return (rows["x"][first], rows["x"][second]), rows["genuine"][second].astype("float32")


def verdicts(
    rows: Signatures, writers: np.ndarray, far: Any
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows to judge, how far each lies from the known signatures, and whether it is genuine.

    A distance counts in the mean distance between the known ones, for some hands vary more. `far`
    takes two lists of rows and returns the table of their distances.
    """
    judged, distances = [], []
    for name in writers:
        mine = np.flatnonzero(rows["writer"] == name)
        known = mine[rows["genuine"][mine] == 1][:KNOWN]
        asked = np.setdiff1d(mine, known)
        spread = far(known, known)[np.triu_indices(KNOWN, 1)].mean()
        judged.append(asked)
        distances.append(far(asked, known).mean(axis=1) / spread)
    found = np.concatenate(judged)
    return found, np.concatenate(distances), rows["genuine"][found]


def table(distance: keras.Model, seen: np.ndarray, first: Any, second: Any) -> np.ndarray:
    """Return the distance of each row in `first` from each in `second`, by what was seen in them."""
    one, other = np.repeat(first, len(second)), np.tile(second, len(first))
    found = distance.predict([seen[one], seen[other]], batch_size=256, verbose=0)
    return found.reshape(len(first), len(second))


def equal_error(genuine: np.ndarray, distances: np.ndarray) -> tuple[float, float]:
    """Return the rate where as many forgeries pass as genuine ones fail, and the distance there."""
    limits = np.sort(distances)
    passed = np.array([(distances[genuine == 0] <= limit).mean() for limit in limits])
    failed = np.array([(distances[genuine == 1] > limit).mean() for limit in limits])
    at = int(np.argmin(np.abs(passed - failed)))
    return float(passed[at] + failed[at]) / 2, float(limits[at])


def draw(
    rows: Signatures,
    judged: np.ndarray,
    distances: np.ndarray,
    limit: float,
    baseline: np.ndarray,
    picture: str,
) -> None:
    """Draw the distances of genuine ones and forgeries, ROC curves, and signatures with theirs."""
    plt = pyplot()
    genuine = rows["genuine"][judged]
    figure = plt.figure(figsize=(13, 8), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.1))
    left, right = top.subplots(1, 2)
    bins = np.linspace(distances.min(), np.quantile(distances, 0.99), 40)
    left.hist(distances[genuine == 1], bins, alpha=0.6, label="genuine")
    left.hist(distances[genuine == 0], bins, alpha=0.6, label="forged")
    left.axvline(limit, color="black", linestyle="--", label="as many errors of both kinds")
    left.set(title="writers not seen in training", yticks=[],
             xlabel="distance from the known signatures, in their mean distance")  # fmt: skip
    left.legend()
    for name, scores in {"siamese network": distances, "cosine of the pixels": baseline}.items():
        order = np.argsort(scores)
        passed, kept = (np.cumsum(genuine[order] == kind) for kind in (0, 1))
        area = ranking(genuine, -scores)
        right.plot(passed / passed[-1], kept / kept[-1], label=f"{name}: area {area:.3f}")
    right.plot([0, 1], [0, 1], color="grey", linestyle=":", label="chance: area 0.5")
    right.set(xlabel="forgeries let through", ylabel="genuine ones let through")
    right.legend()
    writers = np.unique(rows["writer"][judged])
    cells = bottom.subplots(4, 6)
    bottom.suptitle("known, then two genuine and two forged with their distances: "
                    "green is judged rightly")  # fmt: skip
    for line, name in zip(cells, writers, strict=False):
        mine = np.flatnonzero(rows["writer"][judged] == name)
        shown = [*mine[genuine[mine] == 1][:2], *mine[genuine[mine] == 0][:2]]
        known = np.flatnonzero((rows["writer"] == name) & (rows["genuine"] == 1))[:2]
        for cell, row in zip(line, [*known, *judged[shown]], strict=True):
            cell.imshow(rows["x"][row, :, :, 0], cmap="gray_r")
            cell.set(xticks=[], yticks=[])
        for cell in line[:2]:
            cell.set_title("known", fontsize=9)
        for cell, at in zip(line[2:], shown, strict=True):
            right_so = (distances[at] <= limit) == (genuine[at] == 1)
            kind = "genuine" if genuine[at] else "forged"
            cell.set_title(f"{kind}: {distances[at]:.2f}", fontsize=9,
                           color="green" if right_so else "red")  # fmt: skip
    for cell in cells.flat:
        if not cell.has_data():
            cell.axis("off")
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Distances, ROC curves and signatures: {picture}")


def main(
    epochs: int = 6,
    writers: int = 40,
    parts: int = 4,
    each: int = 20,
    picture: str | None = "signatures.png",
) -> dict[str, float]:
    """Train on some parts of the writers, judge the others; return the areas and error rates."""
    rows = signatures(writers)
    flat = rows["x"].reshape(len(rows["x"]), -1)
    flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    judged, distances, baseline = [], [], []
    for part, (train, test) in enumerate(folds(writers, parts)):
        keras.utils.set_random_seed(21)
        model, distance, branch = siamese(rows["x"].shape[1:])
        model.compile(keras.optimizers.Adam(2e-3), "binary_crossentropy", metrics=["accuracy"])
        for epoch in range(epochs):  # other pairs in each epoch
            random = np.random.default_rng(epoch)
            history = model.fit(*pairs(rows, train + 1, each, random), batch_size=32, verbose=0)
        seen = branch.predict(rows["x"], batch_size=256, verbose=0)
        far = functools.partial(table, distance, seen)
        asked, found, genuine = verdicts(rows, test + 1, far)
        judged.append(asked)
        distances.append(found)
        baseline.append(verdicts(rows, test + 1, lambda a, b: 1.0 - flat[a] @ flat[b].T)[1])
        print(f"  part {part + 1}: {len(train)} writers to learn from, accuracy on their pairs "
              f"{history.history['accuracy'][-1]:.3f}; area on {len(test)} writers not seen "
              f"{ranking(genuine, -found):.3f}")  # fmt: skip
    rows_judged, far_off, plain = (np.concatenate(x) for x in (judged, distances, baseline))
    genuine = rows["genuine"][rows_judged]
    rate, limit = equal_error(genuine, far_off)
    result = {
        "auc": ranking(genuine, -far_off),
        "equal error": rate,
        "cosine auc": ranking(genuine, -plain),
        "cosine equal error": equal_error(genuine, plain)[0],
    }
    print(f"{len(genuine)} signatures judged by {KNOWN} known ones, all of writers not seen: "
          f"area {result['auc']:.3f}, equal error rate {rate:.1%}; the cosine of the pixels "
          f"{result['cosine auc']:.3f} and {result['cosine equal error']:.1%}; "
          f"chance 0.500 and 50%")  # fmt: skip
    if picture:
        draw(rows, rows_judged, far_off, limit, plain, picture)
    return result


if __name__ == "__main__":
    main()
