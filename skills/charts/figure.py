"""The parts that charts have in common: the picture, its texts, axes and their marks. Drawn with cairo."""

import math

import cairo

from program import Problem

# Told apart also by people who do not see all colours (after Okabe and Ito).
COLOURS = ["0072B2", "E69F00", "009E73", "CC79A7", "56B4E9", "D55E00", "8C6BB1", "7F7F7F", "B8A800", "000000"]
INK, FAINT, PAPER = (0.15, 0.15, 0.17), (0.87, 0.87, 0.88), (1, 1, 1)


def colour(index):
    code = COLOURS[index % len(COLOURS)]
    return tuple(int(code[place : place + 2], 16) / 255 for place in (0, 2, 4))


class Figure:
    """A white picture; lengths are pixels. Text sizes follow its height."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.surface = cairo.ImageSurface(cairo.FORMAT_RGB24, width, height)
        self.context = cairo.Context(self.surface)
        self.unit = max(9.0, min(width / 62, height / 36))
        self.context.set_source_rgb(*PAPER)
        self.context.paint()

    def font(self, scale=1.0, bold=False):
        weight = cairo.FONT_WEIGHT_BOLD if bold else cairo.FONT_WEIGHT_NORMAL
        self.context.select_font_face("DejaVu Sans", cairo.FONT_SLANT_NORMAL, weight)
        self.context.set_font_size(self.unit * scale)

    def text_width(self, text, scale=1.0, bold=False):
        self.font(scale, bold)
        return max((self._extent(line) for line in text.split("\n")), default=0)

    def _extent(self, text):
        return sum(self._run_width(part, face) for part, face in runs(text))

    def _run_width(self, part, face):
        self._face(face)
        return self.context.text_extents(part).x_advance

    def _face(self, face):
        old = self.context.get_font_face()
        self.context.select_font_face(face, old.get_slant(), old.get_weight())

    def text(self, x, y, text, scale=1.0, bold=False, align=0.0, angle=0.0, ink=INK):
        """@param align: 0: x is its left end, 0.5: its middle, 1: its right end; y is the middle of its height"""
        context = self.context
        self.font(scale, bold)
        context.save()
        context.translate(x, y)
        context.rotate(angle)
        context.set_source_rgb(*ink)
        context.move_to(-self._extent(text) * align, self.unit * scale * 0.36)
        for part, face in runs(text):
            self._face(face)
            context.show_text(part)
        context.restore()

    def line(self, points, ink=INK, thick=1.0):
        context = self.context
        context.set_source_rgb(*ink)
        context.set_line_width(thick)
        context.set_line_join(cairo.LINE_JOIN_ROUND)
        context.new_path()
        for x, y in points:
            context.line_to(x, y)
        context.stroke()

    def box(self, left, top, width, height, ink):
        self.context.set_source_rgb(*ink)
        self.context.rectangle(left, top, width, height)
        self.context.fill()

    def dot(self, x, y, radius, ink, opacity=1.0):
        self.context.set_source_rgba(*ink, opacity)
        self.context.arc(x, y, radius, 0, 2 * math.pi)
        self.context.fill()

    def save(self, file):
        self.surface.write_to_png(str(file))


def runs(text):
    """A text in pieces that one font has: without this, letters of East Asia would be empty boxes."""
    pieces = []
    for character in text:
        face = "Droid Sans Fallback" if "\u2e80" <= character <= "\uffef" else "DejaVu Sans"
        if pieces and pieces[-1][1] == face:
            pieces[-1][0] += character
        else:
            pieces.append([character, face])
    return [(part, face) for part, face in pieces]


def shortened(figure, text, room, scale=1.0, bold=False):
    """The text, cut with an ellipsis where it is wider than the room."""
    if figure.text_width(text, scale, bold) <= room:
        return text
    while text and figure.text_width(text + "…", scale, bold) > room:
        text = text[:-1]
    return text + "…"


def marks(least, most, wanted=6):
    """Round numbers that cover a stretch: steps of 1, 2, 2.5 or 5 times a power of ten."""
    if least == most:
        spread = abs(least) or 1.0
        least, most = least - spread / 2, most + spread / 2
    raw = (most - least) / max(1, wanted - 1)
    if not math.isfinite(raw) or raw <= 0:
        raise Problem("the numbers are too large or too close together to be drawn")
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def mark_texts(values):
    """The texts of an axis: as many decimals as tell them apart, large ones with thousands or as powers."""
    step = values[1] - values[0] if len(values) > 1 else 1
    largest = max(abs(value) for value in values)
    if largest >= 1e12 or step < 1e-6:
        return [f"{value:.3g}" for value in values]
    decimals = max(0, min(8, -math.floor(math.log10(step) + 1e-9)))
    if abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    for size, suffix in ((1e9, "G"), (1e6, "M")):
        if largest >= size * 10 and step >= size / 10:
            return [f"{value / size:.{1 if step < size else 0}f}{suffix}" if value else "0" for value in values]
    return [f"{0.0 if abs(value) < step / 1e6 else value:,.{decimals}f}" for value in values]


def short_number(value):
    if abs(value) >= 1e12 or (value and abs(value) < 1e-4):
        return f"{value:.3g}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) < 1_000 else f"{value:,.0f}"
