"""Which of Keras's public names annette has, with which parameters, and why others are missing."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .record import parameter

RECORDED = json.loads((Path(__file__).resolve().parent / "keras_names.json").read_text())
VERSION: str = RECORDED["version"]

# What is not there yet, or will not be, by pattern of the full name: the first that fits counts.
AREAS: list[tuple[str, str]] = [
    (r"keras\.applications\b", "pretrained models of Keras's own are no part of annette"),
    (r"quantiz|Quantiz|GPTQ|AWQ|Int4", "quantization is not there"),
    (r"keras\.(export|distribution|distillation)\b|RematScope|\.remat$",
     "export, distribution over devices and distillation are not there"),
    (r"(Flax|Jax|TFSM|TorchModule)(Wrapper|Layer)$", "layers of other frameworks are not taken in"),
    (r"(?i)MaxNumBoundingBoxes|bounding_boxes\.affine|visualization|segmentation_mask",
     "drawing pictures, and boxes that layers move along, are not there yet"),
    (r"Spectrogram|audio_dataset", "audio is not there yet"),
    (r"Orbax|KerasFileEditor|unsafe_des", "annette has checkpoints of its own, and runs no code of a file"),
    (r"\.legacy\b|is_nnx_enabled", "Keras's own past or insides"),
]  # fmt: skip
# Parameters that belong to such an area.
LEFT_OUT = {"lora_rank", "lora_alpha", "quantization_config", "dtype_policy"}


@dataclass
class Finding:
    """What annette has for one public name of Keras."""

    name: str
    area: str | None
    there: bool
    differences: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Say whether it is there with Keras's parameters and defaults."""
        return self.there and not self.differences


def find(path: str) -> Any:
    """Return annette's thing for a name of Keras; LookupError if there is none."""
    parts = path.split(".")[1:]
    found: Any = importlib.import_module("annette")
    for n, part in enumerate(parts):
        if not hasattr(found, part):
            try:
                found = importlib.import_module(".".join(["annette", *parts[: n + 1]]))
            except ImportError:
                raise LookupError(path) from None
        else:
            found = getattr(found, part)
    return found


def differences(recorded: dict[str, Any], thing: Any) -> list[str]:
    """Return how a thing's parameters differ from the recorded ones."""
    if "parameters" not in recorded:
        return []
    try:
        own = [p for p in inspect.signature(thing).parameters.values() if p.name != "self"]
    except (TypeError, ValueError):
        return ["has no signature"]
    ours = dict(map(parameter, own))
    wanted = [(n, d) for n, d in recorded["parameters"] if n not in ("*", "**")]
    found = []
    for name, default in wanted:
        if name in LEFT_OUT:
            continue
        if name not in ours:
            if "*" not in ours or default != "-":
                found.append(f"no `{name}`")
        elif default not in ("...", ours[name]) and ours[name] != "...":
            found.append(f"`{name}={ours[name]}`, not {default}")
    order = [n for n, _ in wanted if n in ours]
    if sorted(order, key=list(ours).index) != order:
        found.append("parameters in another order")
    return found


def compare() -> dict[str, list[Finding]]:
    """Return what was found for each namespace of Keras."""
    table: dict[str, list[Finding]] = {}
    for namespace, names in RECORDED["namespaces"].items():
        for name, recorded in names.items():
            path = f"{namespace}.{name}"
            area = next((why for pattern, why in AREAS if re.search(pattern, path)), None)
            try:
                finding = Finding(path, area, True, differences(recorded, find(path)))
            except LookupError:
                finding = Finding(path, area, False)
            table.setdefault(namespace, []).append(finding)
    return table


def counted(findings: list[Finding]) -> list[Finding]:
    """Return those that no area leaves out."""
    return [f for f in findings if f.area is None]


def share(table: dict[str, list[Finding]]) -> float:
    """Return the fraction of Keras's names that are there with the same parameters."""
    everything = [f for findings in table.values() for f in counted(findings)]
    return sum(f.same for f in everything) / len(everything)
