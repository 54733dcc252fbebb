"""The layers of a drawing: which cell is in which, in which order, and where across."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

_SWEEPS = 12


@dataclass(eq=False)
class Cell:
    """What takes a place in a layer: a box, a frame, a place on a border, or an arrow passing."""

    key: str
    width: float
    height: float
    passing: bool = False
    rank: int = 0
    x: float = 0.0  # its middle
    y: float = 0.0  # its upper end


@dataclass(eq=False)
class Link:
    """An arrow from one cell to another, each with how far from its middle the arrow is."""

    start: Cell
    start_offset: float
    end: Cell
    end_offset: float
    back: bool = False  # drawn the other way, because it closes a circle
    passing: list[Cell] = field(default_factory=list)
    bends: dict[int, float] = field(default_factory=dict)

    def cells(self) -> list[Cell]:
        """Return the cells it touches, from above."""
        ends = (self.end, self.start) if self.back else (self.start, self.end)
        return [ends[0], *self.passing, ends[1]]

    def pieces(self) -> list[tuple[float, float]]:
        """Return from where to where it goes across between two layers."""
        offsets = [self.start_offset, *(0.0 for _ in self.passing), self.end_offset]
        if self.back:
            offsets[0], offsets[-1] = offsets[-1], offsets[0]
        at = [cell.x + offset for cell, offset in zip(self.cells(), offsets, strict=True)]
        return list(pairwise(at))


def layered(
    cells: list[Cell], links: list[Link], first: set[str], last: set[str]
) -> list[list[Cell]]:
    """Return the layers, and give each link a cell in every layer that it passes.

    Args:
        cells: what is to be put into layers.
        links: between them; those that close a circle are turned.
        first: keys of the cells of the first layer.
        last: keys of those of the last one.
    """
    _turn(cells, links)
    for cell in _sorted(cells, links):
        ranks = [link.cells()[0].rank + 1 for link in links if link.cells()[-1] is cell]
        cell.rank = max(ranks, default=0 if cell.key in first or not first else 1)
    for cell in cells:  # an input stands near to what reads it
        ranks = [link.cells()[-1].rank - 1 for link in links if link.cells()[0] is cell]
        alone = not any(link.cells()[-1] is cell for link in links)
        if alone and ranks and cell.key not in first:
            cell.rank = min(ranks)
    deepest = max((c.rank for c in cells), default=0)
    if last:
        deepest = max([deepest, *(c.rank + 1 for c in cells if c.key not in last)])
        for cell in cells:
            cell.rank = deepest if cell.key in last else cell.rank
    layers: list[list[Cell]] = [[] for _ in range(deepest + 1)]
    for cell in cells:
        layers[cell.rank].append(cell)
    for link in links:
        above, below = link.cells()[0], link.cells()[-1]
        for rank in range(above.rank + 1, below.rank):
            link.passing.append(Cell("", 0.0, 0.0, passing=True, rank=rank))
            layers[rank].append(link.passing[-1])
    return layers


def _turn(cells: list[Cell], links: list[Link]) -> None:
    """Turn the links that close a circle, found by going through them in depth."""
    leaving: dict[int, list[Link]] = {}
    for link in links:
        leaving.setdefault(id(link.start), []).append(link)
    state: dict[int, int] = {}  # 1 on the way, 2 done
    for root in cells:
        stack = [(root, iter(leaving.get(id(root), ())))] if id(root) not in state else []
        state.setdefault(id(root), 1)
        while stack:
            cell, rest = stack[-1]
            found = next(rest, None)
            if found is None:
                state[id(cell)] = 2
                stack.pop()
            elif state.get(id(found.end)) == 1:
                found.back = True
            elif id(found.end) not in state:
                state[id(found.end)] = 1
                stack.append((found.end, iter(leaving.get(id(found.end), ()))))


def _sorted(cells: list[Cell], links: list[Link]) -> list[Cell]:
    """Return the cells, each after those it has links from."""
    waits = {id(cell): 0 for cell in cells}
    for link in links:
        waits[id(link.cells()[-1])] += 1
    ready = [cell for cell in cells if not waits[id(cell)]]
    for cell in ready:  # grows while it is gone through
        for link in links:
            if link.cells()[0] is cell:
                below = link.cells()[-1]
                waits[id(below)] -= 1
                if not waits[id(below)]:
                    ready.append(below)
    return ready


# --- order and places within the layers -----------------------------------------------------------

_Near = dict[int, list[tuple[Cell, float]]]  # a cell's neighbours, and how far off they should be


def arrange(layers: list[list[Cell]], links: list[Link], gap: float) -> None:
    """Bring each layer into an order with few crossings, and give the cells their places."""
    above: _Near = {}
    below: _Near = {}
    for link in links:
        cells = link.cells()
        offsets = [link.start_offset, *(0.0 for _ in link.passing), link.end_offset]
        if link.back:
            offsets[0], offsets[-1] = offsets[-1], offsets[0]
        for i in range(len(cells) - 1):
            off = offsets[i] - offsets[i + 1]
            above.setdefault(id(cells[i + 1]), []).append((cells[i], off))
            below.setdefault(id(cells[i]), []).append((cells[i + 1], -off))
    for layer in layers:
        _spread(layer, gap, {})
    best: tuple[int, list[list[Cell]]] | None = None
    for sweep in range(_SWEEPS):
        for layer, near in _sweep(layers, above, below, sweep):
            layer.sort(key=lambda cell, near=near: _wish(cell, near))  # type: ignore[misc]
            _spread(layer, gap, near)
        crossings = sum(_crossings(layer, below) for layer in layers)
        if best is None or crossings < best[0]:
            best = crossings, [list(layer) for layer in layers]
    if best is not None:
        for layer, order in zip(layers, best[1], strict=True):
            layer[:] = order
    both = {key: above.get(key, []) + below.get(key, []) for key in {*above, *below}}
    for sweep in range(2 * _SWEEPS):
        for layer, near in _sweep(layers, above, below, sweep):
            _spread(layer, gap, near)
    for layer in layers:
        _spread(layer, gap, both)
    # Short bends are made straight where there is room: first what begins here, then all below.
    for layer in reversed(layers):
        _straighten([c for c in layer if id(c) not in above], layer, below, gap)
    for layer in layers:
        _straighten(layer, layer, above, gap)


def _sweep(
    layers: list[list[Cell]], above: _Near, below: _Near, number: int
) -> list[tuple[list[Cell], _Near]]:
    if number % 2 == 0:
        return [(layer, above) for layer in layers[1:]]
    return [(layer, below) for layer in reversed(layers[:-1])]


def _wish(cell: Cell, near: _Near) -> float:
    found = near.get(id(cell))
    return sum(other.x + off for other, off in found) / len(found) if found else cell.x


def _spread(layer: list[Cell], gap: float, near: _Near) -> None:
    """Put the cells, in their order, as near to where they wish to be as the distances allow.

    The least sum of squares, by joining cells that are too near to each other into blocks.
    """
    starts = [0.0]
    for a, b in pairwise(layer):
        apart = gap / 2 if a.passing and b.passing else gap
        starts.append(starts[-1] + (a.width + b.width) / 2 + apart)
    blocks: list[list[float]] = []  # sum of wishes, and how many cells
    for cell, start in zip(layer, starts, strict=True):
        blocks.append([_wish(cell, near) - start, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    places = [total / count for total, count in blocks for _ in range(int(count))]
    for cell, start, at in zip(layer, starts, places, strict=True):
        cell.x = at + start


def _straighten(cells: list[Cell], layer: list[Cell], near: _Near, gap: float) -> None:
    """Move cells with one neighbour right below or above it, if it is near and there is room."""
    for cell in cells:
        found = near.get(id(cell), [])
        wish = _wish(cell, near)
        if len(found) != 1 or abs(wish - cell.x) > 1.5 * gap:
            continue
        place = layer.index(cell)
        others = layer[max(place - 1, 0) : place] + layer[place + 1 : place + 2]
        if all(
            (wish < other.x) == (cell.x < other.x)
            and abs(wish - other.x) >= (cell.width + other.width + gap) / 2
            for other in others
        ):
            cell.x = wish


def _crossings(layer: list[Cell], below: _Near) -> int:
    ends = [sorted(other.x + off for other, off in below.get(id(cell), ())) for cell in layer]
    return sum(
        a > b
        for i, first in enumerate(ends)
        for second in ends[i + 1 :]
        for a in first
        for b in second
    )
