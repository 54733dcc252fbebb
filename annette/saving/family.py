"""What `get`, `serialize` and `deserialize` do for every family of named objects."""

from __future__ import annotations

from typing import Any

from annette.saving.serialization import deserialize_keras_object, get_registered_object
from annette.utils.explain import check_constructors
from annette.utils.suggest import unknown


class Family:
    """The objects of one kind ("loss", "initializer", ...) by their public names.

    `base` is the class the instances share; None where plain functions are enough (activations).
    `functions` says whether a plain function can stand for an instance.
    """

    def __init__(
        self, kind: str, objects: dict[str, Any], base: type | None = None, functions: bool = True
    ) -> None:
        self.kind = kind
        self.objects = objects
        self.base = base
        self.functions = functions
        check_constructors(*objects.values())

    def get(self, identifier: Any) -> Any:
        """The object meant by a name, a configuration, a class or an object; None for None.

        Raises:
            ValueError: for a name that is not known, or for something that is not of the kind.
        """
        if identifier is None:
            return None
        if isinstance(identifier, dict):
            found = self.deserialize(identifier)
        elif isinstance(identifier, str):
            found = self.named(identifier)
        else:
            found = identifier
        if isinstance(found, type):
            found = self._instance(found)
        if not self._fits(found):
            mend = ", an instance or a function" if self.functions else " or an instance"
            raise ValueError(
                f"{found!r} of type {type(found).__name__} is not {self._article()}. "
                f"Give the name of {self._article()}{mend}."
            )
        return found

    def named(self, name: str) -> Any:
        """The class or function of this name, registered ones included; ValueError if none is."""
        found = get_registered_object(name, module_objects=self.objects)
        if found is None:
            raise unknown(self.kind, name, self.objects)
        return found

    def deserialize(self, config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """The object described by `config`; ValueError if it is none of this kind."""
        if isinstance(config, dict) and not ("class_name" in config and "config" in config):
            raise ValueError(
                f"The configuration of {self._article()} needs the keys 'class_name' and 'config'; "
                f"it got {sorted(map(str, config))}."
            )
        if isinstance(config, dict) and "module" not in config and not _special(config):
            name = config["class_name"]
            if not get_registered_object(name, custom_objects, self.objects):
                raise unknown(self.kind, name, self.objects)
        return deserialize_keras_object(
            config, custom_objects=custom_objects, module_objects=self.objects
        )

    def _instance(self, cls: type) -> Any:
        try:
            return cls()
        except TypeError as error:
            raise ValueError(
                f"{cls.__name__} cannot be made from its name alone ({error}). "
                f"Give an instance: {cls.__name__}(...)."
            ) from error

    def _fits(self, found: Any) -> bool:
        if self.base is not None and isinstance(found, self.base):
            return True
        if self.base is None or not self.functions:
            return self.functions and callable(found)
        # The program's own callables are welcome; annette's objects of another kind are mistakes.
        return callable(found) and not (
            type(found).__module__.startswith("annette.") and hasattr(found, "get_config")
        )

    def _article(self) -> str:
        return ("an " if self.kind[0] in "aeiou" else "a ") + self.kind


def _special(config: dict[str, Any]) -> bool:
    name = str(config["class_name"])
    return name == "function" or name.startswith("__")
