"""Attention: a mean of values, weighted by how well their keys fit a query."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops, random
from annette.layers.arguments import fraction
from annette.layers.attention.masks import causal
from annette.layers.layer import Layer


class Attention(Layer):
    r"""Gives each query the mean of the values, weighted by how well their keys fit it.

    .. math:: y = \operatorname{softmax}(score(q, k))\, v

    The score of a query and a key is :math:`a\, q \cdot k` (Luong, Pham & Manning, 2015), or
    :math:`c \sum \tanh(a (q + k))` with ``score_mode="concat"``; a is 1 unless `use_scale`.

    Args:
        use_scale: whether there is a learnt factor a.
        score_mode: "dot" or "concat".
        dropout: the fraction of weights that are left out while training.
        seed: a whole number, to leave out the same ones in each run.

    Call arguments:
        inputs: [query, value] or [query, value, key]; values are their own keys if there are none.
        mask: [query mask, value mask], each (rows, steps) or None; taken from the inputs unless
            given. Masked values have no part; masked queries give 0.
        training: whether to leave out weights.
        return_attention_scores: whether to return the weights too.
        use_causal_mask: whether a query sees only the values up to its own place.

    Input shape: query (rows, t, features), value (rows, s, d), key (rows, s, features).
    Output shape: (rows, t, d); weights (rows, t, s).
    Weights: scale () with `use_scale`; concat_score_weight () with ``score_mode="concat"``.

    Raises:
        ValueError: if `score_mode` is another, `dropout` is not from 0 to 1, or the inputs or their
            mask are no such list.
    """

    _fields: tuple[str, ...] = ("use_scale", "score_mode", "dropout", "seed")

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"{type(self).__name__} expects score_mode to be 'dot' or 'concat'; it got "
                f"{score_mode!r}."
            )
        self.use_scale, self.score_mode, self.seed = use_scale, score_mode, seed
        self.dropout = fraction(type(self).__name__, "dropout", dropout)
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self.scale: Any = None
        self.concat_score_weight: Any = None

    def build(self, input_shape: Any) -> None:
        """Make the factors of the score."""
        self._check_list(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((), "ones", name="scale")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones", name="concat_score_weight")

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return the weighted means, and the weights if asked for."""
        self._check_list(inputs, mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (mask[0], mask[1]) if mask is not None else (None, None)
        scores = self._calculate_scores(query, key)
        allowed = self._allowed(scores, value_mask, use_causal_mask)
        outputs, weights = self._apply_scores(scores, value, allowed, training)
        if query_mask is not None:
            kept = ops.cast(ops.expand_dims(query_mask, -1), "bool")
            outputs = ops.where(kept, outputs, 0.0)
        return (outputs, weights) if return_attention_scores else outputs

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        """Return the score of each query and key, (rows, t, s)."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        pairs = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        pairs = pairs if self.scale is None else self.scale * pairs
        return self.concat_score_weight * ops.sum(ops.tanh(pairs), axis=-1)

    def _apply_scores(
        self, scores: Any, value: Any, scores_mask: Any = None, training: bool = False
    ) -> tuple[Any, Any]:
        """Return the weighted means and the weights."""
        if scores_mask is not None:
            # A large number, and no infinity: a row with nothing to look at stays a number.
            far = 65504.0 if ops.dtype(scores) == "float16" else 1e9
            scores = ops.where(scores_mask, scores, scores - far)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        return ops.matmul(weights, value), weights

    def _allowed(self, scores: Any, value_mask: Any, use_causal_mask: bool) -> Any:
        """Return where a score counts, None for everywhere."""
        if value_mask is not None:
            value_mask = ops.cast(value_mask, "bool")
            fits = len(value_mask.shape) == 2 and all(
                n in (1, m) for n, m in zip(value_mask.shape, scores.shape[::2], strict=False)
            )
            if len(value_mask.shape) == 2 and len(scores.shape) == 3 and not fits:
                raise ValueError(
                    f"{type(self).__name__} '{self.name}' expects the value's mask to be (rows, "
                    f"values) = {(scores.shape[0], scores.shape[2])}; it got the shape "
                    f"{tuple(value_mask.shape)}."
                )
            if len(value_mask.shape) == 2 or use_causal_mask:
                value_mask = ops.expand_dims(value_mask, -2)
        if not use_causal_mask:
            return value_mask
        order = causal(scores.shape[-2], scores.shape[-1])
        return order if value_mask is None else ops.logical_and(value_mask, order)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the query's mask."""
        self._check_list(inputs, mask)
        return None if mask is None else mask[0]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for the shapes of query and value."""
        return (*input_shape[0][:-1], input_shape[1][-1])

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return outputs, and weights if asked for, as KerasTensors."""
        return self._traced_spec(args, kwargs)

    def _check_list(self, inputs: Any, mask: Any = None) -> None:
        name = f"{type(self).__name__} '{self.name}'"
        if not isinstance(inputs, list) or not 2 <= len(inputs) <= 3:
            got = f"{len(inputs)} of them" if isinstance(inputs, list) else _kind(inputs)
            raise ValueError(
                f"{name} expects a list of inputs, [query, value] or [query, value, key]; it got "
                f"{got}."
            )
        if mask is not None and (not isinstance(mask, list) or not 2 <= len(mask) <= 3):
            got = f"{len(mask)} of them" if isinstance(mask, list) else _kind(mask)
            raise ValueError(
                f"{name} expects a list of masks, [query mask, value mask], each of which may be "
                f"None; it got {got}."
            )


def _kind(x: Any) -> str:
    shape = tuple(x.shape) if hasattr(x, "shape") else np.shape(x)
    return f"{type(x).__name__} of shape {shape}"
