"""A saved page, or HTML, as clean Markdown."""

from program import counted, output_file, replacing, run
from source import page_of

most_characters = 100_000


def main(arguments):
    page, label = page_of(arguments)
    only_main = arguments.flag("main", True)
    output = arguments.text("output")
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    target = output_file(output, overwrite) if output is not None else None
    text = page.markdown(only_main)
    if not text:
        hint = " Try main: false." if only_main else " It may be drawn by scripts, which are not run."
        return f"There is no text in {label}.{hint}"
    if target is not None:
        with replacing(target) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        return f"Wrote `{output}`: {counted(len(text), 'character')} of Markdown from {label}."
    if len(text) > most_characters:
        return text[:most_characters] + "\n\n… cut here; write to a file with `output`."
    return text


run(main)
