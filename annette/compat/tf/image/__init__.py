"""`tf.image`: pictures in TensorFlow's spelling, channels last."""

from __future__ import annotations

from annette.compat.tf.image.chances import *  # noqa: F403  # its __all__ says what
from annette.compat.tf.image.colors import *  # noqa: F403  # its __all__ says what
from annette.compat.tf.image.frames import *  # noqa: F403  # its __all__ says what
from annette.compat.tf.image.measures import *  # noqa: F403  # its __all__ says what
