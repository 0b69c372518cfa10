"""Turns records of a JSON or JSONL file into a CSV file, one row for each."""

import csv
import json

from program import Problem, counted, limit_memory, output_file, replacing, run
from values import open_values, parse_path, select

most_rows, most_columns = 500_000, 1_000


def records_of(label, query):
    """The objects that become rows: what the path points to, the elements of a list, or the lines."""
    values, is_lines = open_values(label)
    steps = parse_path(query) if query is not None else None
    for value in values:
        if steps is not None:
            found = [one for _, one in select(value, steps)]
        else:
            found = [value]
        for one in found:
            yield from one if isinstance(one, list) and not (is_lines and steps is None) else [one]


def flat(record, depth):
    """`{"a": {"b": 1}}` as `{"a.b": 1}`; lists of plain values joined, other lists as JSON."""
    if not isinstance(record, dict):
        return {"value": plain(record)}
    row, waiting = {}, [("", record, -1)]
    while waiting:
        name, value, level = waiting.pop()
        if isinstance(value, dict) and value and level < depth:
            prefix = f"{name}." if level >= 0 else ""
            waiting += [(f"{prefix}{key}", child, level + 1) for key, child in reversed(value.items())]
        else:
            row[name or "value"] = plain(value)
    return row


def plain(value):
    if isinstance(value, list) and all(not isinstance(one, (list, dict)) for one in value):
        return "; ".join("" if one is None else str(one) for one in value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def main(arguments):
    label = arguments.text("path", required=True)
    query = arguments.text("query")
    output = arguments.text("output", required=True)
    depth = arguments.whole("depth", 5, 0, 20)
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    if not output.lower().endswith((".csv", ".tsv")):
        raise Problem("`output` must end in .csv or .tsv")
    limit_memory()
    target = output_file(output, overwrite)
    names, count = {}, 0
    for record in records_of(label, query):
        count += 1
        if count > most_rows:
            raise Problem(f"there are more than {most_rows} records; choose some with `query`. Nothing was written")
        for name in flat(record, depth):
            names.setdefault(name, len(names))
        if len(names) > most_columns:
            raise Problem(
                f"the records have more than {most_columns} different keys; choose records with `query`, or a smaller `depth`. "
                "Nothing was written"
            )
    if count == 0:
        raise Problem(f"there are no records at {query or 'the top'} of {label}; `json-shape` shows what there is")
    neutralised = 0
    with replacing(target) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, delimiter="\t" if output.lower().endswith(".tsv") else ",")
        out.writerow(safe(name)[0] for name in names)
        # Read a second time: the columns were not known before the last record.
        for record in records_of(label, query):
            row = flat(record, depth)
            cells = [safe(row.get(name, "")) for name in names]
            neutralised += sum(changed for _, changed in cells)
            out.writerow(value for value, _ in cells)
    shown = ", ".join(f"`{name}`" for name in list(names)[:30])
    parts = [f"Wrote `{output}`: {counted(count, 'row')}, {counted(len(names), 'column')}: {shown}{' …' if len(names) > 30 else ''}."]
    if neutralised:
        parts.append(f"Texts that spreadsheet programs would run as formulas: {neutralised}. They got a ' in front.")
    return "\n\n".join(parts)


def safe(value):
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value, True
    return value, False


run(main)
