"""Old Keras programs as they are: `keras` and `tensorflow` answered by annette.

Everything that programs of years ago spell in another way lives in this folder and nowhere else.
"""

from __future__ import annotations

from annette.compat import finder, hints, spellings

__all__ = ["install", "uninstall"]


def install(hints: bool = False, replace: bool = True) -> None:
    """Let `keras`, `tensorflow`, `tf.keras` and what is under them resolve to annette.

    Old spellings (`input_dim`, `lr=`, `predict_classes`, the metric
    named "acc", ...) then work too.

    Args:
        hints: name each old spelling met, once, with today's spelling and the program's line, on
            standard error at the end of the program.
        replace: answer even if Keras or TensorFlow are installed; with False they come first.

    Calling it again changes nothing but the two settings.
    """
    _hints.enable(hints)
    finder.install(replace)
    spellings.install()


def uninstall() -> None:
    """Take `install` back: the names resolve as they did before, old spellings are gone."""
    spellings.uninstall()
    finder.uninstall()
    _hints.enable(False)


_hints = hints
