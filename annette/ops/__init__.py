"""The language that layers, losses, metrics and optimizers are written in: ``keras.ops``.

Given arrays a function computes at once; given Tensors it records. The names are Keras's.
"""

from typing import TYPE_CHECKING

from annette.fused import nn as _fused_nn  # noqa: F401  # fused operations register themselves
from annette.ops.attention import dot_product_attention as dot_product_attention
from annette.ops.control import (
    associative_scan as associative_scan,
    fori_loop as fori_loop,
    scan as scan,
    switch as switch,
    while_loop as while_loop,
)
from annette.ops.convolution import (
    conv as conv,
    conv_transpose as conv_transpose,
    depthwise_conv as depthwise_conv,
    separable_conv as separable_conv,
)
from annette.ops.core import (
    cast as cast,
    cond as cond,
    convert_to_numpy as convert_to_numpy,
    convert_to_tensor as convert_to_tensor,
    custom_gradient as custom_gradient,
    dtype as dtype,
    is_tensor as is_tensor,
    map as map,
    saturate_cast as saturate_cast,
    scatter as scatter,
    scatter_update as scatter_update,
    shape as shape,
    slice as slice,
    slice_update as slice_update,
    stop_gradient as stop_gradient,
    vectorized_map as vectorized_map,
)
from annette.ops.ctc import ctc_decode as ctc_decode, ctc_loss as ctc_loss
from annette.ops.folding import (
    depth_to_space as depth_to_space,
    fold as fold,
    space_to_depth as space_to_depth,
    unfold as unfold,
)
from annette.ops.fourier import (
    fft as fft,
    fft2 as fft2,
    ifft2 as ifft2,
    irfft as irfft,
    istft as istft,
    polar as polar,
    rfft as rfft,
    stft as stft,
    view_as_complex as view_as_complex,
    view_as_real as view_as_real,
)
from annette.ops.linalg import (
    cholesky as cholesky,
    cholesky_inverse as cholesky_inverse,
    det as det,
    eig as eig,
    eigh as eigh,
    inv as inv,
    jvp as jvp,
    logdet as logdet,
    lstsq as lstsq,
    lu_factor as lu_factor,
    matrix_rank as matrix_rank,
    norm as norm,
    pinv as pinv,
    qr as qr,
    solve as solve,
    solve_triangular as solve_triangular,
    svd as svd,
)
from annette.ops.math import (
    cdist as cdist,
    erf as erf,
    erfc as erfc,
    erfinv as erfinv,
    extract_sequences as extract_sequences,
    in_top_k as in_top_k,
    logsumexp as logsumexp,
    rsqrt as rsqrt,
    segment_max as segment_max,
    segment_min as segment_min,
    segment_prod as segment_prod,
    segment_sum as segment_sum,
    top_k as top_k,
)
from annette.ops.nn import (
    batch_normalization as batch_normalization,
    binary_crossentropy as binary_crossentropy,
    categorical_crossentropy as categorical_crossentropy,
    celu as celu,
    elu as elu,
    gelu as gelu,
    glu as glu,
    hard_shrink as hard_shrink,
    hard_sigmoid as hard_sigmoid,
    hard_silu as hard_silu,
    hard_swish as hard_swish,
    hard_tanh as hard_tanh,
    layer_normalization as layer_normalization,
    leaky_relu as leaky_relu,
    log_sigmoid as log_sigmoid,
    log_softmax as log_softmax,
    moments as moments,
    multi_hot as multi_hot,
    normalize as normalize,
    one_hot as one_hot,
    psnr as psnr,
    relu as relu,
    relu6 as relu6,
    rms_normalization as rms_normalization,
    selu as selu,
    sigmoid as sigmoid,
    silu as silu,
    soft_shrink as soft_shrink,
    softmax as softmax,
    softplus as softplus,
    softsign as softsign,
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
    sparse_plus as sparse_plus,
    sparse_sigmoid as sparse_sigmoid,
    sparsemax as sparsemax,
    squareplus as squareplus,
    swish as swish,
    tanh_shrink as tanh_shrink,
    threshold as threshold,
)
from annette.ops.numpy import *  # noqa: F403  # its names are listed there, once
from annette.ops.operators import install as _install
from annette.ops.pooling import (
    adaptive_average_pool as adaptive_average_pool,
    adaptive_max_pool as adaptive_max_pool,
    average_pool as average_pool,
    max_pool as max_pool,
)
from annette.ops.rearranging import rearrange as rearrange
from annette.utils.on_demand import on_demand as _on_demand

if TYPE_CHECKING:
    from annette.ops import image as image

_install(globals())

__getattr__, __dir__ = _on_demand(__name__, {"image": ("annette.ops.image", None)})
