"""AugMix: pictures mixed with several changed versions of themselves."""

from __future__ import annotations

from typing import Any

from annette import ops, random
from annette.graph.tensor import Tensor
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.images.policy import COLORS, GEOMETRIC, SHADES, Policy


class AugMix(Policy):
    r"""Mixes each picture with changed versions of it while training (Hendrycks et al., 2020).

    .. math:: y = m\,x + (1 - m) \sum_i w_i\, c_i(x), \quad
        m \sim \mathrm{Beta}(\alpha, \alpha), \quad w \sim \mathrm{Dirichlet}(\alpha, \dots)

    with the same weights for all pictures of a batch. A chain c makes `chain_depth` changes, each of
    them one of `RandomShear`, `RandomTranslation`, `RandomRotation`, `Solarization`,
    `RandomPosterization`, `AutoContrast`, `Equalization`, with `all_ops` also `RandomBrightness`,
    `RandomColorDegeneration`, `RandomContrast`, `RandomSharpness`, or nothing: each as probable as
    the others. In a compiled model all of them are computed for each change.

    Args:
        value_range: the least and the greatest value of pictures.
        num_chains: how many versions are mixed.
        chain_depth: how many changes a version has at most.
        factor: (lower, upper) strength of the changes, or f for (0, f); from 0 to 1.
        alpha: above 0; the smaller, the more the mixture is one of its parts.
        all_ops: whether brightness, colour, contrast and sharpness are changed too.
        interpolation: "nearest" or "bilinear", where pixels move.
        seed: a whole number, for the same draws in each run.
        data_format: "channels_last" or "channels_first"; the configured one if None.

    Call arguments:
        data: pictures, or a dict with "images", "labels" and "segmentation_masks"; masks are mixed
            as the pictures are, and so become shares.
        training: whether to do anything.

    Input shape: (rows, h, w, channels), or one picture; channels before height with
        "channels_first".
    Output shape: that of the input.

    Raises:
        ValueError: if an argument is none of these.
    """

    _fields = (
        "data_format", "value_range", "num_chains", "chain_depth", "factor", "alpha", "all_ops",
        "interpolation", "seed",
    )  # fmt: skip

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: Any = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        names = (*GEOMETRIC, *SHADES, *(COLORS if all_ops else ()))
        super().__init__(
            names, factor, value_range, interpolation, seed=seed, data_format=data_format, **kwargs
        )
        self.num_chains = positive_int("AugMix", "num_chains", num_chains)
        self.chain_depth = positive_int("AugMix", "chain_depth", chain_depth)
        if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or alpha <= 0:
            raise ValueError(f"AugMix expects alpha to be a number above 0; it got {alpha!r}.")
        self.alpha, self.all_ops = alpha, all_ops

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return w, m, and for each change which layers make it in the chains, and how.

        The chains' versions of the pictures stand one behind the other, (chains * rows, ...).
        """
        if not training:
            return None
        source, alpha = self._source(seed), float(self.alpha)
        parts = random.gamma((self.num_chains,), alpha, "float32", source)
        count, shape = len(self._names), (self.chain_depth, self.num_chains)
        images = data["images"] if isinstance(data, dict) else data
        versions = self._versions(images)
        return {
            "chain_mixing_weights": parts / ops.sum(parts),
            "weight_sample": random.beta((), alpha, alpha, "float32", source),
            "layer_idxes": random.randint(shape, 0, count + 1, "int32", source),
            "transforms": [
                {name: self._drawn_by(name, versions, source) for name in self._names}
                for _ in range(self.chain_depth)
            ],
        }

    def _versions(self, x: Any) -> Any:
        return ops.concatenate([x] * self.num_chains, axis=0)

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the pictures mixed with the versions."""
        return self._mixed(images, transformation, "transform_images")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool = True
    ) -> Any:
        """Return the masks mixed as the pictures are, each moved as its version is."""
        masks = ops.cast(segmentation_masks, self.compute_dtype)
        return self._mixed(masks, transformation, "transform_segmentation_masks")

    def _mixed(self, x: Any, transformation: Any, method: str) -> Any:
        if transformation is None:
            return x
        versions = self._versions(x)
        for i, transforms in enumerate(transformation["transforms"]):
            versions = self._changed(versions, transformation["layer_idxes"][i], transforms, method)
        weights = ops.cast(transformation["chain_mixing_weights"], ops.dtype(x))
        weights = ops.reshape(weights, (-1, 1, 1, 1, 1))
        kept = ops.cast(transformation["weight_sample"], ops.dtype(x))
        mixed = ops.sum(weights * ops.reshape(versions, (-1, *x.shape)), axis=0)
        return kept * x + (1.0 - kept) * mixed

    def _changed(self, x: Any, places: Any, transforms: dict[str, Any], method: str) -> Any:
        """Return the versions after one change, each chain's by the layer at its place."""
        needed = None if isinstance(places, Tensor) else {int(p) for p in places}
        place = ops.reshape(ops.repeat(places, x.shape[0] // self.num_chains), (-1, 1, 1, 1))
        found = x
        for i, name in enumerate(self._names):
            if needed is not None and i not in needed:
                continue
            made = self._made_by(name, x, transforms[name], method)
            found = ops.where(ops.equal(place, i), ops.cast(made, ops.dtype(x)), found)
        return found

    def _made_by(self, name: str, x: Any, transformation: Any, method: str) -> Any:
        change = getattr(getattr(self, name), method)
        if name != "equalization":
            return change(x, transformation, True)
        # It looks at a whole batch, which the versions of one chain are.
        return ops.concatenate([change(v, None, True) for v in ops.split(x, self.num_chains)])
