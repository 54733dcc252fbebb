"""Golden cases: attention over a table of arguments, masks and calls; gradients, dtypes, shapes."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, integers, uniform
from .cases_gradients import total
from .cases_layers import fill

QUERY = uniform(2, 4, 6, seed=1000)
VALUE = uniform(2, 5, 6, seed=1001)
KEY = uniform(2, 5, 6, seed=1002)
PLANES = uniform(2, 3, 4, 6, seed=1003)
# The second query of the first row may look at nothing.
ALLOWED = integers(2, 4, 5, seed=1004, high=2).astype(bool)
ALLOWED[0, 1] = False
ALLOWED[1, :, 0] = True
QUERY_COUNTS = np.array([[1, 1, 1, 0], [1, 0, 1, 1]], bool)
VALUE_COUNTS = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1]], bool)
NOTHING_COUNTS = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 1]], bool)

MULTI: list[dict[str, Any]] = [
    {},
    {"value_dim": 3},
    {"use_bias": False, "output_shape": 5},
    {"use_gate": True},
    {"sliding_window": 2},
    {"dropout": 0.3, "seed": 1},
]
GROUPED: list[dict[str, Any]] = [{}, *MULTI[3:], {"num_key_value_heads": 1}]
CALLS: dict[str, dict[str, Any]] = {
    "plain": {},
    "causal": {"use_causal_mask": True},
    "allowed": {"attention_mask": ALLOWED},
    "allowed, causal": {"attention_mask": ALLOWED, "use_causal_mask": True},
    "allowed for heads": {"attention_mask": np.stack([ALLOWED, ~ALLOWED] * 2, 1)[:, :2]},
    "a plane": {"attention_mask": ALLOWED[1]},
    "value mask": {"value_mask": VALUE_COUNTS},
    "nothing to see": {"value_mask": NOTHING_COUNTS},
    "query mask": {"query_mask": QUERY_COUNTS},
    "key mask": {"key": KEY, "value_mask": VALUE_COUNTS, "key_mask": VALUE_COUNTS[::-1].copy()},
    "key": {"key": KEY, "use_causal_mask": True},
}


def _made(k: Any, name: str, kwargs: dict[str, Any]) -> Any:
    if name == "MultiHeadAttention":
        return k.layers.MultiHeadAttention(num_heads=2, key_dim=3, **kwargs)
    grouped = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, **kwargs}
    return k.layers.GroupQueryAttention(**grouped)


def _heads(name: str, kwargs: dict[str, Any], call: dict[str, Any]) -> Any:
    def run(k: Any) -> Any:
        layer = _made(k, name, kwargs)
        layer(QUERY, VALUE)
        fill(layer.weights)
        return [
            layer(QUERY, VALUE, **call),
            *layer(QUERY, VALUE, return_attention_scores=True, **call),
        ]

    return run


def _label(kwargs: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in kwargs.items())


for _name, _variants in (("MultiHeadAttention", MULTI), ("GroupQueryAttention", GROUPED)):
    for _kwargs in _variants:
        for _words, _call in CALLS.items():
            if _words == "allowed for heads" and _name == "GroupQueryAttention":
                continue  # it has other heads
            _title = f"{_name}({_label(_kwargs)}) {_words}"
            add_case("layers", _title, _heads(_name, _kwargs, _call))

for _axes in (None, 1, (2,), (1, 2), -2):

    def _planes(k: Any, axes: Any = _axes) -> Any:
        layer = k.layers.MultiHeadAttention(2, 3, attention_axes=axes, output_shape=(2, 3))
        layer(PLANES, PLANES)
        fill(layer.weights)
        return [layer(PLANES, PLANES), *layer(PLANES, PLANES, return_attention_scores=True)]

    add_case("layers", f"MultiHeadAttention along {_axes}", _planes)

LISTS: dict[str, list[dict[str, Any]]] = {
    "Attention": [
        {},
        {"use_scale": True},
        {"score_mode": "concat"},
        {"score_mode": "concat", "use_scale": True},
        {"dropout": 0.3, "seed": 1},
    ],
    "AdditiveAttention": [{}, {"use_scale": False}],
}
LIST_CALLS: dict[str, dict[str, Any]] = {
    "plain": {},
    "causal": {"use_causal_mask": True},
    "value mask": {"mask": [None, VALUE_COUNTS]},
    "query mask": {"mask": [QUERY_COUNTS, None]},
    "nothing to see": {"mask": [None, NOTHING_COUNTS]},
    "both, causal": {"mask": [QUERY_COUNTS, VALUE_COUNTS], "use_causal_mask": True},
}


def _listed(name: str, kwargs: dict[str, Any], call: dict[str, Any]) -> Any:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        layer([QUERY, VALUE])
        fill(layer.weights)
        return [
            layer([QUERY, VALUE], **call),
            *layer([QUERY, VALUE, KEY], return_attention_scores=True, **call),
        ]

    return run


for _name, _variants in LISTS.items():
    for _kwargs in _variants:
        for _words, _call in LIST_CALLS.items():
            _title = f"{_name}({_label(_kwargs)}) {_words}"
            add_case("layers", _title, _listed(_name, _kwargs, _call))


@case("layers", "MultiHeadAttention of masked embeddings")
def _masked_embeddings(k: Any) -> Any:
    words, others = k.Input((4,), dtype="int32"), k.Input((5,), dtype="int32")
    embed = k.layers.Embedding(6, 6, mask_zero=True)
    x, y = embed(words), embed(others)
    found = []
    for layer in (k.layers.MultiHeadAttention(2, 3), k.layers.GroupQueryAttention(3, 4, 2)):
        seen = layer(x, y)
        found += [seen, k.layers.GlobalAveragePooling1D()(k.layers.Add()([x, seen]))]
    # Of its own words: Keras's MultiHeadAttention takes the masks off what it has seen.
    x, y = (k.layers.Embedding(6, 6, mask_zero=True)(w) for w in (words, others))
    seen = k.layers.Attention()([x, y])
    found += [seen, k.layers.GlobalAveragePooling1D()(seen)]
    model = k.Model([words, others], found)
    fill(model.weights)
    given = [np.array([[1, 2, 0, 0], [3, 4, 5, 0]]), np.array([[2, 3, 1, 0, 0], [1, 0, 2, 0, 3]])]
    return model([g.astype("int32") for g in given])


@case("layers", "Softmax with a mask")
def _masked_softmax(k: Any) -> Any:
    mask = ALLOWED[:, :, :4]
    x = QUERY[:, :, :4]
    return [
        k.layers.Softmax()(x, mask=mask),
        k.layers.Softmax(axis=(1, 2))(x, mask=mask),
        k.layers.Softmax()(x, mask=mask[0]),
    ]


@case("layers", "attention shapes", json=True)
def _shapes(k: Any) -> Any:
    found = []
    for name in ("MultiHeadAttention", "GroupQueryAttention"):
        layer = _made(k, name, {"use_gate": True})
        output = layer(k.Input((4, 6)), k.Input((5, 6)))
        paths = [[w.path, list(w.shape)] for w in layer.weights]
        found += [list(output.shape), paths, layer.compute_output_shape((None, 4, 6), (2, 5, 6))]
        found.append(layer.get_build_config())
    for name in LISTS:
        layer = getattr(k.layers, name)(use_scale=True)
        inputs = [k.Input((4, 6)), k.Input((5, 3)), k.Input((5, 6))]
        output, weights = layer(inputs, return_attention_scores=True)
        paths = [[w.path, list(w.shape)] for w in layer.weights]
        found += [list(output.shape), list(weights.shape), paths, layer.supports_masking]
    return found


# --- gradients ------------------------------------------------------------------------------------


def _slopes(make: Any, inputs: list[np.ndarray], call: Any) -> Any:
    """The gradients by the inputs and the weights."""

    def run(k: Any) -> Any:
        layer = make(k)
        call(layer, inputs)
        fill(layer.weights)
        weights = list(layer.trainable_variables)
        if hasattr(k, "GradientTape"):
            with k.GradientTape() as tape:
                for x in inputs:
                    tape.watch(x)
                loss = total(k, call(layer, inputs))
            return tape.gradient(loss, [*inputs, *weights], unconnected_gradients="zero")
        import jax

        def function(values: Any, xs: Any) -> Any:
            scope = k.StatelessScope(state_mapping=list(zip(weights, values, strict=True)))
            with scope:
                return total(k, call(layer, xs))

        dw, dx = jax.grad(function, argnums=(0, 1))([v.value for v in weights], inputs)
        return [*dx, *dw]

    return run


for _name, _kwargs in (
    ("MultiHeadAttention", {}),
    ("MultiHeadAttention", {"use_gate": True}),
    ("GroupQueryAttention", {}),
):
    for _words in ("plain", "causal", "allowed", "nothing to see"):
        for _scores in (False, True):
            add_case(
                "gradients",
                f"layers.{_name}({_kwargs}) {_words}{', with weights' if _scores else ''}",
                _slopes(
                    lambda k, name=_name, kwargs=_kwargs: _made(k, name, kwargs),
                    [QUERY, VALUE, KEY],
                    lambda layer, xs, call=CALLS[_words], scores=_scores: layer(
                        xs[0], xs[1], key=xs[2], return_attention_scores=scores, **call
                    ),
                ),
                tolerance="approximate",
            )
for _name, _variants in LISTS.items():
    for _kwargs in _variants[:4]:
        add_case(
            "gradients",
            f"layers.{_name}({_kwargs})",
            _slopes(
                lambda k, name=_name, kwargs=_kwargs: getattr(k.layers, name)(**kwargs),
                [QUERY, VALUE, KEY],
                lambda layer, xs: layer(list(xs), use_causal_mask=True),
            ),
            tolerance="approximate",
        )

# --- dtypes ---------------------------------------------------------------------------------------


def _dtypes(name: str, policy: str) -> Any:
    def run(k: Any) -> Any:
        if name in LISTS:
            layer = getattr(k.layers, name)(use_scale=True, dtype=policy)
            results = layer([QUERY, VALUE], return_attention_scores=True)
        else:
            layer = _made(k, name, {"dtype": policy})
            plain = layer(QUERY, VALUE)
            results = [plain, *layer(QUERY, VALUE, return_attention_scores=True)]
        made = [str(k.ops.convert_to_numpy(y).dtype) for y in results]
        return [made, layer.compute_dtype, [str(w.dtype) for w in layer.weights]]

    return run


for _name in ("MultiHeadAttention", "GroupQueryAttention", *LISTS):
    for _policy in ("float16", "mixed_float16"):
        add_case("widths", f"layers.{_name} {_policy}", _dtypes(_name, _policy), json=True)
