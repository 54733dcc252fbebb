"""Config: named values of a program, read as attributes and frozen when they are settled."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

_OWN = ("_config", "_frozen")


class Config:
    """Named values, set and read as attributes or as in a dict.

    ``Config(units=32)`` gives an object whose ``config.units`` and ``config["units"]`` are 32.
    After `freeze` nothing can be changed until `unfreeze`.

    Args:
        **kwargs: the first values.
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    _config: dict[str, Any]
    _frozen: bool

    @property
    def frozen(self) -> bool:
        """Whether changes are refused."""
        return self._frozen

    def freeze(self) -> None:
        """Refuse changes from now on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """Return the values as a dict of their own."""
        return dict(self._config)

    def to_json(self) -> str:
        """Return the values as JSON.

        Raises:
            TypeError: if JSON cannot hold a value.
        """
        import json

        return json.dumps(self._config)

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._config.keys()

    def values(self) -> ValuesView[Any]:
        """Return the values."""
        return self._config.values()

    def items(self) -> ItemsView[str, Any]:
        """Return the pairs of name and value."""
        return self._config.items()

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a name, `default` if there is none."""
        return self._config.get(name, default)

    def pop(self, *args: Any) -> Any:
        """Take a value out and return it, the second argument if there is none.

        Raises:
            KeyError: if there is none and no second argument.
            ValueError: if the configuration is frozen.
        """
        self._require_thawed()
        return self._config.pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Take over the values of a dict, a `Config`, pairs, and of the arguments.

        Raises:
            ValueError: if the configuration is frozen.
        """
        self._require_thawed()
        self._config.update(*args, **kwargs)

    def _require_thawed(self, name: str | None = None) -> None:
        if self._frozen:
            what = "" if name is None else f", so {name!r} cannot be changed"
            raise ValueError(f"This Config is frozen{what}. Call unfreeze() first.")

    def __getattr__(self, name: str) -> Any:
        # Before __init__ has run, as in copying, there is no dict to look into.
        if name in _OWN or name not in self._config:
            raise AttributeError(self._unknown(name))
        return self._config[name]

    def _unknown(self, name: str) -> str:
        known = ", ".join(map(str, self.__dict__.get("_config", ()))) or "none"
        return f"Config has no value {name!r}; its values are: {known}."

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "frozen":
            raise AttributeError("frozen cannot be set. Call freeze() or unfreeze().")
        self[name] = value

    def __delattr__(self, name: str) -> None:
        self._require_thawed(name)
        if name not in self._config:
            raise AttributeError(self._unknown(name))
        del self._config[name]

    def __getitem__(self, name: str) -> Any:
        return self._config[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._require_thawed(name)
        self._config[name] = value

    def __delitem__(self, name: str) -> None:
        self._require_thawed(name)
        del self._config[name]

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in _OWN}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name in _OWN:
            object.__setattr__(self, name, state[name])

    def __contains__(self, name: object) -> bool:
        return name in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(self._config)

    def __len__(self) -> int:
        return len(self._config)

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
