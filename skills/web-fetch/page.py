"""A web page from bytes: its encoding, what it says about itself, its Markdown, its links."""

import codecs
import email
import email.policy
import re
from urllib.parse import urljoin

from htmltree import main_content, parse, strip
from markdown import Markdown
from program import Problem


class Page:
    """@param address: where it came from, for its links; may be empty"""

    def __init__(self, text, address=""):
        self.root = parse(text)
        self.facts = facts_of(self.root)
        base = next((node.attributes.get("href", "") for node in self.root.all() if node.tag == "base"), "")
        try:
            self.base = urljoin(address, base) if address else base or self.facts.get("canonical", "")
        except ValueError:
            self.base = address

    def markdown(self, only_main=True):
        strip(self.root, only_main)
        node = main_content(self.root) if only_main else self.root
        text = Markdown(self.base).page(node)
        title = self.facts.get("title", "")
        head = []
        if title and not re.search(r"^# ", text, re.M):
            head.append(f"# {title}")
        by = [f"{name.capitalize()}: {self.facts[name]}" for name in ("author", "published") if self.facts.get(name)]
        if by:
            head.append(" · ".join(by))
        return "\n\n".join([*head, text]) if text else ""

    def links(self):
        """(text, address) of each link, once, in the order of the page."""
        strip(self.root, False)
        found, markdown = {}, Markdown(self.base)
        for node in self.root.all():
            if node.tag != "a" or node.attributes.get("href", "#").startswith("#"):
                continue
            address = markdown.address(node.attributes["href"])
            if address:
                alts = [one.attributes.get("alt", "") for one in node.all() if one.tag == "img"]
                text = node.text() or " ".join(filter(None, alts))
                found[address] = found.get(address) or text
        return [(text, address) for address, text in found.items()]


def facts_of(root):
    facts, metas = {}, {}
    for node in root.all():
        if node.tag == "title" and "title" not in facts and (node.parent is None or node.parent.tag != "svg"):
            facts["title"] = " ".join("".join(child for child in node.children if isinstance(child, str)).split())
        elif node.tag == "meta":
            name = node.attributes.get("property") or node.attributes.get("name") or ""
            metas.setdefault(name.lower(), " ".join(node.attributes.get("content", "").split()))
        elif node.tag == "link" and "canonical" in node.attributes.get("rel", "").lower().split():
            facts["canonical"] = node.attributes.get("href", "")
    facts["title"] = metas.get("og:title") or facts.get("title", "")
    facts["author"] = metas.get("author", "")
    facts["published"] = metas.get("article:published_time", "")
    return facts


def decode(data, declared=None):
    """@param declared: the charset that the server named"""
    for mark, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    match = re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,40})", data[:4096], re.I)
    names = [declared, match[1].decode("ascii") if match else None]
    for name in [one for one in names if one]:
        try:
            return data.decode("cp1252" if name.lower() in ("iso-8859-1", "latin1", "latin-1") else name, "replace")
        except (LookupError, ValueError):
            continue
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def from_saved(data, label):
    """The HTML of a saved page: an .html file, or an .mhtml archive."""
    if b"\0" in data[:1000] and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Problem(f"{label} is not a web page, but a binary file")
    if not label.lower().endswith((".mhtml", ".mht", ".eml")):
        return decode(data), ""
    message = email.message_from_bytes(data, policy=email.policy.default)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            address = str(part.get("Content-Location", "")).strip()
            content = part.get_payload(decode=True) or b""
            return decode(content, part.get_content_charset()), address if address.startswith("http") else ""
    raise Problem(f"{label} contains no HTML")
