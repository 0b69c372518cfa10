"""Pictures of pages as PNG files."""

import re

from poppler import call, open_pdf, page_list
from program import Problem, counted, output_file, replacing, run

largest_side = 4_000


def main(arguments):
    file, label, options, facts = open_pdf(arguments)
    wanted = arguments.text("pages", "1")
    dpi = arguments.whole("dpi", 100, 20, 400)
    folder = arguments.text("folder", ".")
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    total = int(facts["Pages"])
    numbers = page_list(wanted, total, 20)
    stem = re.sub(r"[^\w.-]+", "-", file.stem).strip("-.") or "document"
    names = [f"{folder}/{stem}-page-{number:0{len(str(total))}}.png" for number in numbers]
    if folder == ".":
        names = [name[2:] for name in names]
    targets = [output_file(name, overwrite) for name in names]
    for number, target in zip(numbers, targets):
        picture = call("pdftoppm", [*options, "-png", *scale(file, label, options, number, dpi),
                                    "-f", str(number), "-l", str(number), "-singlefile", str(file)], label)  # fmt: skip
        if not picture.startswith(b"\x89PNG"):
            raise Problem(f"page {number} of {label} could not be drawn; it is damaged")
        with replacing(target) as temporary:
            temporary.write_bytes(picture)
    return f"Wrote {counted(len(names), 'picture')}: " + ", ".join(f"`{name}`" for name in names) + "."


def scale(file, label, options, number, dpi):
    """A page may be metres wide; its picture is not."""
    text = call("pdfinfo", [*options, "-f", str(number), "-l", str(number), str(file)], label).decode("utf-8", "replace")
    size = re.search(r"Page\s+\d+ size:\s+([\d.]+) x ([\d.]+)", text)
    longest = max(float(size[1]), float(size[2])) if size else 842
    if longest * dpi / 72 > largest_side:
        # It may come out one pixel larger.
        return ["-scale-to", str(largest_side - 1)]
    return ["-r", str(dpi)]


run(main)
