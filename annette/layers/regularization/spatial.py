"""What the spatial dropouts share."""

from __future__ import annotations

from typing import Any

from annette.layers.input_spec import InputSpec
from annette.layers.regularization.dropout import Dropout


class SpatialDropout(Dropout):
    """A Dropout whose decisions hold for whole channels: one for each row and channel."""

    # The number of spatial axes.
    _spatial: int
    data_format = "channels_last"

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self._share_decisions()
        self.input_spec = InputSpec(ndim=self._spatial + 2)

    def _share_decisions(self) -> None:
        alike = (1,) * self._spatial
        last = self.data_format == "channels_last"
        self.noise_shape = (None, *alike, None) if last else (None, None, *alike)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        config = {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}
        if self._spatial > 1:
            config["data_format"] = self.data_format
        return config
