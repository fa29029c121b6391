"""The pictures of the results, as SVG: bars with their spread, and latency over concurrency.

Colours are readable on a white page and on a dark one; the same figures give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

FONT = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
GREY = "#7d8590"
COLORS = ("#e8590c", "#4c6ef5", "#15aabf", "#868e96", "#40c057", "#be4bdb")
WIDTH = 760
LEFT = 210
RIGHT = 110
BAR, GAP, HEAD = 18, 6, 34


@dataclass(frozen=True)
class Bar:
    """A figure, and the least and the most of it that was measured."""

    name: str
    value: float
    least: float
    most: float


@dataclass(frozen=True)
class Group:
    """Bars that are compared with each other."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Line:
    """A curve: its points, from left to right."""

    name: str
    points: tuple[tuple[float, float], ...]


def bars(title: str, groups: Sequence[Group], colors: Mapping[str, str]) -> str:
    """Groups of bars below each other, each with a scale of its own."""
    parts = [_text(0, 16, title, size=15, weight=600)]
    y = 30
    for group in groups:
        parts.append(_text(0, y + 20, group.title, size=13, weight=600))
        y += HEAD
        top = max(bar.most for bar in group.bars)
        for bar in group.bars:
            parts += _bar(bar, y, (WIDTH - LEFT - RIGHT) / top, colors[bar.name])
            y += BAR + GAP
    return _svg(y + GAP, parts)


def curves(title: str, lines: Sequence[Line], colors: Mapping[str, str]) -> str:
    """Curves over two logarithmic axes: connections, and milliseconds."""
    height, left, right, top, bottom = 400, 60, 230, 40, 350
    width = WIDTH - right
    every = [point for line in lines for point in line.points]
    x_of = _scale([x for x, _ in every], left, width)
    y_of = _scale([y for _, y in every], bottom, top)
    parts = [_text(0, 16, title, size=15, weight=600)]
    for value in _decades([y for _, y in every]):
        y = y_of(value)
        parts.append(_path(f"M{left} {y:.1f}H{width}", GREY, opacity=0.25))
        parts.append(_text(left - 8, y + 4, f"{value:g} ms", anchor="end"))
    parts += [
        _text(x_of(value), bottom + 20, f"{value:g}", anchor="middle")
        for value in sorted({x for x, _ in every})
    ]
    parts.append(_text((left + width) / 2, bottom + 40, "connections", anchor="middle"))
    ends = _apart([(y_of(line.points[-1][1]), line) for line in lines])
    for y, line in ends:
        path = "L".join(f"{x_of(a):.1f} {y_of(b):.1f}" for a, b in line.points)
        parts.append(_path(f"M{path}", colors[line.name], width=2.5))
        parts.append(_text(width + 10, y + 4, line.name, color=colors[line.name], weight=600))
    return _svg(height, parts)


def palette(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name."""
    return dict(zip(names, COLORS, strict=False))


class _Scale:
    """From a value to a place, logarithmically."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self._low = math.log(min(values))
        self._span = (math.log(max(values)) - self._low) or 1.0
        self._first, self._last = first, last

    def __call__(self, value: float) -> float:
        part = (math.log(value) - self._low) / self._span
        return self._first + part * (self._last - self._first)


def _scale(values: Sequence[float], first: float, last: float) -> _Scale:
    return _Scale(values, first, last)


def _decades(values: Sequence[float]) -> Iterator[float]:
    """The powers of ten between the values."""
    for power in range(math.ceil(math.log10(min(values))), math.floor(math.log10(max(values))) + 1):
        yield 10.0**power


def _apart(ends: Sequence[tuple[float, Line]]) -> list[tuple[float, Line]]:
    """The places for the names of the curves, none of which covers another."""
    found: list[tuple[float, Line]] = []
    for y, line in sorted(ends, key=lambda end: end[0]):
        lowest = found[-1][0] + 16 if found else y
        found.append((max(y, lowest), line))
    return found


def _bar(bar: Bar, y: float, unit: float, color: str) -> Iterator[str]:
    middle = y + BAR / 2
    yield _text(LEFT - 8, middle + 4, bar.name, anchor="end")
    yield f'<rect x="{LEFT}" y="{y}" width="{bar.value * unit:.1f}" height="{BAR}" fill="{color}"/>'
    start, end = LEFT + bar.least * unit, LEFT + bar.most * unit
    whisker = f"M{start:.1f} {middle}H{end:.1f}M{start:.1f} {y + 5}v{BAR - 10}M{end:.1f} {y + 5}"
    yield _path(f"{whisker}v{BAR - 10}", GREY, width=1.5)
    yield _text(end + 8, middle + 4, f"{bar.value:,.0f}")


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: int = 12,
    weight: int = 400,
    color: str = GREY,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _path(path: str, color: str, *, width: float = 1, opacity: float = 1) -> str:
    return (
        f'<path d="{path}" fill="none" stroke="{color}" stroke-width="{width:g}" '
        f'stroke-opacity="{opacity:g}"/>'
    )


def _svg(height: float, parts: Sequence[str]) -> str:
    width = WIDTH + 16
    start = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 {width} {height + 16}" '
        f'width="{width}" height="{height + 16}" font-family="{FONT}">'
    )
    return "\n".join((start, *parts, "</svg>\n"))
