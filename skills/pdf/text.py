"""The text of a PDF, page by page."""

from poppler import call, open_pdf, page_list, ranges
from program import counted, output_file, replacing, run

most_characters = 200_000


def main(arguments):
    file, label, options, facts = open_pdf(arguments)
    wanted = arguments.text("pages")
    layout = arguments.flag("layout")
    output = arguments.text("output")
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    target = output_file(output, overwrite) if output is not None else None
    numbers = page_list(wanted, int(facts["Pages"]), 5_000 if target else 500)
    pages = []
    for first, last in ranges(numbers):
        how = ["-layout"] if layout else []
        text = call("pdftotext", [*options, *how, "-enc", "UTF-8", "-f", str(first), "-l", str(last), str(file), "-"], label)
        # Each page ends with a form feed.
        parts = text.decode("utf-8", "replace").split("\f")[: last - first + 1]
        pages += list(zip(range(first, last + 1), parts))
    if not any(text.strip() for _, text in pages):
        return (
            f"{label}: there is no text on {counted(len(numbers), 'page')}; "
            "they are probably scanned. Make pictures of them with `pictures` and look at those."
        )
    joined = "\n\n".join(f"## Page {number}\n\n{shape(text, layout)}" for number, text in pages)
    if target is not None:
        with replacing(target) as temporary:
            temporary.write_text(joined + "\n", encoding="utf-8")
        return f"Wrote `{output}`: the text of {counted(len(pages), 'page')}, {counted(len(joined), 'character')}."
    if len(joined) > most_characters:
        return joined[:most_characters] + "\n\n… cut here; choose fewer `pages`, or write to a file with `output`."
    return joined


def shape(text, layout):
    text = text.strip("\n").rstrip()
    if not text:
        return "(no text)"
    fence = "````" if "```" in text else "```"
    return f"{fence}text\n{text}\n{fence}" if layout else text


run(main)
