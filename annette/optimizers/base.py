"""What every optimizer has: state, learning rate, clipping, decay, averages, accumulation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from annette import config, ops
from annette.graph import StatelessScope, Variable
from annette.optimizers.schedules import LearningRateSchedule
from annette.saving.serialization import deserialize_keras_object, serialize_keras_object
from annette.saving.state import load_variables, save_variables
from annette.utils.naming import auto_name, to_snake_case
from annette.utils.signature import signature
from annette.utils.warning import warn


class Optimizer:
    """Changes weights along their gradients; a subclass gives the rule as `update_step`.

    Args:
        learning_rate: a number, a LearningRateSchedule, or a callable without arguments.
        weight_decay: every step first takes `weight_decay * learning_rate` of each weight off.
        clipnorm: the longest a single weight's gradient may be; longer ones are shortened.
        clipvalue: the largest any element of a gradient may be, either way.
        global_clipnorm: the longest all gradients taken together may be.
        use_ema: keep a moving average of every weight.
        ema_momentum: how much of the average stays at each step.
        ema_overwrite_frequency: after so many steps the weights are set to their averages; None
            for only at the end of training.
        loss_scale_factor: what the loss was multiplied by; gradients are divided by it.
        gradient_accumulation_steps: update with the mean gradient of so many steps, once in them.
        name: the class's name in snake case unless given.

    Raises:
        ValueError: for an argument out of range, or one that is not known.
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise unknown_arguments(type(self), kwargs)
        self.name = name if name is not None else auto_name(to_snake_case(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm = _positive("clipnorm", clipnorm)
        self.global_clipnorm = _positive("global_clipnorm", global_clipnorm)
        self.clipvalue = _positive("clipvalue", clipvalue)
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_arguments()
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._index: dict[int, int] = {}
        self._averages: list[Variable] = []
        self._accumulators: list[Variable] = []
        self._undecayed: tuple[list[Variable], list[str]] = ([], [])
        self._shared: dict[Any, Any] = {}
        self._iterations = self.add_variable((), dtype="int32", name="iteration")
        self._learning_rate: Any = self._checked_rate(learning_rate)
        if isinstance(self._learning_rate, float):
            self._learning_rate = self._own(
                Variable(
                    np.asarray(self._learning_rate),
                    dtype=config.floatx(),
                    trainable=False,
                    name="learning_rate",
                )
            )

    def _check_arguments(self) -> None:
        given = [c for c in (self.clipnorm, self.clipvalue, self.global_clipnorm) if c is not None]
        if len(given) > 1:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be given; it got "
                f"clipnorm={self.clipnorm}, clipvalue={self.clipvalue}, "
                f"global_clipnorm={self.global_clipnorm}."
            )
        if self.use_ema:
            if not 0 <= self.ema_momentum <= 1:
                raise ValueError(
                    "Argument `ema_momentum` must be between 0 and 1; it got "
                    f"{self.ema_momentum!r}."
                )
            often = self.ema_overwrite_frequency
            if often and (not isinstance(often, int) or often < 1):
                raise ValueError(
                    "Argument `ema_overwrite_frequency` must be a whole number of at least 1, or "
                    f"None; it got {often!r}."
                )
        steps = self.gradient_accumulation_steps
        if steps is not None and (not isinstance(steps, int) or steps < 2):
            raise ValueError(
                "Argument `gradient_accumulation_steps` must be a whole number of at least 2, or "
                f"None; it got {steps!r}."
            )

    @staticmethod
    def _checked_rate(rate: Any) -> Any:
        if isinstance(rate, LearningRateSchedule):
            return rate
        if not isinstance(rate, (bool, str)) and hasattr(rate, "__float__"):
            rate = float(rate)
            if math.isfinite(rate):
                return rate
        elif callable(rate) and not isinstance(rate, type):
            return rate
        raise ValueError(
            "Argument `learning_rate` must be a finite number such as 0.01, a LearningRateSchedule "
            f"or a callable without arguments; it got {rate!r}."
        )

    # --- variables ----------------------------------------------------------------------------

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's own variables: iteration count, learning rate, then its state."""
        return self._variables[:]

    @property
    def iterations(self) -> Any:
        """How many updates were made: a variable, or its quotient where gradients accumulate."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what was pickled or copied; the weights are found by what they are now."""
        self.__dict__.update(state)
        self._index = {id(v): i for i, v in enumerate(self._trainable_variables)}

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the state for these weights. A subclass first calls this one, then adds its own."""
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulators = self.add_optimizer_variables(variables, "gradient_accumulator")
        self._trainable_variables = list(variables)
        self._index = {id(v): i for i, v in enumerate(variables)}
        self.built = True

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer's own, named `name`."""
        from annette import initializers

        variable = Variable(
            initializers.get(initializer),
            shape=tuple(shape),
            dtype=dtype or config.floatx(),
            trainable=False,
            name=name,
        )
        return self._own(variable)

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """Make a variable of the shape and dtype of a weight, named after both."""
        reference = reference_variable.path.replace("/", "_")
        return self.add_variable(
            reference_variable.shape,
            initializer,
            dtype=reference_variable.dtype,
            name=f"{reference}_{name or 'variable'}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """Make one variable a weight; with several names a list of them for each name."""
        if isinstance(name, str):
            return [
                self.add_variable_from_reference(v, name, initializer) for v in trainable_variables
            ]
        first = list(initializer) if isinstance(initializer, (list, tuple)) else None
        rows = [
            [
                self.add_variable_from_reference(v, n, first[i] if first else initializer)
                for i, n in enumerate(name)
            ]
            for v in trainable_variables
        ]
        return tuple([row[i] for row in rows] for i in range(len(name)))

    def _own(self, variable: Variable) -> Variable:
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def _get_variable_index(self, variable: Variable) -> int:
        return self._index[id(variable)]

    # --- the learning rate --------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The rate of the next step: a variable, or what the schedule gives for it."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        if isinstance(rate, Variable):
            return rate
        return rate()

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        learning_rate = self._checked_rate(learning_rate)
        if isinstance(learning_rate, float):
            if not isinstance(self._learning_rate, Variable):
                raise TypeError(
                    f"Optimizer {self.name!r} takes its learning rate from "
                    f"{type(self._learning_rate).__name__}, so a number cannot be assigned to it. "
                    "Make the optimizer with a number to be able to set it later."
                )
            self._learning_rate.assign(learning_rate)
            return
        if isinstance(self._learning_rate, Variable):
            self._variables = [v for v in self._variables if v is not self._learning_rate]
        self._learning_rate = learning_rate

    # --- a step -------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """Update weights, given pairs (gradient, weight); the iteration count after it."""
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError("apply_gradients expects pairs (gradient, variable); it got none.")
        grads, variables = zip(*pairs, strict=True)
        self.apply(list(grads), list(variables))
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Any = None) -> None:
        """Update the weights with their gradients, which come in the same order.

        Raises:
            ValueError: if the numbers or shapes of gradients and weights differ, no gradient is
                given, or a weight is not one of those the optimizer was built for.
        """
        grads, variables = self._match(list(grads), trainable_variables)
        if not grads:
            return
        grads = [_fitted(g, v) for g, v in zip(grads, variables, strict=True)]
        if self.loss_scale_factor is not None:
            grads = [g / self.loss_scale_factor for g in grads]
        self._step(grads, variables)

    def _step(self, grads: list[Any], variables: list[Variable]) -> None:
        """Update the weights, given gradients that fit them, of the loss as it is."""
        self._shared = {}
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables)
        else:
            self._update(grads, variables)
        if self.use_ema:
            self._average(variables)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
        self._iterations.assign_add(1)
        self._shared = {}

    def _match(self, grads: list[Any], variables: Any) -> tuple[list[Any], list[Variable]]:
        if variables is None:
            if not self.built:
                raise ValueError(
                    "apply() without variables needs a built optimizer: call "
                    "optimizer.build(trainable_variables) first, or give the variables."
                )
            variables = self._trainable_variables
        variables = list(variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"apply() expects one gradient a variable, in the same order; it got {len(grads)} "
                f"gradients for {len(variables)} variables."
            )
        if not self.built:
            self.build(variables)
        for variable in variables:
            if id(variable) not in self._index:
                raise ValueError(
                    f"Optimizer {self.name!r} was not built for the variable {variable.path!r}. "
                    "Make a new optimizer for a new set of variables."
                )
        kept = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        if len(kept) < len(grads):
            missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
            if not kept:
                raise ValueError(
                    f"There is no gradient for any variable of {missing}: the loss does not depend "
                    "on them."
                )
            warn(
                f"There is no gradient for {missing}, so they stay as they are: the loss does not "
                "depend on them."
            )
        return [g for g, _ in kept], [v for _, v in kept]

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        grads = self._clip_gradients(grads)
        rate = self.learning_rate
        self._apply_weight_decay(variables, rate)
        for grad, variable in zip(grads, variables, strict=True):
            self.update_step(grad, variable, rate)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient: the rule of the optimizer."""
        raise NotImplementedError(
            f"{type(self).__name__} needs a method update_step(gradient, variable, learning_rate)."
        )

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once a step and shared by all weights of it."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def _rate(self, learning_rate: Any, variable: Variable) -> Any:
        """The learning rate in the dtype of a weight."""
        return self._once(("rate", variable.dtype), lambda: ops.cast(learning_rate, variable.dtype))

    def _time(self, dtype: str) -> Any:
        """The number of this update, from 1, in a dtype."""
        return self._once(("time", dtype), lambda: ops.cast(ops.add(self.iterations, 1), dtype))

    def _accumulate(self, grads: list[Any], variables: list[Variable]) -> None:
        """Update with the mean gradient, and keep what came of it only at every n-th step."""
        n = self.gradient_accumulation_steps or 1
        accumulators = [self._accumulators[self._get_variable_index(v)] for v in variables]
        sums = [g + a for g, a in zip(grads, accumulators, strict=True)]
        ready = ops.equal(ops.mod(ops.add(self._iterations, 1), n), 0)
        apart = {id(v) for v in (*self._averages, *self._accumulators, self._iterations)}
        state = [*variables, *(v for v in self._variables if id(v) not in apart)]
        before = [v.value for v in state]
        self._update([s / n for s in sums], variables)
        for variable, old in zip(state, before, strict=True):
            variable.assign(ops.where(ready, variable.value, old))
        for accumulator, total in zip(accumulators, sums, strict=True):
            accumulator.assign(ops.where(ready, ops.zeros_like(total), total))

    def _average(self, variables: list[Variable]) -> None:
        """Move the averages towards the weights; at the first step they become the weights."""
        started = ops.not_equal(self.iterations, 0)
        overwrite = None
        if self.ema_overwrite_frequency:
            count = ops.add(self.iterations, 1)
            overwrite = ops.equal(ops.mod(count, self.ema_overwrite_frequency), 0)
        for variable in variables:
            average = self._averages[self._get_variable_index(variable)]
            keep = ops.cast(started, variable.dtype) * self.ema_momentum
            average.assign(average * keep + variable * (1.0 - keep))
            if overwrite is not None:
                variable.assign(ops.where(overwrite, average.value, variable.value))

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Set the weights to their averages, where averages are kept (the end of training)."""
        if self.use_ema:
            for variable in var_list:
                average = self._averages[self._get_variable_index(variable)]
                variable.assign(average.value)

    # --- clipping and decay -------------------------------------------------------------------

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        if self.clipnorm is not None:
            norms = [ops.sqrt(ops.sum(ops.square(g))) for g in grads]
            return [
                g * (self.clipnorm / ops.maximum(norm, self.clipnorm))
                for g, norm in zip(grads, norms, strict=True)
            ]
        if self.global_clipnorm is not None:
            return clip_by_global_norm(grads, self.global_clipnorm)
        if self.clipvalue is not None:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        return grads

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave these weights out of the decay, and those whose path matches one of `var_names`.

        Raises:
            ValueError: if the optimizer is built already.
        """
        if self.built:
            raise ValueError(
                "exclude_from_weight_decay() must be called before the optimizer is built, that is "
                "before training."
            )
        self._undecayed = (list(var_list or ()), list(var_names or ()))

    def _use_weight_decay(self, variable: Variable) -> bool:
        excluded, patterns = self._undecayed
        return all(variable is not v for v in excluded) and not any(
            re.search(pattern, variable.path) for pattern in patterns
        )

    def _apply_weight_decay(self, variables: list[Variable], learning_rate: Any) -> None:
        for variable in variables:
            decay = self._decay_of(variable)
            if decay is not None and self._use_weight_decay(variable):
                part = self._rate(learning_rate, variable) * decay
                variable.assign_sub(variable * part)

    def _decay_of(self, variable: Variable) -> float | None:
        """The decay of one weight, where an optimizer has more than one."""
        return self.weight_decay

    # --- the rest of the interface ------------------------------------------------------------

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable, for use in `update_step`."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable, for use in `update_step`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable, for use in `update_step`."""
        variable.assign_sub(value)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times `loss_scale_factor`, of which gradients are to be taken."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def stateless_apply(
        self, optimizer_variables: Any, grads: Any, trainable_variables: Any
    ) -> tuple[list[Any], list[Any]]:
        """What `apply` would make of these values: (weights, optimizer variables).

        The variables themselves stay as they are.

        Raises:
            ValueError: if the optimizer is not built, or the numbers of values differ.
        """
        if not self.built:
            raise ValueError(
                "stateless_apply() needs a built optimizer: call optimizer.build(...)."
            )
        variables = [*self._trainable_variables, *self.variables]
        given = (len(trainable_variables), len(optimizer_variables))
        if given != (len(self._trainable_variables), len(self.variables)):
            raise ValueError(
                f"stateless_apply() expects {len(self._trainable_variables)} weights and "
                f"{len(self.variables)} optimizer variables; it got {given[0]} and {given[1]}."
            )
        values = [*trainable_variables, *optimizer_variables]
        with StatelessScope(zip(variables, values, strict=True)):
            self.apply(grads, self._trainable_variables)
            after = [v.value for v in variables]
        split = len(self._trainable_variables)
        return after[:split], after[split:]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the optimizer's variables, in the order of `variables`."""
        if not self.built:
            raise ValueError("set_weights() needs a built optimizer: call optimizer.build(...).")
        if len(weights) != len(self.variables):
            raise ValueError(
                f"Optimizer {self.name!r} has {len(self.variables)} variables; it got "
                f"{len(weights)} values."
            )
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)

    def _saved_variables(self) -> list[Variable]:
        return self.variables

    def _starts_afresh(self, store: Any) -> bool:
        """Say whether a saved state is one of other weights; warn if so."""
        if len(store.keys()) == len(self.variables):
            return False
        warn(
            f"Optimizer {self.name!r} has {len(self.variables)} variables, the saved one "
            f"{len(store.keys())}: it starts afresh. Build it before loading."
        )
        return True

    def save_own_variables(self, store: Any) -> None:
        """Write the variables to a mapping, under "0", "1" and so on."""
        save_variables(self._saved_variables(), store)

    def load_own_variables(self, store: Any) -> None:
        """Read the variables as `save_own_variables` wrote them; warn if their number differs."""
        if not self._starts_afresh(store):
            load_variables(self, self._saved_variables(), store)

    load_own_variables._compares = True  # type: ignore[attr-defined]  # see saving.weights

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the learning rate as it is now."""
        rate = self._learning_rate
        rate = float(rate) if isinstance(rate, Variable) else serialize_keras_object(rate)
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Optimizer:
        """An optimizer made from what `get_config` gave, without its state."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = deserialize_keras_object(
                config["learning_rate"], custom_objects=custom_objects
            )
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def clip_by_global_norm(grads: list[Any], longest: float) -> list[Any]:
    """Shorten gradients, all by one factor, to `longest` taken together; NaN if any is infinite."""
    total = sum((ops.sum(ops.square(g)) for g in grads[1:]), ops.sum(ops.square(grads[0])))
    norm = ops.sqrt(total)
    factor = longest / ops.maximum(norm, longest) + (norm - norm)
    return [g * ops.cast(factor, g.dtype) for g in grads]


def _fitted(grad: Any, variable: Variable) -> Any:
    """The gradient in the dtype of its weight, whose shape it must have."""
    grad = ops.convert_to_tensor(grad)
    if tuple(grad.shape) != variable.shape:
        raise ValueError(
            f"The gradient for {variable.path!r} has shape {tuple(grad.shape)}, but the variable "
            f"has shape {variable.shape}. Give gradients in the order of the variables."
        )
    return grad if ops.dtype(grad) == variable.dtype else ops.cast(grad, variable.dtype)


def _positive(name: str, value: Any) -> Any:
    if value is not None and not value > 0:
        raise ValueError(f"Argument `{name}` must be above 0, or None; it got {value!r}.")
    return value


def unknown_arguments(cls: type, kwargs: dict[str, Any]) -> ValueError:
    """The complaint about arguments that an optimizer does not take, with the nearest it takes."""
    from annette.utils.suggest import nearest

    known = signature(cls.__init__).names[1:]  # type: ignore[misc]  # of this class, not of an instance
    name = next(iter(kwargs))
    hit = "learning_rate" if name == "lr" else nearest(name, known)
    mend = f"Did you mean {hit!r}?" if hit else f"It takes: {', '.join(known)}."
    return ValueError(f"{cls.__name__} does not take the argument {name!r}. {mend}")
