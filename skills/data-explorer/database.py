"""Opens SQLite databases so that nothing can be changed."""

import sqlite3
import time
from urllib.parse import quote

from program import Problem, input_file

seconds = 60
# By number: not every Python names all of them.
READING = {
    sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, getattr(sqlite3, "SQLITE_RECURSIVE", 33),
}  # fmt: skip
PRAGMAS = {"table_info", "table_xinfo", "index_list", "index_info", "foreign_key_list", "table_list", "database_list"}
REFUSED = {"load_extension", "writefile", "readfile", "edit", "fts3_tokenizer"}


def authorise(action, first, second, _database, _trigger):
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_DENY if (second or "").lower() in REFUSED else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if (first or "").lower() in PRAGMAS else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY


def open_database(label):
    """@returns a connection that can only read, and notes for the reader"""
    file = input_file(label, 100_000)
    with open(file, "rb") as stream:
        start = stream.read(16)
    if start and start != b"SQLite format 3\0":
        raise Problem(f"{label} is not an SQLite database (or it is encrypted)")
    notes = []
    for suffix in ("-wal", "-journal"):
        beside = file.with_name(file.name + suffix)
        if beside.is_file() and beside.stat().st_size > 0:
            notes.append(f"{label}{suffix} holds changes that are not in the database file yet; they are not shown.")
    # Immutable: no lock, no journal and no other file is made beside it.
    address = f"file:{quote(str(file))}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -32000")
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    connection.set_authorizer(authorise)
    ends = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > ends, 20_000)
    return connection, notes


def execute(connection, sql, parameters=()):
    """@throws Problem in words for what SQLite says"""
    try:
        return connection.execute(sql, parameters)
    except sqlite3.Warning as error:
        raise Problem(f"one statement at a time: {error}") from None
    except (sqlite3.Error, ValueError, OverflowError) as error:
        raise Problem(told(error)) from None


def told(error):
    text = str(error)
    if "interrupted" in text:
        return f"the query took more than {seconds} seconds; narrow it"
    if "authoriz" in text or "prohibited" in text or "readonly" in text:
        return "only SELECT is run here: the database is read, never changed, and no other file is attached"
    if "malformed" in text or "not a database" in text:
        return f"the database is damaged: {text}"
    return f"SQLite says: {text}"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'
