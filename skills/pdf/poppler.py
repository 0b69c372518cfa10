"""Runs the programs of poppler, and says what went wrong in one line."""

import re
import subprocess

from program import Problem, input_file, limit_memory

most_pages = 500


def open_pdf(arguments):
    """@returns the real path of the PDF, its label, the options for its password, and what pdfinfo says"""
    label = arguments.text("path", required=True)
    password = arguments.text("password")
    # Children inherit it: a page that needs gigabytes ends with an error, not with the container.
    limit_memory(480)
    file = input_file(label)
    with open(file, "rb") as stream:
        if b"%PDF" not in stream.read(1024):
            raise Problem(f"{label} is not a PDF file")
    options = [] if password is None else ["-upw", password]
    facts = {}
    for line in call("pdfinfo", [*options, str(file)], label).decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        facts[name.strip()] = value.strip()
    if not facts.get("Pages", "").isdigit() or facts["Pages"] == "0":
        raise Problem(f"{label} has no readable pages; it is damaged")
    return file, label, options, facts


def call(program, options, label, seconds=100):
    try:
        done = subprocess.run([program, *options], capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise Problem(f"this needs the program {program} (poppler-utils); run it in the sandbox, or install it") from None
    except subprocess.TimeoutExpired:
        raise Problem(f"{label} took more than {seconds} seconds; take fewer pages") from None
    if done.returncode == 0:
        return done.stdout
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
    if any("Incorrect password" in line for line in lines):
        raise Problem(f"{label} needs a password; give the right one as `password`")
    if done.returncode < 0 or any("bad_alloc" in line or "memory" in line.lower() for line in lines):
        raise Problem(f"{label} is damaged or needs too much memory; take fewer pages or a lower dpi")
    if program == "pdfinfo":
        raise Problem(f"{label} is damaged: {lines[-1][:200]}")
    raise Problem(f"{label} could not be read: {lines[-1][:200]}")


def page_list(text, total, most=most_pages):
    """`1-3,5` as numbers, in order, within the document."""
    if text is None:
        if total > most:
            raise Problem(f"the document has {total} pages; choose at most {most} with `pages`, such as 1-{most}")
        return list(range(1, total + 1))
    numbers = []
    for part in text.replace(" ", "").split(","):
        match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6})?)?", part)
        if match is None:
            raise Problem(f"the pages must look like 1-3,5, not {text!r}")
        first = int(match[1])
        last = first if "-" not in part else int(match[2]) if match[2] else total
        if not 1 <= first <= last:
            raise Problem(f"the pages {part} run backwards or begin before 1")
        if last > total:
            raise Problem(f"there is no page {last}; the document has {total}")
        numbers += range(first, last + 1)
    numbers = list(dict.fromkeys(numbers))
    if len(numbers) > most:
        raise Problem(f"these are {len(numbers)} pages; choose at most {most}")
    return numbers


def ranges(numbers):
    """Runs of following numbers: a program is started once for each."""
    runs = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs
