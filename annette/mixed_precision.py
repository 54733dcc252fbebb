"""Half precision for computing, full precision for weights (``keras.mixed_precision``)."""

from annette.dtype_policies import (
    DTypePolicy as DTypePolicy,
    Policy as Policy,
    dtype_policy as dtype_policy,
    dtype_policy as global_policy,
    set_dtype_policy as set_dtype_policy,
    set_dtype_policy as set_global_policy,
)
from annette.optimizers import LossScaleOptimizer as LossScaleOptimizer

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
