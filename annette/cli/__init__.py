"""The command line: `annette run`, `annette demo`, `annette info`."""

from __future__ import annotations


def main() -> None:
    """Run the command that the process was started with."""
    from annette.cli.commands import annette

    annette(prog_name="annette")
