"""Charts with two axes: bar, line, scatter, histogram."""

import datetime
import math

from figure import FAINT, INK, colour, mark_texts, marks, short_number, shortened


class Plane:
    """The room between title, legend and axes, with the way from numbers to pixels."""

    def __init__(self, figure, spec, names, x_marks, y_marks, x_texts=None):
        unit = figure.unit
        self.figure, self.spec = figure, spec
        self.y_marks, self.y_texts = y_marks, mark_texts(y_marks)
        self.x_marks = x_marks
        # The numbers at its left and right end.
        self.span = (x_marks[0], x_marks[-1]) if x_marks else (0, 1)
        self.x_texts = x_texts if x_texts is not None else mark_texts(x_marks)
        self.is_category = x_texts is not None
        top = unit * 1.2
        if spec.title:
            title = shortened(figure, spec.title, figure.width - 2 * unit, 1.45, True)
            figure.text(figure.width / 2, top + unit * 0.6, title, 1.45, True, 0.5)
            top += unit * 2.4
        if len(names) > 1:
            top = legend(figure, names, top)
        left = unit * 1.6 + max(figure.text_width(text, 0.95) for text in self.y_texts) + (unit * 2 if spec.y_title else 0)
        right = unit * 1.8
        self.left, self.top, self.right = left, top + unit * 0.8, figure.width - right
        self.angle = 0.0
        bottom = unit * 2.4 + (unit * 1.9 if spec.x_title else 0)
        if self.is_category:
            bottom += self._choose_angle()
        self.bottom = figure.height - bottom

    def _choose_angle(self):
        """Long names of categories are turned, so that they do not run into each other."""
        unit, figure = self.figure.unit, self.figure
        room = (self.right - self.left) / max(1, len(self.x_texts))
        widest = max((figure.text_width(text, 0.95) for text in self.x_texts), default=0)
        # Where there are too many to be read, some are left out; turned ones need a line's height each.
        self.each = 1
        if widest + unit * 0.6 <= room:
            return 0.0
        self.each = max(1, math.ceil(unit * 1.25 / room))
        self.angle = -math.pi / 5 if room * self.each > unit * 1.6 else -math.pi / 2.2
        # A turned text ends below its mark, so that the first ones have only the room to the left of it.
        self.x_texts = [
            shortened(figure, text, min(figure.height * 0.28, (self.x(index) - unit * 0.5) / math.cos(self.angle)), 0.95)
            for index, text in enumerate(self.x_texts)
        ]
        widest = max(figure.text_width(text, 0.95) for text in self.x_texts)
        return widest * abs(math.sin(self.angle)) - unit * 0.2

    def x(self, value):
        if self.is_category:
            return self.left + (value + 0.5) * (self.right - self.left) / max(1, len(self.x_texts))
        first, last = self.span
        return self.left + (value - first) / (last - first) * (self.right - self.left)

    def y(self, value):
        first, last = self.y_marks[0], self.y_marks[-1]
        return self.bottom - (value - first) / (last - first) * (self.bottom - self.top)

    def draw(self):
        figure, unit, spec = self.figure, self.figure.unit, self.spec
        for value, text in zip(self.y_marks, self.y_texts):
            y = round(self.y(value)) + 0.5
            figure.line([(self.left, y), (self.right, y)], FAINT, 1)
            figure.text(self.left - unit * 0.5, y, text, 0.95, align=1)
        for index, text in enumerate(self.x_texts):
            x = self.x(index if self.is_category else self.x_marks[index])
            if self.is_category and index % self.each:
                continue
            if not self.is_category:
                figure.line([(round(x) + 0.5, self.bottom), (round(x) + 0.5, self.bottom + unit * 0.35)], INK, 1)
            if self.angle:
                figure.text(x + unit * 0.3, self.bottom + unit * 0.9, text, 0.95, align=1, angle=self.angle)
                continue
            half = figure.text_width(text, 0.95) / 2
            figure.text(min(x, figure.width - half - 2), self.bottom + unit * 1.15, text, 0.95, align=0.5)
        zero = self.y(0) if self.y_marks[0] <= 0 <= self.y_marks[-1] else self.bottom
        figure.line([(self.left, round(zero) + 0.5), (self.right, round(zero) + 0.5)], INK, 1.2)
        if spec.x_title:
            text = shortened(figure, spec.x_title, self.right - self.left)
            figure.text((self.left + self.right) / 2, figure.height - unit * 1.2, text, align=0.5)
        if spec.y_title:
            text = shortened(figure, spec.y_title, self.bottom - self.top)
            figure.text(unit * 1.3, (self.top + self.bottom) / 2, text, align=0.5, angle=-math.pi / 2)


def legend(figure, names, top):
    """Names of series in lines of their own. @returns where the room below begins"""
    unit, x, y = figure.unit, figure.unit * 2, top + figure.unit * 0.5
    for index, name in enumerate(names[:20]):
        text = shortened(figure, name, figure.width * 0.4)
        wide = figure.text_width(text) + unit * 3
        if x + wide > figure.width - unit and x > unit * 2:
            x, y = unit * 2, y + unit * 1.6
        figure.box(x, y - unit * 0.45, unit * 0.9, unit * 0.9, colour(index))
        figure.text(x + unit * 1.4, y, text)
        x += wide
    return y + unit * 1.1


def bar(figure, spec, labels, series):
    names = [name for name, _ in series]
    if spec.stacked:
        highs = [sum(max(0, values[i] or 0) for _, values in series) for i in range(len(labels))]
        lows = [sum(min(0, values[i] or 0) for _, values in series) for i in range(len(labels))]
    else:
        highs = lows = [value for _, values in series for value in values if value is not None]
    plane = Plane(figure, spec, names, [], marks(min(0, *lows, 0), max(0, *highs, 0)), labels)
    plane.draw()
    room = (plane.right - plane.left) / len(labels)
    wide = room * 0.76 / (1 if spec.stacked else len(series))
    base_up, base_down = [0.0] * len(labels), [0.0] * len(labels)
    for number, (_, values) in enumerate(series):
        for index, value in enumerate(values):
            if value is None:
                continue
            start = 0.0
            if spec.stacked:
                bases = base_up if value >= 0 else base_down
                start = bases[index]
                bases[index] += value
            left = plane.x(index) - room * 0.38 + (0 if spec.stacked else number * wide)
            top, bottom = plane.y(max(start, start + value)), plane.y(min(start, start + value))
            figure.box(left, top, max(1, wide - (1 if wide > 4 and not spec.stacked else 0)), max(0.5, bottom - top), colour(number))
            text = short_number(value)
            if not spec.stacked and spec.values and figure.text_width(text, 0.85) < wide * 1.15:
                away = -figure.unit * 0.6 if value >= 0 else figure.unit * 0.6
                figure.text(left + wide / 2, (top if value >= 0 else bottom) + away, text, 0.85, align=0.5)


def day_marks(first, last):
    """Marks of an axis of time, which is in days since 1970, and their texts: beginnings of years or months, days, or hours."""
    begin, end = (datetime.datetime.fromtimestamp(day * 86_400) for day in (first, last))
    months = (end.year - begin.year) * 12 + end.month - begin.month
    if months < 3:
        step = marks(first, last, 6)
        days = [day for day in step if first <= day <= last]
        form = "%Y-%m-%d" if step[1] - step[0] >= 0.99 else "%m-%d %H:%M"
        return days, [datetime.datetime.fromtimestamp(day * 86_400).strftime(form) for day in days]
    each = next((step for step in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200) if months / step <= 8), 6_000)
    days, texts = [], []
    for count in range((begin.year * 12 + begin.month - 1) // each * each, end.year * 12 + end.month, each):
        if count < 12 * 2:
            continue
        moment = datetime.datetime(count // 12, count % 12 + 1, 1)
        day = moment.timestamp() / 86_400
        if first <= day <= last:
            days.append(day)
            texts.append(moment.strftime("%Y" if each >= 12 else "%Y-%m"))
    return days, texts


def line(figure, spec, labels, series, xs=None, is_time=False):
    values = [value for _, ys in series for value in ys if value is not None]
    low = min(values) if spec.from_zero is False or min(values) < 0 else 0
    high = max(values)
    if spec.from_zero is None and low == 0 and min(values) > 0.5 * high:
        low = min(values)
    names = [name for name, _ in series]
    if xs is None:
        plane = Plane(figure, spec, names, [], marks(low, max(high, low)), labels)
        xs = list(range(len(labels)))
    else:
        plane = Plane(figure, spec, names, marks(min(xs), max(xs), 6 if is_time else 8), marks(low, max(high, low)))
        if is_time:
            plane.span = (min(xs), max(xs))
            plane.x_marks, plane.x_texts = day_marks(min(xs), max(xs))
    plane.draw()
    for number, (_, ys) in enumerate(series):
        piece = []
        # A missing value is a gap, not a zero.
        for x, y in [*zip(xs, ys), (0, None)]:
            if y is not None:
                piece.append((plane.x(x), plane.y(y)))
                continue
            if len(piece) > 1:
                figure.line(piece, colour(number), max(1.5, figure.unit * 0.17))
            if len(ys) <= 40 or len(piece) == 1:
                for point in piece:
                    figure.dot(*point, figure.unit * 0.26, colour(number))
            piece = []


def scatter(figure, spec, groups):
    """@param groups: (name, points) of each series"""
    points = [point for _, each in groups for point in each]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    plane = Plane(figure, spec, [name for name, _ in groups], marks(min(xs), max(xs), 8), marks(min(ys), max(ys)))
    plane.draw()
    opacity = 0.8 if len(points) < 500 else 0.45 if len(points) < 5_000 else 0.2
    for number, (_, each) in enumerate(groups):
        for x, y in each:
            figure.dot(plane.x(x), plane.y(y), figure.unit * (0.32 if len(points) < 2_000 else 0.2), colour(number), opacity)


def histogram(figure, spec, values, bins):
    least, most = min(values), max(values)
    if least == most:
        least, most = least - 0.5, most + 0.5
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int((value - least) / (most - least) * bins))] += 1
    plane = Plane(figure, spec, [], marks(least, most, 8), marks(0, max(counts)))
    plane.draw()
    for index, count in enumerate(counts):
        left = plane.x(least + (most - least) * index / bins)
        right = plane.x(least + (most - least) * (index + 1) / bins)
        top = plane.y(count)
        if count:
            figure.box(left, top, max(1, right - left - (1 if right - left > 4 else 0)), plane.bottom - top, colour(0))
    return counts
