"""The links of a page."""

from urllib.parse import urlsplit

from program import counted, run, table
from source import page_of


def main(arguments):
    page, label = page_of(arguments)
    contains = arguments.text("contains", "")
    limit = arguments.whole("limit", 100, 1, 2_000)
    arguments.refuse_others()

    links = page.links()
    wanted = [link for link in links if contains.casefold() in f"{link[0]} {link[1]}".casefold()]
    if not wanted:
        return f"{label} has {counted(len(links), 'link')}" + (f"; none contains {contains!r}." if links else ".")
    hosts = {}
    for _, address in wanted:
        host = urlsplit(address).hostname or "(this site)"
        hosts[host] = hosts.get(host, 0) + 1
    ranked = sorted(hosts.items(), key=lambda pair: -pair[1])[:10]
    parts = [
        f"{counted(len(wanted), 'link')} in {label}; by host: " + ", ".join(f"{host} {count}" for host, count in ranked) + ".",
        table(["Text", "Address"], [[text[:100], address] for text, address in wanted[:limit]]),
    ]
    if len(wanted) > limit:
        parts.append(f"… {len(wanted) - limit} more; narrow them with `contains`, or give a larger `limit`.")
    return "\n\n".join(parts)


run(main)
