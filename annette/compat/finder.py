"""The import hook: `keras.*` and `tensorflow.*` are aliases of annette's modules."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from annette.compat import hints
from annette.compat.modules import OLD, OWN, PASSED_OVER, RENAMED, ROOTS

_TOPS = ("keras", "tensorflow", "tf_keras", "keras_preprocessing")
_KERAS_ROOMS = ("initializers", "losses", "metrics", "optimizers")  # tf.losses is keras.losses
_aliases: dict[str, Alias] = {}
_displaced: dict[str, ModuleType] = {}


class Alias(ModuleType):
    """A module whose names are those of other modules, looked up when they are asked for.

    `keras.layers` is one and not `annette.layers` itself, so that old names can be added to it
    without adding them to annette.
    """

    def __init__(self, name: str, sources: Sequence[ModuleType], path: str | None) -> None:
        super().__init__(name, sources[0].__doc__)
        self.__path__: list[str] = []
        self.__spec__ = ModuleSpec(name, _loader, is_package=True)
        self.__file__ = getattr(sources[0], "__file__", None)
        self._sources = tuple(sources)
        self._keras_path = path

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return self.__dir__()
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        old = RENAMED.get(self._keras_path or "", {}).get(name)
        if old:
            hints.note(f"{self.__name__}.{name}", f"{self.__name__}.{old}")
            return getattr(self, old)
        for source in self._sources:
            found = getattr(source, name, None)
            if found is None and name not in source.__dict__:
                continue
            if (
                isinstance(found, ModuleType)
                and found.__name__.startswith("annette.")
                and (_resolvable(f"{self.__name__}.{name}"))
            ):
                return importlib.import_module(f"{self.__name__}.{name}")
            return found
        if _resolvable(f"{self.__name__}.{name}"):
            return importlib.import_module(f"{self.__name__}.{name}")
        raise AttributeError(_no_such(self.__name__, name))

    def __dir__(self) -> list[str]:
        names: set[str] = set()
        for source in self._sources:
            public = getattr(source, "__all__", None) or dir(source)
            names.update(n for n in public if not n.startswith("_"))
        return sorted(names)


class AliasLoader(Loader):
    """Puts the alias of a name in the place of the module that is being imported."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Let the import system make a blank module; `exec_module` replaces it."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Replace the blank module by the alias, which may be known under several names."""
        name = module.__name__
        sys.modules[name] = alias(name)


class AliasFinder(MetaPathFinder):
    """Answers for the names under `keras`, `tensorflow` and `tf_keras`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of an alias.

        Raises:
            ImportError: for a module or name that annette has not; it says what there is instead.
        """
        if fullname.partition(".")[0] not in _TOPS:
            return None
        parent = fullname.rpartition(".")[0]
        if parent and not isinstance(sys.modules.get(parent), Alias):
            return None  # the real one is loaded and answers for itself
        if _resolvable(fullname):
            return ModuleSpec(fullname, _loader, is_package=True)
        # Not ModuleNotFoundError: `from x import y` would replace its message by a bare one.
        raise ImportError(_no_such(parent, fullname.rpartition(".")[2]), name=fullname)


_loader = AliasLoader()
_finder = AliasFinder()


def install(replace: bool) -> None:
    """Put the finder before all others, or behind them if `replace` is False."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    if not replace:
        sys.meta_path.append(_finder)
        return
    sys.meta_path.insert(0, _finder)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _TOPS and not isinstance(module, Alias):
            _displaced[name] = sys.modules.pop(name)


def uninstall() -> None:
    """Remove the finder and its aliases, and bring back the modules that they stood in for."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    for name, module in list(sys.modules.items()):
        if isinstance(module, Alias):
            del sys.modules[name]
    _aliases.clear()
    sys.modules.update(_displaced)
    _displaced.clear()


def alias(fullname: str) -> Alias:
    """Return the one alias for `fullname`: `tf.keras.layers` and `keras.layers` are the same."""
    path = _keras_path(fullname)
    canonical = fullname if path is None else ".".join(filter(None, ("keras", path)))
    if canonical not in _aliases:
        if path is not None and path in OLD:
            hints.note(canonical, ".".join(filter(None, ("keras", OLD[path][0]))))
        names = _sources(fullname)
        _aliases[canonical] = Alias(canonical, [importlib.import_module(n) for n in names], path)
    return _aliases[canonical]


def _keras_path(fullname: str) -> str | None:
    """Return what follows `keras` in any spelling of its root; None for TensorFlow's own names."""
    if fullname.partition(".")[0] == "keras_preprocessing":
        return fullname.replace("keras_preprocessing", "preprocessing", 1)
    for root in ROOTS:
        if fullname == root or fullname.startswith(root + "."):
            rest = fullname[len(root) + 1 :].split(".")
            while rest and rest[0] in PASSED_OVER:
                del rest[0]
            return ".".join(rest)
    return None


def _sources(fullname: str) -> list[str]:
    """Return the names of the annette modules behind `fullname`, none if it is not known."""
    path = _keras_path(fullname)
    if path is None:
        if fullname.partition(".")[2] in _KERAS_ROOMS:
            return ["annette." + fullname.partition(".")[2]]
        plain = fullname.replace(".compat.v2", "").replace(".python", "")
        own = "annette.compat.tf" + plain.removeprefix("tensorflow")
        return [own] if _exists(own) else []
    if path == "":
        return ["annette.compat.top", "annette"]
    if path == "backend":
        return ["annette.compat.backend"]
    if path in OWN:
        return [OWN[path], *_todays(path, fullname)]
    return _todays(path, fullname)


def _todays(path: str, fullname: str) -> list[str]:
    if path in OLD:
        return [name for part in OLD[path] for name in _sources(f"keras.{part}".rstrip("."))]
    home = _home(path)
    if home is not None:
        return [home]
    if {"src", "python"} & set(fullname.split(".")):  # private paths: the room they were in
        room = _home(path.partition(".")[0])
        return [] if room is None else [room, "annette"]
    return []


def _resolvable(fullname: str) -> bool:
    return bool(_sources(fullname))


def _home(path: str) -> str | None:
    """Return the name of the annette module that is public under `path`, wherever it is kept."""
    if _exists(f"annette.{path}"):
        return f"annette.{path}"
    found: object = sys.modules["annette"]
    for part in path.split("."):
        found = getattr(found, part, None)
    if isinstance(found, ModuleType) and found.__name__.startswith("annette."):
        return found.__name__
    return None


def _exists(name: str) -> bool:
    if name in sys.modules:
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _no_such(parent: str, name: str) -> str:
    if _keras_path(f"{parent}.{name}") is None:
        from annette.compat.offers import needs_tensorflow

        return needs_tensorflow(f"{parent}.{name}".removeprefix("tensorflow."))
    from annette import __version__
    from annette.utils.suggest import nearest

    module = sys.modules.get(parent)
    hit = nearest(name, dir(module)) if module is not None else None
    mend = f" Did you mean {hit!r}?" if hit else ""
    return f"{parent} has no {name!r} in annette {__version__}.{mend}"
