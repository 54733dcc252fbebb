"""Where does a customer's message go, and how urgent is it? A model of several inputs and outputs.

The messages are made up by a rule: the department by the topic of the text, the urgency by words
and by the kind of customer. One layer reads title and text (shared layers); inputs are a nested
dict, outputs, losses, their weights and metrics are dicts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import made_texts

import annette as keras
from annette import layers

DEPARTMENTS = ["billing", "delivery", "returns", "technical"]
WORDS = 400


def tickets(rows: int) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Make up tickets: what stands in them, and where they went."""
    random = np.random.default_rng(11)
    bodies, departments = made_texts(rows, list(range(4)), words=25, seed=11)
    titles = [" ".join(body.split()[:5]) for body in bodies]
    kind = random.integers(3, size=rows)
    loud = random.random(rows) < 0.4
    titles = [t + " urgent" if shout else t for t, shout in zip(titles, loud, strict=True)]
    urgency = 1 / (1 + np.exp(-(2.5 * loud + 1.2 * kind - 2.2 + 0.5 * (departments == 3))))
    vectorize = layers.TextVectorization(max_tokens=WORDS, output_mode="multi_hot")
    vectorize.adapt(titles + bodies)
    words = {
        "title": np.asarray(vectorize(titles), dtype="float32"),
        "body": np.asarray(vectorize(bodies), dtype="float32"),
    }
    tags = np.eye(3, dtype="float32")[kind]
    found = {"text": words, "customer": tags}
    return found, {"urgency": urgency[:, None].astype("float32"), "department": departments}


def make_model() -> keras.Model:
    inputs = {
        "text": {
            "title": keras.Input((WORDS,), name="title"),
            "body": keras.Input((WORDS,), name="body"),
        },
        "customer": keras.Input((3,), name="customer"),
    }
    read = layers.Dense(32, activation="relu", name="reader")  # one layer, two texts
    title, body = read(inputs["text"]["title"]), read(inputs["text"]["body"])
    features = layers.Concatenate()([title, body, inputs["customer"]])
    features = layers.Dense(32, activation="relu")(features)
    outputs = {
        "urgency": layers.Dense(1, activation="sigmoid", name="urgency")(features),
        "department": layers.Dense(4, activation="softmax", name="department")(features),
    }
    return keras.Model(inputs, outputs, name="ticket_router")


def part(data: Any, rows: slice) -> Any:
    """Return some rows of arrays in nested dicts."""
    return {k: part(v, rows) for k, v in data.items()} if isinstance(data, dict) else data[rows]


def main(epochs: int = 20, rows: int = 3000) -> dict[str, float]:
    """Train; return the error in urgency, that of its mean, and the accuracy by department."""
    keras.utils.set_random_seed(8)
    x, y = tickets(rows)
    train, test = slice(rows * 3 // 4), slice(rows * 3 // 4, None)
    model = make_model()
    model.summary()
    model.compile(
        "adam",
        loss={"urgency": "mse", "department": "sparse_categorical_crossentropy"},
        loss_weights={"urgency": 5.0, "department": 1.0},
        metrics={"urgency": ["mae"], "department": ["accuracy"]},
    )
    history = model.fit(
        part(x, train), part(y, train), epochs=epochs, batch_size=64, validation_split=0.1,
        verbose=0,
    ).history  # fmt: skip
    print("What fit records:", ", ".join(sorted(history)))
    figures = model.evaluate(part(x, test), part(y, test), verbose=0, return_dict=True)
    truth = y["urgency"][test]
    found = {
        "urgency": float(figures["urgency_mae"]),
        "mean urgency": float(np.abs(truth - truth.mean()).mean()),
        "department": float(figures["department_accuracy"]),
    }
    print(f"department right: {found['department']:.3f} of {len(DEPARTMENTS)}; urgency off by "
          f"{found['urgency']:.3f} (always the mean: {found['mean urgency']:.3f})")  # fmt: skip
    first = model.predict(part(part(x, test), slice(3)), verbose=0)
    for u, d in zip(first["urgency"][:, 0], first["department"], strict=True):
        print(f"  to {DEPARTMENTS[int(d.argmax())]} ({d.max():.0%} sure), urgency {u:.2f}")
    return found


if __name__ == "__main__":
    main()
