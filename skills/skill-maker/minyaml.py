"""The part of YAML that descriptions of skills use, with the line of every value.

Maps and lists by indentation, `[a, b]` and `{a: 1}`, quotes, `|` and `>`, comments. No anchors, tags or several documents.
"""

import json
import re


class YamlProblem(Exception):
    def __init__(self, line, message):
        super().__init__(message)
        self.line = line


class Line:
    def __init__(self, number, text):
        self.number, self.text = number, text
        self.indent = len(text) - len(text.lstrip(" "))
        self.content = text.strip()


KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s\-?:,\[\]{}#&*!|>'"%@`][^:#]*?|-[^\s:][^:#]*?)\s*:(?:\s+(.*)|)$""")


def uncommented(text):
    """The text without a comment at its end; a # in quotes is none."""
    quote = None
    for place, character in enumerate(text):
        if quote:
            if character == "\\" and quote == '"':
                continue
            if character == quote and not (quote == '"' and text[place - 1] == "\\"):
                quote = None
        elif character in "\"'" and (place == 0 or text[place - 1] in " [{,:-"):
            quote = character
        elif character == "#" and (place == 0 or text[place - 1] in " \t"):
            return text[:place].rstrip()
    return text.rstrip()


class Reader:
    def __init__(self, text):
        self.raw = text.replace("\r\n", "\n").split("\n")
        self.place = 0
        # The line of each value, by its path.
        self.lines = {}

    def peek(self):
        while self.place < len(self.raw):
            raw = self.raw[self.place]
            if "\t" in raw[: len(raw) - len(raw.lstrip())]:
                raise YamlProblem(self.place + 1, "the line is indented with a tab; use spaces")
            text = uncommented(raw)
            if text.strip() in ("", "---") or text.lstrip().startswith("#"):
                self.place += 1
                continue
            return Line(self.place + 1, text)
        return None

    def document(self):
        line = self.peek()
        if line is None:
            return None
        value = self.block(line.indent, ())
        if (rest := self.peek()) is not None:
            raise YamlProblem(rest.number, "the indentation does not fit to the lines above")
        return value

    def block(self, indent, path):
        line = self.peek()
        self.lines.setdefault(path, line.number)
        if line.content == "-" or line.content.startswith("- "):
            return self.sequence(indent, path)
        return self.mapping(indent, path)

    def sequence(self, indent, path):
        values = []
        while (line := self.peek()) is not None and line.indent == indent and (line.content == "-" or line.content.startswith("- ")):
            below = (*path, len(values))
            self.lines[below] = line.number
            rest = line.content[1:].lstrip()
            if rest == "":
                self.place += 1
                values.append(self.nested(indent, below))
            elif KEY.match(rest) and rest[0] not in "[{":
                # `- name: x` begins a map that is indented to where its first key stands.
                inner = line.indent + line.content.index(rest, 1)
                self.raw[self.place] = " " * inner + rest
                values.append(self.block(inner, below))
            else:
                values.append(self.value(rest, line, indent, below))
        return values

    def mapping(self, indent, path):
        values = {}
        while (line := self.peek()) is not None and line.indent == indent:
            match = KEY.match(line.content)
            if match is None:
                if line.content.startswith("- "):
                    break
                raise YamlProblem(line.number, "this is no `key: value`; put text with a colon in quotes")
            key = scalar(match[1], line.number)
            if not isinstance(key, str):
                key = match[1]
            if key in values:
                raise YamlProblem(line.number, f"the key `{key}` stands here a second time")
            below = (*path, key)
            self.lines[below] = line.number
            rest = (match[2] or "").strip()
            if rest == "":
                self.place += 1
                values[key] = self.nested(indent, below, may_be_level=True)
            else:
                values[key] = self.value(rest, line, indent, below)
        if (line := self.peek()) is not None and line.indent > indent:
            raise YamlProblem(line.number, "the indentation does not fit to the lines above")
        return values

    def nested(self, indent, path, may_be_level=False):
        line = self.peek()
        if line is not None and (line.indent > indent or (may_be_level and line.indent == indent and line.content.startswith("- "))):
            return self.block(line.indent, path)
        return None

    def value(self, text, line, indent, path):
        self.place += 1
        if re.fullmatch(r"[|>][+-]?\d?", text):
            return self.folded(text, indent)
        if text[0] in "&*!":
            raise YamlProblem(line.number, "anchors and tags are not read here; write the value out")
        if text[0] in "[{":
            while text.count("[") + text.count("{") > text.count("]") + text.count("}") and self.place < len(self.raw):
                text += " " + uncommented(self.raw[self.place]).strip()
                self.place += 1
            value, end = flow(text, 0, line.number)
            if text[end:].strip():
                raise YamlProblem(line.number, "there is something behind the closing bracket")
            return value
        # A plain or quoted text may go on in further indented lines.
        while self.place < len(self.raw):
            more = self.peek()
            if more is None or more.indent <= indent or (text[0] in "\"'" and closes(text)):
                break
            if text[0] not in "\"'" and KEY.match(more.content):
                raise YamlProblem(line.number, "a value with a colon has to stand in quotes, or the next line is indented too far")
            text += " " + more.content
            self.place += 1
        return scalar(text, line.number)

    def folded(self, mark, indent):
        lines = []
        while self.place < len(self.raw):
            raw = self.raw[self.place]
            if raw.strip() and len(raw) - len(raw.lstrip(" ")) <= indent:
                break
            lines.append(raw)
            self.place += 1
        inner = min((len(raw) - len(raw.lstrip(" ")) for raw in lines if raw.strip()), default=0)
        lines = [raw[inner:].rstrip() for raw in lines]
        text = "\n".join(lines).strip("\n")
        if mark[0] == ">":
            text = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
        return text if "-" in mark else text + "\n"


def closes(text):
    return len(text) > 1 and text[-1] == text[0]


def scalar(text, line):
    text = text.strip()
    if text[:1] == '"':
        try:
            return json.loads(text)
        except ValueError:
            raise YamlProblem(line, "a quote is missing, or \\ stands before a letter that it does not fit to") from None
    if text[:1] == "'":
        if not closes(text):
            raise YamlProblem(line, "a quote is missing")
        return text[1:-1].replace("''", "'")
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.\d*|\.\d+)([eE][+-]?\d+)?", text):
        return float(text)
    if ": " in text or text.endswith(":"):
        raise YamlProblem(line, "a value with a colon has to stand in quotes")
    return text


def flow(text, place, line):
    """`[…]`, `{…}` or a plain value from here on. @returns the value and where it ends"""
    while place < len(text) and text[place] == " ":
        place += 1
    if place >= len(text):
        raise YamlProblem(line, "a bracket is not closed")
    opening = text[place]
    if opening in "\"'":
        end = place + 1
        while end < len(text) and text[end] != opening:
            end += 2 if text[end] == "\\" and opening == '"' else 1
        return scalar(text[place : end + 1], line), end + 1
    if opening not in "[{":
        end = place
        while end < len(text) and text[end] not in ",]}" and not (text[end] == ":" and text[end + 1 : end + 2] in (" ", "")):
            end += 1
        return scalar(text[place:end], line), end
    closing, values = ("]", []) if opening == "[" else ("}", {})
    place += 1
    while True:
        while place < len(text) and text[place] in " ,":
            place += 1
        if place >= len(text):
            raise YamlProblem(line, f"a {closing} is missing")
        if text[place] == closing:
            return values, place + 1
        item, place = flow(text, place, line)
        if opening == "[":
            values.append(item)
            continue
        while place < len(text) and text[place] == " ":
            place += 1
        if text[place : place + 1] != ":":
            raise YamlProblem(line, "inside of { } everything is `key: value`")
        value, place = flow(text, place + 1, line)
        values[str(item)] = value


def read(text):
    """@returns the value, and the line of each value by its path"""
    reader = Reader(text)
    return reader.document(), reader.lines
