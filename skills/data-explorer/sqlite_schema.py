"""Tables, columns, keys and numbers of rows of an SQLite database."""

import sqlite3

from database import execute, open_database, quoted, told
from program import Problem, counted, limit_memory, run, table


def main(arguments):
    label = arguments.text("path", required=True)
    wanted = arguments.text("table")
    count_rows = arguments.flag("counts", True)
    arguments.refuse_others()

    limit_memory()
    connection, notes = open_database(label)
    objects = execute(
        connection, "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name"
    ).fetchall()
    tables = [(kind, name, sql) for kind, name, sql in objects if kind in ("table", "view")]
    if wanted is not None:
        tables = [one for one in tables if one[1].casefold() == wanted.casefold()]
        if not tables:
            raise Problem(f"{label} has no table or view {wanted!r}")
    if not tables:
        return "\n\n".join([f"{label} has no tables.", *notes])
    parts = [f"**{label}**: {counted(len(tables), 'table or view', 'tables and views')}."]
    for kind, name, sql in tables[:60]:
        parts.append(described(connection, kind, name, sql, count_rows, objects, wanted is not None))
    if len(tables) > 60:
        parts.append("More: " + ", ".join(f"`{name}`" for _, name, _ in tables[60:500]))
    return "\n\n".join(parts + notes)


def described(connection, kind, name, sql, count_rows, objects, full):
    head = f"### {name}" + (" (view)" if kind == "view" else "")
    try:
        columns = connection.execute(f"PRAGMA table_xinfo({quoted(name)})").fetchall()
        keys = {row[3]: f"{row[2]}.{row[4] or '(key)'}" for row in connection.execute(f"PRAGMA foreign_key_list({quoted(name)})")}
        rows = None
        if count_rows and kind == "table":
            rows = connection.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0]
    except sqlite3.Error as error:
        return f"{head}\n\nIt cannot be read: {told(error)}"
    lines = [
        [column[1], column[2], "yes" if column[3] else "", "" if not column[5] else column[5], column[4], keys.get(column[1], "")]
        for column in columns
    ]
    text = f"{head}\n\n" + (f"{counted(rows, 'row')}\n\n" if rows is not None else "")
    text += table(["Column", "Type", "Not null", "Key", "Default", "Refers to"], lines)
    indexes = [one for kind_, one, _ in objects if kind_ == "index" and (_ or "").lower().find(name.lower()) >= 0]
    if full and sql:
        text += f"\n\n```sql\n{sql.strip()[:5_000]}\n```"
    if full and indexes:
        text += "\n\nIndexes: " + ", ".join(f"`{one}`" for one in indexes)
    return text


run(main)
