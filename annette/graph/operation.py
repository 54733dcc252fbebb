"""Operation: something that is called on arrays, and on KerasTensors as a part of a model."""

from __future__ import annotations

from typing import Any

from annette.graph.symbolic import CallNode, any_symbolic, output_spec, record_call
from annette.utils.naming import auto_name, to_snake_case
from annette.utils.signature import signature

_PLAIN = (str, int, float, bool, type(None), list, tuple, dict)


class Operation:
    """A computation without weights; derive from it and write `call` in functions of `annette.ops`.

    Called on arrays it computes; called on KerasTensors it becomes a part of the functional model
    that is made of the result.

    Args:
        name: the class's name in snake case unless given.

    Raises:
        ValueError: if the name is no string, or holds a slash.
    """

    _init_arguments: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Keep the constructor's arguments, for `get_config`."""
        instance = super().__new__(cls)
        # What __init__ was given is what get_config of a user's own class can report.
        object.__setattr__(instance, "_init_arguments", (args, kwargs))
        return instance

    def __init__(self, name: str | None = None) -> None:
        self._inbound_nodes: list[CallNode] = []
        self.name = name if name is not None else auto_name(to_snake_case(type(self).__name__))
        if not isinstance(name, (str, type(None))):
            raise ValueError(f"name must be a string; it got {name!r}.")
        if "/" in self.name:
            raise ValueError(f"name must not hold '/'; it got {name!r}.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute on arrays and Tensors, or add to a functional model on KerasTensors."""
        if "_inbound_nodes" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}.__init__ did not call super().__init__(); add that call."
            )
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result. To be written by each operation."""
        raise NotImplementedError(
            f"{type(self).__name__} has no call(): write `def call(self, inputs)` with what it "
            "computes."
        )

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Return the results as KerasTensors that remember this call."""
        return record_call(self, args, kwargs, self.compute_output_spec(*args, **kwargs))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return the results as KerasTensors, for inputs that are KerasTensors."""
        return output_spec(self.call, args, kwargs)

    @property
    def input(self) -> Any:
        """The KerasTensor it was first called on.

        Raises:
            AttributeError: if it was not called on one.
        """
        return self._place("input")

    @property
    def output(self) -> Any:
        """The KerasTensor it gave at its first call.

        Raises:
            AttributeError: if it was not called on one.
        """
        return self._place("output")

    def _place(self, what: str) -> Any:
        if not self._inbound_nodes:
            raise AttributeError(
                f"{type(self).__name__} '{self.name}' has no `{what}` yet: it was not called on a "
                "KerasTensor, such as Input(...) gives."
            )
        node = self._inbound_nodes[0]
        found = node.input_tensors if what == "input" else node.outputs
        return found[0] if len(found) == 1 else found

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal operation.

        Raises:
            NotImplementedError: if the constructor's arguments cannot be told.
        """
        config: dict[str, Any] = {"name": self.name}
        return {**config, **self._own_arguments(config)}

    def _own_arguments(self, config: dict[str, Any]) -> dict[str, Any]:
        """Return the constructor's arguments that `config` lacks, if they are plain values."""
        args, kwargs = self._init_arguments
        takes = signature(type(self).__init__)
        names = takes.names[1:]
        if len(args) > len(names):
            raise NotImplementedError(
                f"{type(self).__name__} was made with arguments without a name, of `*args`. Write "
                "get_config() that returns its arguments."
            )
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        for key, value in given.items():
            if key not in config and not isinstance(value, _PLAIN):
                raise NotImplementedError(
                    f"{type(self).__name__} was made with {key}={value!r}, which is no plain "
                    "value. Write get_config() that returns its arguments."
                )
        given = {**{k: v for k, v in takes.defaults.items() if isinstance(v, _PLAIN)}, **given}
        ordered = {k: given[k] for k in (*names, *given) if k in given}
        return {k: v for k, v in ordered.items() if k not in config}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the operation that `config` describes."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
