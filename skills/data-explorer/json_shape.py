"""What a JSON or JSONL file is made of: each place with its kinds, how often it is there, and an example."""

import json

from program import counted, limit_memory, run, table
from values import key_text, kind_of, open_values

most_places = 3_000
most_nodes = 3_000_000


class Shape:
    def __init__(self):
        self.places, self.nodes, self.is_cut = {}, 0, False

    def add(self, value):
        waiting = [("$", value)]
        while waiting:
            place, one = waiting.pop()
            self.nodes += 1
            if self.nodes > most_nodes:
                self.is_cut = True
                return
            row = self.places.get(place)
            if row is None:
                if len(self.places) >= most_places:
                    self.is_cut = True
                    continue
                row = self.places[place] = {"count": 0, "kinds": {}, "example": None, "lengths": [None, None]}
            row["count"] += 1
            kind = kind_of(one)
            row["kinds"][kind] = row["kinds"].get(kind, 0) + 1
            if kind == "list":
                low, high = row["lengths"]
                row["lengths"] = [len(one) if low is None else min(low, len(one)), max(high or 0, len(one))]
                waiting += [(f"{place}[*]", child) for child in reversed(one)]
            elif kind == "object":
                # An object with very many keys is a table by key, not a record.
                if len(one) > 100:
                    waiting += [(f"{place}.*", child) for child in reversed(list(one.values()))]
                else:
                    waiting += [(place + key_text(key), child) for key, child in reversed(list(one.items()))]
            elif row["example"] is None and one is not None:
                row["example"] = json.dumps(one, ensure_ascii=False)[:60]


def main(arguments):
    label = arguments.text("path", required=True)
    most = arguments.whole("most", 150, 1, most_places)
    arguments.refuse_others()

    limit_memory()
    values, is_lines = open_values(label)
    shape, count = Shape(), 0
    for value in values:
        count += 1
        shape.add(value)
    if count == 0:
        return f"{label} has no values."
    rows = []
    for place, row in shape.places.items():
        kinds = ", ".join(sorted(row["kinds"], key=row["kinds"].get, reverse=True))
        low, high = row["lengths"]
        size = "" if low is None else f"{low} items" if low == high else f"{low} to {high} items"
        rows.append([place, kinds, row["count"], size or row["example"]])
    parts = [f"**{label}**: " + (f"{counted(count, 'line')} of JSON." if is_lines else f"one {kind_name(shape)}.")]
    parts.append(table(["Place", "Kind", "Count", "Example or size"], rows[:most], (2,)))
    if len(rows) > most:
        parts.append(f"… {len(rows) - most} more places; give a larger `most`.")
    if shape.is_cut:
        parts.append("The file has more than was looked at: the numbers are of its beginning.")
    return "\n\n".join(parts)


def kind_name(shape):
    return next(iter(shape.places["$"]["kinds"]))


run(main)
