"""Makes a new workbook, CSV or TSV file from given rows."""

from output import Writer, kind_of, sheet_title, write_rows
from program import Problem, counted, limit_memory, output_file, replacing, run
from tables import letter


def normal(sheet, number):
    """The columns and rows of one sheet; rows may be lists or objects."""
    if not isinstance(sheet, dict):
        raise Problem(f"sheet {number} must be an object with `rows`")
    columns, rows = sheet.get("columns"), sheet.get("rows", [])
    if not isinstance(rows, list) or not (columns is None or isinstance(columns, list)):
        raise Problem(f"sheet {number}: `columns` and `rows` must be lists")
    if columns is None and rows and isinstance(rows[0], dict):
        columns = list(dict.fromkeys(key for row in rows if isinstance(row, dict) for key in row))
    lines = []
    for place, row in enumerate(rows, 1):
        if isinstance(row, dict):
            if unknown := set(row) - set(columns or []):
                raise Problem(f"sheet {number}, row {place}: {sorted(unknown)[0]!r} is not one of the columns")
            lines.append([row.get(name) for name in columns or []])
        elif isinstance(row, list):
            lines.append(row)
        else:
            raise Problem(f"sheet {number}, row {place} must be a list or an object")
    return [str(name) for name in columns or []], lines


def fill(worksheet, columns, rows, writer):
    from openpyxl.styles import Font

    start = 1
    if columns:
        for index, name in enumerate(columns, 1):
            one = worksheet.cell(1, index)
            writer.fill_cell(one, name)
            one.font = Font(bold=True)
        worksheet.freeze_panes = "A2"
        start = 2
    widths = [len(str(name)) for name in columns]
    for number, row in enumerate(rows, start):
        for index, value in enumerate(row, 1):
            writer.fill_cell(worksheet.cell(number, index), value)
            if index > len(widths):
                widths.append(0)
            if not (isinstance(value, str) and value.startswith("=")):
                widths[index - 1] = max(widths[index - 1], len(str(value)))
    for index, width in enumerate(widths):
        worksheet.column_dimensions[letter(index)].width = min(60, max(8, width + 2))
    if columns and rows:
        worksheet.auto_filter.ref = f"A1:{letter(len(columns) - 1)}{len(rows) + 1}"


def main(arguments):
    label = arguments.text("path", required=True)
    sheets = arguments.list("sheets")
    columns = arguments.list("columns")
    rows = arguments.list("rows")
    formulas = arguments.flag("formulas", True)
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    if (sheets is None) == (rows is None):
        raise Problem("give either `sheets` (a list of {name, columns, rows}) or `rows` with `columns`")
    if sheets is None:
        sheets = [{"name": "Sheet1", "columns": columns, "rows": rows}]
    if not sheets:
        raise Problem("there is no sheet to write")
    limit_memory()
    contents = [normal(sheet, number) for number, sheet in enumerate(sheets, 1)]
    target = output_file(label, overwrite)
    writer = Writer(formulas)
    if kind_of(target) != ".xlsx":
        if len(contents) > 1:
            raise Problem(f"{label} holds one table only; write several sheets to an .xlsx file")
        writer.formulas = False
        write_rows(target, *contents[0], writer)
        return "\n\n".join([f"Wrote `{label}`: {counted(len(contents[0][1]), 'row')}.", *writer.notes()])

    import openpyxl

    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    lines = []
    for number, (sheet, (names, values)) in enumerate(zip(sheets, contents), 1):
        title = sheet_title(str(sheet.get("name") or f"Sheet{number}"), workbook.sheetnames)
        fill(workbook.create_sheet(title), names, values, writer)
        lines.append(f"`{title}` with {counted(len(values), 'row')}")
    with replacing(target) as temporary:
        workbook.save(temporary)
    return "\n\n".join([f"Wrote `{label}`: {', '.join(lines)}.", *writer.notes()])


if __name__ == "__main__":
    run(main)
