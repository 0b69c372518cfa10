"""A tree of HTML as Markdown."""

import re
from urllib.parse import quote, urljoin, urlsplit

from htmltree import BLOCKS, DROPPED, Node

SPECIAL = re.compile(r"([\\`*\[\]])|(?<!\w)(_)|(_)(?!\w)|(<)(?=[a-zA-Z/!])|(&)(?=#?\w+;)")
LINE_START = re.compile(r"^(\s*)(#{1,6}(?=\s)|[-+](?=\s)|>|\d{1,9}(?=[.)]\s)|={3,}$|-{3,}$|~{3,})")


class Markdown:
    def __init__(self, base=""):
        self.base = base

    def page(self, node):
        text = self.blocks(node)
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def address(self, target):
        """An address that can be followed, or an empty text."""
        target = "".join(target.split()) if target.startswith("data:") else target.strip()
        try:
            full = urljoin(self.base, target) if self.base else target
            scheme = urlsplit(full).scheme.lower()
        except ValueError:
            return ""
        if scheme not in ("", "http", "https", "mailto", "tel", "ftp"):
            return ""
        return quote(full, safe="/:?#[]@!$&'*+,;=%~-._").replace("(", "%28").replace(")", "%29")

    def blocks(self, node):
        """The blocks below a node, with empty lines between."""
        parts, inline = [], []

        def flush():
            text = self.tidy("".join(inline))
            inline.clear()
            if text:
                parts.append(text)

        for child in node.children:
            if isinstance(child, Node) and (child.tag in BLOCKS or self.holds_blocks(child)):
                flush()
                block = self.block(child)
                if block.strip():
                    parts.append(block)
            else:
                inline.append(self.inline(child))
        flush()
        return "\n\n".join(parts)

    def holds_blocks(self, node):
        return node.tag not in DROPPED and any(one.tag in BLOCKS for one in node.all())

    def tidy(self, text):
        text = re.sub(r"[ \t\r\n\f]+", " ", text.replace("\0br\0", "\1"))
        lines = [line.strip() for line in text.split("\1")]
        lines = [LINE_START.sub(lambda m: m[1] + ("\\" + m[2] if not m[2].isdigit() else m[2] + "\\"), line) for line in lines]
        return "  \n".join(lines).strip()

    def block(self, node):
        tag = node.tag
        if tag in DROPPED:
            return ""
        if re.fullmatch(r"h[1-6]", tag):
            text = self.tidy(self.inlines(node)).replace("  \n", " ")
            return f"{'#' * int(tag[1])} {text}" if text else ""
        if tag == "hr":
            return "---"
        if tag == "pre":
            return self.code_block(node)
        if tag == "blockquote":
            return "\n".join(f"> {line}".rstrip() for line in self.blocks(node).split("\n"))
        if tag in ("ul", "ol", "menu"):
            return self.list(node)
        if tag == "dl":
            return self.definitions(node)
        if tag == "table":
            return self.table(node)
        if tag in ("figcaption", "summary"):
            text = self.blocks(node)
            return f"*{text}*" if text and "\n" not in text and "*" not in text else text
        return self.blocks(node)

    def code_block(self, node):
        text = raw_text(node).strip("\n").rstrip()
        if not text:
            return ""
        hints = " ".join(one.attributes.get("class", "") for one in node.all())
        language = re.search(r"(?:language|lang|highlight-source|brush:)[-\s]?([\w+#-]{1,20})", hints)
        fence = "```"
        while fence in text:
            fence += "`"
        return f"{fence}{language[1] if language else ''}\n{text}\n{fence}"

    def list(self, node):
        lines = []
        number = node.attributes.get("start", "1")
        number = int(number) if re.fullmatch(r"\d{1,6}", number) else 1
        for child in node.children:
            if not isinstance(child, Node) or child.tag in DROPPED:
                continue
            if child.tag in ("ul", "ol"):
                nested = self.list(child)
                if nested:
                    lines += ["  " + line if line else "" for line in nested.split("\n")]
                continue
            mark = f"{number}." if node.tag == "ol" else "-"
            content = self.blocks(child)
            if not content.strip():
                continue
            number += 1
            # A nested list follows its line; other blocks keep their distance.
            content = re.sub(r"\n\n(?=(?:- |\d+\. ))", "\n", content)
            first, *rest = content.split("\n")
            lines.append(f"{mark} {first}")
            lines += [" " * (len(mark) + 1) + line if line else "" for line in rest]
        return "\n".join(lines)

    def definitions(self, node):
        lines = []
        for child in node.all():
            if child.tag == "dt":
                lines.append(f"**{self.tidy(self.inlines(child))}**")
            elif child.tag == "dd":
                lines.append(self.blocks(child))
        return "\n\n".join(line for line in lines if line.strip("*"))

    def table(self, node):
        rows = []
        waiting = [child for child in reversed(node.children) if isinstance(child, Node)]
        caption = ""
        while waiting:
            one = waiting.pop()
            if one.tag == "tr":
                rows.append([cell for cell in one.children if isinstance(cell, Node) and cell.tag in ("td", "th")])
            elif one.tag == "caption":
                caption = self.tidy(self.inlines(one))
            elif one.tag in ("thead", "tbody", "tfoot"):
                waiting += [child for child in reversed(one.children) if isinstance(child, Node)]
        rows = [row for row in rows if row]
        wide = max((len(row) for row in rows), default=0)
        is_layout = node.attributes.get("role") in ("presentation", "none") or wide < 2 or any(
            inner.tag == "table" for row in rows for cell in row for inner in cell.all()
        )
        if is_layout:
            return "\n\n".join(text for row in rows for cell in row if (text := self.blocks(cell)).strip())
        lines = []
        for row in rows[:2_000]:
            cells = []
            for cell in row:
                text = re.sub(r"\s*\n\s*", " ", self.blocks(cell)).replace("|", "\\|")
                span = cell.attributes.get("colspan", "1")
                cells += [text] + [""] * (min(int(span), 20) - 1 if re.fullmatch(r"\d{1,3}", span) and int(span) else 0)
            lines.append(cells)
        wide = max(map(len, lines))
        lines = [line + [""] * (wide - len(line)) for line in lines]
        texts = ["| " + " | ".join(line) + " |" for line in lines]
        texts.insert(1, "|" + " --- |" * wide)
        return (f"{caption}\n\n" if caption else "") + "\n".join(texts)

    def inlines(self, node):
        return "".join(self.inline(child) for child in node.children)

    def inline(self, node):
        if isinstance(node, str):
            return SPECIAL.sub(lambda match: "\\" + match[0], node)
        tag = node.tag
        if tag in DROPPED:
            return ""
        if tag == "br":
            return "\0br\0"
        if tag == "img":
            return self.image(node)
        if tag in ("code", "kbd", "samp", "tt"):
            text = " ".join(raw_text(node).split())
            fence = "``" if "`" in text else "`"
            return f"{fence}{' ' if fence == '``' else ''}{text}{' ' if fence == '``' else ''}{fence}" if text else ""
        text = self.inlines(node)
        if tag in ("b", "strong"):
            return around(text, "**")
        if tag in ("i", "em", "cite", "var"):
            return around(text, "*")
        if tag in ("del", "s", "strike"):
            return around(text, "~~")
        if tag == "a":
            return self.link(node, text)
        if tag in BLOCKS:
            return f" {text} "
        return text

    def link(self, node, text):
        address = self.address(node.attributes.get("href", ""))
        # A mark beside a heading that only points to itself says nothing.
        if not text.strip() or text.strip() in ("¶", "#", "§"):
            return ""
        if not address or address.startswith("#") or (self.base and address.split("#")[0] == self.base.split("#")[0] and "#" in address):
            return text
        return around(text, "[", f"]({address})")

    def image(self, node):
        alt = " ".join(node.attributes.get("alt", "").split())
        source = self.address(node.attributes.get("src", "") or node.attributes.get("data-src", ""))
        size = {node.attributes.get("width"), node.attributes.get("height")}
        if not source or size & {"0", "1"}:
            return SPECIAL.sub(lambda match: "\\" + match[0], alt)
        return f"![{SPECIAL.sub(lambda match: chr(92) + match[0], alt)}]({source})"


def around(text, mark, end=None):
    """Marks stand at the words, not at the spaces beside them."""
    core = text.strip()
    if not core or "\0br\0" in core and end is None:
        return text
    return text[: len(text) - len(text.lstrip())] + mark + core + (mark if end is None else end) + text[len(text.rstrip()) :]


def raw_text(node):
    if isinstance(node, str):
        return node
    if node.tag == "br":
        return "\n"
    return "" if node.tag in ("script", "style") else "".join(raw_text(child) for child in node.children)
