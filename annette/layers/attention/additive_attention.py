"""AdditiveAttention: attention whose scores are sums of tanh."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.layers.attention.attention import Attention


class AdditiveAttention(Attention):
    r"""Attention whose score is :math:`\sum_i a_i \tanh(q_i + k_i)`.

    (Bahdanau, Cho & Bengio, 2015.)

    Args:
        use_scale: whether there are learnt factors a, one a feature; they are 1 if not.
        dropout: the fraction of weights that are left out while training.
        seed: a whole number, to leave out the same ones in each run.

    Call arguments: those of `Attention`.

    Input shape: query (rows, t, features), value (rows, s, d), key (rows, s, features).
    Output shape: (rows, t, d); weights (rows, t, s).
    Weights: scale (features,), with `use_scale`.

    Raises:
        ValueError: if `dropout` is not from 0 to 1, or the inputs or their mask are no such list.
    """

    _fields = ("use_scale", "dropout", "seed")

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make a factor for each feature."""
        self._check_list(input_shape)
        if self.use_scale:
            self.scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _calculate_scores(self, query: Any, key: Any) -> Any:
        """Return the score of each query and key, (rows, t, s)."""
        terms = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(terms if self.scale is None else self.scale * terms, axis=-1)
