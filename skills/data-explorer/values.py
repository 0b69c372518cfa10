"""JSON from .json and .jsonl files, and paths that point into it."""

import json
import re

from program import Problem, input_file

largest_json_mb = 40
most_lines = 2_000_000


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def is_lines(file):
    return file.suffix.lower() in (".jsonl", ".ndjson")


def open_values(label):
    """@returns an iterator over the values of the file (one for .json), and whether it is a file of lines"""
    probe = input_file(label, 2_000)
    if is_lines(probe):
        return lines_of(probe, label), True
    file = input_file(label, largest_json_mb)
    text = file.read_bytes()
    try:
        return iter([json.loads(text.decode("utf-8-sig"), parse_constant=refuse_constant)]), False
    except UnicodeDecodeError:
        raise Problem(f"{label} is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and error.lineno > 1:
            return lines_of(file, label), True
        raise Problem(f"{label}, line {error.lineno}, column {error.colno}: {error.msg}") from None
    except ValueError as error:
        raise Problem(f"{label}: {error}") from None


def lines_of(file, label):
    with open(file, encoding="utf-8-sig", errors="replace") as stream:
        for number, line in enumerate(stream, 1):
            if number > most_lines:
                raise Problem(f"{label} has more than {most_lines} lines; take a part of it")
            if not line.strip():
                continue
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise Problem(f"{label}, line {number}: {error.msg} (column {error.colno})") from None


TOKEN = re.compile(
    r"\.\.(?P<deep>[\w$-]+|\*)|\.?(?P<name>[^\W\d][\w$-]*|\$[\w$-]+)|\.?(?P<star>\*)|\.(?P<digits>\d+)"
    r"|\[\s*(?:(?P<all>\*)|(?P<index>-?\d+)|(?P<from>-?\d*)\s*:\s*(?P<to>-?\d*)|(?P<quoted>\"(?:[^\"\\]|\\.)*\"|'[^']*')"
    r"|\?\s*\(?@?\.?(?P<key>[\w$.-]+)\s*(?:(?P<operator>==|!=|<=|>=|<|>|=|~)\s*(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\]\s)]+))?\s*\)?)\s*\]"
)


def parse_path(text):
    """`items[*].price`, `$.a["b c"][0]`, `..id`, `items[?price>10].name` as steps."""
    rest = text.strip()
    rest = rest[1:] if rest.startswith("$") and not re.match(r"\$\w", rest) else rest
    steps, place = [], 0
    while place < len(rest):
        match = TOKEN.match(rest, place)
        if match is None or match.end() == place:
            raise Problem(f"the path {text!r} is not understood from {rest[place:place + 20]!r} on; it looks like items[*].name")
        place = match.end()
        steps.append(step_of(match))
    return steps


def literal(text):
    if text[0] == "'":
        return text[1:-1]
    try:
        return json.loads(text)
    except ValueError:
        return text


def step_of(match):
    if match["deep"]:
        return ("deep", match["deep"])
    if match["name"]:
        return ("name", match["name"])
    if match["quoted"]:
        return ("name", literal(match["quoted"]))
    if match["star"] or match["all"]:
        return ("all",)
    if match["digits"] is not None:
        return ("index", int(match["digits"]))
    if match["index"] is not None:
        return ("index", int(match["index"]))
    if match["key"] is not None:
        value = literal(match["value"]) if match["value"] is not None else None
        return ("filter", match["key"].split("."), match["operator"], value)
    return ("slice", int(match["from"]) if match["from"] else None, int(match["to"]) if match["to"] else None)


def select(value, steps, place="$"):
    """Every (place, value) that the steps point to."""
    if not steps:
        yield place, value
        return
    step, rest = steps[0], steps[1:]
    for name, child in children(value, step):
        yield from select(child, rest, place + name)


def children(value, step):
    kind = step[0]
    if kind == "name":
        if isinstance(value, dict) and step[1] in value:
            yield key_text(step[1]), value[step[1]]
    elif kind == "index":
        if isinstance(value, list) and -len(value) <= step[1] < len(value):
            yield f"[{step[1] % len(value)}]", value[step[1]]
    elif kind == "slice":
        if isinstance(value, list):
            for index in range(*slice(step[1], step[2]).indices(len(value))):
                yield f"[{index}]", value[index]
    elif kind == "deep":
        yield from deep(value, step[1])
    elif kind == "filter":
        for name, child in everything(value):
            if holds(child, *step[1:]):
                yield name, child
    else:
        yield from everything(value)


def everything(value):
    if isinstance(value, dict):
        yield from ((key_text(key), child) for key, child in value.items())
    elif isinstance(value, list):
        yield from ((f"[{index}]", child) for index, child in enumerate(value))


def deep(value, wanted):
    waiting = [("", value)]
    while waiting:
        place, one = waiting.pop()
        below = list(everything(one))
        for name, child in below:
            if wanted == "*" or name == key_text(wanted):
                yield place + name, child
        waiting += [(place + name, child) for name, child in reversed(below)]


def holds(item, keys, operator, wanted):
    for key in keys:
        if not isinstance(item, dict) or key not in item:
            return operator == "!="
        item = item[key]
    if operator is None:
        return item not in (None, False)
    if operator in ("==", "="):
        return item == wanted
    if operator == "!=":
        return item != wanted
    if operator == "~":
        return str(wanted).casefold() in str(item).casefold()
    both_numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (item, wanted))
    if not both_numbers and not (isinstance(item, str) and isinstance(wanted, str)):
        return False
    return {"<": item < wanted, ">": item > wanted, "<=": item <= wanted, ">=": item >= wanted}[operator]


def key_text(key):
    return f".{key}" if re.fullmatch(r"[^\W\d][\w$-]*", str(key)) else f"[{json.dumps(key, ensure_ascii=False)}]"


def kind_of(value):
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return {str: "text", list: "list", dict: "object"}[type(value)]
