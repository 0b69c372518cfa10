"""Turns a document into another kind of document, or shows it as Markdown."""

import json
import shutil
from pathlib import Path

from pandoc import WRITERS, Pictures, pandoc, read_document, suffix_of, temporary_folder, walk
from program import Problem, counted, output_file, replacing, run, shown

most_characters = 100_000
HOLDS_PICTURES = (".docx", ".odt", ".epub", ".pptx", ".rtf")


def place_pictures(document, found, target, overwrite):
    """Puts pictures into a folder beside the file, and points the document to them."""
    folder = target.parent / (target.name.replace(".", "-") + "-media")
    moved = {}
    for copy in found.values():
        goal = output_file(f"{shown(target.parent)}/{folder.name}/{copy.name}", overwrite)
        with replacing(goal) as temporary:
            shutil.copyfile(copy, temporary)
        moved[str(copy)] = f"{folder.name}/{copy.name}"

    def visit(one):
        if one["t"] == "Image":
            one["c"][2][0] = moved[one["c"][2][0]]

    walk(document["blocks"], visit)
    return folder.name


def main(arguments):
    label = arguments.text("path", required=True)
    output = arguments.text("output")
    title = arguments.text("title")
    overwrite = arguments.flag("overwrite")
    contents = arguments.flag("contents")
    arguments.refuse_others()

    suffix = None if output is None else suffix_of(output, WRITERS, "outputs")
    target = None if output is None else output_file(output, overwrite)
    document, file = read_document(label)
    if target is not None and target == file:
        raise Problem("`output` is the document itself; give another path")
    if target is None:
        return preview(document, label)
    with temporary_folder() as folder:
        pictures = Pictures(file, folder)
        pictures.collect(document)
        notes = []
        if pictures.missing:
            names = ", ".join(dict.fromkeys(pictures.missing[:5]))
            notes.append(f"Pictures left out, because they are not in the open folder or not readable: {names}.")
        if pictures.found and suffix not in HOLDS_PICTURES and suffix != ".txt":
            name = place_pictures(document, pictures.found, target, overwrite)
            notes.append(f"{counted(len(pictures.found), 'picture')} in the folder `{name}` beside it.")
        options = ["-f", "json", "-t", WRITERS[suffix], "--standalone", "--wrap=none"]
        if contents:
            options.append("--toc")
        # A page without a title is not valid; headings are not changed by this one.
        options += ["--metadata", f"title={title}"] if title else ["--metadata", f"pagetitle={Path(label).stem}"]
        with replacing(target) as temporary:
            pandoc([*options, "-o", str(temporary)], json.dumps(document).encode(), label, folder)
        size = target.stat().st_size
    return "\n\n".join([f"Wrote `{output}` ({size / 1000:.0f} kB) from {label}.", *notes])


def preview(document, label):
    text = pandoc(["-f", "json", "-t", "gfm+footnotes", "--wrap=none"], json.dumps(document).encode(), label)
    markdown = text.decode("utf-8", "replace").strip() or "The document is empty."
    if len(markdown) > most_characters:
        return f"{markdown[:most_characters]}\n\n… cut after {most_characters} characters; convert to a file with `output`."
    return markdown


run(main)
