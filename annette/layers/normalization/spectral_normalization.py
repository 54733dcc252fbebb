"""SpectralNormalization: a layer whose kernel stretches nothing by more than 1."""

from __future__ import annotations

from typing import Any

from annette import initializers, ops
from annette.layers.arguments import counted
from annette.layers.core.wrapper import Wrapper


class SpectralNormalization(Wrapper):
    r"""Wraps a layer, and divides its kernel by its largest singular value at each training call.

    .. math:: W \leftarrow W / \sigma, \quad \sigma = v W u^\top, \quad
        v = u W^\top / \lVert u W^\top \rVert, \quad u = v W / \lVert v W \rVert

    (Miyato, Kataoka, Koyama & Yoshida, 2018.) W is the kernel (or the table of an Embedding) with
    all but its last axis made one. u is kept from call to call, so that few rounds are enough.
    The kernel itself is changed, and the gradient is that by the changed kernel.

    Args:
        layer: a layer that has a `kernel` or `embeddings`.
        power_iterations: how many rounds of v and u a call makes.

    Call arguments:
        inputs: for the wrapped layer.
        training: whether to normalize the kernel first.

    Input shape: that of the wrapped layer.
    Output shape: that of the wrapped layer.
    Weights: those of the wrapped layer, and vector_u (1, size of the kernel's last axis).

    Raises:
        TypeError: if `power_iterations` is no whole number.
        ValueError: if `layer` is no layer or has no kernel, or `power_iterations` is below 1.
    """

    _fields = ("layer", "power_iterations")

    def __init__(self, layer: Any, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.power_iterations = counted(
            "SpectralNormalization", "power_iterations", power_iterations
        )

    def build(self, input_shape: Any = None) -> None:
        """Build the wrapped layer and make the vector u."""
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        if kernel is None:
            kernel = getattr(self.layer, "embeddings", None)
        if kernel is None:
            raise ValueError(
                f"SpectralNormalization '{self.name}' expects a layer with a kernel or embeddings; "
                f"{type(self.layer).__name__} '{self.layer.name}' has neither."
            )
        self.kernel = kernel
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]), initializers.TruncatedNormal(stddev=0.02), name="vector_u",
            trainable=False,
        )  # fmt: skip

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return what the wrapped layer makes of the inputs."""
        if training:
            u, kernel = self.normalized_weights()
            self.vector_u.assign(u)
            self.kernel.assign(kernel)
        return self.layer(inputs)

    def normalized_weights(self) -> tuple[Any, Any]:
        """Return u after the rounds, and the kernel over its largest singular value."""
        kernel = ops.convert_to_tensor(self.kernel)
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        constant, u = ops.stop_gradient(matrix), ops.convert_to_tensor(self.vector_u)
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(constant)), epsilon=1e-12)
            u = ops.normalize(ops.matmul(v, constant), epsilon=1e-12)
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        sigma = ops.reshape(ops.matmul(ops.matmul(v, matrix), ops.transpose(u)), ())
        # A kernel of zeros has no direction to stretch and stays as it is.
        zero = ops.all(ops.equal(kernel, 0.0))
        kernel = ops.where(zero, kernel, kernel / ops.where(zero, 1.0, sigma))
        return ops.where(zero, self.vector_u, u), kernel
