"""The layers, with Keras's names. Each is imported when it is first asked for."""

# ruff: noqa: F401  # an import under another name counts as one that is not used

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annette.layers.input_spec import InputSpec as InputSpec
from annette.layers.layer import Layer as Layer
from annette.saving import serialization
from annette.utils.explain import check_constructors
from annette.utils.on_demand import on_demand

if TYPE_CHECKING:  # what type checkers and editors read; _HOMES says the same to the program
    from annette.layers.activation.activation import Activation as Activation
    from annette.layers.activation.elu import ELU as ELU
    from annette.layers.activation.leaky_relu import LeakyReLU as LeakyReLU
    from annette.layers.activation.prelu import PReLU as PReLU
    from annette.layers.activation.relu import ReLU as ReLU
    from annette.layers.activation.softmax import Softmax as Softmax
    from annette.layers.attention.additive_attention import AdditiveAttention as AdditiveAttention
    from annette.layers.attention.attention import Attention as Attention
    from annette.layers.attention.group_query_attention import (
        GroupQueryAttention as GroupQueryAttention,
    )
    from annette.layers.attention.multi_head_attention import (
        MultiHeadAttention as MultiHeadAttention,
    )
    from annette.layers.convolution.conv1d import Conv1D as Conv1D, Conv1D as Convolution1D
    from annette.layers.convolution.conv1d_transpose import (
        Conv1DTranspose as Conv1DTranspose,
        Conv1DTranspose as Convolution1DTranspose,
    )
    from annette.layers.convolution.conv2d import Conv2D as Conv2D, Conv2D as Convolution2D
    from annette.layers.convolution.conv2d_transpose import (
        Conv2DTranspose as Conv2DTranspose,
        Conv2DTranspose as Convolution2DTranspose,
    )
    from annette.layers.convolution.conv3d import Conv3D as Conv3D, Conv3D as Convolution3D
    from annette.layers.convolution.conv3d_transpose import (
        Conv3DTranspose as Conv3DTranspose,
        Conv3DTranspose as Convolution3DTranspose,
    )
    from annette.layers.convolution.depthwise_conv1d import DepthwiseConv1D as DepthwiseConv1D
    from annette.layers.convolution.depthwise_conv2d import DepthwiseConv2D as DepthwiseConv2D
    from annette.layers.convolution.separable_conv1d import (
        SeparableConv1D as SeparableConv1D,
        SeparableConv1D as SeparableConvolution1D,
    )
    from annette.layers.convolution.separable_conv2d import (
        SeparableConv2D as SeparableConv2D,
        SeparableConv2D as SeparableConvolution2D,
    )
    from annette.layers.core.dense import Dense as Dense
    from annette.layers.core.einsum_dense import EinsumDense as EinsumDense
    from annette.layers.core.embedding import Embedding as Embedding
    from annette.layers.core.identity import Identity as Identity
    from annette.layers.core.input_layer import Input as Input, InputLayer as InputLayer
    from annette.layers.core.lambda_layer import Lambda as Lambda
    from annette.layers.core.masking import Masking as Masking
    from annette.layers.core.reversible_embedding import ReversibleEmbedding as ReversibleEmbedding
    from annette.layers.core.wrapper import Wrapper as Wrapper
    from annette.layers.merging.add import Add as Add, add as add
    from annette.layers.merging.average import Average as Average, average as average
    from annette.layers.merging.concatenate import (
        Concatenate as Concatenate,
        concatenate as concatenate,
    )
    from annette.layers.merging.dot import Dot as Dot, dot as dot
    from annette.layers.merging.maximum import Maximum as Maximum, maximum as maximum
    from annette.layers.merging.minimum import Minimum as Minimum, minimum as minimum
    from annette.layers.merging.multiply import Multiply as Multiply, multiply as multiply
    from annette.layers.merging.subtract import Subtract as Subtract, subtract as subtract
    from annette.layers.normalization.batch_normalization import (
        BatchNormalization as BatchNormalization,
    )
    from annette.layers.normalization.group_normalization import (
        GroupNormalization as GroupNormalization,
    )
    from annette.layers.normalization.layer_normalization import (
        LayerNormalization as LayerNormalization,
    )
    from annette.layers.normalization.rms_normalization import RMSNormalization as RMSNormalization
    from annette.layers.normalization.spectral_normalization import (
        SpectralNormalization as SpectralNormalization,
    )
    from annette.layers.normalization.unit_normalization import (
        UnitNormalization as UnitNormalization,
    )
    from annette.layers.pooling.adaptive_average_pooling1d import (
        AdaptiveAveragePooling1D as AdaptiveAveragePooling1D,
    )
    from annette.layers.pooling.adaptive_average_pooling2d import (
        AdaptiveAveragePooling2D as AdaptiveAveragePooling2D,
    )
    from annette.layers.pooling.adaptive_average_pooling3d import (
        AdaptiveAveragePooling3D as AdaptiveAveragePooling3D,
    )
    from annette.layers.pooling.adaptive_max_pooling1d import (
        AdaptiveMaxPooling1D as AdaptiveMaxPooling1D,
    )
    from annette.layers.pooling.adaptive_max_pooling2d import (
        AdaptiveMaxPooling2D as AdaptiveMaxPooling2D,
    )
    from annette.layers.pooling.adaptive_max_pooling3d import (
        AdaptiveMaxPooling3D as AdaptiveMaxPooling3D,
    )
    from annette.layers.pooling.average_pooling1d import (
        AveragePooling1D as AveragePooling1D,
        AveragePooling1D as AvgPool1D,
    )
    from annette.layers.pooling.average_pooling2d import (
        AveragePooling2D as AveragePooling2D,
        AveragePooling2D as AvgPool2D,
    )
    from annette.layers.pooling.average_pooling3d import (
        AveragePooling3D as AveragePooling3D,
        AveragePooling3D as AvgPool3D,
    )
    from annette.layers.pooling.global_average_pooling1d import (
        GlobalAveragePooling1D as GlobalAveragePooling1D,
        GlobalAveragePooling1D as GlobalAvgPool1D,
    )
    from annette.layers.pooling.global_average_pooling2d import (
        GlobalAveragePooling2D as GlobalAveragePooling2D,
        GlobalAveragePooling2D as GlobalAvgPool2D,
    )
    from annette.layers.pooling.global_average_pooling3d import (
        GlobalAveragePooling3D as GlobalAveragePooling3D,
        GlobalAveragePooling3D as GlobalAvgPool3D,
    )
    from annette.layers.pooling.global_max_pooling1d import (
        GlobalMaxPooling1D as GlobalMaxPool1D,
        GlobalMaxPooling1D as GlobalMaxPooling1D,
    )
    from annette.layers.pooling.global_max_pooling2d import (
        GlobalMaxPooling2D as GlobalMaxPool2D,
        GlobalMaxPooling2D as GlobalMaxPooling2D,
    )
    from annette.layers.pooling.global_max_pooling3d import (
        GlobalMaxPooling3D as GlobalMaxPool3D,
        GlobalMaxPooling3D as GlobalMaxPooling3D,
    )
    from annette.layers.pooling.max_pooling1d import (
        MaxPooling1D as MaxPool1D,
        MaxPooling1D as MaxPooling1D,
    )
    from annette.layers.pooling.max_pooling2d import (
        MaxPooling2D as MaxPool2D,
        MaxPooling2D as MaxPooling2D,
    )
    from annette.layers.pooling.max_pooling3d import (
        MaxPooling3D as MaxPool3D,
        MaxPooling3D as MaxPooling3D,
    )
    from annette.layers.preprocessing.category_encoding import CategoryEncoding as CategoryEncoding
    from annette.layers.preprocessing.discretization import Discretization as Discretization
    from annette.layers.preprocessing.hashed_crossing import HashedCrossing as HashedCrossing
    from annette.layers.preprocessing.hashing import Hashing as Hashing
    from annette.layers.preprocessing.images.aug_mix import AugMix as AugMix
    from annette.layers.preprocessing.images.auto_contrast import AutoContrast as AutoContrast
    from annette.layers.preprocessing.images.center_crop import CenterCrop as CenterCrop
    from annette.layers.preprocessing.images.contrast_limited_adaptive_histogram_equalization import (
        ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization,
    )
    from annette.layers.preprocessing.images.cut_mix import CutMix as CutMix
    from annette.layers.preprocessing.images.equalization import Equalization as Equalization
    from annette.layers.preprocessing.images.mix_up import MixUp as MixUp
    from annette.layers.preprocessing.images.rand_augment import RandAugment as RandAugment
    from annette.layers.preprocessing.images.random_brightness import (
        RandomBrightness as RandomBrightness,
    )
    from annette.layers.preprocessing.images.random_color_degeneration import (
        RandomColorDegeneration as RandomColorDegeneration,
    )
    from annette.layers.preprocessing.images.random_color_jitter import (
        RandomColorJitter as RandomColorJitter,
    )
    from annette.layers.preprocessing.images.random_contrast import RandomContrast as RandomContrast
    from annette.layers.preprocessing.images.random_crop import RandomCrop as RandomCrop
    from annette.layers.preprocessing.images.random_elastic_transform import (
        RandomElasticTransform as RandomElasticTransform,
    )
    from annette.layers.preprocessing.images.random_erasing import RandomErasing as RandomErasing
    from annette.layers.preprocessing.images.random_flip import RandomFlip as RandomFlip
    from annette.layers.preprocessing.images.random_gaussian_blur import (
        RandomGaussianBlur as RandomGaussianBlur,
    )
    from annette.layers.preprocessing.images.random_grayscale import (
        RandomGrayscale as RandomGrayscale,
    )
    from annette.layers.preprocessing.images.random_hue import RandomHue as RandomHue
    from annette.layers.preprocessing.images.random_invert import RandomInvert as RandomInvert
    from annette.layers.preprocessing.images.random_perspective import (
        RandomPerspective as RandomPerspective,
    )
    from annette.layers.preprocessing.images.random_posterization import (
        RandomPosterization as RandomPosterization,
    )
    from annette.layers.preprocessing.images.random_rotation import RandomRotation as RandomRotation
    from annette.layers.preprocessing.images.random_saturation import (
        RandomSaturation as RandomSaturation,
    )
    from annette.layers.preprocessing.images.random_sharpness import (
        RandomSharpness as RandomSharpness,
    )
    from annette.layers.preprocessing.images.random_shear import RandomShear as RandomShear
    from annette.layers.preprocessing.images.random_translation import (
        RandomTranslation as RandomTranslation,
    )
    from annette.layers.preprocessing.images.random_zoom import RandomZoom as RandomZoom
    from annette.layers.preprocessing.images.resizing import Resizing as Resizing
    from annette.layers.preprocessing.images.solarization import Solarization as Solarization
    from annette.layers.preprocessing.integer_lookup import IntegerLookup as IntegerLookup
    from annette.layers.preprocessing.normalization import Normalization as Normalization
    from annette.layers.preprocessing.pipeline import Pipeline as Pipeline
    from annette.layers.preprocessing.rescaling import Rescaling as Rescaling
    from annette.layers.preprocessing.string_lookup import StringLookup as StringLookup
    from annette.layers.preprocessing.text_vectorization import (
        TextVectorization as TextVectorization,
    )
    from annette.layers.recurrent.bidirectional import Bidirectional as Bidirectional
    from annette.layers.recurrent.conv_lstm1d import ConvLSTM1D as ConvLSTM1D
    from annette.layers.recurrent.conv_lstm2d import ConvLSTM2D as ConvLSTM2D
    from annette.layers.recurrent.conv_lstm3d import ConvLSTM3D as ConvLSTM3D
    from annette.layers.recurrent.gru import GRU as GRU
    from annette.layers.recurrent.gru_cell import GRUCell as GRUCell
    from annette.layers.recurrent.lstm import LSTM as LSTM
    from annette.layers.recurrent.lstm_cell import LSTMCell as LSTMCell
    from annette.layers.recurrent.rnn import RNN as RNN
    from annette.layers.recurrent.simple_rnn import SimpleRNN as SimpleRNN
    from annette.layers.recurrent.simple_rnn_cell import SimpleRNNCell as SimpleRNNCell
    from annette.layers.recurrent.stacked_rnn_cells import StackedRNNCells as StackedRNNCells
    from annette.layers.recurrent.time_distributed import TimeDistributed as TimeDistributed
    from annette.layers.regularization.activity_regularization import (
        ActivityRegularization as ActivityRegularization,
    )
    from annette.layers.regularization.alpha_dropout import AlphaDropout as AlphaDropout
    from annette.layers.regularization.dropout import Dropout as Dropout
    from annette.layers.regularization.gaussian_dropout import GaussianDropout as GaussianDropout
    from annette.layers.regularization.gaussian_noise import GaussianNoise as GaussianNoise
    from annette.layers.regularization.spatial_dropout1d import SpatialDropout1D as SpatialDropout1D
    from annette.layers.regularization.spatial_dropout2d import SpatialDropout2D as SpatialDropout2D
    from annette.layers.regularization.spatial_dropout3d import SpatialDropout3D as SpatialDropout3D
    from annette.layers.reshaping.cropping1d import Cropping1D as Cropping1D
    from annette.layers.reshaping.cropping2d import Cropping2D as Cropping2D
    from annette.layers.reshaping.cropping3d import Cropping3D as Cropping3D
    from annette.layers.reshaping.flatten import Flatten as Flatten
    from annette.layers.reshaping.permute import Permute as Permute
    from annette.layers.reshaping.repeat_vector import RepeatVector as RepeatVector
    from annette.layers.reshaping.reshape import Reshape as Reshape
    from annette.layers.reshaping.up_sampling1d import UpSampling1D as UpSampling1D
    from annette.layers.reshaping.up_sampling2d import UpSampling2D as UpSampling2D
    from annette.layers.reshaping.up_sampling3d import UpSampling3D as UpSampling3D
    from annette.layers.reshaping.zero_padding1d import ZeroPadding1D as ZeroPadding1D
    from annette.layers.reshaping.zero_padding2d import ZeroPadding2D as ZeroPadding2D
    from annette.layers.reshaping.zero_padding3d import ZeroPadding3D as ZeroPadding3D

_HOMES = {
    "activation.activation": ("Activation",),
    "activation.elu": ("ELU",),
    "activation.leaky_relu": ("LeakyReLU",),
    "activation.prelu": ("PReLU",),
    "activation.relu": ("ReLU",),
    "activation.softmax": ("Softmax",),
    "attention.additive_attention": ("AdditiveAttention",),
    "attention.attention": ("Attention",),
    "attention.group_query_attention": ("GroupQueryAttention",),
    "attention.multi_head_attention": ("MultiHeadAttention",),
    "convolution.conv1d": ("Conv1D",),
    "convolution.conv1d_transpose": ("Conv1DTranspose",),
    "convolution.conv2d": ("Conv2D",),
    "convolution.conv2d_transpose": ("Conv2DTranspose",),
    "convolution.conv3d": ("Conv3D",),
    "convolution.conv3d_transpose": ("Conv3DTranspose",),
    "convolution.depthwise_conv1d": ("DepthwiseConv1D",),
    "convolution.depthwise_conv2d": ("DepthwiseConv2D",),
    "convolution.separable_conv1d": ("SeparableConv1D",),
    "convolution.separable_conv2d": ("SeparableConv2D",),
    "core.dense": ("Dense",),
    "core.einsum_dense": ("EinsumDense",),
    "core.embedding": ("Embedding",),
    "core.identity": ("Identity",),
    "core.input_layer": ("Input", "InputLayer"),
    "core.lambda_layer": ("Lambda",),
    "core.masking": ("Masking",),
    "core.reversible_embedding": ("ReversibleEmbedding",),
    "core.wrapper": ("Wrapper",),
    "merging.add": ("Add", "add"),
    "merging.average": ("Average", "average"),
    "merging.concatenate": ("Concatenate", "concatenate"),
    "merging.dot": ("Dot", "dot"),
    "merging.maximum": ("Maximum", "maximum"),
    "merging.minimum": ("Minimum", "minimum"),
    "merging.multiply": ("Multiply", "multiply"),
    "merging.subtract": ("Subtract", "subtract"),
    "normalization.batch_normalization": ("BatchNormalization",),
    "normalization.group_normalization": ("GroupNormalization",),
    "normalization.layer_normalization": ("LayerNormalization",),
    "normalization.rms_normalization": ("RMSNormalization",),
    "normalization.spectral_normalization": ("SpectralNormalization",),
    "normalization.unit_normalization": ("UnitNormalization",),
    "pooling.adaptive_average_pooling1d": ("AdaptiveAveragePooling1D",),
    "pooling.adaptive_average_pooling2d": ("AdaptiveAveragePooling2D",),
    "pooling.adaptive_average_pooling3d": ("AdaptiveAveragePooling3D",),
    "pooling.adaptive_max_pooling1d": ("AdaptiveMaxPooling1D",),
    "pooling.adaptive_max_pooling2d": ("AdaptiveMaxPooling2D",),
    "pooling.adaptive_max_pooling3d": ("AdaptiveMaxPooling3D",),
    "pooling.average_pooling1d": ("AveragePooling1D",),
    "pooling.average_pooling2d": ("AveragePooling2D",),
    "pooling.average_pooling3d": ("AveragePooling3D",),
    "pooling.global_average_pooling1d": ("GlobalAveragePooling1D",),
    "pooling.global_average_pooling2d": ("GlobalAveragePooling2D",),
    "pooling.global_average_pooling3d": ("GlobalAveragePooling3D",),
    "pooling.global_max_pooling1d": ("GlobalMaxPooling1D",),
    "pooling.global_max_pooling2d": ("GlobalMaxPooling2D",),
    "pooling.global_max_pooling3d": ("GlobalMaxPooling3D",),
    "pooling.max_pooling1d": ("MaxPooling1D",),
    "pooling.max_pooling2d": ("MaxPooling2D",),
    "pooling.max_pooling3d": ("MaxPooling3D",),
    "preprocessing.category_encoding": ("CategoryEncoding",),
    "preprocessing.discretization": ("Discretization",),
    "preprocessing.hashed_crossing": ("HashedCrossing",),
    "preprocessing.hashing": ("Hashing",),
    "preprocessing.images.aug_mix": ("AugMix",),
    "preprocessing.images.auto_contrast": ("AutoContrast",),
    "preprocessing.images.center_crop": ("CenterCrop",),
    "preprocessing.images.contrast_limited_adaptive_histogram_equalization": (
        "ContrastLimitedAdaptiveHistogramEqualization",
    ),
    "preprocessing.images.cut_mix": ("CutMix",),
    "preprocessing.images.equalization": ("Equalization",),
    "preprocessing.images.mix_up": ("MixUp",),
    "preprocessing.images.rand_augment": ("RandAugment",),
    "preprocessing.images.random_brightness": ("RandomBrightness",),
    "preprocessing.images.random_color_degeneration": ("RandomColorDegeneration",),
    "preprocessing.images.random_color_jitter": ("RandomColorJitter",),
    "preprocessing.images.random_contrast": ("RandomContrast",),
    "preprocessing.images.random_crop": ("RandomCrop",),
    "preprocessing.images.random_elastic_transform": ("RandomElasticTransform",),
    "preprocessing.images.random_erasing": ("RandomErasing",),
    "preprocessing.images.random_flip": ("RandomFlip",),
    "preprocessing.images.random_gaussian_blur": ("RandomGaussianBlur",),
    "preprocessing.images.random_grayscale": ("RandomGrayscale",),
    "preprocessing.images.random_hue": ("RandomHue",),
    "preprocessing.images.random_invert": ("RandomInvert",),
    "preprocessing.images.random_perspective": ("RandomPerspective",),
    "preprocessing.images.random_posterization": ("RandomPosterization",),
    "preprocessing.images.random_rotation": ("RandomRotation",),
    "preprocessing.images.random_saturation": ("RandomSaturation",),
    "preprocessing.images.random_sharpness": ("RandomSharpness",),
    "preprocessing.images.random_shear": ("RandomShear",),
    "preprocessing.images.random_translation": ("RandomTranslation",),
    "preprocessing.images.random_zoom": ("RandomZoom",),
    "preprocessing.images.resizing": ("Resizing",),
    "preprocessing.images.solarization": ("Solarization",),
    "preprocessing.integer_lookup": ("IntegerLookup",),
    "preprocessing.normalization": ("Normalization",),
    "preprocessing.pipeline": ("Pipeline",),
    "preprocessing.rescaling": ("Rescaling",),
    "preprocessing.string_lookup": ("StringLookup",),
    "preprocessing.text_vectorization": ("TextVectorization",),
    "recurrent.bidirectional": ("Bidirectional",),
    "recurrent.conv_lstm1d": ("ConvLSTM1D",),
    "recurrent.conv_lstm2d": ("ConvLSTM2D",),
    "recurrent.conv_lstm3d": ("ConvLSTM3D",),
    "recurrent.gru": ("GRU",),
    "recurrent.gru_cell": ("GRUCell",),
    "recurrent.lstm": ("LSTM",),
    "recurrent.lstm_cell": ("LSTMCell",),
    "recurrent.rnn": ("RNN",),
    "recurrent.simple_rnn": ("SimpleRNN",),
    "recurrent.simple_rnn_cell": ("SimpleRNNCell",),
    "recurrent.stacked_rnn_cells": ("StackedRNNCells",),
    "recurrent.time_distributed": ("TimeDistributed",),
    "regularization.activity_regularization": ("ActivityRegularization",),
    "regularization.alpha_dropout": ("AlphaDropout",),
    "regularization.dropout": ("Dropout",),
    "regularization.gaussian_dropout": ("GaussianDropout",),
    "regularization.gaussian_noise": ("GaussianNoise",),
    "regularization.spatial_dropout1d": ("SpatialDropout1D",),
    "regularization.spatial_dropout2d": ("SpatialDropout2D",),
    "regularization.spatial_dropout3d": ("SpatialDropout3D",),
    "reshaping.cropping1d": ("Cropping1D",),
    "reshaping.cropping2d": ("Cropping2D",),
    "reshaping.cropping3d": ("Cropping3D",),
    "reshaping.flatten": ("Flatten",),
    "reshaping.permute": ("Permute",),
    "reshaping.repeat_vector": ("RepeatVector",),
    "reshaping.reshape": ("Reshape",),
    "reshaping.up_sampling1d": ("UpSampling1D",),
    "reshaping.up_sampling2d": ("UpSampling2D",),
    "reshaping.up_sampling3d": ("UpSampling3D",),
    "reshaping.zero_padding1d": ("ZeroPadding1D",),
    "reshaping.zero_padding2d": ("ZeroPadding2D",),
    "reshaping.zero_padding3d": ("ZeroPadding3D",),
}
_OTHER_NAMES = {
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Convolution3DTranspose": "Conv3DTranspose",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
}
_WHERE = {
    name: (f"annette.layers.{home}", name) for home, names in _HOMES.items() for name in names
}
_WHERE |= {other: _WHERE[name] for other, name in _OTHER_NAMES.items()}

__all__ = sorted([*_WHERE, "InputSpec", "Layer"])

check_constructors(InputSpec, Layer)  # a layer of the library is checked when its class is made

_find, __dir__ = on_demand(__name__, _WHERE)


def __getattr__(name: str) -> Any:
    if name == "ALL_OBJECTS":  # every layer by its name: what tests and reference pages go through
        found = {n: _find(n) for n in __all__ if n in _WHERE and n not in _OTHER_NAMES}
        return {
            name: value
            for name, value in found.items()
            if isinstance(value, type) and issubclass(value, Layer)
        }
    return _find(name)


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer as plain values."""
    described: dict[str, Any] = serialization.serialize_keras_object(layer)
    return described


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the layer that `serialize` described."""
    return serialization.deserialize_keras_object(config, custom_objects)
