"""What a PDF is: pages, sizes, title, whether it is encrypted, fonts, attached files."""

from poppler import call, open_pdf
from program import Problem, run, table

SHOWN = [
    "Title", "Subject", "Author", "Keywords", "Creator", "Producer", "CreationDate", "ModDate",
    "Pages", "Page size", "Page rot", "Encrypted", "Form", "JavaScript", "Tagged", "PDF version", "File size",
]  # fmt: skip


def main(arguments):
    file, label, options, facts = open_pdf(arguments)
    arguments.refuse_others()
    parts = [f"**{label}**", table(["", ""], [[name, facts[name]] for name in SHOWN if facts.get(name)])]
    try:
        text = call("pdftotext", [*options, "-l", "5", str(file), "-"], label).decode("utf-8", "replace")
        words = len(text.split())
        parts.append(
            f"The first pages have {words} words of text."
            if words
            else "The first pages have no text; they are probably scanned."
        )
        attached = call("pdfdetach", [*options, "-list", str(file)], label).decode("utf-8", "replace").strip()
        if attached and not attached.startswith("0 "):
            parts.append("Attached files (not extracted):\n\n" + "\n".join(f"- {line}" for line in attached.splitlines()[1:21]))
    except Problem as problem:
        parts.append(f"Not all could be found out: {problem}")
    return "\n\n".join(parts)


run(main)
