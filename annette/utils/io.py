"""Where messages to the user go: to the terminal, or to the ``annette`` logger."""

from __future__ import annotations

import sys


def print_msg(message: object, line_break: bool = True) -> None:
    """Print `message` to standard output, or log it when interactive logging is off.

    An output that cannot write the bar's ``━`` gets ``=`` instead.
    """
    from annette import config

    text = str(message)
    if not config.is_interactive_logging_enabled():
        import logging

        if text.strip():
            logging.getLogger("annette").info(text.strip("\r\n"))
        return
    if line_break:
        text += "\n"
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "utf-8"
        plain = text.replace("━", "=").encode(encoding, errors="ignore").decode(encoding)
        sys.stdout.write(plain)
    sys.stdout.flush()
