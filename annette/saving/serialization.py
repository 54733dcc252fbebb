"""Objects to plain dictionaries and back, in the format of Keras 3.

Nothing found in a configuration is ever run, imported or looked up in a module: a name is a key of
annette's own table (`known.py`), of what the program registered, or of its `custom_objects`.
"""

from __future__ import annotations

import itertools
import os
import threading
import types
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from annette.graph.dtypes import numpy_dtype, standardize
from annette.saving import budget, known, sharing

_PRIMITIVES = (str, bool, int, float)
# What constructors raise for arguments of a wrong kind, which says nothing by itself.
_ODD = (LookupError, AttributeError, ArithmeticError, AssertionError, RuntimeError)
_OWN_ROOTS = ("annette", "keras", "tf_keras")

_objects: dict[str, Any] = {}  # registered name -> object
_names: dict[Any, str] = {}  # object -> registered name
_local = threading.local()  # .scope: the objects of the CustomObjectScopes now open
_lambdas: weakref.WeakValueDictionary[str, Callable[..., Any]] = weakref.WeakValueDictionary()
_process = os.urandom(8).hex()  # keeps a lambda's token from meaning another one in another process
_counter = itertools.count()


# --- the register -----------------------------------------------------------------------------


def get_custom_objects() -> dict[str, Any]:
    """The dictionary of registered objects by name; changing it changes what is known."""
    return _objects


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Any], Any]:
    """Decorator that makes a class or function known, to loading, as `package>name`.

    Raises:
        ValueError: if the class has no `get_config`.
    """

    def decorate(obj: Any) -> Any:
        if isinstance(obj, type) and not hasattr(obj, "get_config"):
            raise ValueError(
                f"register_keras_serializable expects a class with a get_config() method; "
                f"{obj.__name__} has none. Define get_config() returning its arguments as a dict."
            )
        registered = f"{package}>{name if name is not None else obj.__name__}"
        _objects[registered] = obj
        _names[obj] = registered
        return obj

    return decorate


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function is registered, else its own name."""
    try:
        registered = _names.get(obj)
    except TypeError:  # not hashable
        registered = None
    return registered if registered is not None else str(obj.__name__)


def get_registered_object(
    name: str,
    custom_objects: dict[str, Any] | None = None,
    module_objects: dict[str, Any] | None = None,
) -> Any:
    """The object known under `name`, or None: open scopes first, then the register, then the two
    dictionaries given.
    """
    for objects in (_scope(), _objects, custom_objects, module_objects):
        if objects and name in objects:
            return objects[name]
    return None


class CustomObjectScope:
    """Context in which the names in `custom_objects` are known.

    >>> with CustomObjectScope({"MyLayer": MyLayer}):
    ...     layer = deserialize_keras_object(config)
    """

    def __init__(self, custom_objects: dict[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})
        self._outer: dict[str, Any] = {}

    def __enter__(self) -> CustomObjectScope:
        self._outer = _scope()
        _local.scope = {**self._outer, **self.custom_objects}
        return self

    def __exit__(self, *exc: object) -> None:
        _local.scope = self._outer


custom_object_scope = CustomObjectScope


def _scope() -> dict[str, Any]:
    scope: dict[str, Any] = getattr(_local, "scope", {})
    return scope


# --- objects to dictionaries ------------------------------------------------------------------


def serialize_keras_object(obj: Any) -> Any:
    """A description of `obj` in plain values, of which `deserialize_keras_object` makes its equal.

    Numbers, strings and None stand for themselves; lists, tuples and dicts are walked; an object
    becomes `{"module", "class_name", "config", "registered_name"}` from its `get_config()`.

    Raises:
        TypeError: for an object without `get_config`.
    """
    if obj is None or isinstance(obj, _PRIMITIVES):
        return obj
    if isinstance(obj, (list, tuple)):
        items = [serialize_keras_object(item) for item in obj]
        return items if isinstance(obj, list) else tuple(items)
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    plain = _serialize_value(obj)
    if plain is not None:
        return plain
    if isinstance(obj, (types.FunctionType, types.BuiltinFunctionType)):
        return _serialize_function(obj)
    if isinstance(obj, type) or not hasattr(obj, "get_config"):
        raise TypeError(
            f"Cannot serialize {obj!r} of type {type(obj).__name__}: it has no configuration. "
            "Give its class a get_config() method that returns its arguments as a dict."
        )
    return _serialize_instance(obj)


def _serialize_value(obj: Any) -> Any:
    """Arrays, bytes, slices and symbolic tensors; None for anything else."""
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.ndarray):
        kind = "__numpy__" if type(obj) is np.ndarray else "__tensor__"
        return _tagged(kind, value=obj.tolist(), dtype=obj.dtype.name)
    if isinstance(obj, bytes):
        return _tagged("__bytes__", value=obj.decode("utf-8"))
    if isinstance(obj, slice):
        parts = (serialize_keras_object(part) for part in (obj.start, obj.stop, obj.step))
        return _tagged("__slice__", **dict(zip(("start", "stop", "step"), parts, strict=True)))
    if obj is Ellipsis:
        return _tagged("__ellipsis__")
    history = getattr(obj, "_keras_history", None)
    if history is not None:
        operation, node_index, tensor_index = history
        where = [operation.name, node_index, tensor_index]
        dtype = str(obj.dtype)
        return _tagged("__keras_tensor__", shape=obj.shape, dtype=dtype, keras_history=where)
    return None


def _tagged(class_name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}


def _serialize_function(fn: Callable[..., Any]) -> dict[str, Any]:
    if fn.__name__ == "<lambda>":
        # Found again in this process only: its code would have to be run from a file otherwise.
        token = next((key for key, known in _lambdas.items() if known is fn), None)
        if token is None:
            token = f"{_process}-{next(_counter)}"
            _lambdas[token] = fn
        return _tagged("__lambda__", value=token)
    return {
        "module": "builtins",
        "class_name": "function",
        "config": get_registered_name(fn),
        "registered_name": "function",
    }


def _serialize_instance(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    config = obj.get_config()
    if not isinstance(config, dict):
        raise TypeError(
            f"{cls.__name__}.get_config() must return a dict; it returned {type(config).__name__}."
        )
    module = public_module(cls)
    own = module is not None and module.partition(".")[0] in _OWN_ROOTS
    described = {
        "module": module,
        "class_name": cls.__name__,
        "config": serialize_keras_object(config),
        "registered_name": None if own and ".src." not in str(module) else get_registered_name(cls),
    }
    for key in ("build_config", "compile_config"):
        describe = getattr(obj, "get_" + key, None)
        more = describe() if describe is not None else None
        if more is not None:
            described[key] = serialize_keras_object(more)
    sharing.number(obj, described)
    return described


def public_module(cls: type) -> str | None:
    """The module under which Keras files know a class: `keras.layers` for annette's Dense.

    A class may say it itself as `_keras_module`. None for classes of the program's main file.
    """
    said = cls.__dict__.get("_keras_module")
    if said is not None:
        return str(said)
    parts = cls.__module__.split(".")
    if parts[0] != "annette":
        return None if cls.__module__ == "__main__" else cls.__module__
    if parts[1:3] == ["optimizers", "schedules"]:
        return "keras.optimizers.schedules"
    if len(parts) == 1 or parts[1] == "models":
        return "keras"
    return "keras." + parts[1]


# --- and back ---------------------------------------------------------------------------------


def deserialize_keras_object(
    config: Any,
    custom_objects: dict[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """The object that `config` describes; the reverse of `serialize_keras_object`.

    `custom_objects` maps names to the program's own classes and functions. `safe_mode` says whether
    a configuration may name no other files; annette never runs code out of one in any case. An
    object within another is made in the mode of the outer one.

    Raises:
        TypeError: if a class or function is not known.
        ValueError: if it cannot be made.
    """
    module_objects = kwargs.pop("module_objects", None)
    if kwargs:
        raise TypeError(f"deserialize_keras_object does not take the argument {min(kwargs)!r}.")
    with CustomObjectScope(custom_objects), budget.safe(safe_mode):
        try:
            return _deserialize(config, module_objects)
        except _ODD as error:
            raise ValueError(
                f"The configuration {_short(config)} cannot be made into an object: "
                f"{type(error).__name__}: {_short(error, str)}"
            ) from error


def _deserialize(config: Any, module_objects: dict[str, Any] | None) -> Any:
    if config is None or isinstance(config, (bool, int, float)):
        return config
    if isinstance(config, str):
        found = get_registered_object(config, module_objects=module_objects)
        return config if found is None else found
    if isinstance(config, (list, tuple)):
        return type(config)(_deserialize(item, None) for item in config)
    if not isinstance(config, dict):
        raise TypeError(
            f"deserialize_keras_object expects a dict as serialize_keras_object makes it; "
            f"it got {config!r} of type {type(config).__name__}."
        )
    if "class_name" not in config or "config" not in config:
        return {key: _deserialize(value, None) for key, value in config.items()}
    if not isinstance(config["class_name"], str):
        raise ValueError(
            f"The configuration {_short(config)} has a 'class_name' of type "
            f"{type(config['class_name']).__name__}; a string is expected."
        )
    special = _SPECIAL.get(config["class_name"])
    if special is not None:
        return special(config["config"])
    if config["class_name"] == "function":
        return _function(config["config"], config, module_objects)
    return _instance(config, module_objects)


def _short(value: Any, how: Callable[[Any], str] = repr) -> str:
    text = how(value)
    return text if len(text) < 100 else text[:90] + "..."


def _instance(config: dict[str, Any], module_objects: dict[str, Any] | None) -> Any:
    name = config["class_name"]
    if is_keras_operation(config):
        return _operation(config)
    found = _find_class(name, config, module_objects)
    if found is None:
        raise TypeError(
            f"Class {name!r} is not known. Register it with "
            "@annette.saving.register_keras_serializable() and import its module first, or pass "
            f"custom_objects={{{name!r}: {name}}}."
        )
    if isinstance(found, types.FunctionType):
        return found
    if not hasattr(found, "from_config"):
        raise ValueError(
            f"Cannot make {name!r} from its configuration: {found!r} has no from_config() method."
        )
    if not isinstance(config["config"], dict):
        raise ValueError(
            f"The configuration of {name!r} must have a dict as its 'config'; it got "
            f"{_short(config['config'])}."
        )
    known_already = sharing.known(config)
    if known_already is not None:
        return known_already
    instance = found.from_config(config["config"])
    build_config = config.get("build_config")
    if build_config and not getattr(instance, "built", True):
        instance.build_from_config(build_config)
        instance.built = True
    if config.get("compile_config"):
        instance.compile_from_config(config["compile_config"])
    sharing.remember(config, instance)
    return instance


def is_keras_operation(config: dict[str, Any]) -> bool:
    """Whether this describes a function between the layers of a model, as Keras writes it."""
    return str(config.get("module")).startswith("keras.src.ops.")


def _operation(config: dict[str, Any]) -> Any:
    from annette.graph.symbolic import FunctionOperation
    from annette.saving.operations import function_of

    function = function_of(str(config["class_name"]))
    return FunctionOperation.from_config({"name": config["config"]["name"], "function": function})


def _find_class(name: str, config: dict[str, Any], module_objects: dict[str, Any] | None) -> Any:
    for known_as in (config.get("registered_name"), name):
        found = get_registered_object(known_as, module_objects=None) if known_as else None
        if found is not None:
            return found
    module = config.get("module")
    if isinstance(module, str):
        own = module.partition(".")[0] in (*_OWN_ROOTS, "annette")
        return known.known_class(module, name) if own else None
    return (module_objects or {}).get(name)


def _function(name: Any, config: dict[str, Any], module_objects: dict[str, Any] | None) -> Any:
    if isinstance(name, dict):  # older files: {"class_name": "function", "config": {...}}
        return _deserialize(name, module_objects)
    found = get_registered_object(str(name), module_objects=module_objects)
    found = known.known_function(name) if found is None else found
    if found is not None:
        return found
    if name == "annette>keras2_hard_sigmoid":
        from annette.saving.keras2 import keras2_hard_sigmoid

        return keras2_hard_sigmoid
    raise TypeError(
        f"Function {name!r} is not known. Register it with "
        "@annette.saving.register_keras_serializable() and import its module first, or pass "
        f"custom_objects={{{name!r}: {name}}}."
    )


def _lambda(config: dict[str, Any]) -> Callable[..., Any]:
    token = config.get("value")
    found = _lambdas.get(token) if isinstance(token, str) else None
    if found is None:
        raise ValueError(
            "This configuration holds a lambda, which is code, and annette never runs code out of "
            "a configuration. Write the lambda as a function (def), register it with "
            "@annette.saving.register_keras_serializable() and build the model with that."
        )
    return found


def _array(config: dict[str, Any]) -> np.ndarray:
    """An array of numbers: the text of a configuration bounds its size."""
    return np.array(config["value"], dtype=numpy_dtype(standardize(config["dtype"])))


def _tensor(config: dict[str, Any]) -> Any:
    from annette import ops

    return ops.convert_to_tensor(_array(config))


def _keras_tensor(config: dict[str, Any]) -> Any:
    raise ValueError(
        "A symbolic tensor can only be made again together with its model; "
        "deserialize the whole model."
    )


_SPECIAL: dict[str, Callable[[Any], Any]] = {
    "__numpy__": _array,
    "__tensor__": _tensor,
    "__bytes__": lambda c: c["value"].encode("utf-8"),
    "__slice__": lambda c: slice(*(_deserialize(c[k], None) for k in ("start", "stop", "step"))),
    "__ellipsis__": lambda c: Ellipsis,
    "__tuple__": lambda c: tuple(_deserialize(item, None) for item in c["value"]),
    "__lambda__": _lambda,
    "__keras_tensor__": _keras_tensor,
}
