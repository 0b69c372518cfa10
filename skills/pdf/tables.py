"""Tables of a PDF, found by where the words stand."""

import csv
import html
import re
from dataclasses import dataclass

from poppler import call, open_pdf, page_list, ranges
from program import Problem, counted, output_file, replacing, run, table

NUMBER = r'"(-?[\d.]+)"'
WORD = re.compile(rf"<word xMin={NUMBER} yMin={NUMBER} xMax={NUMBER} yMax={NUMBER}>(.*?)</word>", re.S)


@dataclass
class Cell:
    left: float
    right: float
    text: str


@dataclass
class Line:
    top: float
    bottom: float
    cells: list


def lines_of(page):
    """Words that stand at one height are a line; a wide gap begins a new cell."""
    words = [
        (float(x0), float(y0), float(x1), float(y1), html.unescape(text).strip())
        for x0, y0, x1, y1, text in WORD.findall(page)
    ]
    words = [word for word in words if word[4]]
    words.sort(key=lambda word: ((word[1] + word[3]) / 2, word[0]))
    groups = []
    for word in words:
        middle = (word[1] + word[3]) / 2
        if groups and abs(middle - groups[-1][0]) < 0.45 * (word[3] - word[1]):
            groups[-1][1].append(word)
        else:
            groups.append((middle, [word]))
    lines = []
    for _, group in groups:
        group.sort()
        cells = []
        for x0, y0, x1, y1, text in group:
            # A space is about a quarter of the height; a gap between cells is at least three of them.
            if cells and x0 - cells[-1].right < 0.75 * (y1 - y0):
                cells[-1].right = max(cells[-1].right, x1)
                cells[-1].text += " " + text
            else:
                cells.append(Cell(x0, x1, text))
        lines.append(Line(min(w[1] for w in group), max(w[3] for w in group), cells))
    return lines


def regions(lines):
    """Runs of lines close to each other that have two cells or more."""
    run_of_lines = []
    for line in lines:
        near = run_of_lines and line.top - run_of_lines[-1].bottom < 1.6 * (line.bottom - line.top)
        if len(line.cells) >= 2 and (near or not run_of_lines):
            run_of_lines.append(line)
            continue
        if run_of_lines:
            yield run_of_lines
        run_of_lines = [line] if len(line.cells) >= 2 else []
    if run_of_lines:
        yield run_of_lines


def columns_of(lines):
    """The stretches of the page's width that cells cover. A cell that spans several others does not join them."""
    most = max(len(line.cells) for line in lines)
    spans = sorted((cell.left, cell.right) for line in lines if len(line.cells) >= most - 1 for cell in line.cells)
    columns = []
    for left, right in spans:
        if columns and left < columns[-1][1]:
            columns[-1][1] = max(columns[-1][1], right)
        else:
            columns.append([left, right])
    return columns


def rows_of(lines):
    columns = columns_of(lines)
    if len(columns) < 2:
        return None
    rows = []
    for line in lines:
        row = [""] * len(columns)
        for cell in line.cells:
            overlaps = [min(cell.right, right) - max(cell.left, left) for left, right in columns]
            place = max(range(len(columns)), key=overlaps.__getitem__)
            row[place] = f"{row[place]} {cell.text}".strip()
        rows.append(row)
    filled = [text for row in rows for text in row if text]
    if len(rows) < 2 or len(filled) < 0.5 * len(rows) * len(columns):
        return None
    # Two columns of running text have long lines.
    if len(columns) == 2 and sum(map(len, filled)) / len(filled) > 38:
        return None
    return rows


def main(arguments):
    file, label, options, facts = open_pdf(arguments)
    wanted = arguments.text("pages")
    output = arguments.text("output")
    overwrite = arguments.flag("overwrite")
    least_rows = arguments.whole("least_rows", 2, 2, 1_000)
    arguments.refuse_others()

    if output is not None and not output.lower().endswith(".csv"):
        raise Problem("`output` must end in .csv; several tables get numbers (tables-1.csv, tables-2.csv)")
    numbers = page_list(wanted, int(facts["Pages"]), 300)
    found, words = [], 0
    for first, last in ranges(numbers):
        text = call("pdftotext", [*options, "-bbox-layout", "-f", str(first), "-l", str(last), str(file), "-"], label)
        for number, page in enumerate(re.split(r"<page ", text.decode("utf-8", "replace"))[1:], first):
            lines = lines_of(page)
            words += len(lines)
            for region in regions(lines):
                rows = rows_of(region)
                if rows is not None and len(rows) >= least_rows:
                    found.append((number, rows))
    if not words:
        return f"{label}: there is no text on these pages; they are probably scanned. Look at `pictures` of them."
    if not found:
        return f"{label}: no tables were found on {counted(len(numbers), 'page')}. `text` with layout: true shows how the words stand."
    parts = [f"{counted(len(found), 'table')} in {label}. They were found by the places of the words: check those that matter."]
    if output is not None:
        stem = output[: -len(".csv")]
        names = [output] if len(found) == 1 else [f"{stem}-{index}.csv" for index in range(1, len(found) + 1)]
        targets = [output_file(name, overwrite) for name in names]
        neutralised = 0
        for target, (_, rows) in zip(targets, found):
            with replacing(target) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
                for row in rows:
                    safe = [safe_text(text) for text in row]
                    neutralised += sum(a != b for a, b in zip(safe, row))
                    csv.writer(stream).writerow(safe)
        parts.append("Wrote " + ", ".join(f"`{name}`" for name in names[:30]) + ".")
        if neutralised:
            parts.append(f"Texts that spreadsheet programs would run as formulas: {neutralised}. They got a ' in front.")
    for index, (number, rows) in enumerate(found[:40], 1):
        shown = rows[:60]
        parts.append(f"### Table {index}, page {number}\n\n" + table(shown[0], shown[1:]))
        if len(rows) > len(shown):
            parts.append(f"… {len(rows) - len(shown)} more rows.")
    return "\n\n".join(parts)


def safe_text(text):
    is_number = re.fullmatch(r"[+-]?[\d.,\s]*\d%?", text) is not None
    return "'" + text if text[:1] in ("=", "+", "-", "@") and not is_number and len(text) > 1 else text


run(main)
