"""Turns a table into another kind of file."""

import datetime

from output import Writer, kind_of, write_rows
from program import Problem, counted, input_file, limit_memory, output_file, run
from tables import open_table, with_header


def main(arguments):
    label = arguments.text("path", required=True)
    output = arguments.text("output", required=True)
    sheet = arguments.text("sheet")
    keep = arguments.flag("keep_formulas")
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    limit_memory()
    file = input_file(label)
    target = output_file(output, overwrite)
    kind = kind_of(target, (".xlsx", ".csv", ".tsv", ".json", ".md"))
    # From text to text nothing is interpreted: 007 stays 007, 1.50 stays 1.50.
    is_raw = kind in (".csv", ".tsv", ".md")
    source = open_table(file, label, sheet, raw=is_raw)
    writer = Writer(keep)
    if kind in (".json", ".md"):
        names, rows = with_header(source)
        if kind == ".md":
            rows = first(rows, 5_000)
    else:
        names, rows = [], source.rows()
    written = write_rows(target, names, rows, writer, title=file.stem)
    notes = writer.notes()
    others = [name for name in source.sheets if name != source.name]
    if others:
        notes.append(f"Only the sheet `{source.name}` was converted; there are also {', '.join(f'`{name}`' for name in others[:20])}.")
    return "\n\n".join([f"Wrote `{output}`: {counted(written, 'row')}.", *source.notes, *notes])


def first(rows, most):
    for number, row in enumerate(rows):
        if number >= most:
            raise Problem(f"a Markdown table of more than {most} rows is of no use; convert to .csv")
        yield [str(value) if isinstance(value, datetime.date) else value for value in row]


run(main)
