"""Runs one SELECT on an SQLite database."""

import csv
import sqlite3

from database import execute, open_database, told
from program import Problem, counted, limit_memory, output_file, replacing, run, table

most_written = 1_000_000


def main(arguments):
    label = arguments.text("path", required=True)
    sql = arguments.text("sql", required=True)
    parameters = arguments.list("parameters", [])
    limit = arguments.whole("limit", 50, 1, 1_000)
    output = arguments.text("output")
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    if any(isinstance(value, (list, dict)) for value in parameters):
        raise Problem("`parameters` must be a list of texts, numbers or nulls")
    if output is not None and not output.lower().endswith(".csv"):
        raise Problem("`output` must end in .csv")
    limit_memory()
    target = output_file(output, overwrite) if output is not None else None
    connection, notes = open_database(label)
    cursor = execute(connection, sql, parameters)
    if cursor.description is None:
        raise Problem("this statement gives no rows; only SELECT is run here")
    names = [column[0] for column in cursor.description]
    try:
        if target is not None:
            count, neutralised = write(target, names, cursor)
            if neutralised:
                notes.append(f"Texts that spreadsheet programs would run as formulas: {neutralised}. They got a ' in front.")
            return "\n\n".join([f"Wrote `{output}`: {counted(count, 'row')}.", *notes])
        rows = cursor.fetchmany(limit + 1)
    except sqlite3.Error as error:
        raise Problem(told(error)) from None
    shown = [[value_of(value) for value in row] for row in rows[:limit]]
    numeric = [i for i in range(len(names)) if shown and all(isinstance(row[i], (int, float)) for row in shown)]
    summary = f"The first {counted(limit, 'row')}; there are more." if len(rows) > limit else f"{counted(len(rows), 'row')}."
    return "\n\n".join([summary, table(names, shown, numeric), *notes])


def value_of(value):
    return f"({counted(len(value), 'byte')})" if isinstance(value, bytes) else value


def write(target, names, cursor):
    count = neutralised = 0
    with replacing(target) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(names)
        for row in cursor:
            count += 1
            if count > most_written:
                raise Problem(f"the result has more than {most_written} rows; narrow it. Nothing was written")
            safe = [safe_value(value) for value in row]
            neutralised += sum(1 for before, after in zip(row, safe) if isinstance(before, str) and before != after)
            out.writerow(safe)
    return count, neutralised


def safe_value(value):
    if isinstance(value, bytes):
        return value.hex()
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


run(main)
