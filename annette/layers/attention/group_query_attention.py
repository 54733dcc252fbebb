"""GroupQueryAttention: attention whose heads share keys and values in groups."""

from __future__ import annotations

from typing import Any

from annette.layers.arguments import positive_int
from annette.layers.attention.heads import HeadsLayer
from annette.utils.naming import auto_name


class GroupQueryAttention(HeadsLayer):
    r"""Attention with several heads, of which groups share one projection of keys and values.

    (Ainslie et al., 2023.) With one head of keys and values it is multi-query attention (Shazeer,
    2019), with as many as heads of queries it is `MultiHeadAttention`.

    Args:
        head_dim: h, the size of each head.
        num_query_heads: how many heads of queries, a multiple of
        num_key_value_heads: how many heads of keys and values.
        dropout: the fraction of weights that are left out while training.
        use_bias: whether the projections add a learnt vector.
        sliding_window: w, to see only steps less than w away; None for all.
        flash_attention: accepted; how attention is computed is the backend's choice.
        kernel_initializer, bias_initializer: first values of the projections' weights.
        kernel_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on what each projection and the layer give.
        kernel_constraint, bias_constraint: applied to the weights after each update.
        use_gate: whether each head's results are multiplied by a sigmoid of a projection of the
            query (Qiu et al., 2025).
        seed: a whole number, to leave out the same weights in each run.

    Call arguments:
        query: what asks.
        value: what is handed over.
        key: what answers; `value` if None.
        query_mask, value_mask, key_mask: (rows, t) or (rows, s); those of the inputs unless given.
        attention_mask: True where a query may look at a key; broadcasts to (rows, t, s), or with
            an axis for the heads after the rows.
        return_attention_scores: whether to return the weights too.
        training: whether to leave out weights.
        use_causal_mask: whether a query sees only the steps up to its own place.

    Where nothing may be looked at, the result is the mean of all values, or 0 with dropout or
    `return_attention_scores`.

    Input shape: query (rows, t, d), value and key (rows, s, d).
    Output shape: (rows, t, d); weights (rows, num_query_heads, t, s).
    Weights: kernel (d, heads, head_dim) and bias (heads, head_dim) of query, key and value, of the
        gate if there is one, and kernel (num_query_heads, head_dim, d), bias (d,) of the output.

    Raises:
        ValueError: if a size is no whole number above 0, another argument is wrong, or the shapes
            of inputs or masks do not fit.
    """

    _fields = (
        "head_dim", "num_query_heads", "num_key_value_heads", "use_bias", "use_gate",
        "sliding_window", "dropout", "kernel_initializer", "bias_initializer", "kernel_regularizer",
        "bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint", "seed",
    )  # fmt: skip

    _saved_name = "GroupedQueryAttention"  # in the paths of files of weights

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if type(self) is GroupQueryAttention and kwargs.get("name") is None:
            kwargs["name"] = auto_name("grouped_query_attention")  # as Keras names it
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.head_dim = positive_int("GroupQueryAttention", "head_dim", head_dim)
        self.num_query_heads = positive_int(
            "GroupQueryAttention", "num_query_heads", num_query_heads
        )
        self.num_key_value_heads = positive_int(
            "GroupQueryAttention", "num_key_value_heads", num_key_value_heads
        )
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                "GroupQueryAttention expects num_query_heads to be a multiple of "
                f"num_key_value_heads; it got {num_query_heads} and {num_key_value_heads}."
            )
        self._prepare_heads(self.head_dim, dropout, seed, sliding_window, flash_attention)
        self._prepare_weights(
            {
                "kernel_initializer": kernel_initializer,
                "bias_initializer": bias_initializer,
                "kernel_regularizer": kernel_regularizer,
                "bias_regularizer": bias_regularizer,
                "activity_regularizer": activity_regularizer,
                "kernel_constraint": kernel_constraint,
                "bias_constraint": bias_constraint,
            }
        )
        self.use_bias, self.use_gate = use_bias, use_gate

    def build(  # type: ignore[override]  # a shape for each input
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        """Make the projections for the last sizes of query, value and key."""
        key_shape = value_shape if key_shape is None else key_shape
        self._check_lengths(value_shape, key_shape)
        asking = (self.num_query_heads, self.head_dim)
        answering = (self.num_key_value_heads, self.head_dim)
        self._query_dense = self._projection("query", query_shape, 1, asking)
        self._key_dense = self._projection("key", key_shape, 1, answering)
        if self.use_gate:
            self._gate_dense = self._projection("gate", query_shape, 1, asking, "sigmoid")
        self._value_dense = self._projection("value", value_shape, 1, answering)
        self._build_attention(len(query_shape) + 1)
        self._output_dense = self._projection(
            "attention_output", (*query_shape[:-1], *asking), 2, (query_shape[-1],)
        )

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Return the outputs, and the weights if asked for."""
        mask, causal = self._allowed(
            query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask
        )
        key = value if key is None else key
        outputs, weights = self._attend(
            query, value, key, mask, causal, training, return_attention_scores
        )
        return (outputs, weights) if return_attention_scores else outputs

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> tuple[Any, ...]:
        """Return the outputs' shape for the shapes of query, value and key."""
        if query_shape[-1] != value_shape[-1]:
            raise ValueError(
                f"GroupQueryAttention '{self.name}' expects query and value of one last size; "
                f"their shapes are {tuple(query_shape)} and {tuple(value_shape)}."
            )
        self._check_lengths(value_shape, value_shape if key_shape is None else key_shape)
        return tuple(query_shape)
