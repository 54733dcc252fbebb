"""A drawing of a model as SVG, which browsers and notebooks show."""

from __future__ import annotations

from html import escape

from annette.models.plotting.diagram import Box, Frame
from annette.models.plotting.layout import Placed, Point, place

_FONT = "Helvetica, Arial, sans-serif"
_TITLE, _ROW, _LINE, _PAD = 14.0, 12.0, 19.0, 10.0
_MARGIN, _RADIUS = 14.0, 7.0
_DARK, _INPUT, _INK, _SOFT, _FRAME = "#1f3a5f", "#5b6b7f", "#1d2733", "#5d6875", "#8894a3"
_TRAINED, _KEPT = "#2e7d4f", "#b4472f"
# Widths of characters in parts of the size, as in most fonts without serifs.
_NARROW, _WIDE = "ijltf.,:;|()[]'! I", "mwMW@%"


def draw(frame: Frame, rankdir: str = "TB", splines: str = "ortho") -> str:
    """Return the drawing of a model.

    Args:
        frame: what it shows.
        rankdir: where arrows go: ``"TB"``, ``"BT"``, ``"LR"`` or ``"RL"``.
        splines: how they go: ``"ortho"`` in right angles, ``"line"`` or ``"polyline"`` straight,
            otherwise curved.
    """
    sideways = rankdir in ("LR", "RL")

    def size(box: Box) -> Point:
        width, height = box_size(box)
        return (height, width) if sideways else (width, height)

    placed = turned(place(frame, size, sideways), rankdir)
    width, height = placed.width + 2 * _MARGIN, placed.height + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.1f} {height:.1f}" font-family="{_FONT}">',
        f"<title>{escape(frame.title)}</title>",
        f'<rect width="{width:.1f}" height="{height:.1f}" fill="white"/>',
        f'<g transform="translate({_MARGIN:g} {_MARGIN:g})">',
    ]
    parts += [_frame(*entry) for entry in placed.frames]
    parts += [_arrow(points, head, splines) for points, head in placed.arrows]
    parts += [_box(*entry) for entry in placed.boxes]
    return "\n".join([*parts, "</g>", "</svg>", ""])


def turned(placed: Placed, rankdir: str) -> Placed:
    """Return a layout whose arrows go down so that they go where they should."""
    w, h = placed.width, placed.height
    sideways, back = rankdir in ("LR", "RL"), rankdir in ("BT", "RL")

    def point(p: Point) -> Point:
        x, y = p
        y = h - y if back else y
        return (y, x) if sideways else (x, y)

    def area(x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        y = h - y - height if back else y
        return (y, x, height, width) if sideways else (x, y, width, height)

    return Placed(
        h if sideways else w,
        w if sideways else h,
        [(box, *area(*place)) for box, *place in placed.boxes],
        [(frame, *area(*place)) for frame, *place in placed.frames],
        [([point(p) for p in points], head) for points, head in placed.arrows],
    )


def box_size(box: Box) -> Point:
    """Return the width and height of a box."""
    widths = [text_width(box.title, _TITLE, bold=True)]
    widths += [
        text_width(name, _ROW) + 2 * _PAD + text_width(v, _ROW, True) for name, v in box.rows
    ]
    if box.trainable is not None:
        widths.append(text_width("Not trainable", _ROW, True))
    rows = len(box.rows) + (box.trainable is not None)
    body = rows * _LINE + _PAD if rows else 0.0
    return max(widths) + 2.4 * _PAD, _TITLE + 1.5 * _PAD + body


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return about how wide a text is."""
    parts = (
        0.36 if c in _NARROW else 0.88 if c in _WIDE else 0.7 if c.isupper() or ord(c) > 0x2E7F
        else 0.56 for c in text
    )  # fmt: skip
    return sum(parts) * size * (1.15 if bold else 1.08)


def _box(box: Box, x: float, y: float, width: float, height: float) -> str:
    top = _TITLE + 1.5 * _PAD
    color = _INPUT if box.is_input else _DARK
    whole = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
    lines = [f"<g><title>{escape(box.title)}</title>"]
    if height > top:
        # the head is round above and straight below
        lines.append(f'<rect {whole} height="{height:.1f}" rx="5" fill="#f6f8fa"/>')
        lines.append(
            f'<path d="M{x:.1f} {y + top:.1f}v{5 - top:.1f}a5 5 0 0 1 5 -5h{width - 10:.1f}'
            f'a5 5 0 0 1 5 5v{top - 5:.1f}z" fill="{color}"/>'
        )
    else:
        lines.append(f'<rect {whole} height="{height:.1f}" rx="5" fill="{color}"/>')
    lines.append(_text(x + width / 2, y + top / 2, box.title, _TITLE, "white", "middle"))
    at = y + top + (_PAD + _LINE) / 2
    for name, value in box.rows:
        lines.append(_text(x + _PAD, at, name, _ROW, _SOFT, "start"))
        lines.append(_text(x + width - _PAD, at, value, _ROW, _INK, "end"))
        at += _LINE
    if box.trainable is not None:
        words, ink = ("Trainable", _TRAINED) if box.trainable else ("Not trainable", _KEPT)
        lines.append(_text(x + _PAD, at, words, _ROW, ink, "start"))
    if height > top:
        lines.append(
            f'<rect {whole} height="{height:.1f}" rx="5" fill="none" stroke="{color}" '
            'stroke-width="1.2"/>'
        )
    return "\n".join([*lines, "</g>"])


def _text(x: float, y: float, text: str, size: float, color: str, anchor: str) -> str:
    weight = ' font-weight="bold"' if color != _SOFT else ""
    # a third of the size below the middle is where the letters stand
    return (
        f'<text x="{x:.1f}" y="{y + size * 0.35:.1f}" font-size="{size:g}" fill="{color}" '
        f'text-anchor="{anchor}"{weight}>{escape(text)}</text>'
    )


def _frame(frame: Frame, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<g><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="8" '
        f'fill="{_FRAME}" fill-opacity="0.08" stroke="{_FRAME}" stroke-dasharray="5 4"/>'
        f'<text x="{x + 9:.1f}" y="{y + 17:.1f}" font-size="{_ROW:g}" fill="{_SOFT}" '
        f'font-weight="bold">{escape(frame.title)}</text></g>'
    )


def _arrow(points: list[Point], head: bool, splines: str) -> str:
    if splines == "ortho":
        path = _right_angles(points)
    elif splines in ("line", "polyline"):
        path = " ".join(
            f"{'L' if i else 'M'}{x:.1f} {y:.1f}" for i, (x, y) in enumerate(points[::3])
        )
    else:
        path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
        for i in range(1, len(points), 3):
            path += " C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in points[i : i + 3])
    line = f'<path d="{path}" fill="none" stroke="{_SOFT}" stroke-width="1.6"/>'
    return line + (_head(points) if head else "")


def _right_angles(points: list[Point]) -> str:
    """Return the path through all points, its corners rounded."""
    kept = [points[0]]
    for p in points[1:]:
        if max(abs(p[0] - kept[-1][0]), abs(p[1] - kept[-1][1])) > 0.05:
            kept.append(p)
    path = f"M{kept[0][0]:.1f} {kept[0][1]:.1f}"
    for before, corner, after in zip(kept, kept[1:], kept[2:], strict=False):
        a, b = _toward(corner, before), _toward(corner, after)
        path += f" L{a[0]:.1f} {a[1]:.1f} Q{corner[0]:.1f} {corner[1]:.1f} {b[0]:.1f} {b[1]:.1f}"
    return path + f" L{kept[-1][0]:.1f} {kept[-1][1]:.1f}"


def _toward(corner: Point, other: Point) -> Point:
    """Return the point a little way from the corner to the other."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    part = min(_RADIUS, length / 2) / length
    return corner[0] + dx * part, corner[1] + dy * part


def _head(points: list[Point]) -> str:
    """Return the arrow's head, which points where its last piece goes."""
    x, y = points[-1]
    before = next((p for p in reversed(points[:-1]) if p != points[-1]), (x, y - 1))
    dx, dy = x - before[0], y - before[1]
    length = (dx * dx + dy * dy) ** 0.5
    dx, dy = dx / length, dy / length
    ends = [(x - 8 * dx + 4 * s * dy, y - 8 * dy - 4 * s * dx) for s in (1, -1)]
    corners = " ".join(f"{px:.1f},{py:.1f}" for px, py in ((x, y), *ends))
    return f'<polygon points="{corners}" fill="{_SOFT}"/>'
