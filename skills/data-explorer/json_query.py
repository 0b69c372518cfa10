"""Values of a JSON or JSONL file that a path points to."""

import json

from program import counted, limit_memory, run, table
from values import open_values, parse_path, select


def main(arguments):
    label = arguments.text("path", required=True)
    query = arguments.text("query", required=True)
    limit = arguments.whole("limit", 50, 1, 2_000)
    arguments.refuse_others()

    limit_memory()
    steps = parse_path(query)
    values, is_lines = open_values(label)
    found, total, size = [], 0, 0
    for number, value in enumerate(values):
        for place, one in select(value, steps, f"[{number}]" if is_lines else "$"):
            total += 1
            if len(found) < limit and size < 100_000:
                found.append((place, one))
                size += len(json.dumps(one, ensure_ascii=False)) if isinstance(one, (list, dict)) else 20
    if total == 0:
        return f"Nothing in {label} is at {query}. `json-shape` shows what there is."
    head = f"{counted(total, 'value')} at {query}" + (f", the first {len(found)}:" if total > len(found) else ":")
    if all(not isinstance(value, (list, dict)) for _, value in found):
        return f"{head}\n\n" + table(["Place", "Value"], [[place, json.dumps(value, ensure_ascii=False)] for place, value in found])
    if all(isinstance(value, dict) and len(value) <= 12 and not any(isinstance(v, (list, dict)) for v in value.values()) for _, value in found):
        keys = list(dict.fromkeys(key for _, value in found for key in value))
        if len(keys) <= 12:
            return f"{head}\n\n" + table(keys, [[value.get(key) for key in keys] for _, value in found])
    blocks = []
    for place, value in found:
        text = json.dumps(value, ensure_ascii=False, indent=2)
        text = text if len(text) < 20_000 else text[:20_000] + "\n… cut here"
        fence = "````" if "```" in text else "```"
        blocks.append(f"`{place}`\n\n{fence}json\n{text}\n{fence}")
    return "\n\n".join([head, *blocks])


run(main)
