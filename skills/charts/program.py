"""What every program of a skill does alike: read its arguments, stay in the open folder, report errors in one line.

The same file lies in each Python skill, because a skill's folder is all that its programs see.
"""

import json
import os
import signal
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path


class Problem(Exception):
    """Something that the caller can mend. The message is one line: what is wrong and what to do."""


class Arguments:
    """The JSON object on standard input, with each value checked when it is asked for."""

    def __init__(self, values):
        self._values = values
        self._asked = set()

    def _get(self, name, kinds, what, default, required):
        self._asked.add(name)
        value = self._values.get(name)
        if value is None:
            if required:
                raise Problem(f"the argument `{name}` is missing; it is {what}")
            return default
        # A bool is an int in Python, but never a number in a call.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise Problem(f"the argument `{name}` must be {what}, not {json.dumps(value)[:80]}")
        return value

    def text(self, name, default=None, required=False):
        value = self._get(name, (str,), "a text", default, required)
        if isinstance(value, str) and "\0" in value:
            raise Problem(f"the argument `{name}` contains a NUL character")
        return value

    def one_of(self, name, choices, default):
        value = self.text(name, default)
        if value not in choices:
            raise Problem(f"the argument `{name}` must be one of {', '.join(choices)}, not {value!r}")
        return value

    def flag(self, name, default=False):
        return self._get(name, (bool,), "true or false", default, False)

    def whole(self, name, default, least, most):
        value = self._get(name, (int,), f"a whole number from {least} to {most}", default, False)
        if value is not None and not least <= value <= most:
            raise Problem(f"the argument `{name}` must be from {least} to {most}, not {value}")
        return value

    def list(self, name, default=None, required=False):
        return self._get(name, (list,), "a list", default, required)

    def object(self, name, default=None, required=False):
        return self._get(name, (dict,), "an object", default, required)

    def texts(self, name, default=None):
        values = self.list(name, default)
        if values is not None and not all(isinstance(value, str) for value in values):
            raise Problem(f"the argument `{name}` must be a list of texts")
        return values

    def allow(self, *names):
        """Arguments that have no use this time, and are not misspelt."""
        self._asked.update(names)

    def refuse_others(self):
        """Call it when all arguments were asked for: a misspelt one must not be ignored silently."""
        others = sorted(set(self._values) - self._asked)
        if others:
            known = ", ".join(sorted(self._asked))
            raise Problem(f"unknown argument `{others[0]}`; there are: {known}")


def _workspace():
    return Path(os.path.realpath(os.getcwd()))


def _below(name):
    """The path as it was asked for, checked to be relative and without `..`."""
    path = Path(name)
    if name.strip() == "":
        raise Problem("the path is empty")
    if path.is_absolute() or name.startswith(("/", "\\", "~")) or (len(name) > 1 and name[1] == ":"):
        raise Problem(f"{name} is not relative to the open folder; give a path below it")
    if ".." in path.parts:
        raise Problem(f"{name} leads out of the open folder; give a path below it")
    return path


def _real(name):
    real = Path(os.path.realpath(_workspace() / _below(name)))
    if real != _workspace() and _workspace() not in real.parents:
        raise Problem(f"{name} is a link that leads out of the open folder; it is not followed")
    return real


def input_file(name, largest_mb=200):
    """The real path of a file of the open folder that is there, at most so many megabytes."""
    real = _real(name)
    if not real.exists():
        raise Problem(f"there is no file {name} in the open folder")
    if real.is_dir():
        raise Problem(f"{name} is a folder, not a file")
    if not real.is_file():
        raise Problem(f"{name} is not an ordinary file")
    size = real.stat().st_size
    if size > largest_mb * 1_000_000:
        raise Problem(f"{name} has {size / 1e6:.0f} MB; at most {largest_mb} MB are read")
    return real


def input_folder(name):
    real = _real(name)
    if not real.is_dir():
        raise Problem(f"there is no folder {name} in the open folder")
    return real


def output_file(name, overwrite):
    """Where a file may be written; its folder is made. Refuses to replace a file unless told to."""
    path = _workspace() / _below(name)
    real_parent = _real(str(Path(name).parent))
    target = real_parent / path.name
    if target.is_symlink():
        raise Problem(f"{name} is a link; give the path of an ordinary file")
    if target.is_dir():
        raise Problem(f"{name} is a folder; give the path of a file")
    if target.exists() and not overwrite:
        raise Problem(f"{name} exists already; it was not changed. Give another path, or overwrite: true")
    try:
        real_parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"the folder of {name} cannot be made: {error.strerror}") from None
    return target


@contextmanager
def replacing(target):
    """Gives a path beside the target to write to; it takes the target's place only when all went well."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem[:40]}-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise Problem(f"{target.name} cannot be written: {error.strerror}") from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def shown(path):
    """A real path as people know it: relative to the open folder."""
    return path.relative_to(_workspace()).as_posix()


def cell(value, longest=200):
    """One value as the text of a cell of a Markdown table."""
    if value is None:
        return ""
    if isinstance(value, float):
        value = f"{value:.10g}" if abs(value) < 1e15 else f"{value:.6e}"
    text = " ".join(str(value).split())
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "\\`")


def table(headers, rows, numeric=()):
    """A Markdown table. @param numeric: the indexes of columns that are aligned to the right"""
    lines = ["| " + " | ".join(cell(header) for header in headers) + " |"]
    lines.append("| " + " | ".join("---:" if index in numeric else "---" for index in range(len(headers))) + " |")
    lines += ["| " + " | ".join(cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines)


def counted(number, one, many=None):
    """`1 row`, `1 234 rows`."""
    return f"{number:,}".replace(",", " ") + " " + (one if number == 1 else many or one + "s")


def limit_memory(megabytes=420):
    """Too much data ends in an error that can be told, before the container ends the program without a word."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    except (ImportError, ValueError, OSError):
        pass


def _fail(message):
    sys.stdout.flush()
    print(" ".join(str(message).split())[:600], file=sys.stderr)
    sys.exit(1)


def run(main):
    """Calls main(arguments); prints what it returns. Every failure becomes one line and exit code 1."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
        values = json.loads(text) if text.strip() else {}
        if not isinstance(values, dict):
            raise Problem("the arguments must be a JSON object")
        print(main(Arguments(values)))
    except Problem as problem:
        _fail(problem)
    except UnicodeDecodeError:
        _fail("the arguments are not UTF-8")
    except json.JSONDecodeError as error:
        _fail(f"the arguments are not JSON: {error}")
    except ModuleNotFoundError as error:
        _fail(f"this program needs the Python package {error.name}; run it in the sandbox, or install the package")
    except MemoryError:
        _fail("this is too much data for the memory that the program has; take a part of it")
    except RecursionError:
        _fail("the data is nested too deeply")
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}")
    except Exception as error:
        _fail(f"unexpected {type(error).__name__}: {error}")
