"""Which dtype a layer computes in and which its weights have (``keras.dtype_policies``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

import numpy as np

from annette import config
from annette.graph.dtypes import ALLOWED, FLOATS, standardize

_MIXED = ("mixed_float16", "mixed_bfloat16")


class DTypePolicy:
    """A name such as ``"float32"`` or ``"mixed_float16"`` and the two dtypes it stands for.

    A dtype's name stands for that dtype twice. The mixed policies compute in half precision with
    weights of float32 (Micikevicius et al., Mixed precision training, 2018). None means
    ``floatx()``.

    Raises:
        TypeError: if the name is no string.
        ValueError: if the name is neither a dtype nor ``mixed_float16`` or ``mixed_bfloat16``.
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = config.floatx()
        if not isinstance(name, str):
            raise TypeError(
                f"A dtype policy is made of a name such as 'mixed_float16'; it got {name!r}."
            )
        if name not in ALLOWED and name not in _MIXED:
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

    @property
    def quantization_mode(self) -> None:
        """None: annette does not quantize."""
        return None

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Return `x` as a layer of this policy takes it.

        An array of floats becomes `dtype` if `autocast`; a NumPy array becomes a tensor. Everything
        else stays as it is.
        """
        from annette import ops
        from annette.graph import KerasTensor

        dtype = standardize(dtype)
        tensor = ops.is_tensor(x) or isinstance(x, KerasTensor)
        if not tensor and not isinstance(x, np.ndarray):
            return x
        known = standardize(x.dtype)
        wanted = dtype if autocast and known in FLOATS else known
        if isinstance(x, KerasTensor) or wanted == known:
            return x if wanted == known else ops.cast(x, wanted)
        return ops.cast(ops.convert_to_tensor(x), wanted)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal policy."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        """Return the policy that `config` describes."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        if isinstance(self, DTypePolicyMap) or isinstance(other, DTypePolicyMap):
            return self is other
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


class FloatDTypePolicy(DTypePolicy):
    """A policy as any other, by the name it has in Keras where none of it is quantized."""


class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """Policies by the path of a layer, or by a regular expression of the whole path.

    Given to a layer as `dtype`, it is asked for the layer's path: the policy under that very key,
    else under the one key that matches it, else `default_policy`.

    Args:
        default_policy: a policy or its name; None means the global one, whatever it is then.
        policy_map: a dict of paths and policies.

    Raises:
        TypeError: if `policy_map` is no dict.
        ValueError: for a policy that is none, a key that is there already, and for a path that
            several keys match.
    """

    def __init__(self, default_policy: Any = None, policy_map: Any = None) -> None:
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                "Argument `policy_map` of DTypePolicyMap must be a dict of paths and policies; it "
                f"got {policy_map!r}."
            )
        self._default = None if default_policy is None else get(default_policy)
        self._policies: dict[str, DTypePolicy] = {}
        for key, policy in (policy_map or {}).items():
            self[key] = policy

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of layers that no key is for."""
        return self._default or dtype_policy()

    @property
    def name(self) -> str:
        """The default policy's name after ``map_``."""
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self) -> str:  # type: ignore[override]  # not set, but looked up
        """The default policy's."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:  # type: ignore[override]  # not set, but looked up
        """The default policy's."""
        return self.default_policy.variable_dtype

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self._policies:
            return self._policies[key]
        hits = [k for k in self._policies if re.fullmatch(k, key)]
        if len(hits) > 1:
            raise ValueError(
                f"Several keys of the DTypePolicyMap match the path {key!r}: {hits}. Make them "
                "such that each path has one at most."
            )
        return self._policies[hits[0]] if hits else self.default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self._policies:
            raise ValueError(
                f"{key!r} is in the DTypePolicyMap already, with {self._policies[key]!r}. Delete "
                "it before setting it anew."
            )
        try:
            self._policies[key] = get(policy)
        except (TypeError, ValueError) as error:
            raise ValueError(f"The DTypePolicyMap's entry {key!r} is no policy: {error}") from error

    def __delitem__(self, key: str) -> None:
        del self._policies[key]

    def __contains__(self, key: object) -> bool:
        return key in self._policies

    def __len__(self) -> int:
        return len(self._policies)

    def __iter__(self) -> Iterator[str]:
        return iter(self._policies)

    def __hash__(self) -> int:
        return id(self)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal map, the policies serialized."""
        return {
            "default_policy": None if self._default is None else serialize(self._default),
            "policy_map": {key: serialize(policy) for key, policy in self._policies.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicyMap:
        """Return the map that `config` describes."""
        return cls(config.get("default_policy"), config.get("policy_map"))

    def __repr__(self) -> str:
        entries = [(key, policy.name) for key, policy in self._policies.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={entries}>"


Policy = DTypePolicy
ALL_OBJECTS: dict[str, type[DTypePolicy]] = {
    cls.__name__: cls for cls in (DTypePolicy, FloatDTypePolicy, DTypePolicyMap)
}
_current: DTypePolicy | None = None


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that are given none: ``floatx()`` unless set."""
    return _current or DTypePolicy(config.floatx())


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers that are given none.

    Raises:
        ValueError: if `policy` is neither a policy nor the name of one.
    """
    global _current
    if not isinstance(policy, (str, DTypePolicy, dict)):
        raise ValueError(
            "set_dtype_policy expects a DTypePolicy or the name of one, such as 'mixed_float16'; "
            f"it got {policy!r}."
        )
    _current = get(policy)


def get(identifier: Any) -> DTypePolicy:
    """Return the policy meant by a name, dtype, configuration or policy; None: the current one.

    Raises:
        ValueError: if it is none of these.
    """
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
        "module": "keras.dtype_policies" if isinstance(policy, DTypePolicyMap) else "keras",
        "class_name": type(policy).__name__,
        "config": policy.get_config(),
        "registered_name": None,
    }


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> DTypePolicy:
    """Return the policy that `serialize` described.

    Raises:
        ValueError: for a class that is no policy.
    """
    name = config.get("class_name", "DTypePolicy")
    cls = {**ALL_OBJECTS, "Policy": DTypePolicy, **(custom_objects or {})}.get(name)
    if cls is None:
        raise ValueError(f"{name!r} is no dtype policy. Use one of {', '.join(ALL_OBJECTS)}.")
    made: DTypePolicy = cls.from_config(config.get("config", config))
    return made
