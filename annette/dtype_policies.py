"""Which dtype a layer computes in and which its weights have (``keras.dtype_policies``)."""

from __future__ import annotations

from typing import Any

from annette import config
from annette.graph.dtypes import ALLOWED, standardize


class DTypePolicy:
    """A name such as ``"float32"`` or ``"mixed_float16"`` and the two dtypes it stands for.

    Raises:
        ValueError: if the name is neither a dtype nor ``mixed_float16`` or ``mixed_bfloat16``.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"A dtype policy is made of a name; it got {name!r}.")
        if name not in ALLOWED and name not in ("mixed_float16", "mixed_bfloat16"):
            raise ValueError(
                f"{name!r} is no dtype policy. Use a dtype such as 'float32', or "
                "'mixed_float16' or 'mixed_bfloat16'."
            )
        self._name = name
        self.compute_dtype = name.removeprefix("mixed_")
        self.variable_dtype = "float32" if name.startswith("mixed_") else name

    @property
    def name(self) -> str:
        """The name it was made with."""
        return self._name

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal policy."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Return the policy that `config` describes."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


Policy = DTypePolicy
_current: DTypePolicy | None = None


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are given none: ``floatx()`` unless set."""
    return _current or DTypePolicy(config.floatx())


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers that are given none."""
    global _current
    _current = get(policy)


def get(identifier: Any) -> DTypePolicy:
    """Return the policy meant by a name, dtype, configuration or policy; None: the current one."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str) and identifier.startswith("mixed_"):
        return DTypePolicy(identifier)
    return DTypePolicy(standardize(identifier))


def serialize(policy: DTypePolicy) -> dict[str, Any]:
    """Return `policy` as plain values, as Keras writes it."""
    return {
        "module": "keras",
        "class_name": type(policy).__name__,
        "config": policy.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> DTypePolicy:
    """Return the policy that `serialize` described."""
    return DTypePolicy(config.get("config", config)["name"])
