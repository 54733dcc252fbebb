"""The layers, with Keras's names."""

from __future__ import annotations

from typing import Any

from annette.layers.activation.activation import Activation
from annette.layers.activation.elu import ELU
from annette.layers.activation.leaky_relu import LeakyReLU
from annette.layers.activation.prelu import PReLU
from annette.layers.activation.relu import ReLU
from annette.layers.activation.softmax import Softmax
from annette.layers.convolution.conv1d import Conv1D
from annette.layers.convolution.conv1d_transpose import Conv1DTranspose
from annette.layers.convolution.conv2d import Conv2D
from annette.layers.convolution.conv2d_transpose import Conv2DTranspose
from annette.layers.convolution.conv3d import Conv3D
from annette.layers.convolution.conv3d_transpose import Conv3DTranspose
from annette.layers.convolution.depthwise_conv1d import DepthwiseConv1D
from annette.layers.convolution.depthwise_conv2d import DepthwiseConv2D
from annette.layers.convolution.separable_conv1d import SeparableConv1D
from annette.layers.convolution.separable_conv2d import SeparableConv2D
from annette.layers.core.dense import Dense
from annette.layers.core.einsum_dense import EinsumDense
from annette.layers.core.embedding import Embedding
from annette.layers.core.identity import Identity
from annette.layers.core.input_layer import Input, InputLayer
from annette.layers.core.lambda_layer import Lambda
from annette.layers.core.masking import Masking
from annette.layers.core.reversible_embedding import ReversibleEmbedding
from annette.layers.core.wrapper import Wrapper
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer
from annette.layers.merging.add import Add, add
from annette.layers.merging.average import Average, average
from annette.layers.merging.concatenate import Concatenate, concatenate
from annette.layers.merging.dot import Dot, dot
from annette.layers.merging.maximum import Maximum, maximum
from annette.layers.merging.minimum import Minimum, minimum
from annette.layers.merging.multiply import Multiply, multiply
from annette.layers.merging.subtract import Subtract, subtract
from annette.layers.normalization.batch_normalization import BatchNormalization
from annette.layers.normalization.group_normalization import GroupNormalization
from annette.layers.normalization.layer_normalization import LayerNormalization
from annette.layers.normalization.rms_normalization import RMSNormalization
from annette.layers.normalization.spectral_normalization import SpectralNormalization
from annette.layers.normalization.unit_normalization import UnitNormalization
from annette.layers.pooling.adaptive_average_pooling1d import AdaptiveAveragePooling1D
from annette.layers.pooling.adaptive_average_pooling2d import AdaptiveAveragePooling2D
from annette.layers.pooling.adaptive_average_pooling3d import AdaptiveAveragePooling3D
from annette.layers.pooling.adaptive_max_pooling1d import AdaptiveMaxPooling1D
from annette.layers.pooling.adaptive_max_pooling2d import AdaptiveMaxPooling2D
from annette.layers.pooling.adaptive_max_pooling3d import AdaptiveMaxPooling3D
from annette.layers.pooling.average_pooling1d import AveragePooling1D
from annette.layers.pooling.average_pooling2d import AveragePooling2D
from annette.layers.pooling.average_pooling3d import AveragePooling3D
from annette.layers.pooling.global_average_pooling1d import GlobalAveragePooling1D
from annette.layers.pooling.global_average_pooling2d import GlobalAveragePooling2D
from annette.layers.pooling.global_average_pooling3d import GlobalAveragePooling3D
from annette.layers.pooling.global_max_pooling1d import GlobalMaxPooling1D
from annette.layers.pooling.global_max_pooling2d import GlobalMaxPooling2D
from annette.layers.pooling.global_max_pooling3d import GlobalMaxPooling3D
from annette.layers.pooling.max_pooling1d import MaxPooling1D
from annette.layers.pooling.max_pooling2d import MaxPooling2D
from annette.layers.pooling.max_pooling3d import MaxPooling3D
from annette.layers.preprocessing.category_encoding import CategoryEncoding
from annette.layers.preprocessing.discretization import Discretization
from annette.layers.preprocessing.hashed_crossing import HashedCrossing
from annette.layers.preprocessing.hashing import Hashing
from annette.layers.preprocessing.images.auto_contrast import AutoContrast
from annette.layers.preprocessing.images.center_crop import CenterCrop
from annette.layers.preprocessing.images.cut_mix import CutMix
from annette.layers.preprocessing.images.equalization import Equalization
from annette.layers.preprocessing.images.mix_up import MixUp
from annette.layers.preprocessing.images.random_brightness import RandomBrightness
from annette.layers.preprocessing.images.random_color_degeneration import RandomColorDegeneration
from annette.layers.preprocessing.images.random_color_jitter import RandomColorJitter
from annette.layers.preprocessing.images.random_contrast import RandomContrast
from annette.layers.preprocessing.images.random_crop import RandomCrop
from annette.layers.preprocessing.images.random_elastic_transform import RandomElasticTransform
from annette.layers.preprocessing.images.random_erasing import RandomErasing
from annette.layers.preprocessing.images.random_flip import RandomFlip
from annette.layers.preprocessing.images.random_gaussian_blur import RandomGaussianBlur
from annette.layers.preprocessing.images.random_grayscale import RandomGrayscale
from annette.layers.preprocessing.images.random_hue import RandomHue
from annette.layers.preprocessing.images.random_invert import RandomInvert
from annette.layers.preprocessing.images.random_perspective import RandomPerspective
from annette.layers.preprocessing.images.random_posterization import RandomPosterization
from annette.layers.preprocessing.images.random_rotation import RandomRotation
from annette.layers.preprocessing.images.random_saturation import RandomSaturation
from annette.layers.preprocessing.images.random_sharpness import RandomSharpness
from annette.layers.preprocessing.images.random_shear import RandomShear
from annette.layers.preprocessing.images.random_translation import RandomTranslation
from annette.layers.preprocessing.images.random_zoom import RandomZoom
from annette.layers.preprocessing.images.resizing import Resizing
from annette.layers.preprocessing.images.solarization import Solarization
from annette.layers.preprocessing.integer_lookup import IntegerLookup
from annette.layers.preprocessing.normalization import Normalization
from annette.layers.preprocessing.pipeline import Pipeline
from annette.layers.preprocessing.rescaling import Rescaling
from annette.layers.preprocessing.string_lookup import StringLookup
from annette.layers.preprocessing.text_vectorization import TextVectorization
from annette.layers.regularization.activity_regularization import ActivityRegularization
from annette.layers.regularization.alpha_dropout import AlphaDropout
from annette.layers.regularization.dropout import Dropout
from annette.layers.regularization.gaussian_dropout import GaussianDropout
from annette.layers.regularization.gaussian_noise import GaussianNoise
from annette.layers.regularization.spatial_dropout1d import SpatialDropout1D
from annette.layers.regularization.spatial_dropout2d import SpatialDropout2D
from annette.layers.regularization.spatial_dropout3d import SpatialDropout3D
from annette.layers.reshaping.cropping1d import Cropping1D
from annette.layers.reshaping.cropping2d import Cropping2D
from annette.layers.reshaping.cropping3d import Cropping3D
from annette.layers.reshaping.flatten import Flatten
from annette.layers.reshaping.permute import Permute
from annette.layers.reshaping.repeat_vector import RepeatVector
from annette.layers.reshaping.reshape import Reshape
from annette.layers.reshaping.up_sampling1d import UpSampling1D
from annette.layers.reshaping.up_sampling2d import UpSampling2D
from annette.layers.reshaping.up_sampling3d import UpSampling3D
from annette.layers.reshaping.zero_padding1d import ZeroPadding1D
from annette.layers.reshaping.zero_padding2d import ZeroPadding2D
from annette.layers.reshaping.zero_padding3d import ZeroPadding3D
from annette.saving import serialization
from annette.utils.explain import check_constructors

# Every layer by its name: what tests and reference pages go through.
ALL_OBJECTS: dict[str, type[Layer]] = {
    name: value
    for name, value in list(globals().items())
    if isinstance(value, type) and issubclass(value, Layer) and value is not Layer
}

# Other names of some.
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "Add",
    "AlphaDropout",
    "AutoContrast",
    "Average",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNormalization",
    "CategoryEncoding",
    "CenterCrop",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Convolution1D",
    "Convolution1DTranspose",
    "Convolution2D",
    "Convolution2DTranspose",
    "Convolution3D",
    "Convolution3DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "CutMix",
    "Dense",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "Discretization",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "Equalization",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "GroupNormalization",
    "HashedCrossing",
    "Hashing",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "Maximum",
    "Minimum",
    "MixUp",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "Pipeline",
    "RMSNormalization",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Resizing",
    "ReversibleEmbedding",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
    "Softmax",
    "Solarization",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StringLookup",
    "Subtract",
    "TextVectorization",
    "UnitNormalization",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "Wrapper",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]


check_constructors(*(value for name, value in list(globals().items()) if name in __all__))


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a layer as plain values."""
    described: dict[str, Any] = serialization.serialize_keras_object(layer)
    return described


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the layer that `serialize` described."""
    return serialization.deserialize_keras_object(config, custom_objects)
