"""A drawing of a model in the language of Graphviz."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import Any

from annette.models.plotting.diagram import Box, Frame
from annette.models.plotting.svg import draw

_DRAWN = ("svg", "dot", "gv")  # what needs no other program


class Dot:
    """A drawing of a model: as DOT, which Graphviz reads, as SVG, and in other formats.

    `source` and `to_string` are DOT. A notebook shows the object as a picture.
    """

    def __init__(
        self, frame: Frame, rankdir: str = "TB", dpi: float = 200, splines: str = "ortho",
        subgraph: bool = False,
    ) -> None:  # fmt: skip
        self.frame = frame
        self.rankdir = rankdir
        self.dpi = dpi
        self.splines = splines
        self.subgraph = subgraph

    @property
    def source(self) -> str:
        """The drawing as DOT."""
        names = {key: f"n{i}" for i, key in enumerate(_keys(self.frame))}
        lines = _lines(self.frame, names)
        if self.subgraph:
            return "\n".join([f"subgraph cluster_{names[self.frame.key]} {{", *lines, "}", ""])
        head = [
            "digraph G {", f"rankdir={self.rankdir};", "concentrate=true;", f"dpi={self.dpi};",
            f"splines={self.splines};",
            'node [shape=plaintext, fontname="Helvetica"];', "edge [penwidth=1.5];",
        ]  # fmt: skip
        return "\n".join([*head, *lines, "}", ""])

    def to_string(self) -> str:
        """Return the drawing as DOT."""
        return self.source

    def to_svg(self) -> str:
        """Return the drawing as SVG."""
        return draw(self.frame, self.rankdir, self.splines)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def create(self, prog: Any = None, format: str = "png") -> bytes:
        """Return the drawing as a file of a format.

        SVG is annette's own drawing. Other formats are made by Graphviz's program ``dot``, or by
        ``cairosvg`` from the SVG if there is no Graphviz.

        Args:
            prog: Graphviz's program, ``dot`` if None; an SVG is made by it if it is another one.
            format: such as ``"svg"``, ``"png"`` or ``"pdf"``.

        Raises:
            ImportError: if neither Graphviz nor cairosvg is installed.
            ValueError: if Graphviz does not know the format.
        """
        if format in _DRAWN and prog in (None, "dot"):
            return (self.to_svg() if format == "svg" else self.source).encode()
        return _by_graphviz(self.source, prog or "dot", format) or self._by_cairo(format)

    def _by_cairo(self, format: str) -> bytes:
        import importlib

        try:
            cairo = importlib.import_module("cairosvg")
        except (ImportError, OSError):  # the package is there, the library is not
            cairo = None
        convert = getattr(cairo, f"svg2{format}", None)
        if convert is None:
            raise ImportError(
                f"Drawing a model as {format!r} needs Graphviz (apt install graphviz, brew install "
                "graphviz, or https://graphviz.org/download) or, for png and pdf, the package "
                "cairosvg (pip install cairosvg). A file name that ends with '.svg' needs neither."
            )
        found: bytes = convert(bytestring=self.to_svg().encode(), scale=self.dpi / 96)
        return found

    def write(
        self, path: str | os.PathLike[str], prog: Any = None, format: str | None = None
    ) -> bool:
        """Write the drawing to a file, in the format that its name ends with unless given.

        Raises:
            ImportError: if the format needs a program that is not there.
        """
        kind = format or Path(path).suffix[1:].lower() or "png"
        Path(path).write_bytes(self.create(prog, kind))
        return True


def _by_graphviz(source: str, program: str, format: str) -> bytes | None:
    """Return what Graphviz makes of DOT, None if there is no Graphviz."""
    import shutil
    import subprocess

    found = shutil.which(program)
    if found is None:
        return None
    done = subprocess.run([found, f"-T{format}"], input=source.encode(), capture_output=True)
    if done.returncode:
        raise ValueError(
            f"Graphviz could not draw it as {format!r}: {done.stderr.decode().strip()}"
        )
    return done.stdout


def _keys(frame: Frame) -> list[str]:
    """Return the keys of a frame and of all in it."""
    found = [frame.key]
    for part in frame.parts:
        found += _keys(part) if isinstance(part, Frame) else [part.key]
    return found


def _lines(frame: Frame, names: dict[str, str]) -> list[str]:
    lines = []
    frames = [part for part in frame.parts if isinstance(part, Frame)]
    for part in frame.parts:
        if isinstance(part, Frame):
            label = part.title.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f"subgraph cluster_{names[part.key]} {{")
            lines += ["style=dashed;", f'label="{label}";', "labeljust=l;"]
            lines += [*_lines(part, names), "}"]
        else:
            lines.append(f"{names[part.key]} [label=<{_table(part)}>];")
    for a, b in frame.arrows:
        for begin in _ends(a, frames, "exits"):
            lines += [f"{names[begin]} -> {names[end]};" for end in _ends(b, frames, "entries")]
    return lines


def _ends(key: str, frames: list[Frame], which: str) -> list[str]:
    """Return the boxes that a place on a frame's border stands for, however deep inside."""
    for frame in frames:
        places = getattr(frame, which)
        if key in places:
            inner = [part for part in frame.parts if isinstance(part, Frame)]
            return [box for end in places[key] for box in _ends(end, inner, which)]
    return [key]


def _table(box: Box) -> str:
    """Return a box as a table in Graphviz's form of HTML."""
    color = "#5b6b7f" if box.is_input else "#1f3a5f"
    title = f'<font point-size="16" color="white"><b>{escape(box.title)}</b></font>'
    rows = [f'<tr><td bgcolor="{color}">{title}</td></tr>']
    for name, value in box.rows:
        rows.append(f"<tr><td>{escape(name)}: <b>{escape(value)}</b></td></tr>")
    if box.trainable is not None:
        rows.append(f"<tr><td>{'Trainable' if box.trainable else 'Not trainable'}</td></tr>")
    return (
        f'<table border="0" cellborder="1" cellspacing="0" cellpadding="8">{"".join(rows)}</table>'
    )
