"""Connectionist temporal classification against the sum, or the best, of all ways written out."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import ops

RNG = np.random.default_rng(5)


def _log_softmax(x: np.ndarray) -> np.ndarray:
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def _labels(way: tuple[int, ...], blank: int) -> tuple[int, ...]:
    """The labels of a class a frame: repeats made one, blanks left out."""
    return tuple(c for i, c in enumerate(way) if c != blank and (i == 0 or way[i - 1] != c))


def _probabilities(logits: np.ndarray, blank: int) -> dict[tuple[int, ...], float]:
    """The probability of every sequence of labels, from every way through the frames."""
    seen = _log_softmax(logits.astype("float64"))
    found: dict[tuple[int, ...], float] = {}
    for way in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        p = np.exp(sum(seen[t, c] for t, c in enumerate(way)))
        labels = _labels(way, blank)
        found[labels] = found.get(labels, 0.0) + p
    return found


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("labels", [(), (1,), (1, 1), (1, 3), (3, 1, 1), (3, 1, 3)])
def test_loss_is_the_sum_over_all_ways(labels: tuple[int, ...], blank: int) -> None:
    logits = RNG.normal(size=(1, 7, 4)).astype("float32")
    frames = 5
    target = np.array([[*labels, *[1] * (4 - len(labels))]], "int32")  # the rest does not count
    loss = ops.ctc_loss(
        target, logits, np.array([len(labels)]), np.array([frames]), mask_index=blank
    )
    expected = -np.log(_probabilities(logits[0, :frames], blank)[labels])
    np.testing.assert_allclose(loss, [expected], rtol=1e-5)


def test_gradient_is_that_of_differences() -> None:
    logits = RNG.normal(size=(2, 5, 4))
    target, lengths, frames = np.array([[1, 1, 0], [2, 3, 1]]), np.array([2, 3]), np.array([4, 5])

    def total(x: Any) -> Any:
        return ops.sum(ops.ctc_loss(target, x, lengths, frames))

    slope = np.asarray(keras.grad(total)(logits))
    for place in np.ndindex(*logits.shape):
        step = np.zeros_like(logits)
        step[place] = 1e-5
        expected = (float(total(logits + step)) - float(total(logits - step))) / 2e-5
        np.testing.assert_allclose(slope[place], expected, atol=1e-8)
    assert not slope[0, 4].any()  # the frame behind the first sequence's end


def test_a_target_that_does_not_fit_has_a_large_finite_loss_and_gradient() -> None:
    logits = RNG.normal(size=(1, 3, 3)).astype("float32")

    def loss(x: Any) -> Any:
        return ops.sum(ops.ctc_loss(np.array([[1, 1]]), x, np.array([2]), np.array([2])))

    value, slope = keras.value_and_grad(loss)(logits)
    assert 9e4 < float(value) < 2e5
    assert np.isfinite(slope).all()


@pytest.mark.parametrize("blank", [0, 3, None])
def test_a_wide_search_finds_the_likeliest_labels(blank: int | None) -> None:
    logits = RNG.normal(size=(3, 5, 4)).astype("float32") * 2
    frames = np.array([5, 3, 4])
    paths, scores = ops.ctc_decode(
        logits, frames, strategy="beam_search", top_paths=4, mask_index=blank
    )
    assert paths.shape == (4, 3, 5) and scores.shape == (3, 4)
    for row in range(3):
        every = _probabilities(logits[row, : frames[row]], 3 if blank is None else blank)
        best = sorted(every, key=lambda labels: -every[labels])[:4]
        for rank, labels in enumerate(best):
            assert tuple(c for c in np.asarray(paths)[rank, row] if c != -1) == labels
            np.testing.assert_allclose(scores[row, rank], np.log(every[labels]), rtol=1e-4)


def test_search_with_more_paths_than_there_are_has_empty_ones() -> None:
    paths, scores = ops.ctc_decode(
        np.zeros((1, 1, 3), "float32"), np.array([1]), strategy="beam_search", top_paths=5
    )
    np.testing.assert_array_equal(np.isinf(scores), [[False, False, False, True, True]])
    assert (np.asarray(paths)[3:] == -1).all()


@pytest.mark.parametrize("merge", [True, False])
def test_greedy_takes_the_likeliest_class_of_each_frame(merge: bool) -> None:
    logits = RNG.normal(size=(4, 9, 3)).astype("float32")
    frames = np.array([9, 1, 5, 8])
    paths, scores = ops.ctc_decode(logits, frames, merge_repeated=merge)
    for row, count in enumerate(frames):
        way = logits[row, :count].argmax(-1)
        labels = _labels(tuple(way), 0) if merge else tuple(c for c in way if c)
        expected = [*labels, *[-1] * (9 - len(labels))]
        np.testing.assert_array_equal(np.asarray(paths)[0, row], expected)
        np.testing.assert_allclose(scores[row, 0], -logits[row, :count].max(-1).sum(), rtol=1e-5)


def test_a_network_learns_to_read() -> None:
    keras.utils.set_random_seed(3)
    digits = np.array([[1, 2], [2, 1], [1, 1], [2, 2]], "int32")
    x = np.zeros((4, 7, 3), "float32")
    for row, pair in enumerate(digits):
        for place, digit in zip((1, 4), pair, strict=True):
            x[row, place : place + 2, digit] = 1.0
    model = keras.Sequential([keras.Input((7, 3)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.1), keras.losses.CTC())
    history = model.fit(x, digits, epochs=60, batch_size=4, verbose=0).history["loss"]
    assert history[-1] < 0.3 < history[0]
    paths, _ = ops.ctc_decode(model.predict(x, verbose=0), np.full(4, 7))
    np.testing.assert_array_equal(np.asarray(paths)[0, :, :2], digits)


def test_what_does_not_fit_is_named() -> None:
    logits = np.zeros((2, 4, 3), "float32")
    with pytest.raises(ValueError, match=r"target_length.*\(2,\)"):
        ops.ctc_loss(np.ones((2, 2), "int32"), logits, np.array([1]), np.array([4, 4]))
    with pytest.raises(ValueError, match="mask_index"):
        ops.ctc_loss(np.ones((2, 2)), logits, np.ones(2), np.ones(2), mask_index=3)
    with pytest.raises(ValueError, match="beam_search"):
        ops.ctc_decode(logits, np.array([4, 4]), strategy="widest")
    with pytest.raises(ValueError, match="top_paths=3"):
        ops.ctc_decode(logits, np.array([4, 4]), "beam_search", beam_width=2, top_paths=3)
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.Dense(3)])
    model.compile("sgd", "ctc")
    with pytest.raises(ValueError, match="labels go from"):
        model.fit(logits, np.full((2, 2), 3), verbose=0)
    with pytest.raises(ValueError, match="row of class numbers"):
        model.fit(logits, np.ones((2, 4, 3)), verbose=0)
