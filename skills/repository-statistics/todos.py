"""What is left to do, as comments say: TODO, FIXME and the like."""

import re

from languages import language_of
from program import Problem, counted, run, table
from repository import Repository, read_text


def main(arguments):
    below = arguments.text("path", ".")
    words = arguments.texts("words", ["TODO", "FIXME", "HACK", "XXX", "BUG"])
    exclude = arguments.texts("exclude", [])
    most = arguments.whole("most", 50, 1, 1_000)
    arguments.refuse_others()

    if not words or not all(re.fullmatch(r"\w{2,30}", word) for word in words):
        raise Problem("`words` must be words of letters, such as TODO")
    pattern = re.compile(rf"\b({'|'.join(words)})\b[:(]?(.*)")
    repository = Repository(below)
    counts, files, found = dict.fromkeys(words, 0), {}, []
    for name in repository.files(exclude):
        text = read_text(repository.folder / name) if language_of(name) is not None else None
        if text is None:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            match = pattern.search(line[:2_000])
            if match is None:
                continue
            counts[match[1]] += 1
            files[name] = files.get(name, 0) + 1
            if len(found) < most:
                found.append([f"{name}:{number}", match[1], match[2].strip(" :-*/#")[:120]])
    total = sum(counts.values())
    if total == 0:
        return f"None of {', '.join(words)} stands in the files."
    parts = [f"{counted(total, 'note')} in {counted(len(files), 'file')}: " + ", ".join(f"{word} {count}" for word, count in counts.items() if count) + "."]
    ranked = sorted(files.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    parts.append(table(["File", "Notes"], ranked, (1,)))
    parts.append(table(["Place", "Word", "Text"], found))
    if total > len(found):
        parts.append(f"… {total - len(found)} more; give a larger `most`, or a folder with `path`.")
    return "\n\n".join(parts)


run(main)
