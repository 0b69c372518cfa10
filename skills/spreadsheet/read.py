"""Shows what is in a table: sheets, columns with their types, the first rows, statistics."""

import datetime
import re

from program import Problem, counted, input_file, limit_memory, run, table
from tables import column_index, letter, open_table, with_header

most_cells = 5_000_000


class Column:
    """What is learnt of one column while its rows go by."""

    def __init__(self):
        self.kinds, self.filled, self.distinct, self.numbers = {}, 0, set(), 0
        self.sum = self.mean = self.squares = 0.0
        self.least = self.most = None

    def add(self, value):
        if value is None or value == "":
            return
        self.filled += 1
        kind = kind_of(value)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if len(self.distinct) <= 1_000:
            self.distinct.add(value if not isinstance(value, str) else value[:200])
        if kind == "number":
            self.numbers += 1
            self.sum += value
            step = value - self.mean
            self.mean += step / self.numbers
            self.squares += step * (value - self.mean)
        if kind in ("number", "date"):
            order = value if kind == "number" else str(value)
            if self.least is None or type(order) is type(self.least) or kind == "number":
                if self.least is None or isinstance(self.least, str) == isinstance(order, str):
                    self.least = order if self.least is None else min(self.least, order)
                    self.most = order if self.most is None else max(self.most, order)

    def type(self):
        return ", ".join(sorted(self.kinds, key=self.kinds.get, reverse=True)) or "empty"


def kind_of(value):
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, (datetime.date, datetime.datetime)):
        return "date"
    if isinstance(value, datetime.time):
        return "time"
    if isinstance(value, str) and value.startswith("#") and re.fullmatch(r"#(N/A|REF!|DIV/0!|VALUE!|NAME\?|NULL!|NUM!)", value):
        return "error"
    return "text"


def range_of(text):
    match = re.fullmatch(r"([A-Za-z]{1,3})(\d{1,7}):([A-Za-z]{1,3})(\d{1,7})", text)
    if match is None:
        raise Problem(f"the range must look like B2:F20, not {text!r}")
    columns = [sum((ord(c) - 64) * 26**place for place, c in enumerate(reversed(match[i].upper()))) for i in (1, 3)]
    rows = [int(match[2]), int(match[4])]
    if columns[0] > columns[1] or rows[0] > rows[1] or rows[0] < 1:
        raise Problem(f"the range {text} runs backwards; give the upper left and the lower right cell")
    return rows[0], rows[1], columns[0] - 1, columns[1]


def cut(source, top, bottom, left, right):
    def rows():
        for number, row in enumerate(source(), 1):
            if number > bottom:
                return
            if number >= top:
                yield row[left:right]

    return rows


def show_formulas(kept, picked, offset, rows):
    """Cells without a result show their formula instead."""
    for number, row in enumerate(rows, -offset):
        if number >= len(kept):
            return
        for place, index in enumerate(picked):
            value = row[index] if number >= 0 and index < len(row) else None
            if isinstance(value, str) and value.startswith("=") and kept[number][place] is None:
                kept[number][place] = value


def main(arguments):
    label = arguments.text("path", required=True)
    sheet = arguments.text("sheet")
    area = arguments.text("range")
    header = arguments.whole("header", None, 0, 1_000_000)
    shown_rows = arguments.whole("rows", 20, 0, 500)
    offset = arguments.whole("offset", 0, 0, 2_000_000)
    wanted = arguments.texts("columns")
    statistics = arguments.flag("statistics", True)
    formulas = arguments.flag("formulas")
    arguments.refuse_others()

    limit_memory()
    file = input_file(label)
    source = open_table(file, label, sheet, formulas)
    parts = [f"**{label}**" + (f", sheet `{source.name}`" if source.sheets else "")]
    if len(source.sheets) > 1:
        parts.append(
            table(["Sheet", "Rows", "Columns"], [[name, *source.sizes[name]] for name in source.sheets[:50]], (1, 2))
        )
    limits = range_of(area) if area is not None else None

    def narrowed(one):
        if limits is not None:
            one.rows = cut(one.rows, *limits)
        return one

    names, rows = with_header(narrowed(source), header)
    if not names:
        return "\n\n".join([*parts, "It is empty." if area is None else f"The range {area} is empty.", *source.notes])
    picked = range(len(names)) if wanted is None else [column_index(names, name, label) for name in wanted]
    columns = {index: Column() for index in picked}
    kept, total, cells, is_cut = [], 0, 0, False
    for row in rows:
        cells += len(row)
        if cells > most_cells:
            is_cut = True
            break
        if offset <= total < offset + shown_rows:
            kept.append([row[index] if index < len(row) else None for index in picked])
        total += 1
        if statistics:
            for index in picked:
                if index < len(row):
                    columns[index].add(row[index])

    notes = list(source.notes)
    if source.lacks_results:
        show_formulas(kept, picked, offset, with_header(narrowed(open_table(file, label, sheet, True)), header)[1])
    size = f"{'more than ' if is_cut else ''}{counted(total, 'row')} below the header, {counted(len(names), 'column')}"
    parts.append(size + ".")
    if statistics:
        parts.append(described(names, columns, total))
    if kept:
        numeric = [place for place, index in enumerate(picked) if columns[index].type() == "number"]
        where = f"Rows {offset + 1} to {offset + len(kept)}" if total > len(kept) else "All rows"
        parts.append(f"{where}:\n\n" + table([names[index] for index in picked], kept, numeric))
    if is_cut:
        notes.append(f"Only the first {counted(total, 'row')} were looked at; narrow it with `range` or `columns`.")
    return "\n\n".join(parts + notes)


def described(names, columns, total):
    lines = []
    for index, one in columns.items():
        deviation = (one.squares / (one.numbers - 1)) ** 0.5 if one.numbers > 1 else None
        lines.append([
            letter(index), names[index], one.type(), one.filled, total - one.filled,
            len(one.distinct) if len(one.distinct) <= 1_000 else "> 1 000",
            one.least, one.most,
            one.mean if one.numbers else None, deviation, one.sum if one.numbers else None,
        ])  # fmt: skip
    head = ["", "Column", "Type", "Filled", "Empty", "Distinct", "Least", "Most", "Mean", "Deviation", "Sum"]
    return table(head, lines, range(3, 11))


run(main)
