"""Changes cells of a workbook, appends rows and adds sheets; what else is in it stays."""

import re
import zipfile

from output import Writer, sheet_title
from program import Problem, counted, input_file, limit_memory, output_file, replacing, run
from tables import open_workbook, sheet_of
from write import fill, normal

LOST = {"xl/charts/": "charts", "xl/media/": "pictures", "xl/pivotTables/": "pivot tables", "xl/drawings/": "drawings"}


def losses(file):
    """Parts of a workbook that do not survive being saved by openpyxl."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    return [what for folder, what in LOST.items() if any(name.startswith(folder) for name in names)]


def main(arguments):
    label = arguments.text("path", required=True)
    output = arguments.text("output", label)
    cells = arguments.list("cells", [])
    append = arguments.list("append", [])
    add = arguments.list("add_sheets", [])
    formulas = arguments.flag("formulas", True)
    overwrite = arguments.flag("overwrite")
    drop = arguments.flag("drop_unsupported")
    arguments.refuse_others()

    if not cells and not append and not add:
        raise Problem("there is nothing to change; give `cells`, `append` or `add_sheets`")
    limit_memory()
    file = input_file(label, 20)
    if file.suffix.lower() != ".xlsx":
        raise Problem(f"{label} is not an .xlsx workbook; only those are edited")
    target = output_file(output, overwrite)
    if target.suffix.lower() != ".xlsx":
        raise Problem(f"{output} must end in .xlsx")
    workbook = open_workbook(file, label)
    lost = losses(file)
    if lost and not drop:
        raise Problem(
            f"{label} contains {', '.join(lost)}, which would be lost; nothing was changed. "
            "Write to another file, or accept the loss with drop_unsupported: true"
        )
    writer = Writer(formulas)
    for number, change in enumerate(cells, 1):
        if not isinstance(change, dict) or not re.fullmatch(r"[A-Za-z]{1,3}[1-9]\d{0,6}", str(change.get("cell"))):
            raise Problem(f"change {number} must be an object like {{\"cell\": \"B2\", \"value\": 5, \"sheet\": \"Sales\"}}")
        worksheet = sheet_of(workbook, label, change.get("sheet"))
        cell = worksheet[change["cell"].upper()]
        if type(cell).__name__ == "MergedCell":
            raise Problem(f"{change['cell']} is inside merged cells; change their upper left cell instead")
        writer.fill_cell(cell, change.get("value"))
    appended = 0
    for number, part in enumerate(append, 1):
        _, rows = normal(part, number)
        worksheet = sheet_of(workbook, label, part.get("sheet"))
        last = worksheet.max_row if any(cell.value is not None for cell in worksheet[worksheet.max_row]) else 0
        for offset, row in enumerate(rows, 1):
            for index, value in enumerate(row, 1):
                writer.fill_cell(worksheet.cell(last + offset, index), value)
        appended += len(rows)
    for number, part in enumerate(add, 1):
        names, rows = normal(part, number)
        fill(workbook.create_sheet(sheet_title(str(part.get("name") or "New"), workbook.sheetnames)), names, rows, writer)
    with replacing(target) as temporary:
        workbook.save(temporary)
    done = [counted(len(cells), "cell") + " changed"] if cells else []
    done += [counted(appended, "row") + " appended"] if appended else []
    done += [counted(len(add), "sheet") + " added"] if add else []
    notes = writer.notes()
    if lost:
        notes.append(f"Lost from the file: {', '.join(lost)}.")
    notes.append("Results of formulas are calculated when a spreadsheet program opens the file.")
    return "\n\n".join([f"Wrote `{output}`: {', '.join(done)}.", *notes])


run(main)
