"""What layers with several heads share: projections, masks, and attention itself."""

from __future__ import annotations

import math
import string
from typing import Any

import numpy as np

from annette import config, constraints, initializers, ops, regularizers
from annette.layers.activation.softmax import masked_softmax
from annette.layers.arguments import fraction
from annette.layers.attention import masks
from annette.layers.core.einsum_dense import EinsumDense
from annette.layers.layer import Layer
from annette.layers.regularization.dropout import Dropout


class HeadsLayer(Layer):
    """Attention with several heads, each with its own projections of query, key and value."""

    use_bias: bool
    use_gate: bool
    _query_dense: Any
    _key_dense: Any
    _value_dense: Any
    _gate_dense: Any
    _output_dense: Any

    def _prepare_heads(
        self, size: int, dropout: float, seed: Any, sliding_window: Any, flash_attention: Any
    ) -> None:
        """Check and keep what all such layers are told.

        Raises:
            ValueError: naming the argument that is wrong.
        """
        name = type(self).__name__
        self.supports_masking = True
        self.dropout, self.seed = fraction(name, "dropout", dropout), seed
        whole = isinstance(sliding_window, (int, np.integer)) and not isinstance(
            sliding_window, bool
        )
        if sliding_window is not None and (not whole or sliding_window < 1):
            raise ValueError(
                f"{name} expects sliding_window to be a whole number above 0, or None; it got "
                f"{sliding_window!r}."
            )
        self.sliding_window = sliding_window
        self._flash_attention = flash_attention or config.is_flash_attention_enabled()
        if self._flash_attention and dropout > 0:
            raise ValueError(
                f"{name} has no dropout with flash_attention: there are no weights to leave out. "
                f"It got dropout={dropout!r}; give dropout=0.0 or flash_attention=False."
            )
        self._factor = 1.0 / math.sqrt(size)
        self._axes: tuple[int, ...] = (1,)

    def _prepare_weights(self, given: dict[str, Any]) -> None:
        """Keep the initializers, regularizers and constraints among a constructor's arguments."""
        self.kernel_initializer = initializers.get(given["kernel_initializer"])
        self.bias_initializer = initializers.get(given["bias_initializer"])
        self.kernel_regularizer = regularizers.get(given["kernel_regularizer"])
        self.bias_regularizer = regularizers.get(given["bias_regularizer"])
        self.kernel_constraint = constraints.get(given["kernel_constraint"])
        self.bias_constraint = constraints.get(given["bias_constraint"])
        self._inner_regularizer = regularizers.get(given["activity_regularizer"])

    # --- making -----------------------------------------------------------------------------------

    def _projection(
        self, name: str, shape: Any, summed: int, sizes: tuple[int, ...], activation: Any = None
    ) -> EinsumDense:
        """Return a built dense layer from the last `summed` axes of `shape` to axes of `sizes`."""
        letters = iter(string.ascii_lowercase)
        free = "".join(next(letters) for _ in shape[:-summed])
        inner = "".join(next(letters) for _ in range(summed))
        outer = "".join(next(letters) for _ in sizes)
        layer = EinsumDense(
            f"{free}{inner},{inner}{outer}->{free}{outer}",
            output_shape=(*(None for _ in free[1:]), *sizes),
            activation=activation,
            bias_axes=outer if self.use_bias else None,
            kernel_initializer=_own(self.kernel_initializer),
            bias_initializer=_own(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self._inner_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(shape)
        return layer

    def _build_attention(self, rank: int) -> None:
        """Make what attention needs, for projected values of `rank` axes; called by `build`."""
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)

    # --- computing --------------------------------------------------------------------------------

    def _attend(
        self, query: Any, value: Any, key: Any, mask: Any, causal: bool, training: Any, scores: bool
    ) -> tuple[Any, Any]:
        """Return the projected outputs, and the weights or None."""
        gate = self._gate_dense(query) if self.use_gate else None
        heads = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        # A subclass may have a `_compute_attention` of its own that knows of no order.
        order = {"use_causal_mask": True} if causal else {}
        outputs, weights = self._compute_attention(
            *heads, attention_mask=mask, training=training, return_attention_scores=scores, **order
        )
        outputs = outputs if gate is None else ops.multiply(outputs, gate)
        return self._output_dense(outputs), weights

    def _allowed(
        self, query: Any, value: Any, query_mask: Any, value_mask: Any, key_mask: Any,
        attention_mask: Any, use_causal_mask: bool,
    ) -> tuple[Any, bool]:  # fmt: skip
        """Return where a query may look at a key, and whether there is but the order to heed."""
        given = (query_mask, value_mask, key_mask, attention_mask, self.sliding_window)
        own = type(self)._compute_attention is HeadsLayer._compute_attention
        if use_causal_mask and own and all(one is None for one in given):
            return None, True
        lengths = query.shape[1], value.shape[1]
        order = masks.causal(*lengths) if use_causal_mask else None
        if self.sliding_window is not None:
            near = masks.window(*lengths, self.sliding_window)
            order = near if order is None else order & near
        self._check_sequence("query", query_mask, query)
        self._check_sequence("value", value_mask, value)
        self._check_sequence("key", key_mask, value)
        return masks.joined(query_mask, value_mask, key_mask, attention_mask, order), False

    def _check_sequence(self, name: str, mask: Any, x: Any) -> None:
        wanted = tuple(x.shape)[:-1]
        if mask is not None and tuple(mask.shape) != wanted:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects {name}_mask to have a place for each "
                f"step, {wanted}; it got the shape {tuple(mask.shape)}."
            )

    def _compute_attention(
        self,
        query: Any,
        key: Any,
        value: Any,
        attention_mask: Any = None,
        training: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> tuple[Any, Any]:
        """Return, for each head, the weighted means of the values, and the weights or None.

        A subclass may compute attention in another way.

        Args:
            query: (rows, t, heads, size).
            key: (rows, s, heads, size).
            value: (rows, s, heads, d).
            attention_mask: broadcasts to (rows, t, s) or (rows, heads, t, s).
            training: whether to leave out weights.
            return_attention_scores: whether the weights are wanted.
            use_causal_mask: whether a query sees only the keys up to its own place.
        """
        if self._flash_attention and return_attention_scores:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no weights to return with "
                "flash_attention. Give it flash_attention=False."
            )
        rank, axes = len(query.shape), self._axes
        if rank == 4 and axes == (1,) and self.dropout == 0 and not return_attention_scores:
            mask = self._over_heads(attention_mask, query, key)
            outputs = ops.dot_product_attention(
                query, key, value, mask=mask, scale=self._factor, is_causal=use_causal_mask,
                flash_attention=self._flash_attention,
            )  # fmt: skip
            return outputs, None
        if use_causal_mask:
            order = masks.causal(query.shape[1], key.shape[1])
            attention_mask = masks.joined(None, None, None, attention_mask, order)
        mask = self._over_heads(attention_mask, query, key)
        if key.shape[-2] != query.shape[-2]:
            key, value = (
                ops.repeat(x, query.shape[-2] // x.shape[-2], axis=-2) for x in (key, value)
            )
        dot, combine = equations(rank, axes)
        scores = ops.einsum(dot, query * self._factor, key)
        over = tuple(range(len(scores.shape) - len(axes), len(scores.shape)))
        weights = masked_softmax(scores, mask, over)
        kept = self._dropout_layer(weights, training=training) if self.dropout > 0 else weights
        return ops.einsum(combine, kept, value), weights

    def _over_heads(self, mask: Any, query: Any, key: Any) -> Any:
        """Return a mask with an axis for the heads, where it has none."""
        if mask is None:
            return None
        rank, axes = len(query.shape), self._axes
        full = (
            *(n for i, n in enumerate(query.shape[:-1]) if i not in axes),
            *(query.shape[i] for i in axes),
            *(key.shape[i] for i in axes),
        )
        shape, pairs = tuple(mask.shape), 2 * len(axes)
        if pairs <= len(shape) < len(full):
            ones = (1,) * (len(full) - len(shape))
            shape = (*shape[:-pairs], *ones, *shape[-pairs:])
        fits = len(shape) == len(full) and all(
            n in (1, m) for n, m in zip(shape, full, strict=True)
        )
        if not fits:
            wanted = (full[0], *full[-pairs:]) if rank == 4 else full
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects masks that together broadcast to "
                f"(rows, queries, keys) = {wanted}; their shape is {tuple(mask.shape)}."
            )
        return ops.reshape(mask, shape)

    # --- shapes -----------------------------------------------------------------------------------

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return outputs, and weights if asked for, as KerasTensors."""
        return self._traced_spec(args, kwargs)

    def _check_lengths(self, value_shape: Any, key_shape: Any) -> None:
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ValueError(
                f"{type(self).__name__} '{self.name}' expects a value for each key: all their axes "
                f"but the last have equal sizes. The value's shape is {tuple(value_shape)}, the "
                f"key's {tuple(key_shape)}."
            )


def equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """Return the sums of products that make the scores, and that weigh the values.

    Args:
        rank: the number of axes of projected queries: rows first, heads and sizes last.
        axes: those along which a query looks at keys.
    """
    target = string.ascii_letters[:rank]
    others = iter(string.ascii_letters[rank:])
    source = "".join(next(others) if i in axes else c for i, c in enumerate(target))
    batch = "".join(c for i, c in enumerate(target[:-1]) if i not in axes)
    scores = batch + "".join(target[i] for i in axes) + "".join(source[i] for i in axes)
    return f"{target},{source}->{scores}", f"{scores},{source}->{target}"


def _own(initializer: Any) -> Any:
    """Return an initializer that draws for itself: one shared would give equal weights."""
    return initializer.clone() if isinstance(initializer, initializers.Initializer) else initializer
