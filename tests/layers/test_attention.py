"""Attention: what looks at what, and what has no part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops
from annette.graph import trace
from annette.testing import check_layer

RNG = np.random.default_rng(7)
QUERY = RNG.normal(size=(2, 4, 6)).astype("float32")
VALUE = RNG.normal(size=(2, 5, 6)).astype("float32")


@keras.saving.register_keras_serializable("tests")
class OfItself(layers.Wrapper):
    """Attention of a sequence to itself, as a layer of one input."""

    def build(self, input_shape: Any) -> None:
        if not self.layer.built:
            self.layer.build(input_shape, input_shape)

    def call(self, inputs: Any) -> Any:
        return self.layer(inputs, inputs, use_causal_mask=True)


HEADS: list[tuple[Any, dict[str, Any]]] = [
    (layers.MultiHeadAttention, {"num_heads": 2, "key_dim": 3}),
    (layers.MultiHeadAttention, {"num_heads": 2, "key_dim": 2, "value_dim": 3, "use_gate": True}),
    (layers.MultiHeadAttention, {"num_heads": 2, "key_dim": 2, "output_shape": 3, "dropout": 0.1}),
    (layers.MultiHeadAttention, {"num_heads": 1, "key_dim": 2, "sliding_window": 2}),
    (layers.GroupQueryAttention, {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2}),
    (layers.GroupQueryAttention, {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1,
                                  "use_gate": True, "use_bias": False}),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "config"), HEADS)
def test_layers_with_heads_keep_their_promises(cls: Any, config: dict[str, Any]) -> None:
    check_layer(OfItself(layer=cls(**config, dtype="float64")), (2, 3, 4))


def _layers() -> list[Any]:
    return [
        layers.MultiHeadAttention(2, 3),
        layers.MultiHeadAttention(2, 3, dropout=0.5),
        layers.GroupQueryAttention(3, 4, 2),
        layers.GroupQueryAttention(3, 4, 2, dropout=0.5),
    ]


def _call(layer: Any, query: Any, value: Any, **kwargs: Any) -> np.ndarray:
    if isinstance(layer, layers.Attention):
        value_mask = kwargs.pop("value_mask", None)
        mask = None if value_mask is None else [None, value_mask]
        return np.asarray(layer([query, value], mask=mask, **kwargs))
    return np.asarray(layer(query, value, **kwargs))


EVERY = [*_layers(), layers.Attention(), layers.AdditiveAttention()]


@pytest.mark.parametrize("layer", EVERY, ids=lambda layer: layer.name)
def test_later_steps_change_nothing_before_them(layer: Any) -> None:
    changed = QUERY.copy()
    changed[:, 2:] += 1.0
    before = _call(layer, QUERY, QUERY, use_causal_mask=True)
    after = _call(layer, changed, changed, use_causal_mask=True)
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert np.abs(before[:, 2:] - after[:, 2:]).max() > 1e-3


@pytest.mark.parametrize("layer", EVERY, ids=lambda layer: layer.name)
def test_masked_values_do_not_matter(layer: Any) -> None:
    mask = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]], bool)
    changed = np.where(mask[..., None], VALUE, 100.0).astype("float32")
    before = _call(layer, QUERY, VALUE, value_mask=mask)
    np.testing.assert_allclose(before, _call(layer, QUERY, changed, value_mask=mask), atol=1e-6)
    assert np.abs(before - _call(layer, QUERY, VALUE)).max() > 1e-3


@pytest.mark.parametrize("layer", _layers(), ids=lambda layer: layer.name)
@pytest.mark.parametrize("scores", [False, True])
def test_a_row_with_nothing_to_see_stays_a_number(layer: Any, scores: bool) -> None:
    nothing = np.zeros((2, 4, 5), bool)
    found = layer(QUERY, VALUE, attention_mask=nothing, return_attention_scores=scores)
    outputs = np.asarray(found[0] if scores else found)
    # All queries see the same: the mean of the values, or 0 where weights are asked for or left out.
    np.testing.assert_allclose(outputs, np.broadcast_to(outputs[:, :1], outputs.shape), atol=1e-6)
    assert np.isfinite(outputs).all()
    if scores:
        np.testing.assert_array_equal(found[1], np.zeros((2, *found[1].shape[1:])))


def test_a_row_with_nothing_to_see_has_a_gradient() -> None:
    mask = np.array([[True, True], [False, False]])
    q = RNG.normal(size=(1, 2, 1, 3))
    slope = keras.grad(lambda x: ops.sum(ops.dot_product_attention(x, q, q, mask=mask) ** 2))(q)
    assert np.abs(slope[0, 0]).max() > 1e-4
    np.testing.assert_array_equal(np.asarray(slope)[0, 1], 0.0)


@pytest.mark.parametrize("layer", _layers(), ids=lambda layer: layer.name)
def test_weights_are_shares(layer: Any) -> None:
    outputs, weights = layer(QUERY, VALUE, return_attention_scores=True)
    heads = 2 if isinstance(layer, layers.MultiHeadAttention) else 4
    assert outputs.shape == (2, 4, 6) and weights.shape == (2, heads, 4, 5)
    np.testing.assert_allclose(np.sum(np.asarray(weights), axis=-1), 1.0, atol=1e-6)
    np.testing.assert_allclose(outputs, layer(QUERY, VALUE), atol=1e-5)


def test_a_window_hides_what_is_far() -> None:
    layer = layers.MultiHeadAttention(1, 2, sliding_window=2)
    _, weights = layer(QUERY, QUERY, return_attention_scores=True, use_causal_mask=True)
    near = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], bool)
    np.testing.assert_array_equal(np.asarray(weights)[0, 0] > 0, near)


def test_dropout_leaves_out_weights_while_training_only() -> None:
    layer = layers.MultiHeadAttention(2, 3, dropout=0.5, seed=1)
    calm = layer(QUERY, VALUE)
    np.testing.assert_array_equal(calm, layer(QUERY, VALUE, training=False))
    assert np.abs(np.asarray(calm) - np.asarray(layer(QUERY, VALUE, training=True))).max() > 1e-2


def test_masks_of_embeddings_are_heeded_and_handed_on() -> None:
    words = np.array([[1, 2, 0, 0], [3, 4, 5, 0]], "int32")
    inputs = keras.Input((4,), dtype="int32")
    x = layers.Embedding(6, 4, mask_zero=True)(inputs)
    seen, weights = layers.MultiHeadAttention(2, 3)(x, x, return_attention_scores=True)
    mean = layers.GlobalAveragePooling1D()(seen)
    _, weights, mean, seen = keras.Model(inputs, [x, weights, mean, seen]).predict(words, verbose=0)
    counts = words != 0
    pairs = counts[:, None, :, None] & counts[:, None, None, :]
    np.testing.assert_array_equal(weights > 0, np.broadcast_to(pairs, weights.shape))
    kept = counts[..., None]
    np.testing.assert_allclose(mean, (seen * kept).sum(1) / kept.sum(1), atol=1e-6)


def test_shapes_are_known_before_a_run() -> None:
    query, value = keras.Input((None, 6)), keras.Input((5, 8))
    outputs, weights = layers.MultiHeadAttention(2, 3)(query, value, return_attention_scores=True)
    assert outputs.shape == (None, None, 6) and weights.shape == (None, 2, None, 5)
    inputs = [keras.Input((4, 6)), keras.Input((5, 3)), keras.Input((5, 6))]
    assert layers.Attention()(inputs).shape == (None, 4, 3)


def test_a_layer_of_ones_own_may_attend_in_another_way() -> None:
    class First(layers.MultiHeadAttention):
        def _compute_attention(
            self, query: Any, key: Any, value: Any, attention_mask: Any = None, *args: Any,
            **kwargs: Any,
        ) -> Any:  # fmt: skip
            self.mask_shape = tuple(attention_mask.shape)
            return ops.broadcast_to(value[:, :1], query.shape), None

    layer = First(2, 3)
    outputs = np.asarray(layer(QUERY, QUERY, use_causal_mask=True))
    np.testing.assert_allclose(outputs, np.broadcast_to(outputs[:, :1], outputs.shape), atol=1e-6)
    assert layer.mask_shape == (1, 4, 4)


def test_groups_are_heads_that_are_repeated() -> None:
    q, k, v = (RNG.normal(size=(2, n, heads, 3)) for n, heads in ((4, 6), (5, 2), (5, 2)))
    mask = RNG.random((2, 6, 4, 5)) > 0.3
    for options in (
        {},
        {"mask": mask},
        {"is_causal": True},
        {"bias": RNG.normal(size=(1, 6, 4, 5))},
    ):
        few = ops.dot_product_attention(q, k, v, **options)
        many = ops.dot_product_attention(q, np.repeat(k, 3, 2), np.repeat(v, 3, 2), **options)
        np.testing.assert_allclose(few, many, atol=1e-12)


def test_half_precision_attends_in_float32() -> None:
    q = (RNG.normal(size=(1, 4, 2, 8)) * 30).astype("float16")
    exact = ops.dot_product_attention(*[q.astype("float64")] * 3)
    found = ops.dot_product_attention(q, q, q)
    assert found.dtype == "float16"
    np.testing.assert_allclose(np.asarray(found, "float64"), exact, rtol=2e-3, atol=0.02)


def test_scores_are_bounded_by_the_cap() -> None:
    q, k = np.full((1, 1, 1, 1), 100.0), np.array([1.0, -1.0]).reshape(1, 2, 1, 1)
    found = ops.dot_product_attention(q, k, k, scale=1.0, attn_logits_soft_cap=2.0)
    np.testing.assert_allclose(found, np.tanh(2.0 * np.ones((1, 1, 1, 1))), atol=1e-7)


def test_products_are_recorded_without_copies() -> None:
    arrays = [((2, 4, 3, 5), "float32")] * 3
    graph, _ = trace(lambda q, k, v: ops.einsum("bqnh,bknh->bnqk", q, k), arrays, name="scores")
    names = [node.primitive.name for node in graph.nodes]
    assert names.count("matmul") == 1 and "reshape" not in names


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.MultiHeadAttention(0, 2), "num_heads"),
        (lambda: layers.MultiHeadAttention(2, 2.5), "key_dim"),
        (lambda: layers.MultiHeadAttention(2, 2, value_dim=0), "value_dim"),
        (lambda: layers.MultiHeadAttention(2, 2, sliding_window=0), "sliding_window"),
        (lambda: layers.MultiHeadAttention(2, 2, attention_axes="a"), "attention_axes"),
        (lambda: layers.MultiHeadAttention(2, 2, dropout=0.1, flash_attention=True), "dropout"),
        (lambda: layers.GroupQueryAttention(2, 4, 3), "multiple"),
        (lambda: layers.Attention(score_mode="sum"), "score_mode"),
        (lambda: layers.Attention()(QUERY), r"\[query, value\]"),
        (lambda: layers.Attention()([QUERY]), "1 of them"),
        (lambda: layers.Attention()([QUERY, VALUE], mask=np.ones((2, 4))), "list of masks"),
        (lambda: layers.Attention()([QUERY, VALUE], mask=[None, np.ones((2, 4))]), r"\(2, 5\)"),
        (
            lambda: layers.MultiHeadAttention(2, 2)(
                QUERY, VALUE, attention_mask=np.ones((2, 4, 4))
            ),
            r"\(2, 4, 5\)",
        ),
        (lambda: layers.MultiHeadAttention(2, 2)(QUERY, VALUE, attention_mask=np.ones(5)), "mask"),
        (
            lambda: layers.MultiHeadAttention(2, 2)(QUERY, VALUE, value_mask=np.ones((2, 4))),
            "value_mask",
        ),
        (lambda: layers.MultiHeadAttention(2, 2)(QUERY, VALUE, QUERY), "value for each key"),
        (lambda: layers.MultiHeadAttention(2, 2, attention_axes=3)(QUERY, VALUE), "attention_axes"),
        (lambda: ops.dot_product_attention(QUERY, QUERY, QUERY), "4 axes"),
        (
            lambda: ops.dot_product_attention(*[np.ones((1, 2, 2, 2))] * 3, mask=np.ones((3, 2))),
            "mask",
        ),
    ],
)
def test_what_is_wrong_is_named(make: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()
