"""The headings of a document, with the number of words below each."""

from pandoc import read_document, text_of, walk, words_of
from program import counted, run


def main(arguments):
    label = arguments.text("path", required=True)
    depth = arguments.whole("depth", 6, 1, 9)
    arguments.refuse_others()

    document, _ = read_document(label)
    blocks = document["blocks"]
    kinds = {}
    walk(blocks, lambda one: kinds.__setitem__(one["t"], kinds.get(one["t"], 0) + 1))
    sections, before = [], 0
    for block in blocks:
        if block["t"] == "Header":
            sections.append([block["c"][0], " ".join(text_of(block["c"][2]).split()), 0])
        elif sections:
            sections[-1][2] += words_of(block)
        else:
            before += words_of(block)
    total = before + sum(words for *_, words in sections)
    facts = [counted(total, "word"), counted(len(sections), "heading")]
    facts += [counted(kinds[kind], what) for kind, what in (("Table", "table"), ("Image", "picture"), ("Note", "footnote")) if kind in kinds]
    meta = document.get("meta", {})
    parts = [f"**{label}**: {', '.join(facts)}."]
    if title := " ".join(text_of(meta.get("title", {}).get("c", [])).split()):
        parts.append(f"Title: {title}")
    top = min((level for level, *_ in sections), default=1)
    lines = [
        f"{'  ' * (level - top)}- {text or '(empty heading)'} ({counted(words, 'word')})"
        for level, text, words in sections
        if level <= depth
    ]
    parts.append("\n".join(lines[:500]) if lines else "It has no headings.")
    if len(lines) > 500:
        parts.append(f"… {len(lines) - 500} more headings; give a smaller `depth`.")
    return "\n\n".join(parts)


run(main)
