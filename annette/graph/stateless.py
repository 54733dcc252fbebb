"""StatelessScope: variables that have other values for a while, and take assignments elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Any

from annette.graph.context import state
from annette.graph.variable import Variable


class StatelessScope:
    """Inside, a variable reads as the value given for it, and an assignment changes only that.

    This makes a pure function of a program with variables: values in by `state_mapping`, values
    out by `get_current_value`. Scopes may be nested; the innermost one counts.

    Args:
        state_mapping: pairs of a variable and its value.
        collect_losses: whether the scope keeps what layers add by `add_loss`, as `losses`.
        initialize_variables: accepted for Keras, which may put off the first values.

    Raises:
        ValueError: for a pair that does not begin with a variable, or a value of another shape.
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self._values: dict[int, tuple[Variable, Any]] = {}
        self._before: list[StatelessScope | None] = []
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "StatelessScope expects `state_mapping` to be pairs (variable, value); it got "
                    f"{variable!r} in place of a variable."
                )
            self._values[id(variable)] = (variable, variable._fitting(value))

    def add_loss(self, loss: Any) -> None:
        """Keep a loss that a layer added."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable another value in the scope: a pair (variable, value)."""
        variable, value = update
        self._values[id(variable)] = (variable, value)

    def get_current_value(self, variable: Variable) -> Any:
        """Return the value that a variable has in the scope, None if the scope has none."""
        found = self._values.get(id(variable))
        return None if found is None else found[1]

    def __enter__(self) -> StatelessScope:
        self._before.append(state.scope)
        state.scope = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        state.scope = self._before.pop()


class SymbolicScope:
    """Marks a part of a program in which shapes and dtypes are worked out, not values.

    What is called on KerasTensors is symbolic in annette by itself; code that asks for such a part
    by name finds it.
    """

    def __enter__(self) -> SymbolicScope:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None
