"""Filters, groups and sorts a table."""

import datetime

from output import Writer, write_rows
from program import Problem, counted, input_file, limit_memory, output_file, run, table
from tables import DATE, column_index, date_of, open_table, with_header

most_kept = 3_000_000
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "contains", "starts", "ends", "in", "empty", "filled")
FUNCTIONS = ("count", "sum", "mean", "least", "most", "distinct")


def comparable(value):
    """A value with its kind in front: numbers, dates and texts are never compared with each other."""
    if isinstance(value, bool):
        return ("text", str(value).lower())
    if isinstance(value, (int, float)):
        return ("number", value)
    if isinstance(value, datetime.datetime):
        return ("date", value.isoformat())
    if isinstance(value, datetime.date):
        return ("date", value.isoformat() + "T00:00:00")
    text = str(value)
    date = date_of(text) if DATE.fullmatch(text) else None
    return comparable(date) if date is not None else ("text", text)


def order(value):
    if value is None or value == "":
        return (9, 0)
    kind, key = comparable(value)
    return ({"number": 0, "date": 1, "text": 2}[kind], key.casefold() if kind == "text" else key)


def condition(spec, names, label):
    if not isinstance(spec, dict) or spec.get("operator", "=") not in OPERATORS:
        raise Problem(f"a condition must be like {{\"column\": \"price\", \"operator\": \">\", \"value\": 5}}; operators: {' '.join(OPERATORS)}")
    index = column_index(names, spec.get("column"), label)
    operator, wanted = spec.get("operator", "="), spec.get("value")
    if operator == "in" and not isinstance(wanted, list):
        raise Problem("the operator `in` needs a list as its value")
    if wanted is None and operator not in ("empty", "filled"):
        raise Problem(f"the condition on {spec.get('column')!r} has no value")
    if operator in ("contains", "starts", "ends"):
        text = str(wanted).casefold()
        test = {"contains": str.__contains__, "starts": str.startswith, "ends": str.endswith}[operator]
        return lambda row: at(row, index) is not None and test(str(at(row, index)).casefold(), text)
    if operator in ("empty", "filled"):
        return lambda row: (at(row, index) in (None, "")) == (operator == "empty")
    if operator == "in":
        keys = {comparable(value) for value in wanted}
        return lambda row: at(row, index) is not None and comparable(at(row, index)) in keys
    key = comparable(wanted)

    def holds(row):
        value = at(row, index)
        if value is None:
            return operator == "!="
        kind, own = comparable(value)
        if kind != key[0]:
            return operator == "!="
        return {
            "=": own == key[1], "!=": own != key[1], "<": own < key[1],
            "<=": own <= key[1], ">": own > key[1], ">=": own >= key[1],
        }[operator]  # fmt: skip

    return holds


def at(row, index):
    return row[index] if index < len(row) else None


class Aggregate:
    """One function over the rows of one group."""

    def __init__(self, function):
        self.function, self.count, self.sum, self.numbers = function, 0, 0, 0
        self.best, self.seen = None, set()

    def add(self, value):
        if value is None or value == "":
            return
        self.count += 1
        if self.function == "distinct":
            self.seen.add(comparable(value))
        elif self.function in ("sum", "mean"):
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self.sum, self.numbers = self.sum + value, self.numbers + 1
        elif self.function in ("least", "most"):
            better = self.best is None or (order(value) < order(self.best)) == (self.function == "least")
            self.best = value if better else self.best

    def result(self):
        if self.function == "count":
            return self.count
        if self.function == "distinct":
            return len(self.seen)
        if self.function == "sum":
            return self.sum
        if self.function == "mean":
            return self.sum / self.numbers if self.numbers else None
        return self.best


def grouped(rows, by, aggregates):
    groups = {}
    for row in rows:
        key = tuple(at(row, index) for index in by)
        if key not in groups:
            if len(groups) >= 200_000:
                raise Problem("there are more than 200 000 groups; group by a column with fewer values")
            groups[key] = [Aggregate(function) for _, function in aggregates]
        for (index, _), one in zip(aggregates, groups[key]):
            # Without a column `count` counts rows.
            one.add(1 if index is None else at(row, index))
    return [[*key, *(one.result() for one in ones)] for key, ones in groups.items()]


def kept(rows, picked):
    cells, lines = 0, []
    for row in rows:
        cells += len(picked)
        if cells > most_kept:
            raise Problem("the result has more than 3 000 000 cells; narrow it with `where` and `columns`, or group it")
        lines.append([at(row, index) for index in picked])
    return lines


def aggregate_of(spec, names, label):
    if not isinstance(spec, dict) or spec.get("function") not in FUNCTIONS:
        raise Problem(f"an aggregate must be like {{\"function\": \"sum\", \"column\": \"price\"}}; functions: {' '.join(FUNCTIONS)}")
    column = spec.get("column")
    if column is None and spec["function"] != "count":
        raise Problem(f"the aggregate {spec['function']} needs a column")
    return (None if column is None else column_index(names, column, label), spec["function"])


def main(arguments):
    label = arguments.text("path", required=True)
    sheet = arguments.text("sheet")
    header = arguments.whole("header", None, 0, 1_000_000)
    where = arguments.list("where", [])
    columns = arguments.texts("columns")
    group_by = arguments.texts("group_by")
    aggregates = arguments.list("aggregates")
    sort = arguments.list("sort", [])
    limit = arguments.whole("limit", 50, 1, 1_000_000)
    output = arguments.text("output")
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    limit_memory()
    target = output_file(output, overwrite) if output is not None else None
    source = open_table(input_file(label), label, sheet)
    names, rows = with_header(source, header)
    tests = [condition(spec, names, label) for spec in where]
    seen = [0]

    def matching():
        for row in rows:
            seen[0] += 1
            if all(test(row) for test in tests):
                yield row

    if group_by is not None or aggregates is not None:
        if columns is not None:
            raise Problem("with `group_by` or `aggregates` the columns are those; leave `columns` out")
        by = [column_index(names, name, label) for name in group_by or []]
        functions = [aggregate_of(spec, names, label) for spec in aggregates or [{"function": "count"}]]
        result = grouped(matching(), by, functions)
        heads = [names[index] for index in by]
        heads += ["count" if index is None else f"{function} of {names[index]}" for index, function in functions]
    else:
        picked = range(len(names)) if columns is None else [column_index(names, name, label) for name in columns]
        result, heads = kept(matching(), picked), [names[index] for index in picked]
    for spec in reversed(sort):
        if not isinstance(spec, dict) or not isinstance(spec.get("column"), str):
            raise Problem('a sort must be like {"column": "price", "descending": true}')
        index = column_index(heads, spec["column"], "the result")
        filled = [row for row in result if row[index] not in (None, "")]
        empty = [row for row in result if row[index] in (None, "")]
        filled.sort(key=lambda row: order(row[index]), reverse=spec.get("descending") is True)
        result = filled + empty

    summary = f"{counted(len(result), 'row')} from {counted(seen[0], 'row')} of {label}."
    if target is not None:
        writer = Writer()
        write_rows(target, heads, result, writer)
        result = result[: min(limit, 10)]
        summary += f" Wrote them to `{output}`; the first are:"
        source.notes += writer.notes()
    elif len(result) > limit:
        summary += f" The first {limit}:"
        result = result[:limit]
    numeric = [i for i in range(len(heads)) if result and all(isinstance(row[i], (int, float)) for row in result)]
    return "\n\n".join([summary, *([table(heads, result, numeric)] if result else []), *source.notes])


run(main)
