"""Fetches a web page and gives its main content as Markdown."""

import http.client
import ipaddress
import socket
import ssl
import time
import zlib
from urllib.parse import quote, urljoin, urlsplit

from page import Page, decode
from program import Problem, counted, output_file, replacing, run

most_bytes = 5_000_000
most_characters = 100_000
most_redirects = 5
seconds = 20


def parts_of(address):
    """@returns scheme, host, port, path with query"""
    try:
        split = urlsplit(address)
        port = split.port
        host = (split.hostname or "").encode("idna").decode("ascii") if split.hostname else ""
    except (ValueError, UnicodeError):
        raise Problem(f"{address[:100]} is not a web address") from None
    if split.scheme not in ("http", "https") or not host:
        raise Problem(f"{address[:100]} is not a web address; it must begin with http:// or https://")
    if split.username is not None or split.password is not None:
        raise Problem("a user name or password in the address is refused")
    path = quote(split.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(split.query, safe='/%:@!$&()*+,;=~-._?[]')}" if split.query else ""
    return split.scheme, host, port or (443 if split.scheme == "https" else 80), path + query


def public_addresses(host, port):
    """Only addresses of the internet: what a page or a model names must not reach the person's own network."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        if not has_network():
            raise Problem(
                "there is no network here: this skill needs the grant `network`. Nothing was fetched. "
                "Grant it in the skills view, or save the page and use the skill web-page"
            ) from None
        raise Problem(f"the host {host} was not found") from None
    addresses = list(dict.fromkeys(entry[4][0] for entry in found))
    for address in addresses:
        if not is_public(address):
            raise Problem(f"{host} is in a private network ({address}); only pages of the public internet are fetched")
    return addresses


def is_public(text):
    address = ipaddress.ip_address(text.split("%")[0])
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None:
        return is_public(str(inner))
    return address.is_global and not address.is_multicast


def has_network():
    """Any way out beside the loopback."""
    try:
        with open("/proc/net/dev", encoding="ascii") as stream:
            return any(line.split(":")[0].strip() not in ("lo", "") for line in stream if ":" in line)
    except OSError:
        return True


def connect(host, port):
    last = None
    for address in public_addresses(host, port)[:4]:
        try:
            # The very address that was checked: a second look-up might answer another one.
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            last = error
    if not has_network():
        raise Problem("there is no network here: this skill needs the grant `network`. Nothing was fetched")
    raise Problem(f"{host} does not answer: {getattr(last, 'strerror', None) or last}")


def request(address, ends):
    scheme, host, port, path = parts_of(address)
    wire = connect(host, port)
    try:
        if scheme == "https":
            wire = ssl.create_default_context().wrap_socket(wire, server_hostname=host)
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
        connection.sock = wire
        shown_host = f"[{host}]" if ":" in host else host
        standard = port == (443 if scheme == "https" else 80)
        connection.request("GET", path, headers={
            "Host": shown_host if standard else f"{shown_host}:{port}",
            "User-Agent": "Mozilla/5.0 (compatible; AnyCowork web-fetch)",
            "Accept": "text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.5",
            "Accept-Encoding": "gzip, deflate",
            "Accept-Language": "en;q=0.8,*;q=0.5",
        })  # fmt: skip
        answer = connection.getresponse()
        return answer, read_body(answer, ends)
    except ssl.SSLCertVerificationError as error:
        raise Problem(f"the certificate of {host} is not valid: {error.verify_message}") from None
    except (ssl.SSLError, http.client.HTTPException) as error:
        raise Problem(f"{host} does not answer as a web server should: {error}") from None
    except (TimeoutError, OSError) as error:
        raise Problem(f"the connection to {host} broke off: {error}") from None
    finally:
        wire.close()


def read_body(answer, ends):
    """At most so many bytes, also when they are packed, and not for ever."""
    encoding = (answer.getheader("Content-Encoding") or "").lower()
    unpacker = zlib.decompressobj(47) if encoding in ("gzip", "deflate") else None
    body = b""
    while len(body) <= most_bytes:
        if time.monotonic() > ends:
            raise Problem("the page takes too long; nothing was kept")
        chunk = answer.read1(65_536)
        if not chunk:
            return body
        try:
            body += unpacker.decompress(chunk, most_bytes + 1 - len(body)) if unpacker else chunk
        except zlib.error:
            raise Problem("the page is packed in a way that cannot be read") from None
    raise Problem(f"the page has more than {most_bytes // 1_000_000} MB; nothing was kept")


def fetch(address):
    """@returns the answer, its bytes and the address that it came from in the end"""
    ends = time.monotonic() + 60
    for _ in range(most_redirects + 1):
        answer, body = request(address, ends)
        target = answer.getheader("Location")
        if answer.status not in (301, 302, 303, 307, 308) or not target:
            return answer, body, address
        address = urljoin(address, target)
    raise Problem(f"the page redirects more than {most_redirects} times")


def main(arguments):
    address = arguments.text("url", required=True)
    only_main = arguments.flag("main", True)
    raw = arguments.flag("raw")
    output = arguments.text("output")
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    target = output_file(output, overwrite) if output is not None else None
    answer, body, final = fetch(address.strip())
    if answer.status >= 400:
        raise Problem(f"{final} answers {answer.status} {answer.reason}; nothing was kept")
    kind = (answer.headers.get_content_type() or "").lower()
    if target is not None and raw:
        with replacing(target) as temporary:
            temporary.write_bytes(body)
        return f"Wrote `{output}`: {counted(len(body), 'byte')} of {kind} from {final}."
    if not (kind.startswith("text/") or kind.endswith(("json", "xml", "xhtml+xml"))):
        raise Problem(f"{final} is {kind}, not text; write it to a file with raw: true and `output`")
    text = decode(body, answer.headers.get_content_charset())
    if kind in ("text/html", "application/xhtml+xml") and not raw:
        text = Page(text, final).markdown(only_main)
        if not text:
            return f"There is no text on {final}. It may be drawn by scripts, which are not run."
    if target is not None:
        with replacing(target) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        return f"Wrote `{output}`: {counted(len(text), 'character')} from {final}."
    note = "\n\n… cut here; write to a file with `output`." if len(text) > most_characters else ""
    return f"From {final}:\n\n{text[:most_characters]}{note}"


if __name__ == "__main__":
    run(main)
