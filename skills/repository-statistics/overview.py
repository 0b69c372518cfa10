"""Files and lines by language, the biggest files, the folders with most code."""

from languages import count, language_of
from program import counted, run, table
from repository import Repository, read_text


def size(number):
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"


def main(arguments):
    below = arguments.text("path", ".")
    exclude = arguments.texts("exclude", [])
    most = arguments.whole("most", 15, 1, 200)
    arguments.refuse_others()

    repository = Repository(below)
    languages, folders, sizes, binary = {}, {}, [], 0
    names = repository.files(exclude)
    for name in names:
        file = repository.folder / name
        try:
            if file.is_symlink() or not file.is_file():
                continue
            length = file.stat().st_size
        except OSError:
            continue
        sizes.append((length, name))
        language = language_of(name)
        text = read_text(file) if language is not None else None
        if text is None:
            binary += 1
            continue
        lines = count(text, language)
        row = languages.setdefault(language, [0, 0, 0, 0, 0])
        for place, value in enumerate((1, *lines, length)):
            row[place] += value
        top = name.split("/")[0] + "/" if "/" in name else "(top)"
        folder = folders.setdefault(top, [0, 0])
        folder[0] += 1
        folder[1] += lines[0]
    if not sizes:
        return f"There are no files in {below}. {repository.note}".strip()
    total = sum(length for length, _ in sizes)
    source = "tracked by git or new" if repository.has_git else "without the usual products of builds"
    parts = [f"{counted(len(sizes), 'file')} ({source}), {size(total)}; {counted(binary, 'file')} that are neither code nor text."]
    ranked = sorted(languages.items(), key=lambda pair: -pair[1][1])
    code = sum(row[1] for row in languages.values()) or 1
    rows = [[name, row[0], row[1], f"{row[1] / code:.0%}", row[2], row[3], size(row[4])] for name, row in ranked[:40]]
    if rows:
        parts.append(table(["Language", "Files", "Code", "Share", "Comments", "Empty", "Size"], rows, range(1, 7)))
        ranked_folders = sorted(folders.items(), key=lambda pair: -pair[1][1])[:most]
        parts.append("Folders:\n\n" + table(["Folder", "Files", "Code"], [[name, *row] for name, row in ranked_folders], (1, 2)))
    sizes.sort(key=lambda pair: (-pair[0], pair[1]))
    parts.append("Biggest files:\n\n" + table(["File", "Size"], [[name, size(length)] for length, name in sizes[:most]], (1,)))
    if repository.note:
        parts.append(repository.note)
    return "\n\n".join(parts)


run(main)
