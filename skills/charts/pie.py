"""Shares of a whole."""

import math

from figure import PAPER, colour, shortened, short_number

most_slices = 9


def gathered(labels, values):
    """Largest first; what is more than can be told apart becomes `Other`."""
    pairs = sorted(((value, label) for label, value in zip(labels, values) if value), reverse=True)
    if len(pairs) > most_slices:
        rest = pairs[most_slices - 1 :]
        pairs = pairs[: most_slices - 1] + [(sum(value for value, _ in rest), f"Other ({len(rest)})")]
    return [(label, value) for value, label in pairs]


def pie(figure, spec, labels, values):
    unit, context = figure.unit, figure.context
    top = unit * 1.2
    if spec.title:
        title = shortened(figure, spec.title, figure.width - 2 * unit, 1.45, True)
        figure.text(figure.width / 2, top + unit * 0.6, title, 1.45, True, 0.5)
        top += unit * 2.4
    slices = gathered(labels, values)
    total = sum(value for _, value in slices)
    radius = min((figure.height - top - unit * 2) / 2, figure.width * 0.27)
    x, y = unit * 2 + radius, top + (figure.height - top) / 2
    angle = -math.pi / 2
    for index, (_, value) in enumerate(slices):
        end = angle + 2 * math.pi * value / total
        context.set_source_rgb(*colour(index))
        context.move_to(x, y)
        context.arc(x, y, radius, angle, end)
        context.close_path()
        context.fill_preserve()
        context.set_source_rgb(*PAPER)
        context.set_line_width(1.5 if len(slices) > 1 else 0)
        context.stroke()
        if value / total >= 0.04:
            middle = (angle + end) / 2
            red, green, blue = colour(index)
            ink = PAPER if 0.3 * red + 0.59 * green + 0.11 * blue < 0.6 else (0.1, 0.1, 0.1)
            figure.text(x + radius * 0.68 * math.cos(middle), y + radius * 0.68 * math.sin(middle), f"{value / total:.0%}", 1, True, 0.5, ink=ink)
        angle = end
    left, line = x + radius + unit * 2.5, y - (len(slices) - 1) * unit * 0.9
    for index, (label, value) in enumerate(slices):
        number = f"{short_number(value)} ({value / total:.1%})"
        room = figure.width - left - unit * 3 - figure.text_width(number)
        figure.box(left, line - unit * 0.45, unit * 0.9, unit * 0.9, colour(index))
        figure.text(left + unit * 1.4, line, f"{shortened(figure, label, room)}  {number}")
        line += unit * 1.8
