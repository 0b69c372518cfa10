"""Reads and writes documents with pandoc; pictures go along, and nothing outside of the open folder is read."""

import html
import json
import os
import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

from program import Problem, input_file

READERS = {
    ".md": "gfm+footnotes", ".markdown": "markdown", ".html": "html", ".htm": "html", ".docx": "docx", ".odt": "odt",
    ".epub": "epub", ".rst": "rst", ".tex": "latex", ".ipynb": "ipynb", ".rtf": "rtf", ".txt": "text", ".org": "org",
}  # fmt: skip
WRITERS = {
    ".md": "gfm+footnotes", ".markdown": "markdown", ".html": "html", ".htm": "html", ".docx": "docx", ".odt": "odt",
    ".epub": "epub", ".rst": "rst", ".tex": "latex", ".rtf": "rtf", ".txt": "plain", ".org": "org", ".pptx": "pptx",
}  # fmt: skip
BUNDLES = (".docx", ".odt", ".epub")


def pandoc(options, data, label, folder=None, seconds=100):
    # The limit makes too large documents end with an error of its own.
    command = ["pandoc", "+RTS", "-M400m", "-RTS", *options]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=seconds, cwd=folder)
    except FileNotFoundError:
        raise Problem("this needs the program pandoc; run it in the sandbox, or install it") from None
    except subprocess.TimeoutExpired:
        raise Problem(f"{label} took more than {seconds} seconds to convert") from None
    if done.returncode == 0:
        return done.stdout
    text = " ".join(done.stderr.decode("utf-8", "replace").split())
    if "heap overflow" in text.lower() or "heap exhausted" in text.lower() or done.returncode in (251, -9):
        raise Problem(f"{label} is too large to be converted in the memory that there is")
    raise Problem(f"{label} could not be converted: {text[:300] or f'exit code {done.returncode}'}")


def suffix_of(name, known, what):
    suffix = Path(name).suffix.lower()
    if suffix not in known:
        if suffix == ".pdf":
            raise Problem("for PDF files there is the skill pdf; here PDF is neither read nor written")
        if suffix == ".doc":
            raise Problem(f"{name} is in the old .doc format; save it as .docx first")
        raise Problem(f"{name}: {what} of {', '.join(known)} are known, not of {suffix or 'files without an ending'}")
    return suffix


def read_document(label):
    """@returns the document as pandoc's JSON, and its real path"""
    suffix = suffix_of(label, READERS, "documents")
    file = input_file(label, 50)
    if suffix in BUNDLES:
        check_bundle(file, label)
    if suffix == ".txt":
        data, reader = paragraphs(file.read_text(encoding="utf-8-sig", errors="replace")).encode(), "html"
    else:
        data, reader = file.read_bytes(), READERS[suffix]
        if suffix not in BUNDLES and b"\0" in data[:100_000]:
            raise Problem(f"{label} is not a text file")
    document = json.loads(pandoc(["--sandbox", "-f", reader, "-t", "json"], data, label))
    simplify(document, suffix in (".html", ".htm", ".epub"))
    return document, file


def simplify(document, is_page):
    """Leaves out sizes and classes, which Markdown has no words for, and of pages also what only serves their look."""

    def visit(one):
        if one["t"] in ("Image", "Link"):
            one["c"][0] = ["", [], []]

    walk(document["blocks"], visit)
    document["meta"] = {key: value for key, value in document["meta"].items() if key in ("title", "author", "date", "subtitle", "lang")}
    if is_page:
        unwrap(document["blocks"])


def unwrap(blocks):
    """Puts the contents of divisions and spans in their places."""
    waiting = [blocks]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += [value for value in one.values() if isinstance(value, (list, dict))]
        elif isinstance(one, list):
            while any(isinstance(each, dict) and each.get("t") in ("Div", "Span") for each in one):
                one[:] = [
                    inner
                    for each in one
                    for inner in (each["c"][1] if isinstance(each, dict) and each.get("t") in ("Div", "Span") else [each])
                ]
            waiting += [value for value in one if isinstance(value, (list, dict))]


def paragraphs(text):
    parts = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    return "\n".join("<p>" + "<br>".join(html.escape(line) for line in part.split("\n")) + "</p>" for part in parts)


def check_bundle(file, label):
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise Problem(f"{label} is damaged, password-protected, or another kind of file") from None
    if len(parts) > 10_000 or sum(part.file_size for part in parts) > 300_000_000:
        raise Problem(f"{label} unpacks to too much; it was not opened")
    if any(part.file_size > 60_000_000 and not re.search(r"media|pictures", part.filename, re.I) for part in parts):
        raise Problem(f"{label} has a part that unpacks to more than 60 MB; it was not opened")


def walk(node, visit):
    """Calls visit for each element of a document; without recursion, because documents may be nested deeply."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "t" in one:
                visit(one)
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def words_of(node):
    count = [0]
    walk(node, lambda one: count.__setitem__(0, count[0] + (1 if one["t"] == "Str" else 0)))
    return count[0]


def text_of(node):
    """The plain text of a heading."""
    if isinstance(node, dict):
        kind = node.get("t")
        if kind == "Str":
            return node["c"]
        if kind in ("Space", "SoftBreak", "LineBreak"):
            return " "
        if kind in ("Code", "Math"):
            return str(node["c"][-1])
        return "" if kind == "Note" else text_of(node.get("c", []))
    return "".join(text_of(each) for each in node) if isinstance(node, list) else ""


class Pictures:
    """Finds the pictures of a document: beside it, or inside of it. Others are left out, with their description kept."""

    def __init__(self, file, folder):
        self.file, self.folder, self.found, self.missing = file, Path(folder), {}, []
        self.archive = zipfile.ZipFile(file) if file.suffix.lower() in BUNDLES else None

    def collect(self, document):
        walk(document["blocks"], self._visit)

    def _visit(self, one):
        if one["t"] != "Image":
            return
        target = one["c"][2][0]
        copy = self.found.get(target) or self._copy(target)
        if copy is None:
            self.missing.append(target[:80])
            one["t"], one["c"] = "Emph", one["c"][1] or [{"t": "Str", "c": "picture"}]
            return
        self.found[target] = copy
        one["c"][2][0] = str(copy)

    def _copy(self, target):
        data = self._inside(target) if self.archive else self._beside(target)
        suffix = Path(target).suffix.lower()
        if data is None or suffix not in (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp", ".emf", ".wmf", ".tif", ".tiff"):
            return None
        copy = self.folder / f"picture-{len(self.found) + 1}{suffix}"
        copy.write_bytes(data)
        return copy

    def _inside(self, target):
        wanted = target.lstrip("./")
        for part in self.archive.infolist():
            if (part.filename == wanted or part.filename.endswith("/" + wanted)) and part.file_size <= 20_000_000:
                return self.archive.read(part)
        return None

    def _beside(self, target):
        if re.match(r"[a-z][a-z0-9+.-]*:", target, re.I):
            return None
        try:
            name = os.path.relpath(os.path.normpath(self.file.parent / target), os.path.realpath(os.getcwd()))
            return input_file(name, 20).read_bytes()
        except Problem:
            return None


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="documents-")
