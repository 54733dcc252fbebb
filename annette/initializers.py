"""First values of weights.

An initializer is called with a shape and a dtype. A random one gives the same values at every call,
those of its seed; without a seed it draws one for itself when it is made.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette import config, ops, random
from annette.graph import variable
from annette.saving.family import Family
from annette.saving.serialization import deserialize_keras_object, serialize_keras_object

# Standard deviation of a normal distribution cut at two standard deviations.
_CUT_NORMAL_STDDEV = 0.87962566103423978


class Initializer:
    """A function from a shape (and dtype) to the first value of a weight.

    Subclasses define `__call__(shape, dtype=None)` and, if they have arguments, `get_config()`.
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """An array of this shape and dtype (`floatx()` if None)."""
        raise NotImplementedError(f"{type(self).__name__} needs a __call__(shape, dtype) method.")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        """An initializer made from what `get_config` gave."""
        return cls(**config)

    def clone(self) -> Initializer:
        """A new initializer with the same arguments; without a seed it draws one of its own."""
        return type(self).from_config(self.get_config())


class Zeros(Initializer):
    """All values 0."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        return ops.zeros(shape, dtype=dtype or config.floatx())


class Ones(Initializer):
    """All values 1."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        return ops.ones(shape, dtype=dtype or config.floatx())


class Constant(Initializer):
    """All values `value`, a number or something that can be broadcast to the shape."""

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        dtype = dtype or config.floatx()
        value = ops.convert_to_tensor(self.value, dtype=dtype)
        return ops.broadcast_to(value, tuple(shape))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"value": serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Constant:
        """An initializer made from what `get_config` gave."""
        return cls(deserialize_keras_object(config["value"]) if "value" in config else 0.0)


class Identity(Initializer):
    """`gain` on the diagonal of a matrix and 0 elsewhere; raises ValueError for other ranks."""

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        if len(shape) != 2:
            raise ValueError(
                f"Identity expects the shape of a matrix (rank 2); it got {tuple(shape)}."
            )
        return self.gain * ops.eye(shape[0], shape[1], dtype=dtype or config.floatx())

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        # Keras forgets the gain; the default is left out so that its files and ours stay equal.
        return {} if self.gain == 1.0 else {"gain": self.gain}


class _Random(Initializer):
    """An initializer with a seed: an integer, a SeedGenerator, or None for one of its own."""

    draws = True

    def __init__(self, seed: Any = None) -> None:
        if isinstance(seed, dict):
            seed = deserialize_keras_object(seed)
        if isinstance(seed, bool) or not (
            seed is None or isinstance(seed, (int, np.integer, random.SeedGenerator))
        ):
            raise ValueError(
                "Argument `seed` must be an integer, a SeedGenerator or None; "
                f"it got {seed!r} of type {type(seed).__name__}."
            )
        self._given_seed = seed
        self.seed: Any = random.make_default_seed() if seed is None else seed

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"seed": serialize_keras_object(self._given_seed)}


class RandomNormal(_Random):
    r"""Normal distribution $N(\mu, \sigma^2)$ with $\mu$ = `mean` and $\sigma$ = `stddev`."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        return random.normal(
            shape=shape,
            mean=self.mean,
            stddev=self.stddev,
            seed=self.seed,
            dtype=dtype or config.floatx(),
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    r"""Normal distribution without what lies further than $2\sigma$ from the mean."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        return random.truncated_normal(
            shape=shape,
            mean=self.mean,
            stddev=self.stddev,
            seed=self.seed,
            dtype=dtype or config.floatx(),
        )


class RandomUniform(_Random):
    """Uniform distribution between `minval` and `maxval`."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        return random.uniform(
            shape=shape,
            minval=self.minval,
            maxval=self.maxval,
            seed=self.seed,
            dtype=dtype or config.floatx(),
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class VarianceScaling(_Random):
    r"""Random values with variance $s / n$, $s$ = `scale`.

    $n$ is the number of inputs of a unit (`mode="fan_in"`), of outputs ("fan_out") or the mean of
    the two ("fan_avg"), and `distribution` "truncated_normal", "untruncated_normal" or "uniform".
    With `input_axes` and `output_axes` they are the sizes of those axes; otherwise those of a dense
    kernel (in, out) or a convolution's (..., in, out).

    Raises:
        ValueError: for a `scale` not above 0 or an unknown `mode` or `distribution`.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ) -> None:
        if not scale > 0:
            raise ValueError(f"Argument `scale` must be a number above 0; it got {scale!r}.")
        _one_of("mode", mode, ("fan_in", "fan_out", "fan_avg"))
        distribution = str(distribution).lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        known = ("uniform", "truncated_normal", "untruncated_normal")
        _one_of("distribution", distribution, known)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, n))
        options = {"seed": self.seed, "dtype": dtype or config.floatx()}
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return random.uniform(shape=shape, minval=-limit, maxval=limit, **options)
        if self.distribution == "untruncated_normal":
            return random.normal(shape=shape, mean=0.0, stddev=stddev, **options)
        stddev /= _CUT_NORMAL_STDDEV
        return random.truncated_normal(shape=shape, mean=0.0, stddev=stddev, **options)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _Scaled(VarianceScaling):
    """VarianceScaling with its first three arguments fixed."""

    _fixed: tuple[float, str, str]

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None) -> None:
        super().__init__(*self._fixed, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        full = super().get_config()
        return {key: full[key] for key in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_Scaled):
    r"""Uniform between $\pm\sqrt{6 / (n_{in} + n_{out})}$ (Glorot and Bengio, 2010)."""

    _fixed = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    r"""Truncated normal with variance $2 / (n_{in} + n_{out})$ (Glorot and Bengio, 2010)."""

    _fixed = (1.0, "fan_avg", "truncated_normal")


class LecunUniform(_Scaled):
    r"""Uniform between $\pm\sqrt{3 / n_{in}}$ (LeCun et al., 1998)."""

    _fixed = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    r"""Truncated normal with variance $1 / n_{in}$ (LeCun et al., 1998)."""

    _fixed = (1.0, "fan_in", "truncated_normal")


class HeUniform(_Scaled):
    r"""Uniform between $\pm\sqrt{6 / n_{in}}$ (He et al., 2015)."""

    _fixed = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    r"""Truncated normal with variance $2 / n_{in}$ (He et al., 2015)."""

    _fixed = (2.0, "fan_in", "truncated_normal")


class Orthogonal(_Random):
    """`gain` times a random orthogonal matrix, the axes before the last taken as one.

    The Q of a QR decomposition of normal values, its signs chosen so that every rotation is as
    likely as any other. Source: Saxe et al., 2013.

    Raises:
        ValueError: for a shape of rank below 2.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal expects a shape of rank 2 or more; it got {tuple(shape)}. "
                "Use another initializer for vectors."
            )
        dtype = dtype or config.floatx()
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        drawn = random.normal(shape=tall, seed=self.seed, dtype="float64")
        q, r = np.linalg.qr(ops.convert_to_numpy(drawn))
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)
        q = q.T if rows < columns else q
        return ops.convert_to_tensor(self.gain * q.reshape(tuple(shape)), dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "gain": self.gain}


class STFT(Initializer):
    r"""The kernel of a short-time Fourier transform, for a convolution over samples in time.

    .. math:: K_{t f} = w_t \cos(2 \pi t f / N) / s \quad \text{(real side; } -\sin
        \text{ for the imaginary one)}, \quad N = 2 (\text{frequencies} - 1)

    Args:
        side: "real" or "imag".
        window: a window's name ("hann", "hamming", "blackman", "bartlett", or any of SciPy's where
            that is installed), an array (samples), or None for none.
        scaling: "density" divides by the root of the sum of squares of the window, "spectrum" by
            the sum of its sizes, None by nothing.
        periodic: whether the window is that of a period rather than symmetric.

    Shape: (samples, 1, frequencies).

    Raises:
        ValueError: for an unknown side, scaling or window, or a shape of another form.
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(f"STFT expects side='real' or 'imag'; it got {side!r}.")
        if scaling not in ("density", "spectrum", None):
            raise ValueError(
                f"STFT expects scaling='density', 'spectrum' or None; it got {scaling!r}."
            )
        if isinstance(window, str):
            _window(window, 2, periodic)
        self.side, self.window = side, window
        self.scaling, self.periodic = scaling, periodic

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return an array of this shape and dtype."""
        shape = tuple(shape)
        if len(shape) != 3:
            raise ValueError(f"STFT expects a shape (samples, 1, frequencies); it got {shape}.")
        samples, _, frequencies = shape
        turns = np.arange(samples)[:, None] * np.arange(frequencies) / max(2 * frequencies - 2, 1)
        kernel = np.cos(2 * np.pi * turns) if self.side == "real" else -np.sin(2 * np.pi * turns)
        kernel = (kernel * self._scaled_window(samples)[:, None])[:, None, :]
        return ops.convert_to_tensor(kernel, dtype=dtype or config.floatx())

    def _scaled_window(self, samples: int) -> np.ndarray:
        if self.window is None:
            return np.ones(samples)
        given = self.window
        window = _window(given, samples, self.periodic) if isinstance(given, str) else given
        window = np.asarray(window, "float64")
        if window.shape != (samples,):
            raise ValueError(
                f"STFT expects a window of {samples} samples; it got one of shape {window.shape}."
            )
        scales = {"density": np.sqrt(np.sum(window**2)), "spectrum": np.sum(np.abs(window))}
        return np.asarray(window / scales.get(str(self.scaling), 1.0))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "side": self.side,
            "window": self.window,
            "periodic": self.periodic,
            "scaling": self.scaling,
        }


def _window(name: str, samples: int, periodic: bool) -> np.ndarray:
    known = {
        "hann": np.hanning,
        "hamming": np.hamming,
        "blackman": np.blackman,
        "bartlett": np.bartlett,
    }
    if name in known:
        made = known[name](samples + 1)[:-1] if periodic else known[name](samples)
        return np.asarray(made)
    try:
        from scipy.signal import get_window
    except ImportError as error:
        raise ValueError(
            f"STFT knows the windows {', '.join(known)}; {name!r} needs SciPy, which is not "
            "installed."
        ) from error
    return np.asarray(get_window(name, samples, periodic))


def compute_fans(shape: Any, input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    """The number of inputs and of outputs of a unit whose kernel has this shape."""
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return _sizes(shape, input_axes), _sizes(shape, output_axes)
    if len(shape) < 2:
        n = int(shape[0]) if shape else 1
        return n, n
    field = math.prod(shape[:-2])  # positions of a convolution's window; 1 for a dense kernel
    return int(shape[-2] * field), int(shape[-1] * field)


def _sizes(shape: tuple[int, ...], axes: Any) -> int:
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    wrong = [axis for axis in axes if not -len(shape) <= axis < len(shape)]
    if wrong:
        raise ValueError(f"Axis {wrong[0]} is not an axis of a weight of shape {shape}.")
    return math.prod(int(shape[axis]) for axis in axes)


def _one_of(argument: str, value: Any, known: tuple[str, ...]) -> None:
    if value not in known:
        names = ", ".join(map(repr, known))
        raise ValueError(f"Argument `{argument}` must be one of {names}; it got {value!r}.")


zeros = Zeros
ones = Ones
constant = Constant
identity = IdentityInitializer = Identity
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform = GlorotUniform
glorot_normal = GlorotNormal
lecun_uniform = LecunUniform
lecun_normal = LecunNormal
he_uniform = HeUniform
he_normal = HeNormal
orthogonal = OrthogonalInitializer = Orthogonal
stft = STFTInitializer = STFT

ALL_OBJECTS: dict[str, type[Initializer]] = {
    name: value
    for name, value in list(globals().items())
    if isinstance(value, type)
    and issubclass(value, Initializer)
    and value not in (Initializer, _Random, _Scaled)
    and not name.startswith("_")
} | {"uniform": RandomUniform, "normal": RandomNormal, "one": Ones, "zero": Zeros}

_family = Family("initializer", ALL_OBJECTS, Initializer)


def get(identifier: Any) -> Any:
    """The initializer meant by a name, a configuration, a class or a callable; None for None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
    """
    return _family.get(identifier)


def serialize(initializer: Initializer) -> Any:
    """The configuration from which `deserialize` makes an equal initializer."""
    return serialize_keras_object(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer that `serialize` described."""
    return _family.deserialize(config, custom_objects)


variable.by_name[:] = [get]  # keras.Variable("zeros", shape=...) asks here
