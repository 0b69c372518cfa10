"""Checks the folder of a skill: its description, its programs, what does not belong there."""

import ast
import json
import os
import re
from pathlib import Path

from minyaml import YamlProblem, read
from program import Problem, counted, input_folder, run, table

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
KEYS = {
    "name", "description", "displayName", "version", "author", "license", "compatibility", "triggers", "runtime", "entries",
    "mode", "requires_sandbox", "sandbox", "allowed-tools", "user-invocable", "disable-model-invocation", "argument-hint",
}  # fmt: skip
SANDBOX = {"image", "memory", "cpus", "timeout", "network", "exec_tmp", "workspace"}
ENTRY = {"name", "description", "file", "arguments", "output"}
TYPES = {"string", "number", "integer", "boolean", "array", "object", "null"}
SUFFIXES = {"python": (".py",), "node": (".js", ".mjs", ".cjs", ".ts"), "shell": (".sh",)}


class Findings:
    def __init__(self):
        self.rows = []

    def error(self, file, line, text):
        self.rows.append(["error", f"{file}:{line}" if line else file, text])

    def warn(self, file, line, text):
        self.rows.append(["warning", f"{file}:{line}" if line else file, text])


def check_name(value, folder, found, at, file):
    if not isinstance(value, str) or not NAME.fullmatch(value) or len(value) > 64:
        found.error(file, at("name"), "`name` must be up to 64 lower-case letters, digits and single hyphens")
    elif value != folder:
        found.warn(file, at("name"), f"the folder is called {folder}, the skill {value}; give both the same name")


def check_description(value, found, at, file):
    if not isinstance(value, str) or not value.strip():
        found.error(file, at("description"), "`description` is missing: say what the skill does and when to use it")
    elif len(value) > 1024:
        found.warn(file, at("description"), f"`description` has {len(value)} characters; at most 1 024 are allowed")
    elif len(value.split()) < 5:
        found.warn(file, at("description"), "`description` is short: agents choose the skill by it; say also when to use it")


def check_schema(value, found, line, file, where):
    if not isinstance(value, dict):
        found.error(file, line, f"{where}: `arguments` must be a JSON Schema of an object")
        return
    if value.get("type", "object") != "object":
        found.error(file, line, f"{where}: `arguments` must have `type: object`")
    properties = value.get("properties", {})
    if not isinstance(properties, dict):
        found.error(file, line, f"{where}: `properties` must be `name: {{type: …}}`")
        return
    for name, one in properties.items():
        kinds = one.get("type") if isinstance(one, dict) else None
        if kinds is not None and not set(kinds if isinstance(kinds, list) else [kinds]) <= TYPES:
            found.error(file, line, f"{where}: the type of `{name}` must be one of {', '.join(sorted(TYPES))}")
        if not isinstance(one, dict) or not one.get("description"):
            found.warn(file, line, f"{where}: `{name}` has no description; agents guess what it means")
    for name in value.get("required") or []:
        if name not in properties:
            found.error(file, line, f"{where}: `{name}` is required, but not one of the properties")


def check_entries(data, folder, found, lines, file):
    runtime, entries = data.get("runtime"), data.get("entries")
    if runtime is not None and runtime not in SUFFIXES:
        found.error(file, lines.get(("runtime",)), "`runtime` must be python, node or shell")
    if entries is None:
        return []
    if not isinstance(entries, list):
        found.error(file, lines.get(("entries",)), "`entries` must be a list: `- name: …`")
        return []
    names = []
    for index, entry in enumerate(entries):
        line = lines.get(("entries", index))
        if not isinstance(entry, dict):
            found.error(file, line, "an entry must have name, description, file and arguments")
            continue
        name = entry.get("name")
        where = f"entry {name or index + 1}"
        for key in sorted(set(entry) - ENTRY):
            found.warn(file, line, f"{where}: the key `{key}` is not known; there are {', '.join(sorted(ENTRY))}")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            found.error(file, line, f"{where}: `name` must be lower-case letters, digits and single hyphens")
        elif name in names:
            found.error(file, line, f"{where}: there are two entries with this name")
        names.append(str(name))
        if not entry.get("description"):
            found.error(file, line, f"{where}: `description` is missing")
        if entry.get("output", "text") not in ("text", "markdown"):
            found.error(file, line, f"{where}: `output` must be text or markdown")
        if "arguments" in entry:
            check_schema(entry["arguments"], found, line, file, where)
        check_program(entry.get("file"), folder, runtime, found, line, file, where)
    if names and runtime is None:
        found.warn(file, 1, "`runtime` is missing; write python, node or shell")
    return names


def check_program(name, folder, runtime, found, line, file, where):
    if not isinstance(name, str) or name.startswith(("/", "~")) or "\\" in name or ".." in Path(name).parts:
        found.error(file, line, f"{where}: `file` must be a path below the folder of the skill, with /")
        return
    program = folder / name
    if program.is_symlink() or not program.is_file():
        found.error(file, line, f"{where}: there is no file {name}")
        return
    if runtime in SUFFIXES and program.suffix not in SUFFIXES[runtime]:
        found.warn(file, line, f"{where}: {name} does not look like a {runtime} program")
    if program.suffix == ".py":
        try:
            ast.parse(program.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError) as error:
            found.error(name, getattr(error, "lineno", None), f"it is not valid Python: {getattr(error, 'msg', error)}")


def check_sandbox(value, found, line, file):
    if value is None:
        return
    if not isinstance(value, dict):
        found.error(file, line, "`sandbox` must be `key: value`, such as `memory: 512`")
        return
    for key in sorted(set(value) - SANDBOX):
        found.warn(file, line, f"sandbox: the key `{key}` is not known; there are {', '.join(sorted(SANDBOX))}")
    if value.get("network") not in (None, False, "none"):
        found.warn(file, line, "sandbox: it asks for the network; people have to grant that")
    if value.get("workspace") not in (None, "rw", "ro"):
        found.error(file, line, "sandbox: `workspace` must be rw or ro")
    if str(value.get("image", "")).endswith(":latest"):
        found.warn(file, line, "sandbox: name a version of the image, not `latest`")


def front_matter(text):
    match = re.match(r"---\s*\n(.*?)\n---\s*(?:\n|$)", text.replace("\r\n", "\n"), re.S)
    return (match[1], text[match.end() :]) if match else (None, text)


def check_files(folder, found):
    count = size = 0
    for parent, folders, names in os.walk(folder):
        for name in folders + names:
            path = Path(parent) / name
            label = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found.error(label, None, "links are not installed; put the file itself here")
            elif path.is_file():
                count += 1
                size += path.stat().st_size
        folders[:] = [name for name in folders if not (Path(parent) / name).is_symlink()]
        for name in ("node_modules", ".git", "__pycache__", ".venv"):
            if name in folders:
                found.warn((Path(parent) / name).relative_to(folder).as_posix(), None, "this does not belong into a skill; delete it")
                folders.remove(name)
    if count > 2_000 or size > 100_000_000:
        found.error(".", None, f"{count} files with {size / 1e6:.0f} MB are too many to be installed (2 000 files, 100 MB)")
    return count, size


def main(arguments):
    label = arguments.text("path", required=True)
    arguments.refuse_others()
    folder = input_folder(label)
    found = Findings()
    yaml_file, markdown_file = folder / "skill.yaml", folder / "SKILL.md"
    if not yaml_file.is_file() and not markdown_file.is_file():
        raise Problem(f"{label} is no skill: it has neither skill.yaml nor SKILL.md; `new` makes one")
    name = "skill.yaml" if yaml_file.is_file() else "SKILL.md"
    text, body = (folder / name).read_text(encoding="utf-8-sig", errors="replace"), ""
    if name == "SKILL.md":
        front, body = front_matter(text)
        text = front or ""
        if front is None:
            found.error(name, 1, "it must begin with `---`, name and description, and `---`")
    else:
        readme = folder / "README.md"
        body = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
        if not body.strip():
            found.warn("README.md", None, "there is none: agents then know nothing but the description")
        if markdown_file.is_file():
            found.warn("SKILL.md", None, "there are both SKILL.md and skill.yaml; keep one of them")
    try:
        data, lines = read(text)
    except YamlProblem as problem:
        found.error(name, problem.line + (1 if name == "SKILL.md" else 0), str(problem))
        data, lines = None, {}
    shift = 1 if name == "SKILL.md" else 0
    lines = {path: line + shift for path, line in lines.items()}
    entries = []
    if isinstance(data, dict):
        at = lambda key: lines.get((key,), 1)
        check_name(data.get("name"), folder.name, found, at, name)
        check_description(data.get("description"), found, at, name)
        if name == "skill.yaml":
            for key in sorted(set(data) - KEYS):
                found.warn(name, at(key), f"the key `{key}` is not known")
            if data.get("mode", "flexible") not in ("sandbox", "flexible", "direct"):
                found.error(name, at("mode"), "`mode` must be sandbox, flexible or direct")
            if not isinstance(data.get("triggers") or [], list):
                found.error(name, at("triggers"), "`triggers` must be a list of phrases")
            for trigger in data.get("triggers") or [] if isinstance(data.get("triggers"), list) else []:
                if len(str(trigger)) < 3:
                    found.warn(name, at("triggers"), f"the trigger {json.dumps(trigger)} is too short; at least 3 characters")
            entries = check_entries(data, folder, found, lines, name)
            check_sandbox(data.get("sandbox"), found, at("sandbox"), name)
            for entry in entries:
                if body and entry not in body:
                    found.warn("README.md", None, f"it does not mention the entry {entry}")
    elif data is not None or not found.rows:
        found.error(name, 1, "it must be a list of `key: value`")
    count, size = check_files(folder, found)
    errors = sum(row[0] == "error" for row in found.rows)
    warnings = len(found.rows) - errors
    verdict = "It can be installed" if errors == 0 else "It cannot be used yet"
    parts = [
        f"**{label}**: {verdict}: {counted(errors, 'error')}, {counted(warnings, 'warning')}; "
        f"{counted(count, 'file')}, {size / 1000:.1f} kB, {counted(len(entries), 'program')}."
    ]
    if found.rows:
        parts.append(table(["", "Where", "What"], sorted(found.rows)[:100]))
    return "\n\n".join(parts)


run(main)
