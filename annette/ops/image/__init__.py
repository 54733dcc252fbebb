"""Operations on pictures, ``keras.ops.image``: resized, warped, framed, coloured, filtered."""

from annette.ops.image.colors import (
    hsv_to_rgb as hsv_to_rgb,
    rgb_to_grayscale as rgb_to_grayscale,
    rgb_to_hsv as rgb_to_hsv,
)
from annette.ops.image.filters import (
    gaussian_blur as gaussian_blur,
    sobel_edges as sobel_edges,
    ssim as ssim,
)
from annette.ops.image.framing import (
    crop_images as crop_images,
    extract_patches as extract_patches,
    extract_patches_3d as extract_patches_3d,
    pad_images as pad_images,
)
from annette.ops.image.resizing import (
    resize as resize,
    scale_and_translate as scale_and_translate,
)
from annette.ops.image.warping import (
    affine_transform as affine_transform,
    elastic_transform as elastic_transform,
    map_coordinates as map_coordinates,
    perspective_transform as perspective_transform,
)
