"""Dot-product attention over heads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.fused.attention import attention, lowest, turned
from annette.fused.nn import softmax
from annette.ops.common import dtype_of, from_python, op, operands, rank, single, to_dtype
from annette.ops.numpy import elementwise as el, shaping
from annette.ops.numpy.linear import matmul


@op
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    r"""Return, for each query, the mean of the values weighted by how well their keys fit it.

    .. math:: y = \operatorname{softmax}(s\, q k^T + b)\, v

    (Vaswani et al., 2017.) Each head does so for itself. With fewer heads of keys than of queries,
    neighbouring queries share one (Ainslie et al., 2023). Scores and softmax are computed in
    float32 at least. A query whose keys are all masked gets the plain mean of the values.

    Args:
        query: what asks, (batch, t, heads, h).
        key: what answers, (batch, s, key heads, h); `heads` is a multiple of `key heads`.
        value: what is handed over, (batch, s, key heads, d).
        bias: b, added to the scores; broadcast to (batch, heads, t, s).
        mask: True where a query may look at a key; broadcast to (batch, heads, t, s).
        scale: s; :math:`1 / \sqrt{h}` if None.
        is_causal: whether a query sees only the keys up to its own place.
        flash_attention: accepted; how attention is computed is the backend's choice.
        attn_logits_soft_cap: c, above 0: scores become :math:`c \tanh(score / c)` before masks.

    Shape: the result is (batch, t, heads, d).

    Raises:
        ValueError: if the shapes do not fit each other.
    """
    q, k, v = operands(query, key, value, at_least_float=True)
    groups = _check_shapes(tuple(q.shape), tuple(k.shape), tuple(v.shape))
    full = (q.shape[0], q.shape[2], q.shape[1], k.shape[1])
    factor = 1.0 / math.sqrt(max(q.shape[-1], 1)) if scale is None else scale
    q, k, v = (shaping.transpose(x, (0, 2, 1, 3)) for x in (q, k, v))
    allowed = _joined(mask, is_causal, full, groups)
    if groups > 1:  # queries that share a head of keys get an axis, along which keys broadcast
        q = shaping.reshape(q, (full[0], -1, groups, *q.shape[2:]))
        k, v = shaping.expand_dims(k, 2), shaping.expand_dims(v, 2)
    plain = bias is None and attn_logits_soft_cap is None
    if plain and isinstance(factor, (int, float, np.number)):
        y = attention(q, k, v, *allowed, scale=float(factor))
    else:
        added = None if bias is None else _over_groups("bias", bias, full, groups)
        y = _general(q, k, v, allowed, factor, added, attn_logits_soft_cap)
    if groups > 1:
        y = shaping.reshape(y, (full[0], full[1], *y.shape[3:]))
    return shaping.transpose(y, (0, 2, 1, 3))


def _general(
    q: Any, k: Any, v: Any, allowed: tuple[Any, ...], scale: Any, bias: Any, cap: float | None
) -> Any:
    """Return what attention gives, with a bias or a bound on the scores."""
    scores = el.multiply(matmul(single(q), turned(single(k))), scale)
    dtype = dtype_of(scores)
    if bias is not None:
        scores = el.add(scores, to_dtype(bias, dtype))
    if cap is not None:
        if isinstance(cap, (int, float)) and cap <= 0:
            raise ValueError(
                f"dot_product_attention expects attn_logits_soft_cap above 0; it got {cap!r}."
            )
        scores = el.multiply(el.tanh(el.divide(scores, cap)), cap)
    if allowed:
        scores = el.where(allowed[0], scores, lowest(dtype_of(scores)))
    return matmul(to_dtype(softmax(scores, axis=-1), dtype_of(v)), v)


def _check_shapes(q: tuple[int, ...], k: tuple[int, ...], v: tuple[int, ...]) -> int:
    """Return how many heads of queries share one of keys."""
    told = f"query has the shape {q}, key {k}, value {v}"
    if not len(q) == len(k) == len(v) == 4:
        raise ValueError(
            "dot_product_attention expects query, key and value of 4 axes, (batch, length, heads, "
            f"size); {told}."
        )
    if q[0] != k[0] or k[:3] != v[:3] or q[3] != k[3]:
        raise ValueError(
            "dot_product_attention expects one batch size, keys as large as the queries, and a "
            f"value for each key; {told}."
        )
    if k[2] == 0 or q[2] % k[2]:
        raise ValueError(
            "dot_product_attention expects the heads of the queries to be a multiple of those of "
            f"the keys; {told}: {q[2]} and {k[2]} heads."
        )
    return q[2] // k[2]


def _joined(mask: Any, is_causal: bool, full: tuple[int, ...], groups: int) -> tuple[Any, ...]:
    """Return what says which scores count: one array, or none."""
    parts = []
    if mask is not None:
        parts.append(to_dtype(_over_groups("mask", mask, full, groups), "bool"))
    if is_causal:
        parts.append(np.tril(np.ones(full[2:], bool)))
    return (el.logical_and(*parts),) if len(parts) == 2 else tuple(parts)


def _over_groups(name: str, x: Any, full: tuple[int, ...], groups: int) -> Any:
    """Return a bias or mask as it broadcasts to the scores."""
    x = from_python(x)
    shape = tuple(x.shape)
    fits = rank(x) <= 4 and all(
        n in (1, m) for n, m in zip(reversed(shape), reversed(full), strict=False)
    )
    if not fits:
        raise ValueError(
            f"dot_product_attention expects {name} to broadcast to (batch, heads, queries, keys) "
            f"= {full}; it got the shape {shape}."
        )
    if groups == 1 or rank(x) < 3:
        return x
    heads = shape[-3]
    split = (heads // groups, groups) if heads > 1 else (1, 1)
    return shaping.reshape(x, (*shape[:-3], *split, *shape[-2:]))
