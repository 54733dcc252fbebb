"""Every public constructor and op with each argument in turn replaced by something that is wrong.

`python -m tests.robustness.sweep FAMILY ...` prints what fails, as JSON; it runs in a process of its
own with little address space, so that a crash or a huge allocation harms nothing else. `--deep` tries
every bad value, otherwise a few of them for each argument, in turn.
"""

from __future__ import annotations

import inspect
import itertools
import json
import re
import resource
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import annette as keras

SPACE = 6 * 2**30  # bytes of addresses beyond which an allocation counts as huge
SECONDS = 4  # after which a call counts as hanging

BAD: list[Any] = [
    None, -1, 0, float("nan"), float("inf"), 1e30, "nonsense", [], {}, object(), 2**40, -(2**70),
    2.5, (), (1, 2, 3), "", True, [None], ["a"], np.zeros((0,)), np.array(["a"]), b"x", 1 + 2j,
]  # fmt: skip
# What may be raised: Keras's kinds, and those of its that say what is wrong.
RIGHT = (ValueError, TypeError, NotImplementedError, MemoryError)
# Arguments whose wrong use is the caller's own function failing.
FREE = {"kwargs", "args", "custom_objects"}

X = np.linspace(-1.0, 1.0, 12, dtype="float32").reshape(3, 4)
SQUARE = np.eye(3, dtype="float32") * 2 + 0.1
INTS = np.array([2, 0, 1], "int32")


def shown(value: Any) -> str:
    """A short text of a value."""
    return re.sub(r" at 0x[0-9a-f]+", "", f"{value!r}")[:40]


class Late(Exception):
    """A call took too long."""


def _late(*_: Any) -> None:
    raise Late


def outcome(call: Callable[[], Any], name: str, bad: Any, called: str = "argument") -> str | None:
    """What is wrong with how `call` ended, or None."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        call()
        return None
    except Late:
        return "hangs"
    except RIGHT as error:
        return unhelpful(error, name, bad, called)
    except IndexError as error:  # what indexing raises everywhere
        return unhelpful(error, name, bad) if called == "get_item" else f"IndexError: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:120]}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def unhelpful(error: BaseException, name: str, bad: Any, called: str = "argument") -> str | None:
    """What a message lacks: it names the argument or what was called, or shows what came."""
    text = str(error)
    names = {name, name.rstrip("s"), name.replace("_", " "), called}
    names.add(name.rpartition("_")[2])
    came = {shown(bad), str(bad)[:40], type(bad).__name__, shown(np.asarray(bad, object).shape)}
    if isinstance(bad, str):
        came.add(bad)
    if any(n and n in text for n in names) or any(c and c in text for c in came - {""}):
        return None
    if re.search(r"it got|[Ss]hapes? \(|axis=|axes|axis ", text):
        return None
    return f"unhelpful {type(error).__name__}: {text[:120]}"


# --- constructors -----------------------------------------------------------------------------------

REQUIRED: dict[str, Any] = {
    "units": 3, "rate": 0.5, "axes": 1, "activation": "relu", "equation": "ab,bc->ac",
    "output_shape": 4, "input_dim": 5, "output_dim": 2, "stddev": 0.1, "num_bins": 3,
    "function": lambda x: x, "dims": (1,), "n": 2, "scale": 2.0, "target_shape": (4, 1),
    "num_classes": 3, "target_class_ids": [0], "recall": 0.5, "precision": 0.5,
    "specificity": 0.5, "sensitivity": 0.5, "fn": lambda y_true, y_pred: y_true - y_pred,
    "learning_rate": 0.1, "initial_learning_rate": 0.1, "decay_steps": 5, "first_decay_steps": 5,
    "decay_rate": 0.5, "boundaries": [2, 4], "values": [1.0, 0.5, 0.1], "schedule": lambda e: 0.1,
    "filters": 2, "kernel_size": 2, "pool_size": 2, "output_size": 2, "height": 3, "width": 3,
    "factor": 0.2, "height_factor": 0.2, "width_factor": 0.2,
    "filename": "/dev/null", "features": {"a": "float"}, "kind": "a", "objects": {},
}  # fmt: skip
MADE: dict[str, Callable[[], Any]] = {
    "layer": lambda: keras.layers.Dense(2),
    "layers": lambda: [keras.layers.Dense(2)],
    "inner_optimizer": lambda: keras.optimizers.SGD(),
    "default_optimizer": lambda: keras.optimizers.SGD(),
    "optimizer_map": lambda: keras.optimizers.OptimizerMap(keras.optimizers.SGD()),
    "backward_layer": lambda: None,
}
# What classes need that have a default for everything.
NEEDED: dict[str, dict[str, Any]] = {
    "InputLayer": {"shape": (3,)},
    "CategoryEncoding": {"num_tokens": 4, "output_mode": "count"},
    "Discretization": {"bin_boundaries": [0.0, 0.5]},
}
RANKS = ((3, 4), (3, 4, 4), (3, 4, 4, 2), (3, 4, 4, 4, 2))


def classes(family: str) -> dict[str, type]:
    """The public classes of a family by name, each once."""
    module: Any = keras
    for part in family.split("."):
        module = getattr(module, part)
    found: dict[type, str] = {}
    for name in sorted(vars(module)):
        value = getattr(module, name)
        ours = inspect.isclass(value) and value.__module__.startswith("annette.")
        if ours and not name.startswith("_") and name not in ("Family", "Wrapper", "Any"):
            found.setdefault(value, name)
    return {name: cls for cls, name in found.items()}


def arguments(function: Any) -> list[inspect.Parameter]:
    """The named parameters of a constructor or function, `self` left out."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = [p for p in inspect.signature(function).parameters.values() if p.kind in named]
    return [p for p in found if p.name not in {"self", *FREE}]


def given(parameters: list[inspect.Parameter]) -> dict[str, Any]:
    """Good values for the parameters that have no default."""
    return {
        p.name: MADE[p.name]() if p.name in MADE else REQUIRED[p.name]
        for p in parameters
        if p.default is p.empty
    }


def extra(cls: type, replaced: str) -> dict[str, Any]:
    """Further good values, unless one of them is what is replaced."""
    needed = NEEDED.get(cls.__name__, {})
    return {} if replaced in needed or replaced in ("batch_shape", "num_bins") else needed


def use_layer(layer: Any) -> None:
    """Call a layer on the first array that it takes."""
    if isinstance(layer, keras.layers.Dot):
        layer([X, X])
        return
    errors = []
    for shape in RANKS:
        try:
            layer(np.ones(shape, "float32"))
            return
        except (ValueError, TypeError) as error:
            errors.append(error)
    raise errors[0]


def use_optimizer(optimizer: Any) -> None:
    """Take a step."""
    if hasattr(optimizer, "build"):
        variable = keras.Variable(np.ones((2, 2), "float32"), name="v")
        optimizer.build([variable])
        optimizer.apply([np.ones((2, 2), "float32")], [variable])


def use_measure(measure: Any) -> None:
    """Measure something."""
    if hasattr(measure, "update_state"):
        names = inspect.signature(measure.update_state).parameters
        measure.update_state(*[X[:, :3] ** 2] * (2 if "y_pred" in names else 1))
        measure.result()
    else:
        measure(X[:, :3] ** 2, X[:, :3] ** 2)


USES: dict[str, Callable[[Any], Any]] = {
    "layers": use_layer,
    "losses": use_measure,
    "metrics": use_measure,
    "optimizers": use_optimizer,
    "optimizers.schedules": lambda schedule: schedule(3),
    "initializers": lambda initializer: initializer((3, 3)),
    "regularizers": lambda regularizer: regularizer(SQUARE),
    "constraints": lambda constraint: constraint(SQUARE),
    "callbacks": lambda callback: None,
}
ABSTRACT = {"Layer", "Loss", "Metric", "Optimizer", "Initializer", "Regularizer", "Constraint",
            "LearningRateSchedule", "Callback", "InputLayer", "FeatureSpace", "OptimizerMap"}  # fmt: skip


def constructors(family: str, deep: bool) -> Iterator[tuple[str, str | None]]:
    """Yield (what was called, what is wrong) for each class of a family."""
    turn = itertools.cycle(range(len(BAD)))
    for name, cls in classes(family).items():
        parameters = arguments(cls.__init__)
        for parameter in parameters:
            for bad in chosen(deep, turn):

                def call(name: str = parameter.name, bad: Any = bad, cls: Any = cls) -> None:
                    made = cls(**{**given(arguments(cls.__init__)), **extra(cls, name), name: bad})
                    if cls.__name__ not in ABSTRACT:
                        try:
                            USES[family](made)
                        except RIGHT as error:
                            if unhelpful(error, name, bad, cls.__name__) and not bound_to_fail(cls):
                                raise

                label = f"{family}.{name}({parameter.name}={shown(bad)})"
                yield label, outcome(call, parameter.name, bad, cls.__name__)


_fails: dict[type, bool] = {}


def bound_to_fail(cls: Any) -> bool:
    """Whether the data that is used here does not fit the class at all."""
    if cls not in _fails:
        family = next(f for f in USES if f".{f}" in f".{cls.__module__}" or f in cls.__module__)
        try:
            USES[family](cls(**given(arguments(cls.__init__))))
            _fails[cls] = False
        except RIGHT:
            _fails[cls] = True
    return _fails[cls]


def chosen(deep: bool, turn: Iterator[int]) -> list[Any]:
    """The bad values to try: all, or four that differ from argument to argument."""
    return BAD if deep else [BAD[next(turn)] for _ in range(4)]


# --- operations -------------------------------------------------------------------------------------

OPERANDS: dict[str, Any] = {
    "axis1": 0, "axis2": 1, "axis": 0, "indices_or_sections": 1, "k": 1, "kth": 1, "shape": (3, 4),
    "dtype": "float32", "newshape": (4, 3), "repeats": 2, "source": 0, "destination": 1,
    "pad_width": 1, "num_classes": 3, "shift": 1, "sequence_length": 4, "sequence_stride": 2,
    "fft_length": 4, "q": 0.5, "indices": INTS, "bins": 4, "kernel_size": 2, "output_size": (3, 4),
    "subscripts": "ab->a", "pattern": "a b -> b a", "fill_value": 1.0, "N": 3, "n": 3, "start": 0,
    "stop": 5, "x_min": -1.0, "x_max": 1.0, "max_val": 1.0, "threshold": 0.5, "default_value": 0.0,
    "pred": True, "beta": 3.0, "axes": 0, "key": 0, "lower": 0, "upper": 2, "init_val": 1.0,
    "length": 3, "targets": INTS, "segment_ids": INTS, "start_indices": (0, 0), "index": 0,
    "sorted_sequence": np.arange(4.0, dtype="float32"), "mean": np.zeros(4, "float32"),
    "variance": np.ones(4, "float32"), "updates": np.ones((3,), "float32"),
}  # fmt: skip
FUNCTIONS = {
    "f", "body_fun", "cond", "body", "true_fn", "false_fn", "branches", "function", "pyfunc",
    "loop_vars", "fun",
}  # fmt: skip


def operations(deep: bool, names: list[str] | None = None) -> Iterator[tuple[str, str | None]]:
    """Yield (what was called, what is wrong) for each op, with two ranks of arrays."""
    turn = itertools.cycle(range(len(BAD)))
    for name in names or sorted(
        keras.ops.__all__ if hasattr(keras.ops, "__all__") else vars(keras.ops)
    ):
        op = getattr(keras.ops, name, None)
        if name.startswith("_") or not callable(op) or inspect.isclass(op):
            continue
        parameters = arguments(op)
        if FUNCTIONS & {p.name for p in parameters}:
            continue
        good = {p.name: OPERANDS.get(p.name, X) for p in parameters if p.default is p.empty}
        for parameter in parameters:
            for bad in chosen(deep, turn):
                label = f"ops.{name}({parameter.name}={shown(bad)})"
                call = lambda p=parameter.name, bad=bad: op(**{**good, p: bad})  # noqa: E731, B023
                yield label, outcome(call, parameter.name, bad, name)


def main(families: list[str], deep: bool) -> dict[str, str]:
    """What is wrong, by call."""
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, _late)
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    wrong = {}
    for family in families:
        found = operations(deep) if family == "ops" else constructors(family, deep)
        wrong.update({label: text for label, text in found if text is not None})
    return wrong


if __name__ == "__main__":
    given_families = [a for a in sys.argv[1:] if not a.startswith("--")]
    print(json.dumps(main(given_families or [*USES, "ops"], "--deep" in sys.argv), indent=0))
