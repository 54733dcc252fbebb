"""Muon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from annette import ops
from annette.fused import optimizers as fused
from annette.graph import Variable
from annette.optimizers.base import Optimizer
from annette.utils.arguments import at_most


class Muon(Optimizer):
    r"""Momentum made orthogonal for matrices, AdamW for all other weights (Jordan et al., 2024).

    For a weight of two axes: $m \leftarrow \mu m + g$, $u = g + \mu m$ (`nesterov`; else $u = m$),
    $X = u / \|u\|$, then `ns_steps` times $X \leftarrow a X + (b A + c A^2) X$ with
    $A = X X^\top$ (Newton and Schulz's iteration, on the shorter side), and
    $w \leftarrow w - \eta k X$ with $k$ = `rms_rate` $\sqrt{\max(\text{rows}, \text{columns})}$
    (Liu et al., 2025), or 1 if it is None. Every step first does
    $w \leftarrow w - \eta \lambda w$, $\lambda$ = `weight_decay`.

    AdamW, with `adam_beta_1`, `adam_beta_2`, `epsilon`, `adam_weight_decay` and the rate times
    `adam_lr_ratio`, serves weights of other than two axes, those of embeddings (unless
    `exclude_embeddings` is False) and those whose path matches one of the regular expressions in
    `exclude_layers`: give it the output layer's name.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        if isinstance(exclude_layers, str) or not all(
            isinstance(pattern, str) for pattern in exclude_layers or []
        ):
            raise TypeError(
                "Muon expects exclude_layers to be a list of strings (patterns of layers' names); "
                f"it got {exclude_layers!r}."
            )
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = at_most("Muon", "ns_steps", ns_steps, 1000)
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def build(self, variables: Sequence[Variable]) -> None:
        """Make a momentum for each weight, and a mean square where AdamW serves."""
        if self.built:
            return
        super().build(variables)
        self.momentums: list[Variable] = []
        self.adam_velocities: dict[int, Variable] = {}
        for i, variable in enumerate(variables):
            self.momentums.append(self.add_variable_from_reference(variable, "momentum"))
            if self._adam_serves(variable):
                velocity = self.add_variable_from_reference(variable, "velocity")
                self.adam_velocities[i] = velocity

    def _adam_serves(self, variable: Variable) -> bool:
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one weight along its gradient."""
        i = self._get_variable_index(variable)
        rate = self._rate(learning_rate, variable)
        if i in self.adam_velocities:
            self._adam_step(gradient, variable, i, rate * self.adam_lr_ratio)
        else:
            self._muon_step(gradient, variable, i, rate)

    def _muon_step(self, gradient: Any, variable: Variable, i: int, rate: Any) -> None:
        m = self.momentums[i]
        new_m = m * self.momentum + gradient
        m.assign(new_m)
        u = gradient + new_m * self.momentum if self.nesterov else new_m
        length = 1.0 if self.rms_rate is None else self.rms_rate * max(variable.shape) ** 0.5
        variable.assign(variable - self._orthogonal(u) * (rate * length))

    def _adam_step(self, gradient: Any, variable: Variable, i: int, rate: Any) -> None:
        m, v = self.momentums[i], self.adam_velocities[i]
        dtype = variable.dtype
        correction = self._once(("correction", dtype), lambda: self._correction(dtype))
        values = fused.adam(
            variable,
            gradient,
            m,
            v,
            rate * correction,
            beta_1=self.adam_beta_1,
            beta_2=self.adam_beta_2,
            epsilon=self.epsilon,
        )
        for changed, value in zip((variable, m, v), values, strict=True):
            changed.assign(value)

    def _correction(self, dtype: str) -> Any:
        """The correction of AdamW's rate for the zeros that m and v start from."""
        t = self._time(dtype)
        left_1 = ops.power(ops.convert_to_tensor(self.adam_beta_1, dtype=dtype), t)
        left_2 = ops.power(ops.convert_to_tensor(self.adam_beta_2, dtype=dtype), t)
        return ops.sqrt(1.0 - left_2) / (1.0 - left_1)

    def _orthogonal(self, u: Any) -> Any:
        """The matrix with all singular values brought near 1 (Newton and Schulz's iteration)."""
        x = u / (ops.sqrt(ops.sum(ops.square(u))) + 1e-7)
        tall = x.shape[0] > x.shape[1]
        x = ops.transpose(x) if tall else x
        for _ in range(self.ns_steps):
            a = ops.matmul(x, ops.transpose(x))
            x = x * self.muon_a + ops.matmul(a * self.muon_b + ops.matmul(a, a) * self.muon_c, x)
        return ops.transpose(x) if tall else x

    def _decay_of(self, variable: Variable) -> float | None:
        serves = self._get_variable_index(variable) in self.adam_velocities
        return self.adam_weight_decay if serves else self.weight_decay

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "adam_beta_1": self.adam_beta_1,
            "adam_beta_2": self.adam_beta_2,
            "adam_weight_decay": self.adam_weight_decay,
            "epsilon": self.epsilon,
            "exclude_layers": self.exclude_layers,
            "exclude_embeddings": self.exclude_embeddings,
            "muon_a": self.muon_a,
            "muon_b": self.muon_b,
            "muon_c": self.muon_c,
            "adam_lr_ratio": self.adam_lr_ratio,
            "momentum": self.momentum,
            "ns_steps": self.ns_steps,
            "nesterov": self.nesterov,
            "rms_rate": self.rms_rate,
        }
