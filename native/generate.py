"""Write the C++ of the elementwise operations: the registry's formulas as loops, and their table.

    python native/generate.py build/generated/elementwise.inc

For every elementwise primitive that names a kernel there is a function of its formula, and for every
dtype its shape rule takes, and the core computes with, an entry in the table.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TYPES = {
    "bool": "bool",
    "int32": "std::int32_t",
    "uint32": "std::uint32_t",
    "int64": "std::int64_t",
    "float32": "float",
    "float64": "double",
}
# Between these values are cast, wherever they come from.
CASTS = {
    "bool": "bool",
    "int8": "std::int8_t",
    "uint8": "std::uint8_t",
    "int16": "std::int16_t",
    "uint16": "std::uint16_t",
    "int32": "std::int32_t",
    "uint32": "std::uint32_t",
    "int64": "std::int64_t",
    "uint64": "std::uint64_t",
    "float32": "float",
    "float64": "double",
}


def enum(dtype: str) -> str:
    """Return the C++ name of a dtype's code."""
    return "Type::boolean" if dtype == "bool" else f"Type::{dtype}"


def arity(formula: str) -> int:
    """Return how many inputs a formula reads."""
    return max(i + 1 for i in range(3) if f"x{i}" in formula)


def result(primitive: Any, count: int, dtype: str) -> str | None:
    """Return the dtype of the result for inputs of `dtype`, or None where it is not taken."""
    inputs = [SimpleNamespace(shape=(), dtype=dtype) for _ in range(count)]
    if primitive.name == "select":
        inputs[0].dtype = "bool"
    try:
        return str(primitive.shape(*inputs)[1])
    except (TypeError, ValueError):
        return None


def operation(primitive: Any) -> tuple[str, str]:
    """Return the function of a primitive's formula, and what makes its entry in the table."""
    name, formula = primitive.name, primitive.kernel
    count = arity(formula)
    kinds = ["bool" if name == "select" and i == 0 else "T" for i in range(count)]
    given = ", ".join(f"{kind} x{i}" for i, kind in enumerate(kinds))
    function = (
        f"struct op_{name} {{\n    template <class T> static auto of({given}) "
        f"{{ return {formula}; }}\n}};\n"
    )
    lines = [
        f"inline constexpr MicroOp entry_{name}() {{\n"
        f'    MicroOp m{{"{name}", {count}, 1, false, {{}}, {{}}, {{}}}};\n'
    ]
    for dtype, cpp in TYPES.items():
        made = result(primitive, count, dtype)
        if made not in TYPES:
            continue
        inputs = ["bool" if kind == "bool" else cpp for kind in kinds]
        lines.append(
            f"    set(m, {enum(dtype)}, {enum(made)}, "
            f"{'Type::boolean' if kinds[0] == 'bool' else enum(dtype)},\n"
            f"        map{count}<op_{name}, {', '.join([TYPES[made], *inputs])}>);\n"
        )
    return function, "".join([*lines, "    return m;\n}\n"])


def cast(source: str) -> str:
    """Return what makes the entry of the casts from one dtype."""
    lines = [
        f"inline constexpr MicroOp entry_cast_{source}() {{\n"
        f'    MicroOp m{{"cast_{source}", 1, 1, false, {{}}, {{}}, {{}}}};\n'
    ]
    for target, cpp in CASTS.items():
        lines.append(
            f"    set(m, {enum(target)}, {enum(target)}, {enum(source)}, "
            f"map1<Cast<{cpp}>, {cpp}, {CASTS[source]}>);\n"
        )
    return "".join([*lines, "    return m;\n}\n"])


def main(path: str) -> None:
    """Write the file, unless it says the same already."""
    sys.path.insert(0, str(ROOT))
    import annette.primitives  # noqa: F401  # registers them
    from annette.graph.primitive import PRIMITIVES

    chosen = [
        p for p in PRIMITIVES.values()
        if p.family == "elementwise" and p.kernel and p.name != "cast"
    ]  # fmt: skip
    parts = ["// Made by native/generate.py from the registry of primitives.\n"]
    parts += [text for p in chosen for text in operation(p)]
    parts += [cast(dtype) for dtype in CASTS]
    entries = ", ".join(f"entry_{p.name}()" for p in chosen)
    casts = ", ".join(f"entry_cast_{dtype}()" for dtype in CASTS)
    parts.append(
        f"#define ANNETTE_ELEMENTWISE_TABLE {entries},\n#define ANNETTE_CAST_TABLE {casts},\n"
    )
    text = "".join(parts)
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.read_text() != text:
        target.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1])
