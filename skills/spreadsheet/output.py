"""Writes tables to files. What spreadsheet programs would run as a formula stays text unless it was asked for."""

import csv
import datetime
import json
import re

from program import Problem, replacing, table as markdown_table
from tables import DATE, NUMBER, date_of

ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# These reach files, programs and the internet when the workbook is opened.
REACHING = re.compile(r"\b(WEBSERVICE|HYPERLINK|IMPORT\w*|DDE|CALL|REGISTER\.ID|EXEC|RTD|IMAGE)\s*\(|\||\[[^\]]*\.xl|https?:|file:", re.I)


class Writer:
    """Counts what was changed for safety, so that it can be told."""

    def __init__(self, formulas=False):
        self.formulas, self.neutralised, self.reaching, self.rows = formulas, 0, 0, 0

    def notes(self):
        notes = []
        if self.neutralised:
            notes.append(
                f"Texts that spreadsheet programs would run as formulas: {self.neutralised}. "
                "They were kept as text (a ' in front in CSV files)."
            )
        if self.reaching:
            notes.append(
                f"Formulas that reach files, programs or the internet: {self.reaching}. They were written as text."
            )
        return notes

    def text_cell(self, value):
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
            if NUMBER.fullmatch(value.strip()) or (self.formulas and value[0] == "="):
                return value
            self.neutralised += 1
            return "'" + value
        return value

    def fill_cell(self, cell, value):
        """Sets an openpyxl cell."""
        if isinstance(value, (dict, list)):
            value = json.dumps(value, ensure_ascii=False)
        if isinstance(value, str):
            value = ILLEGAL.sub("", value)[:32_767]
            if value.startswith("=") and len(value) > 1:
                if self.formulas and not REACHING.search(value):
                    cell.value = value
                    return
                if self.formulas:
                    self.reaching += 1
                else:
                    self.neutralised += 1
                cell.value = value
                cell.data_type = "s"
                # A ' in front, as spreadsheet programs keep it: the cell stays text when somebody edits it.
                cell.quotePrefix = True
                return
            date = date_of(value) if DATE.fullmatch(value) else None
            if date is not None and date.year >= 1900:
                value = date
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**15:
            value = str(value)
        cell.value = value
        if isinstance(value, (datetime.date, datetime.datetime)):
            cell.number_format = "yyyy-mm-dd" if not isinstance(value, datetime.datetime) else "yyyy-mm-dd hh:mm"


def kind_of(target, kinds=(".xlsx", ".csv", ".tsv")):
    suffix = target.suffix.lower()
    if suffix not in kinds:
        raise Problem(f"{target.name} must end in one of {', '.join(kinds)}")
    return suffix


def sheet_title(name, taken):
    title = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", name).strip(" '")[:31] or "Sheet"
    if title.casefold() in (each.casefold() for each in taken):
        raise Problem(f"there are two sheets with the name {title!r}; sheet names must differ")
    return title


def write_rows(target, names, rows, writer, title="Sheet1"):
    """One table to a file of any kind. @param rows: iterated once @returns the number of rows"""
    suffix = kind_of(target, (".xlsx", ".csv", ".tsv", ".json", ".md"))
    with replacing(target) as temporary:
        if suffix in (".csv", ".tsv"):
            _write_text(temporary, names, rows, writer, "\t" if suffix == ".tsv" else ",")
        elif suffix == ".xlsx":
            _write_workbook(temporary, names, rows, writer, title)
        elif suffix == ".json":
            _write_json(temporary, names, rows, writer)
        else:
            kept = list(rows)
            writer.rows = len(kept)
            temporary.write_text(markdown_table(names, kept) + "\n", encoding="utf-8")
    return writer.rows


def _write_text(file, names, rows, writer, delimiter):
    with open(file, "w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, delimiter=delimiter)
        if names:
            out.writerow([writer.text_cell(name) for name in names])
        for row in rows:
            out.writerow([writer.text_cell(value) for value in row])
            writer.rows += 1


def _write_workbook(file, names, rows, writer, title):
    import openpyxl
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet(sheet_title(title, []))
    sheet.freeze_panes = "A2" if names else None

    def cells(values, bold=False):
        line = []
        for value in values:
            one = WriteOnlyCell(sheet)
            writer.fill_cell(one, value)
            if bold:
                one.font = Font(bold=True)
            line.append(one)
        return line

    if names:
        sheet.append(cells(names, True))
    for row in rows:
        if writer.rows >= 1_048_575:
            raise Problem("a sheet of a workbook holds 1 048 576 rows, and these are more; write a .csv file")
        sheet.append(cells(row))
        writer.rows += 1
    workbook.save(file)


def _write_json(file, names, rows, writer):
    with open(file, "w", encoding="utf-8") as stream:
        stream.write("[")
        for row in rows:
            padded = list(row) + [None] * (len(names) - len(row))
            record = dict(zip(names, padded))
            stream.write(("\n" if writer.rows == 0 else ",\n") + json.dumps(record, ensure_ascii=False, default=str))
            writer.rows += 1
        stream.write("\n]\n")
