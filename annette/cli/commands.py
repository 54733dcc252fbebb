"""What the command line offers."""

from __future__ import annotations

from pathlib import Path

import click

_PROGRAM = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.group()
@click.version_option(package_name="annette")
def annette() -> None:
    """Neural networks that speak Keras and are their own engine."""


@annette.command(context_settings=_PROGRAM)
@click.option("-m", "as_module", is_flag=True, help="PROGRAM is the name of a module.")
@click.option("--hints", is_flag=True, help="Name old spellings at the end, with today's.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed Python, NumPy and annette first.")
@click.argument("program")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def run(
    as_module: bool, hints: bool, seed: int | None, program: str, args: tuple[str, ...]
) -> None:
    """Run a Keras PROGRAM as it is: keras and tensorflow are answered by annette.

    ARGS are handed to the program. Neither Keras nor TensorFlow need be installed.
    """
    from annette.cli.runner import run_program

    run_program(program, list(args), as_module=as_module, hints=hints, seed=seed)


@annette.command()
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("annette-demo.png"),
    show_default=True,
    help="Where to write the curves and the confusion matrix.",
)
@click.option("--epochs", type=click.IntRange(min=1), default=40, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
def demo(picture: Path, epochs: int, seed: int) -> None:
    """Train a network on handwritten digits and show what it learnt."""
    from annette.cli.demo import run_demo

    run_demo(picture, epochs, seed)


@annette.command()
def info() -> None:
    """Print versions, backend and machine."""
    from annette.cli.info import facts

    rows = facts()
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{name:{width}}  {value}")
