"""Draws a chart of a table or of given numbers to a PNG file."""

import datetime
from dataclasses import dataclass

from program import Problem, counted, input_file, limit_memory, output_file, replacing, run
from tables import column_index, open_table, typed, with_header

KINDS = ("bar", "line", "scatter", "pie", "histogram")
most_points = 100_000


@dataclass
class Spec:
    title: str
    x_title: str
    y_title: str
    stacked: bool
    values: bool
    from_zero: object


def number(value, where):
    """A finite number, or None for an empty cell."""
    value = typed(value)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Problem(f"{where} is {str(value)[:60]!r}, not a number")
    if value != value or abs(value) > 1e300:
        raise Problem(f"{where} is not a finite number")
    return float(value)


def text_of(value):
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else " ".join(str(value).split())


def from_file(arguments):
    """@returns the labels (of any type) and the series as (name, values)"""
    label = arguments.text("path")
    sheet = arguments.text("sheet")
    x = arguments.text("x")
    y = arguments.texts("y")
    source = open_table(input_file(label), label, sheet)
    names, rows = with_header(source)
    x_index = None if x is None else column_index(names, x, label)
    kept = []
    for row in rows:
        if len(kept) >= most_points:
            raise Problem(f"{label} has more than {most_points} rows; make a smaller table with the spreadsheet skill's query first")
        kept.append(row + [None] * (len(names) - len(row)))
    if not kept:
        raise Problem(f"{label} has no rows below its header")

    def is_numeric(index):
        values = [row[index] for row in kept if row[index] not in (None, "")]
        return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)

    if y is not None:
        picked = [column_index(names, name, label) for name in y]
    else:
        picked = [index for index in range(len(names)) if index != x_index and is_numeric(index)][:10]
        if not picked:
            raise Problem(f"{label} has no column of numbers; its columns are {', '.join(map(repr, names[:30]))}")
    if x_index is None:
        others = [index for index in range(len(names)) if index not in picked]
        x_index = others[0] if others else None
    series = [
        (names[index], [number(row[index], f"row {place}, column {names[index]!r}") for place, row in enumerate(kept, 1)])
        for index in picked
    ]
    labels = [row[x_index] for row in kept] if x_index is not None else list(range(1, len(kept) + 1))
    return labels, series, "" if x_index is None else names[x_index]


def from_call(arguments):
    labels = arguments.list("labels")
    series = []
    for place, one in enumerate(arguments.list("series", required=True), 1):
        if not isinstance(one, dict) or not isinstance(one.get("values"), list):
            raise Problem(f'series {place} must be like {{"name": "Sales", "values": [1, 2, 3]}}')
        name = text_of(one.get("name", f"Series {place}" if len(arguments.list("series")) > 1 else ""))
        series.append((name, [number(value, f"value {i} of {name!r}") for i, value in enumerate(one["values"], 1)]))
    if not series:
        raise Problem("`series` is empty")
    longest = max(len(values) for _, values in series)
    if longest == 0 or longest > most_points:
        raise Problem(f"there must be 1 to {most_points} values")
    if labels is None:
        labels = list(range(1, longest + 1))
    if any(len(values) != len(labels) for _, values in series):
        raise Problem(f"there are {len(labels)} labels, and a series with another number of values")
    return [typed(label) for label in labels], series, ""


def numeric(labels):
    return all(isinstance(label, (int, float)) and not isinstance(label, bool) for label in labels)


def draw(figure, kind, spec, labels, series, bins):
    """@returns a note, or an empty text"""
    import axes
    from pie import pie

    filled = [value for _, values in series for value in values if value is not None]
    if not filled:
        raise Problem("there is no number to draw")
    texts = [text_of(label) for label in labels]
    if kind == "histogram":
        if len(series) > 1:
            raise Problem("a histogram shows one column; name it with y")
        spec.x_title, spec.y_title = spec.x_title or series[0][0], spec.y_title or "Count"
        count = bins or max(5, min(60, round(len(filled) ** 0.5)))
        axes.histogram(figure, spec, filled, count)
        return f"{len(filled)} values in {count} bins."
    if kind == "pie":
        if len(series) > 1:
            raise Problem("a pie shows one column; name it with y")
        values = [value or 0 for value in series[0][1]]
        if min(values) < 0 or sum(values) <= 0:
            raise Problem("a pie needs numbers that are not negative, and one above zero; take a bar chart")
        if len(values) > 5_000:
            raise Problem("a pie of more than 5 000 parts shows nothing; group the rows first")
        pie(figure, spec, texts, values)
        return ""
    if kind == "scatter":
        if not numeric(labels):
            raise Problem("the horizontal values of a scatter chart must be numbers; name a column of numbers with x")
        groups = [(name, [(x, y) for x, y in zip(labels, values) if y is not None]) for name, values in series]
        axes.scatter(figure, spec, groups)
        return ""
    if kind == "bar":
        if len(texts) > 400:
            raise Problem(f"{len(texts)} bars are too many; group the rows first, or draw a line")
        axes.bar(figure, spec, texts, series)
        return ""
    xs = None
    is_time = all(isinstance(label, datetime.date) for label in labels)
    if numeric(labels) and len(labels) > 1 and len(set(labels)) > 1:
        order = sorted(range(len(labels)), key=labels.__getitem__)
        labels = [labels[i] for i in order]
        series = [(name, [values[i] for i in order]) for name, values in series]
        # Years and counters are numbers that stand for themselves: 2 021, 2 021.5 would be odd marks.
        is_plain = len(labels) <= 40 and all(float(label).is_integer() for label in labels)
        even = len({b - a for a, b in zip(labels, labels[1:])}) == 1
        xs = None if is_plain and even else [float(label) for label in labels]
    elif is_time and len(set(map(str, labels))) > 1:
        # Days stand where they belong in time, however many there are between them.
        moments = [datetime.datetime.fromisoformat(str(label)).timestamp() / 86_400 for label in labels]
        order = sorted(range(len(labels)), key=moments.__getitem__)
        series = [(name, [values[i] for i in order]) for name, values in series]
        xs = [moments[i] for i in order]
    axes.line(figure, spec, [text_of(label) for label in labels], series, xs, is_time)
    return ""


def main(arguments):
    kind = arguments.one_of("kind", KINDS, None)
    output = arguments.text("output", "chart.png")
    overwrite = arguments.flag("overwrite")
    spec = Spec(
        title=text_of(arguments.text("title", "")),
        x_title=text_of(arguments.text("x_title", "")),
        y_title=text_of(arguments.text("y_title", "")),
        stacked=arguments.flag("stacked"),
        values=arguments.flag("values", True),
        from_zero=arguments.flag("from_zero", None),
    )
    width = arguments.whole("width", 1200, 200, 4000)
    height = arguments.whole("height", 700, 150, 4000)
    bins = arguments.whole("bins", None, 2, 500)
    limit_memory()
    if not output.lower().endswith(".png"):
        raise Problem("`output` must end in .png")
    if (arguments.text("path") is None) == (arguments.list("series") is None):
        raise Problem("give either `path` of a table, or `series` with `labels`")
    if arguments.text("path") is not None:
        labels, series, x_name = from_file(arguments)
    else:
        labels, series, x_name = from_call(arguments)
    arguments.allow("path", "sheet", "x", "y", "labels", "series")
    arguments.refuse_others()
    if len(series) > 10:
        raise Problem(f"{len(series)} series cannot be told apart; choose at most 10 with y")
    if not spec.x_title and kind in ("scatter", "line", "bar"):
        spec.x_title = x_name
    if not spec.y_title and len(series) == 1 and kind in ("scatter", "line", "bar"):
        spec.y_title = series[0][0]
    target = output_file(output, overwrite)

    from figure import Figure

    figure = Figure(width, height)
    note = draw(figure, kind, spec, labels, series, bins)
    with replacing(target) as temporary:
        figure.save(temporary)
    size = f"{width} × {height} pixels, {counted(len(labels), 'point')}"
    return f"Wrote `{output}`: a {kind} chart, {size}. {note}".strip()


run(main)
