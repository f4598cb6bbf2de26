"""A small SVG canvas for charts: the same calls give the same bytes, on every machine.

Drawn by hand, since a release is built without matplotlib. Figures have a white ground of their
own, because a reader's page may be dark and an image in it does not know. Colours are those of
Okabe and Ito, "Color Universal Design" (2008, jfly.uni-koeln.de/color), told apart by people with
any colour vision; where colour means a number it goes from light to dark in one hue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10
from typing import Literal

WIDTH = 720
"""Pixels; the column of a dataset card is about as wide."""
BLUE, ORANGE, GREEN = "#0072b2", "#e69f00", "#009e73"
INK, QUIET, FAINT, EMPTY = "#1f2328", "#59636e", "#d1d9e0", "#eff2f5"

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_SCALE = ((0xE1, 0xEC, 0xF7), (0x42, 0x92, 0xC6), (0x08, 0x30, 0x6B))
_WIDE = 0.58  # of the font size: a mean letter of the fonts above, a little generous
# XML 1.0 has no word for these, https://www.w3.org/TR/xml/#charsets.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Anchor = Literal["start", "middle", "end"]


@dataclass(slots=True)
class Drawing:
    """A figure `WIDTH` pixels wide; ``title`` is what screen readers say of it."""

    height: float
    title: str
    _parts: list[str] = field(default_factory=list)

    def bar(self, x: float, y: float, width: float, height: float, *, fill: str) -> None:
        """A filled rectangle with its upper left corner at ``x``, ``y``."""
        size = f'width="{_number(width)}" height="{_number(height)}"'
        self._parts.append(f'<rect x="{_number(x)}" y="{_number(y)}" {size} fill="{fill}"/>')

    def dot(self, x: float, y: float, *, radius: float = 4, fill: str = BLUE) -> None:
        """A disc one sees others through."""
        place = f'cx="{_number(x)}" cy="{_number(y)}" r="{_number(radius)}"'
        self._parts.append(f'<circle {place} fill="{fill}" fill-opacity="0.45"/>')

    def line(self, start: tuple[float, float], end: tuple[float, float], *, colour: str) -> None:
        """A straight line, one pixel wide."""
        (x1, y1), (x2, y2) = start, end
        ends = f'x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}"'
        self._parts.append(f'<line {ends} stroke="{colour}"/>')

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: Anchor = "start",
        size: int = 12,
        fill: str = INK,
        turned: int = 0,
    ) -> None:
        """``words`` on the base line ``y``, ``turned`` by degrees around where they begin."""
        place = f'x="{_number(x)}" y="{_number(y)}" text-anchor="{anchor}" font-size="{size}"'
        turn = f' transform="rotate({turned} {_number(x)} {_number(y)})"' if turned else ""
        self._parts.append(f'<text {place} fill="{fill}"{turn}>{_xml(words)}</text>')

    def svg(self) -> str:
        """The whole file."""
        size = f'width="{WIDTH}" height="{_number(self.height)}"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
            f'viewBox="0 0 {WIDTH} {_number(self.height)}" role="img" font-family="{_FONT}">'
        )
        ground = (
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{_number(self.height - 1)}" '
            f'rx="6" fill="#ffffff" stroke="{FAINT}"/>'
        )
        title = f"<title>{_xml(self.title)}</title>"
        return "\n".join((head, title, ground, *self._parts, "</svg>")) + "\n"


def text_width(words: str, *, size: int = 12) -> float:
    """About how many pixels ``words`` take."""
    return _WIDE * size * len(words)


def shade(value: float) -> str:
    """The colour of a number from 0 to 1, from pale to deep blue."""
    return "#" + "".join(f"{channel:02x}" for channel in _shade(value))


def ink_on(value: float) -> str:
    """Black or white, whichever is easier to read on ``shade(value)``.

    They are equal where the shade's relative luminance is 0.179, by the contrast of WCAG 2.2
    (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio), so the contrast is at least 4.5.
    """
    linear = [_linear(channel / 255) for channel in _shade(value)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > 0.179 else "#ffffff"


def ticks(highest: float, *, most: int = 5) -> list[int]:
    """Round whole numbers from 0 that reach ``highest``, at most ``most`` steps apart."""
    rough = max(1.0, highest / most)
    power = 10 ** floor(log10(rough))
    step = next(round(power * factor) for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [step * place for place in range(max(1, ceil(highest / step)) + 1)]


def _shade(value: float) -> tuple[int, ...]:
    share = 2 * min(1.0, max(0.0, value))
    start, end = _SCALE[:2] if share < 1 else _SCALE[1:]
    return tuple(
        round(a + (b - a) * (share - (share >= 1))) for a, b in zip(start, end, strict=True)
    )


def _linear(channel: float) -> float:
    """A channel of sRGB as light, both from 0 to 1 (the same definition)."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _xml(words: str) -> str:
    return escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", words), quote=False)
