"""TerminateOnNaN: stop when the loss is no number any more."""

from __future__ import annotations

import math

from annette.training.callbacks.callback import Callback, Logs
from annette.utils.io import print_msg


class TerminateOnNaN(Callback):
    """Stops training at the first batch whose loss is NaN or infinite.

    Args:
        raise_error: whether to raise instead of stopping quietly.

    Raises:
        RuntimeError: at such a batch, with ``raise_error=True``.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}: the loss is {loss}. "
                "A smaller learning rate, or clipnorm=1.0 in the optimizer, often helps."
            )
        print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
