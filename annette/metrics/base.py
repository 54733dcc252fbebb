"""What every metric has: variables that gather over batches, and a result made of them."""

from __future__ import annotations

from typing import Any

from annette import config
from annette.graph import StatelessScope, Variable
from annette.utils.naming import auto_name, to_snake_case


class Metric:
    """A number that is gathered over batches.

    A subclass makes its variables with `add_variable`, changes them in `update_state`, and makes
    the number of them in `result`.

    Args:
        dtype: of the variables; `floatx()` unless given.
        name: the class's name in snake case unless given.
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self._dtype = str(getattr(dtype, "compute_dtype", dtype) or config.floatx())
        self._metrics: list[Metric] = []
        self._variables: list[Variable] = []

    def __setattr__(self, name: str, value: Any) -> None:
        # A metric inside a metric is reset with it and lends it its variables.
        if isinstance(value, Metric) and "_metrics" in self.__dict__:
            self._metrics.append(value)
        super().__setattr__(name, value)

    @property
    def dtype(self) -> str:
        """The dtype of the metric's variables."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The metric's variables, those of metrics inside it last."""
        return self._variables + [v for metric in self._metrics for v in metric.variables]

    def add_variable(
        self, shape: Any, initializer: Any, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Make a variable that `reset_state` sets back to zero.

        Without a dtype it is of `keras.config.floatx()`, whatever the metric's own: what is counted
        in float16 would stand still at 2048.
        """
        from annette import config, initializers

        variable = Variable(
            initializers.get(initializer),
            shape=tuple(shape),
            dtype=dtype or config.floatx(),
            trainable=False,
            autocast=False,
            name=name,
        )
        variable.path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """`add_variable` under the name that layers have for it."""
        return self.add_variable(shape, initializer or "zeros", dtype, name)

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take one batch in."""
        raise NotImplementedError(f"{type(self).__name__} needs a method update_state(...).")

    def result(self) -> Any:
        """The number for all batches since the last reset, a scalar (or a dict of scalars)."""
        raise NotImplementedError(f"{type(self).__name__} needs a method result().")

    def reset_state(self) -> None:
        """Forget all batches."""
        for variable in self.variables:
            variable.zero()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take one batch in and give the result for all so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    # --- the same as functions of the variables' values ---------------------------------------

    def stateless_update_state(self, metric_variables: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """The variables' values after a batch, given those before; the variables stay."""
        with self._having(metric_variables):
            self.update_state(*args, **kwargs)
            return [v.value for v in self.variables]

    def stateless_result(self, metric_variables: Any) -> Any:
        """The result for these values of the variables; the variables stay."""
        with self._having(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """The variables' values after a reset; the variables stay."""
        with StatelessScope():
            self.reset_state()
            return [v.value for v in self.variables]

    def _having(self, values: Any) -> StatelessScope:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"Metric {self.name!r} has {len(variables)} variables; it got {len(values)} values."
            )
        return StatelessScope(zip(variables, values, strict=True))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """A metric made from what `get_config` gave, without its state."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
