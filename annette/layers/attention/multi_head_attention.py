"""MultiHeadAttention: several attentions side by side, each with projections of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from annette import ops, regularizers
from annette.layers.arguments import positive_int
from annette.layers.attention.heads import HeadsLayer


class MultiHeadAttention(HeadsLayer):
    r"""Lets each step of a sequence look at all steps of another, or of its own.

    .. math:: y = \operatorname{concat}_n(\operatorname{softmax}(q_n k_n^T / \sqrt{h})\, v_n)\, W

    with :math:`q_n, k_n, v_n` the n-th head's projections of query, key and value. (Vaswani et al.,
    2017.)

    Args:
        num_heads: how many heads.
        key_dim: h, the size of each head's queries and keys.
        value_dim: the size of each head's values; `key_dim` if None.
        dropout: the fraction of weights that are left out while training.
        use_bias: whether the projections add a learnt vector.
        output_shape: the sizes of the outputs' last axes; the query's last one if None.
        attention_axes: the axes that are looked along; all but rows and features if None.
        sliding_window: w, to see only steps less than w away; None for all.
        flash_attention: accepted; how attention is computed is the backend's choice.
        kernel_initializer, bias_initializer: first values of the projections' weights.
        kernel_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on what each projection gives.
        kernel_constraint, bias_constraint: applied to the weights after each update.
        use_gate: whether each head's results are multiplied by a sigmoid of a projection of the
            query (Qiu et al., 2025).
        seed: a whole number, to leave out the same weights in each run.

    Call arguments:
        query: what asks.
        value: what is handed over.
        key: what answers; `value` if None.
        query_mask: (rows, t); always that of `query` itself, also where another is given.
        value_mask, key_mask: (rows, s); those of `value` and `key` unless given.
        attention_mask: True where a query may look at a key; broadcasts to (rows, t, s), or with
            an axis for the heads after the rows.
        return_attention_scores: whether to return the weights too.
        training: whether to leave out weights.
        use_causal_mask: whether a query sees only the steps up to its own place.

    Where nothing may be looked at, the result is the mean of all values, or 0 with dropout or
    `return_attention_scores`.

    Input shape: query (rows, t, d), value (rows, s, e), key (rows, s, f); more axes in between.
    Output shape: that of the query, with `output_shape` last; weights (rows, num_heads, t, s).
    Weights: kernel (d, num_heads, key_dim) and bias (num_heads, key_dim) of query, key and value,
        of the gate if there is one, and kernel (num_heads, value_dim, ...), bias of the output.

    Raises:
        ValueError: if a size is no whole number above 0, another argument is wrong, or the shapes
            of inputs or masks do not fit.
    """

    _fields = (
        "num_heads", "key_dim", "value_dim", "dropout", "use_bias", "use_gate", "output_shape",
        "attention_axes", "sliding_window", "kernel_initializer", "bias_initializer",
        "kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint", "seed",
    )  # fmt: skip

    _saved_as: ClassVar[dict[str, str]] = {
        f"_{part}_dense": f"{part}_dense" for part in ("query", "key", "value", "output", "gate")
    }  # in files

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
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
        super().__init__(**kwargs)
        name = type(self).__name__
        self.num_heads = positive_int(name, "num_heads", num_heads)
        self.key_dim = positive_int(name, "key_dim", key_dim)
        self.value_dim = (
            self.key_dim if value_dim is None else positive_int(name, "value_dim", value_dim)
        )
        self._prepare_heads(self.key_dim, dropout, seed, sliding_window, flash_attention)
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
        self.output_shape = _sizes(output_shape)
        self.attention_axes = _axes(attention_axes)

    def build(  # type: ignore[override]  # a shape for each input
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        """Make the projections for the last sizes of query, value and key."""
        key_shape = value_shape if key_shape is None else key_shape
        self._check_lengths(value_shape, key_shape)
        rank = len(query_shape) + 1
        self._axes = self._found_axes(len(query_shape))
        self.attention_axes = self._axes
        sizes = (self.num_heads, self.key_dim), (self.num_heads, self.value_dim)
        self._query_dense = self._projection("query", query_shape, 1, sizes[0])
        self._key_dense = self._projection("key", key_shape, 1, sizes[0])
        if self.use_gate:
            self._gate_dense = self._projection("gate", query_shape, 1, sizes[1], "sigmoid")
        self._value_dense = self._projection("value", value_shape, 1, sizes[1])
        self._build_attention(rank)
        self._output_dense = self._projection(
            "attention_output", (*query_shape[:-1], *sizes[1]), 2,
            self.output_shape or (query_shape[-1],),
        )  # fmt: skip

    def _found_axes(self, rank: int) -> tuple[int, ...]:
        """Return the axes that are looked along, counted from the first."""
        if self.attention_axes is None:
            return tuple(range(1, rank - 1))
        found = tuple(a if a >= 0 else rank + a for a in self.attention_axes)
        if not all(0 < a < rank for a in found) or len(set(found)) != len(found):
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects attention_axes to name axes of the "
                f"query from 1 on, each once; it got {self.attention_axes} for {rank} axes."
            )
        return found

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
        query_mask = getattr(query, "_keras_mask", None)
        if attention_mask is not None:
            attention_mask = ops.cast(attention_mask, "bool")
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
        self._check_lengths(value_shape, value_shape if key_shape is None else key_shape)
        return (*query_shape[:-1], *(self.output_shape or query_shape[-1:]))

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal, untrained layer."""
        penalty = self._inner_regularizer
        told = None if penalty is None else regularizers.serialize(penalty)
        return {**super().get_config(), "activity_regularizer": told}

    @property
    def query_dense(self) -> Any:
        """The projection of the query."""
        return self._query_dense

    @property
    def key_dense(self) -> Any:
        """The projection of the key."""
        return self._key_dense

    @property
    def value_dense(self) -> Any:
        """The projection of the value."""
        return self._value_dense

    @property
    def output_dense(self) -> Any:
        """The projection of the heads' results."""
        return self._output_dense


def _sizes(output_shape: Any) -> tuple[int, ...] | None:
    if output_shape is None:
        return None
    given = output_shape if isinstance(output_shape, (list, tuple)) else (output_shape,)
    return tuple(positive_int("MultiHeadAttention", "output_shape", n) for n in given) or None


def _axes(attention_axes: Any) -> Any:
    if attention_axes is None:
        return None
    given = attention_axes if isinstance(attention_axes, (list, tuple)) else (attention_axes,)
    if not given or not all(hasattr(a, "__index__") for a in given):
        raise ValueError(
            "MultiHeadAttention expects attention_axes to be an axis or a list of them; it got "
            f"{attention_axes!r}."
        )
    return tuple(int(a) for a in given)
