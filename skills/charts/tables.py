"""Tables from .xlsx, .csv and .tsv files, one row at a time, so that large files need little memory."""

import csv
import datetime
import re
import zipfile

from program import Problem

csv.field_size_limit(1_000_000)

NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?")
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
COMMA_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*),\d+|[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?")

largest_part = 80_000_000
largest_whole = 600_000_000


def typed(text, decimal_comma=False):
    """What a text of a CSV file stands for: a number, a date, true, false, nothing, or the text itself.

    Numbers with leading zeros or more than 15 digits stay text: they are mostly identifiers, and would be spoilt.
    """
    if not isinstance(text, str):
        return text
    stripped = text.strip()
    if stripped == "":
        return None
    first = stripped[0]
    if first.isdigit() or first in "+-":
        if decimal_comma and COMMA_NUMBER.fullmatch(stripped):
            return float(stripped.replace(".", "").replace(",", "."))
        if NUMBER.fullmatch(stripped) and sum(character.isdigit() for character in stripped) <= 15:
            return float(stripped) if re.search(r"[.eE]", stripped) else int(stripped)
        if GROUPED.fullmatch(stripped) and not decimal_comma:
            plain = stripped.replace(",", "")
            return float(plain) if "." in plain else int(plain)
        if DATE.fullmatch(stripped):
            return date_of(stripped) or text
    elif stripped.lower() in ("true", "false"):
        return stripped.lower() == "true"
    return text


def date_of(text):
    try:
        if len(text) == 10:
            return datetime.date.fromisoformat(text)
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


# A cell with a formula and without its result.
UNSAVED = re.compile(rb'<c (?![^>]*t="str")[^>]*><f[^>]*(?:/>|>[^<]{0,8192}</f>)\s*(?:<v>\s*</v>|<v\s*/>)?\s*</c>')


class Table:
    """One table: `rows()` gives lists of values; `sheets` names all sheets of the file; `notes` are for the reader."""

    def __init__(self, name, sheets, rows, notes=(), sizes=None, lacks_results=False):
        self.name, self.sheets, self.rows, self.notes, self.sizes = name, sheets, rows, list(notes), sizes or {}
        self.lacks_results = lacks_results
        if lacks_results:
            self.notes.append(
                "Some formulas have no stored result, because no spreadsheet program has saved the file since they were "
                "written: their cells count as empty. Open and save the file in a spreadsheet program to get the results."
            )


def open_table(file, label, sheet=None, formulas=False, raw=False):
    """@param raw: cells of CSV files stay text @param formulas: cells of workbooks give formulas, not results"""
    suffix = file.suffix.lower()
    if suffix in (".xlsx", ".xlsm", ".xltx"):
        return _workbook_table(file, label, sheet, formulas)
    if suffix == ".xls":
        raise Problem(f"{label} is a workbook in the old .xls format; save it as .xlsx first")
    if suffix in (".ods", ".numbers"):
        raise Problem(f"{label} is a {suffix} file; save it as .xlsx or .csv first")
    if sheet is not None:
        raise Problem(f"{label} has no sheets; leave `sheet` out")
    return _text_table(file, label, raw)


def check_workbook(file, label):
    """Refuses what is no workbook, and one that unpacks to more than there is room for."""
    with open(file, "rb") as stream:
        start = stream.read(8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Problem(f"{label} is password-protected or in the old .xls format; save it as plain .xlsx first")
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Problem(f"{label} is not a readable .xlsx workbook (damaged, or another kind of file)") from None
    if len(parts) > 5_000 or sum(part.file_size for part in parts) > largest_whole:
        raise Problem(f"{label} unpacks to too much (more than {largest_whole // 1_000_000} MB or 5 000 parts); it was not opened")
    for part in parts:
        is_sheet = part.filename.startswith("xl/worksheets/")
        if part.file_size > largest_part and not is_sheet and not part.filename.startswith("xl/media/"):
            raise Problem(f"{label}: its part {part.filename} unpacks to {part.file_size // 1_000_000} MB; it was not opened")
        if part.file_size > 20_000_000 and part.file_size > 500 * max(1, part.compress_size):
            raise Problem(f"{label}: its part {part.filename} unpacks to 500 times its size; it was not opened")


def open_workbook(file, label, **options):
    """An openpyxl workbook. Close it."""
    check_workbook(file, label)
    import warnings

    import openpyxl

    # What it does not understand (data validation, extensions) does not matter for values.
    warnings.simplefilter("ignore")
    try:
        return openpyxl.load_workbook(file, **options)
    except (MemoryError, ModuleNotFoundError):
        raise
    except Exception as error:
        raise Problem(f"{label} is not a readable .xlsx workbook: {error}") from None


def sheet_of(workbook, label, sheet):
    names = [each.title for each in workbook.worksheets]
    if not names:
        raise Problem(f"{label} has no sheet with cells")
    if sheet is None:
        return workbook[names[0]]
    if sheet not in names:
        raise Problem(f"{label} has no sheet {sheet!r}; it has {', '.join(map(repr, names[:30]))}")
    return workbook[sheet]


def _workbook_table(file, label, sheet, formulas):
    workbook = open_workbook(file, label, read_only=True, data_only=not formulas)
    worksheet = sheet_of(workbook, label, sheet)
    sizes = {}
    for each in workbook.worksheets:
        try:
            sizes[each.title] = (each.max_row, each.max_column)
        except Exception:
            sizes[each.title] = (None, None)

    def rows():
        # The size that a file claims may be a lie of 16 384 columns; the rows themselves tell.
        worksheet.reset_dimensions()
        try:
            for row in worksheet.iter_rows(values_only=True):
                yield [_plain(value) for value in row]
        except (MemoryError, Problem):
            raise
        except Exception as error:
            raise Problem(f"{label}: the sheet {worksheet.title!r} is damaged: {error}") from None

    lacks = not formulas and lacks_results(file, getattr(worksheet, "_worksheet_path", None))
    return Table(worksheet.title, list(sizes), rows, sizes=sizes, lacks_results=lacks)


def lacks_results(file, part):
    """Whether a sheet has formulas that nobody has calculated. @param part: the sheet's place in the file"""
    if part is None:
        return False
    with zipfile.ZipFile(file) as archive, archive.open(part.lstrip("/")) as stream:
        rest = b""
        while chunk := stream.read(1 << 20):
            rest += chunk
            if UNSAVED.search(rest):
                return True
            # A cell may lie across the border.
            rest = rest[-20_000:]
    return False


def _plain(value):
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date()
    # Array and data table formulas are objects.
    return getattr(value, "text", value) if type(value).__name__ in ("ArrayFormula", "DataTableFormula") else value


def _encoding(file, label):
    with open(file, "rb") as stream:
        start = stream.read(1_000_000)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16", []
    if b"\0" in start:
        raise Problem(f"{label} is not a text file; .xlsx, .csv and .tsv are read")
    try:
        start[: start.rfind(b"\n") + 1 if len(start) == 1_000_000 else None].decode("utf-8")
        return "utf-8-sig", []
    except UnicodeDecodeError:
        return "cp1252", ["The file is not UTF-8; it was read as Windows-1252 (Western European)."]


def _delimiter(file, encoding, suffix):
    if suffix in (".tsv", ".tab"):
        return "\t"
    with open(file, encoding=encoding, errors="replace", newline="") as stream:
        lines = [line for line in (stream.readline(100_000) for _ in range(20)) if line.strip()]

    def quality(delimiter):
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        except csv.Error:
            return (0, 0)
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common), common) if common > 1 else (0, 0)

    return max(",;\t|", key=quality)


def _text_table(file, label, raw):
    encoding, notes = _encoding(file, label)
    delimiter = _delimiter(file, encoding, file.suffix.lower())
    decimal_comma = delimiter == ";"

    def rows():
        with open(file, encoding=encoding, errors="replace", newline="") as stream:
            try:
                for row in csv.reader(stream, delimiter=delimiter):
                    yield row if raw else [typed(value, decimal_comma) for value in row]
            except csv.Error as error:
                raise Problem(f"{label} is not a well-formed table: {error}") from None

    return Table(file.name, [], rows, notes)


def letter(index):
    """The name of a column by its place from 0: A, Z, AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def with_header(table, header=None):
    """Splits a table. @param header: row from 1; 0: there is none; None: the first row that is not empty

    @returns the names of the columns, unique, and the rows below that are not empty
    """
    rows = table.rows()
    names, wide = None, 0
    if header == 0:
        first = next((row for row in rows if any(value is not None for value in row)), [])
        names = [letter(index) for index in range(len(first))]
        return names, _data(first, rows)
    for number, row in enumerate(rows, 1):
        if number == header or (header is None and any(value not in (None, "") for value in row)):
            names, wide = row, len(row)
            break
    if names is None:
        if header:
            raise Problem(f"there is no row {header} for the header")
        return [], iter(())
    while wide and names[wide - 1] in (None, ""):
        wide -= 1
    unique = []
    for index, name in enumerate(names[:wide]):
        text = " ".join(str(name).split()) if name not in (None, "") else f"column {letter(index)}"
        unique.append(text if text not in unique else f"{text} ({letter(index)})")
    return unique, _data(None, rows)


def _data(first, rows):
    if first:
        yield first
    for row in rows:
        if any(value not in (None, "") for value in row):
            yield row


def column_index(names, wanted, label="the table"):
    """Where a column is: by its name, the name in other case, or its letter."""
    if wanted in names:
        return names.index(wanted)
    folded = [name.casefold() for name in names]
    if str(wanted).casefold() in folded:
        return folded.index(str(wanted).casefold())
    letters = [letter(index) for index in range(len(names))]
    if wanted in letters:
        return letters.index(wanted)
    raise Problem(f"{label} has no column {wanted!r}; it has {', '.join(map(repr, names[:40]))}")
