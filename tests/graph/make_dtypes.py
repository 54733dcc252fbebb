"""Write dtypes.json: what ``keras.backend.result_type`` says. Run with real Keras on TensorFlow, which keeps 64 bits.

KERAS_BACKEND=tensorflow python tests/graph/make_dtypes.py
"""

from __future__ import annotations

import json
from pathlib import Path

DTYPES = [
    "bool", "uint8", "uint16", "uint32", "int8", "int16", "int32", "int64",
    "float16", "bfloat16", "float32", "float64", "int", "float",
]  # fmt: skip
PYTHON = {"int": int, "float": float}


def table() -> dict[str, str]:
    """Return the common dtype of each pair, and of some triples."""
    import keras

    found = {}
    pairs = [(a, b) for a in DTYPES for b in DTYPES]
    triples = [
        ("bool", "int", "float16"), ("int8", "uint8", "float"), ("uint32", "int64", "int"),
        ("float16", "bfloat16", "int32"), ("bool", "bool", "int"), ("uint8", "int", "float"),
    ]  # fmt: skip
    for names in [*[(d,) for d in DTYPES], *pairs, *triples]:
        operands = [PYTHON.get(n, n) for n in names]
        found[" ".join(names)] = keras.backend.result_type(*operands)
    return {"keras": keras.__version__, **found}


if __name__ == "__main__":
    path = Path(__file__).with_name("dtypes.json")
    path.write_text(json.dumps(table(), indent=1) + "\n", encoding="utf-8")
