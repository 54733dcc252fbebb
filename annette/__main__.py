"""`python -m annette` is the command `annette`."""

from __future__ import annotations

from annette.cli import main

if __name__ == "__main__":
    main()
