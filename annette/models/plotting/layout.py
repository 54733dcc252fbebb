"""Where the boxes and arrows of a drawing lie.

Boxes are put into layers so that arrows go down; an arrow over several layers gets a place in each
(Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures",
1981). Within a layer the order follows the neighbours' middles, and the places are as near to
theirs as the distances allow. A frame is laid out by itself first, and then is one large box.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from annette.models.plotting.diagram import Box, Frame
from annette.models.plotting.order import Cell, Link, arrange, layered

GAP, LEVEL, BORDER, HEAD = 28.0, 46.0, 18.0, 20.0  # distances in points

Point = tuple[float, float]
Size = Callable[[Box], Point]


@dataclass
class Placed:
    """Boxes and frames by their left upper corners and sizes, and arrows by their points.

    An arrow is its first point and then three points for each piece: two bends and the end.
    """

    width: float = 0.0
    height: float = 0.0
    boxes: list[tuple[Box, float, float, float, float]] = field(default_factory=list)
    frames: list[tuple[Frame, float, float, float, float]] = field(default_factory=list)
    arrows: list[tuple[list[Point], bool]] = field(default_factory=list)  # with a head or not
    ports: dict[str, float] = field(default_factory=dict)  # places on the border, across


def place(frame: Frame, size: Size, sideways: bool = False, inside: bool = False) -> Placed:
    """Return where everything lies, arrows going down.

    Args:
        frame: what is drawn.
        size: gives a box's width and height.
        sideways: whether the drawing will be turned, so that arrows go to the right.
        inside: whether the frame is one within another, with places on its border.
    """
    cells: list[Cell] = []
    home: dict[str, tuple[Cell, float]] = {}  # each key's cell, and how far from its middle
    inner: dict[str, Placed] = {}
    for part in frame.parts:
        if isinstance(part, Frame):
            found = inner[part.key] = place(part, size, sideways, True)
            cell = Cell(part.key, found.width, found.height)
            home.update({key: (cell, at - found.width / 2) for key, at in found.ports.items()})
        else:
            cell = Cell(part.key, *size(part))
            home[part.key] = cell, 0.0
        cells.append(cell)
    arrows = list(frame.arrows)
    if inside:
        for key in (*frame.entries, *frame.exits):
            cells.append(Cell(key, 0.0, 0.0))
            home[key] = cells[-1], 0.0
        arrows += [(key, end) for key, ends in frame.entries.items() for end in ends]
        arrows += [(end, key) for key, ends in frame.exits.items() for end in ends]
    links = [Link(*home[a], *home[b]) for a, b in arrows if home[a][0] is not home[b][0]]
    first = {home[key][0].key for key in frame.entries} if inside else set()
    last = {home[key][0].key for key in frame.exits} if inside else set()
    layers = layered(cells, links, first, last)
    arrange(layers, links, GAP)
    return _finished(frame, layers, links, home, inner, inside, sideways)


def _finished(
    frame: Frame, layers: list[list[Cell]], links: list[Link],
    home: dict[str, tuple[Cell, float]], inner: dict[str, Placed], inside: bool, sideways: bool,
) -> Placed:  # fmt: skip
    """Move everything to its final place, and draw the arrows."""
    cells = [cell for layer in layers for cell in layer]
    left = min((c.x - c.width / 2 for c in cells), default=0.0)
    right = max((c.x + c.width / 2 for c in cells), default=0.0)
    margin = BORDER if inside else 0.0
    # The frame's name is above what is in it, which is at the side of a drawing to be turned.
    before = margin + (HEAD if inside and sideways else 0.0)
    for cell in cells:
        cell.x += before - left
    tops, height = _down(layers, HEAD if inside and not sideways else 0.0)
    result = Placed(right - left + before + margin, height)
    for part in frame.parts:
        cell = next(c for c in cells if c.key == part.key)
        x, y = cell.x - cell.width / 2, cell.y
        if isinstance(part, Frame):
            _take_over(result, inner[part.key], x, y)
            result.frames.insert(0, (part, x, y, cell.width, cell.height))
        else:
            result.boxes.append((part, x, y, cell.width, cell.height))
    boxes = {part.key for part in frame.parts if isinstance(part, Box)}
    _bend(links, tops)
    for link in links:
        result.arrows.append((_points(link, tops), link.end.key in boxes))
    if inside:
        result.ports = {key: home[key][0].x for key in (*frame.entries, *frame.exits)}
    return result


def _down(layers: list[list[Cell]], head: float) -> tuple[list[Point], float]:
    """Give each cell its height on the page; return each layer's ends and the whole height."""
    tops: list[Point] = []
    y = 0.0
    for rank, layer in enumerate(layers):
        high = max((c.height for c in layer if not c.passing), default=0.0)
        tops.append((y, y + high))
        for cell in layer:
            cell.height = high if cell.passing else cell.height
            cell.y = y + (high - cell.height) / 2
        y += high + LEVEL + (head if rank == 0 else 0.0)
    return tops, (tops[-1][1] if tops else 0.0)


def _take_over(result: Placed, found: Placed, x: float, y: float) -> None:
    """Add what is in a frame, moved to where the frame lies."""
    result.boxes += [(b, x + bx, y + by, w, h) for b, bx, by, w, h in found.boxes]
    result.frames += [(f, x + fx, y + fy, w, h) for f, fx, fy, w, h in found.frames]
    result.arrows += [([(x + px, y + py) for px, py in p], head) for p, head in found.arrows]


def _bend(links: list[Link], tops: list[Point]) -> None:
    """Say for each piece at which height it goes across, another one for each beginning.

    Of those to the right the rightmost goes first, of those to the left the leftmost, so that
    they do not cross each other.
    """
    pieces: dict[int, dict[float, list[tuple[Link, int, float]]]] = {}
    for link in links:
        for i, (a, b) in enumerate(link.pieces()):
            if abs(b - a) > 0.5:
                gap = pieces.setdefault(link.cells()[i].rank, {})
                gap.setdefault(round(a, 1), []).append((link, i, b - a))
    for starts in pieces.values():

        def early(
            begin: float, starts: dict[float, list[tuple[Link, int, float]]] = starts
        ) -> float:
            return -begin if sum(way for _, _, way in starts[begin]) > 0 else begin

        ordered = sorted(starts, key=early)
        for number, begin in enumerate(ordered):
            for link, i, _ in starts[begin]:
                link.bends[i] = 0.25 + 0.5 * (number + 1) / (len(ordered) + 1)


def _points(link: Link, tops: list[Point]) -> list[Point]:
    """Return an arrow's points: down to its layer's end, across between layers, and so on."""
    cells = link.cells()
    first = link.pieces()[0][0]
    points = [(first, cells[0].y + cells[0].height)]
    for i, (a, b) in enumerate(link.pieces()):
        begin, end = tops[cells[i].rank][1], tops[cells[i + 1].rank][0]
        middle = begin + link.bends.get(i, 0.5) * (end - begin)
        points += _straight(points[-1], (a, begin))
        points += [(a, middle), (b, middle), (b, end)]
        if cells[i + 1].passing:
            points += _straight(points[-1], (b, end + cells[i + 1].height))
    points += _straight(points[-1], (points[-1][0], cells[-1].y))
    return points[::-1] if link.back else points


def _straight(a: Point, b: Point) -> list[Point]:
    return [] if a == b else [a, b, b]
