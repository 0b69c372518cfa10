"""HTML as a tree, as browsers would understand it in what matters here; and where the content of a page is."""

import re
from html.parser import HTMLParser

VOID = set("area base br col embed hr img input link meta param source track wbr".split())
BLOCKS = set(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form "
    "h1 h2 h3 h4 h5 h6 header hgroup hr html li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
# A start tag ends an open element of these kinds, up to the given border.
ENDS = {
    "li": ({"li"}, {"ul", "ol", "menu"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "tr": ({"tr", "td", "th"}, {"table"}),
    "td": ({"td", "th"}, {"tr", "table"}),
    "th": ({"td", "th"}, {"tr", "table"}),
    "tbody": ({"thead", "tbody", "tfoot", "tr", "td", "th"}, {"table"}),
    "tfoot": ({"thead", "tbody", "tfoot", "tr", "td", "th"}, {"table"}),
    "option": ({"option"}, {"select"}),
}
DROPPED = set("title script style noscript template svg canvas iframe object embed select button input textarea dialog".split())
BOILERPLATE = set("nav footer aside form".split())
UNLIKELY = re.compile(r"cookie|consent|banner|advert|\bads?\b|promo|share|social|sidebar|newsletter|breadcrumb|related|popup|modal|comment", re.I)
LIKELY = re.compile(r"article|content|entry|main|post|body|text|story", re.I)
deepest = 250


class Node:
    __slots__ = ("tag", "attributes", "children", "parent")

    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.children, self.parent = tag, attributes, [], parent

    def all(self):
        """Itself and every element below, in the order of the page."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += [child for child in reversed(node.children) if isinstance(child, Node)]

    def text(self):
        parts, waiting = [], [self]
        while waiting:
            node = waiting.pop()
            if isinstance(node, str):
                parts.append(node)
            elif node.tag not in DROPPED:
                if node.tag in BLOCKS or node.tag == "br":
                    parts.append(" ")
                waiting += reversed(node.children)
        return " ".join("".join(parts).split())

    def hint(self):
        return f"{self.attributes.get('class', '')} {self.attributes.get('id', '')}"


class Builder(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Node("root", {}, None)
        self.node, self.depth = self.root, 0

    def handle_starttag(self, tag, attributes):
        if tag in BLOCKS:
            self._end({"p"}, {"td", "th", "li", "div", "blockquote", "body", "button", "dd"})
        if tag in ENDS:
            self._end(*ENDS[tag])
        values = {name: value or "" for name, value in reversed(attributes)}
        node = Node(tag, values, self.node)
        self.node.children.append(node)
        # What is nested deeper than anybody writes becomes flat, not an endless recursion.
        if tag not in VOID and self.depth < deepest:
            self.node, self.depth = node, self.depth + 1

    def _end(self, kinds, borders):
        node, last, up = self.node, None, 0
        steps = 0
        while node is not self.root and node.tag not in borders:
            steps += 1
            if node.tag in kinds:
                last, up = node, steps
            node = node.parent
        if last is not None:
            self.node, self.depth = last.parent, self.depth - up

    def handle_endtag(self, tag):
        node, steps = self.node, 0
        while node is not self.root:
            steps += 1
            if node.tag == tag:
                self.node, self.depth = node.parent, self.depth - steps
                return
            if node.tag == "table" and tag not in ("body", "html"):
                return
            node = node.parent

    def handle_data(self, data):
        self.node.children.append(data)


def parse(text):
    builder = Builder()
    builder.feed(text)
    builder.close()
    return builder.root


def is_hidden(node):
    style = node.attributes.get("style", "").replace(" ", "").lower()
    return (
        "hidden" in node.attributes
        or node.attributes.get("aria-hidden") == "true"
        or "display:none" in style
        or "visibility:hidden" in style
    )


def link_share(node, length=None):
    """How much of the text is links, 0 to 1."""
    length = len(node.text()) if length is None else length
    return sum(len(one.text()) for one in node.all() if one.tag == "a") / length if length else 0


def strip(root, boilerplate):
    """Takes out what is never content: programs, forms, what is not shown; and navigation, where asked."""
    for node in list(root.all()):
        kept = []
        for child in node.children:
            if isinstance(child, Node):
                if child.tag in DROPPED or is_hidden(child):
                    continue
                if boilerplate and (child.tag in BOILERPLATE or child.attributes.get("role") in ("navigation", "banner", "contentinfo", "search", "complementary")):
                    continue
                if boilerplate and UNLIKELY.search(child.hint()) and not LIKELY.search(child.hint()) and child.tag in ("div", "section", "ul"):
                    length = len(child.text())
                    if length < 600 or link_share(child, length) > 0.4:
                        continue
            kept.append(child)
        node.children = kept


def main_content(root):
    """The element that holds the content: a marked one, or the one with the most running text."""
    body = next((node for node in root.all() if node.tag == "body"), root)
    whole = len(body.text())
    marked = [node for node in body.all() if node.tag == "main" or node.attributes.get("role") == "main"]
    articles = [node for node in body.all() if node.tag == "article"]
    for nodes in (articles if len(articles) == 1 else [], marked):
        best = max(nodes, key=lambda node: len(node.text()), default=None)
        if best is not None and len(best.text()) > max(140, 0.2 * whole):
            return best
    scores = {}
    for node in body.all():
        if node.tag not in ("p", "pre", "blockquote", "li", "h2", "h3"):
            continue
        text = node.text()
        if len(text) < 25 or node.parent is None:
            continue
        value = 1 + min(3, len(text) / 100) + text.count(",") * 0.3
        if node.tag == "li":
            value *= 0.3
        value *= 1 - min(1, link_share(node, len(text)))
        parent, part = node.parent, 1.0
        for _ in range(3):
            if parent is None or parent.tag in ("root", "html"):
                break
            scores[parent] = scores.get(parent, 0) + value * part
            parent, part = parent.parent, part / 2
    for node in scores:
        if LIKELY.search(node.hint()):
            scores[node] *= 1.2
    best = max(scores, key=scores.get, default=None)
    if best is None or best.tag in ("ul", "ol") or len(best.text()) < 0.25 * whole:
        return body
    return best
