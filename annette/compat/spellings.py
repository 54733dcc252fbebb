"""Old spellings of arguments, methods and history keys, added to annette's classes from outside."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from annette.compat import hints

_MISSING: Any = object()
_patched: list[tuple[Any, str, Any]] = []

_WEIGHTS = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_WINDOWS = {
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "subsample": "strides",
    "subsample_length": "strides",
    "atrous_rate": "dilation_rate",
}
_FILTERS = {
    **{old: new for old, new in _WEIGHTS.items() if old != "output_dim"},
    **_WINDOWS,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
}
_DEPTHWISE = {"depthwise_init": "depthwise_initializer", "pointwise_init": "pointwise_initializer"}
_POOLS = {**_WINDOWS, "pool_length": "pool_size", "stride": "strides"}
#: Arguments of sides that stand for one argument of them all, in order.
_SIDES = {
    "kernel_size": (
        ("kernel_dim1", "kernel_dim2", "kernel_dim3"), ("nb_row", "nb_col"),
    ),
}  # fmt: skip
_ORDERINGS = {"th": "channels_first", "tf": "channels_last", "default": None}
#: Class -> old argument -> today's; "" for one that is ignored because it does nothing any more.
_LAYER_ARGUMENTS = {
    "Dense": _WEIGHTS,
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "Embedding": {"init": "embeddings_initializer", "input_length": "", "dropout": ""},
    "BatchNormalization": {
        "mode": "",
        "beta_init": "beta_initializer",
        "gamma_init": "gamma_initializer",
        "fused": "",
        "virtual_batch_size": "",
    },
    **{f"Conv{n}D": _FILTERS for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": {**_FILTERS, "output_shape": ""} for n in (1, 2, 3)},
    **{f"SeparableConv{n}D": {**_FILTERS, **_DEPTHWISE} for n in (1, 2)},
    **{f"DepthwiseConv{n}D": {**_FILTERS, **_DEPTHWISE} for n in (1, 2)},
    **{f"{kind}Pooling{n}D": _POOLS for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{kind}Pooling{n}D": _WINDOWS for kind in ("Max", "Average") for n in (2, 3)},
    "UpSampling1D": {"length": "size"},
    **{
        f"{name}{n}D": _WINDOWS
        for name in ("UpSampling", "ZeroPadding", "Cropping")
        for n in (2, 3)
    },
    **{f"SpatialDropout{n}D": {"p": "rate", **_WINDOWS} for n in (2, 3)},
}
_CALLBACK_ARGUMENTS = {
    "ReduceLROnPlateau": {"epsilon": "min_delta"},
    "EarlyStopping": {},
}
_FIT_ARGUMENTS = {
    "nb_epoch": "epochs",
    "samples_per_epoch": "steps_per_epoch",
    "nb_val_samples": "validation_steps",
    "show_accuracy": "",
    "max_queue_size": "",
    "max_q_size": "",
    "workers": "",
    "nb_worker": "",
    "use_multiprocessing": "",
    "pickle_safe": "",
}


def install() -> None:
    """Add the old spellings; those that are there already stay."""
    if _patched:
        return
    _add_to_layers()
    _add_to_optimizers()
    _add_to_models()
    from annette.compat import history, recurrent

    history.install(patch)
    recurrent.install(patch, respell)


def uninstall() -> None:
    """Take the old spellings away again."""
    while _patched:
        owner, name, before = _patched.pop()
        if before is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def patch(owner: Any, name: str, value: Any) -> None:
    """Set an attribute of a class so that `uninstall` restores what was there."""
    _patched.append((owner, name, vars(owner).get(name, _MISSING)))
    setattr(owner, name, value)


def respell(owner: str, kwargs: dict[str, Any], renamed: dict[str, str]) -> dict[str, Any]:
    """Return `kwargs` with today's names; an old name next to the new one is left to be refused."""
    if renamed.keys().isdisjoint(kwargs):
        return kwargs
    today = dict(kwargs)
    for old, new in renamed.items():
        if old in today and (not new or new not in today):
            hints.note(f"{owner}({old}=...)", f"{owner}({new}=...)" if new else "leave it out")
            value = today.pop(old)
            if old == "dim_ordering":
                value = _ORDERINGS.get(value, value)
            if new:
                today[new] = value
    return today


def join_sides(owner: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return `kwargs` with one argument for the sides that Keras 1 gave one by one."""
    for new, groups in _SIDES.items():
        for names in groups:
            if new not in kwargs and all(name in kwargs for name in names):
                spelt = ", ".join(f"{name}=..." for name in names)
                hints.note(f"{owner}({spelt})", f"{owner}({new}=(...))")
                kwargs = dict(kwargs)
                kwargs[new] = tuple(kwargs.pop(name) for name in names)
    return kwargs


def _whole_steps(label: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Round up `steps_per_epoch=len(x) / 32`, as the loops of Keras 2 did."""
    import math

    for name in ("steps_per_epoch", "validation_steps", "steps"):
        if isinstance(kwargs.get(name), float) and math.isfinite(kwargs[name]):
            hints.note(f"{label}({name}=... / ...)", f"{label}({name}=math.ceil(... / ...))")
            kwargs = {**kwargs, name: math.ceil(kwargs[name])}
    return kwargs


def _wrap(cls: type, method: str, renamed: dict[str, str], owner: str = "") -> None:
    """Let a method take old argument names."""
    original = getattr(cls, method)
    label = owner or (cls.__name__ if method == "__init__" else method)

    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "nb_filter" in renamed:
            args, kwargs = _old_sides(label, args, kwargs, renamed)
        return original(self, *args, **_whole_steps(label, respell(label, kwargs, renamed)))

    patch(cls, method, wrapper)


def _old_sides(
    label: str, args: tuple[Any, ...], kwargs: dict[str, Any], renamed: dict[str, str]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Take ``(filters, rows, columns)`` for what it was, where a word of Keras 1 stands beside it.

    Without one the third number is what it is today, the strides.
    """
    kwargs = join_sides(label, kwargs)
    sides = len(args) - 1
    numbers = sides > 1 and all(isinstance(n, int) for n in args)
    if numbers and not renamed.keys().isdisjoint(kwargs) and f"Conv{sides}D" in label:
        hints.note(f"{label}(filters, {'n, ' * sides}...)", f"{label}(filters, ({'n, ' * sides}))")
        args = (args[0], args[1:])
    return args, kwargs


def _add_to_layers() -> None:
    from annette import callbacks, layers

    for room, table in ((layers, _LAYER_ARGUMENTS), (callbacks, _CALLBACK_ARGUMENTS)):
        for name, renamed in table.items():
            cls = getattr(room, name, None)
            if cls is not None and renamed:
                _wrap(cls, "__init__", renamed)
    _watch_input_dim(layers.Layer)


def _watch_input_dim(cls: type) -> None:
    """`input_dim` and `input_shape` are annette's own; only the hint is added here."""
    original = cls.__init__  # type: ignore[misc]  # of the class on purpose

    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        for old in ("input_dim", "input_shape", "batch_input_shape"):
            if old in kwargs:
                hints.note(f"{type(self).__name__}({old}=...)", "keras.Input(shape=...) before it")
        original(self, *args, **kwargs)

    patch(cls, "__init__", wrapper)


def _add_to_optimizers() -> None:
    from annette import optimizers

    classes = {
        value
        for value in vars(optimizers).values()
        if isinstance(value, type) and issubclass(value, optimizers.Optimizer)
    }
    for cls in classes:
        if "__init__" in vars(cls):
            _wrap_optimizer(cls)
    patch(optimizers.Optimizer, "lr", property(_get_rate, _set_rate))


def _get_rate(self: Any) -> Any:
    hints.note("optimizer.lr", "optimizer.learning_rate")
    return self.learning_rate


def _set_rate(self: Any, value: Any) -> None:
    hints.note("optimizer.lr", "optimizer.learning_rate")
    self.learning_rate = value


def _wrap_optimizer(cls: type) -> None:
    """`lr` is the learning rate; `decay` divides it by 1 + decay * iterations."""
    original = cls.__init__  # type: ignore[misc]  # of the class on purpose

    @functools.wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        name = type(self).__name__
        kwargs = respell(name, kwargs, {"lr": "learning_rate"})
        if "decay" in kwargs:
            args, kwargs = _with_decay(name, original, args, kwargs)
        original(self, *args, **kwargs)

    patch(cls, "__init__", wrapper)


def _with_decay(
    name: str, init: Callable[..., None], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    import inspect

    from annette.optimizers import schedules

    decay = kwargs.pop("decay")
    if not decay:
        return args, kwargs
    default = inspect.signature(init).parameters["learning_rate"].default
    rate = args[0] if args else kwargs.pop("learning_rate", default)
    if isinstance(rate, schedules.LearningRateSchedule):
        raise ValueError(
            f"{name} expects either decay or a schedule as learning rate; it got decay={decay} "
            f"and {type(rate).__name__}. Leave decay out."
        )
    spelt = f"schedules.InverseTimeDecay({rate}, decay_steps=1, decay_rate={decay})"
    hints.note(f"{name}(decay=...)", f"{name}(learning_rate={spelt})")
    kwargs["learning_rate"] = schedules.InverseTimeDecay(rate, decay_steps=1, decay_rate=decay)
    return args[1:], kwargs


def _add_to_models() -> None:
    from annette import Model

    _add_to_functional(Model)
    _wrap(Model, "fit", _FIT_ARGUMENTS)
    for method in ("evaluate", "predict"):
        _wrap(
            Model,
            method,
            {"show_accuracy": "", "workers": "", "max_queue_size": "", "use_multiprocessing": ""},
        )
    for name, function in _METHODS.items():
        patch(Model, name, function)


def _add_to_functional(model: type) -> None:
    """`Model(input=x, output=y)`: what comes of it is decided before the constructor runs."""
    from annette.models import functional

    renamed = {"input": "inputs", "output": "outputs"}
    original = model.__new__

    def new(cls: type, *args: Any, **kwargs: Any) -> Any:
        return original(cls, *args, **respell("Model", kwargs, renamed))

    patch(model, "__new__", staticmethod(new))
    _wrap(functional.Functional, "__init__", renamed, "Model")


def predict_classes(self: Any, x: Any, batch_size: int | None = 32, verbose: Any = 0) -> Any:
    """Return the most probable class of each row; with one output unit, 1 where it is above 0.5."""
    probabilities = self.predict(x, batch_size=batch_size, verbose=verbose)
    if probabilities.shape[-1] > 1:
        hints.note("predict_classes(x)", "predict(x).argmax(axis=-1)")
        return probabilities.argmax(axis=-1)
    hints.note("predict_classes(x)", '(predict(x) > 0.5).astype("int32")')
    return (probabilities > 0.5).astype("int32")


def predict_proba(self: Any, x: Any, batch_size: int | None = 32, verbose: Any = 0) -> Any:
    """Return what `predict` returns."""
    hints.note("predict_proba(x)", "predict(x)")
    return self.predict(x, batch_size=batch_size, verbose=verbose)


def fit_generator(self: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
    """Train on a generator: `fit` takes one."""
    hints.note("fit_generator(...)", "fit(...)")
    names = (
        "steps_per_epoch epochs verbose callbacks validation_data validation_steps "
        "validation_freq class_weight"
    ).split()
    return self.fit(generator, **dict(zip(names, args, strict=False)), **kwargs)


def evaluate_generator(self: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
    """Evaluate on a generator: `evaluate` takes one."""
    hints.note("evaluate_generator(...)", "evaluate(...)")
    kwargs = respell("evaluate_generator", kwargs, {"val_samples": "steps"})
    named = dict(zip(("steps", "callbacks"), args, strict=False))
    return self.evaluate(generator, **{"verbose": 0, **named, **kwargs})


def predict_generator(self: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
    """Predict on a generator: `predict` takes one."""
    hints.note("predict_generator(...)", "predict(...)")
    named = dict(zip(("steps", "callbacks"), args, strict=False))
    return self.predict(generator, **{"verbose": 0, **named, **kwargs})


_METHODS = {
    "predict_classes": predict_classes,
    "predict_proba": predict_proba,
    "fit_generator": fit_generator,
    "evaluate_generator": evaluate_generator,
    "predict_generator": predict_generator,
}
