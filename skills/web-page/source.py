"""Where the programs of this skill take their page from."""

from page import Page, from_saved
from program import Problem, input_file, limit_memory


def page_of(arguments):
    """@returns the page, and what it is called in messages"""
    label = arguments.text("path")
    html = arguments.text("html")
    address = arguments.text("url", "")
    if (label is None) == (html is None):
        raise Problem("give either `path` of a saved page, or `html`")
    if address and not address.startswith(("http://", "https://")):
        raise Problem("`url` must begin with http:// or https://; it is only used to complete the links")
    limit_memory(480)
    if html is not None:
        return Page(html, address), "the page"
    text, saved_from = from_saved(input_file(label, 10).read_bytes(), label)
    return Page(text, address or saved_from), label
