"""`tf.image`: pictures in TensorFlow's spelling, channels last."""

from __future__ import annotations

from annette.compat.tf.image.chances import *  # noqa: F403  # each module says what it gives
from annette.compat.tf.image.colors import *  # noqa: F403
from annette.compat.tf.image.frames import *  # noqa: F403
from annette.compat.tf.image.measures import *  # noqa: F403
