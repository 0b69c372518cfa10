"""Makes the folder of a new skill: its description, a README, and a program to begin with."""

import json
import re

from program import Problem, output_file, replacing, run

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SUFFIX = {"python": ".py", "node": ".mjs", "shell": ".sh"}

PYTHON = '''"""{description}"""

import json
import sys


def fail(message):
    """Errors are one line on stderr and exit code 1."""
    print(message, file=sys.stderr)
    sys.exit(1)


def main():
    arguments = json.load(sys.stdin)
    # The program starts in the open folder; paths in the arguments are relative to it.
    # To do: the work. What is printed goes to the agent.
    print("Arguments: " + json.dumps(arguments, ensure_ascii=False))


try:
    main()
except (OSError, ValueError, KeyError) as error:
    fail(f"{{type(error).__name__}}: {{error}}")
'''

NODE = '''// {description}
import {{ readFileSync }} from 'node:fs';

const fail = (message) => {{
  // Errors are one line on stderr and exit code 1.
  console.error(message);
  process.exit(1);
}};

try {{
  const input = JSON.parse(readFileSync(0, 'utf8') || '{{}}');
  // The program starts in the open folder; paths in the arguments are relative to it.
  // To do: the work. What is printed goes to the agent.
  console.log(`Arguments: ${{JSON.stringify(input)}}`);
}} catch (error) {{
  fail(String(error.message));
}}
'''

SHELL = '''#!/bin/sh
# {description}
set -eu

# The arguments are a JSON object on standard input. The program starts in the open folder.
arguments=$(cat)
# To do: the work. What is printed goes to the agent; errors are one line on stderr and exit code 1.
printf 'Arguments: %s\\n' "$arguments"
'''
PROGRAMS = {"python": PYTHON, "node": NODE, "shell": SHELL}


def scalar(value):
    """A text of one line as YAML: plain where it is surely text, else in the quotes of JSON, which YAML reads too."""
    plain = re.fullmatch(r"[A-Za-z][\w ./,()-]*[\w.)]", value) and value.lower() not in ("true", "false", "yes", "no", "null", "on", "off")
    return value if plain else json.dumps(value, ensure_ascii=False)


def line_of(text):
    return " ".join(text.split())


def entry_of(value, runtime, position):
    if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not NAME.fullmatch(value["name"]):
        raise Problem(f"entry {position} needs a `name` of lower-case letters, digits and single hyphens")
    description = line_of(str(value.get("description") or ""))
    if not description:
        raise Problem(f"the entry {value['name']} needs a `description`")
    schema = value.get("arguments") or {"type": "object", "properties": {}}
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        raise Problem(f"the `arguments` of the entry {value['name']} must be a JSON Schema of an object")
    output = value.get("output", "markdown")
    if output not in ("text", "markdown"):
        raise Problem(f"the `output` of the entry {value['name']} must be text or markdown")
    return {
        "name": value["name"],
        "description": description,
        "file": value["name"] + SUFFIX[runtime],
        "arguments": {"type": "object", **schema},
        "output": output,
    }


def yaml_of(name, description, triggers, runtime, entries, sandbox):
    lines = [f"name: {name}", f"description: {json.dumps(description, ensure_ascii=False)}", "version: 0.1.0", "license: MIT"]
    if triggers:
        lines += ["triggers:", *(f"  - {scalar(trigger)}" for trigger in triggers)]
    if entries:
        lines += [f"runtime: {runtime}", "entries:"]
        for entry in entries:
            lines += [
                f"  - name: {entry['name']}",
                f"    description: {json.dumps(entry['description'], ensure_ascii=False)}",
                f"    file: {entry['file']}",
                f"    arguments: {json.dumps(entry['arguments'], ensure_ascii=False)}",
                f"    output: {entry['output']}",
            ]
        lines += ["mode: flexible", "sandbox:", f"  workspace: {sandbox['workspace']}"]
        if sandbox["network"]:
            lines.append("  network: true")
    return "\n".join(lines) + "\n"


def readme_of(name, description, instructions, entries):
    parts = [f"# {name}", description, "## When to use it", "Say here which requests it is for, and which it is not for."]
    if instructions:
        parts[3:] = ["See the description above.", "## How", instructions.strip()]
    if entries:
        parts.append("## Programs")
    for entry in entries:
        properties = entry["arguments"].get("properties", {})
        required = entry["arguments"].get("required", [])
        example = {key: one.get("default", f"<{one.get('type', 'value')}>") for key, one in properties.items() if isinstance(one, dict)}
        parts.append(f"### {entry['name']}\n\n{entry['description']}")
        if properties:
            parts.append("\n".join(
                f"- `{key}`{' (required)' if key in required else ''}: {one.get('description', one.get('type', '')) if isinstance(one, dict) else ''}"
                for key, one in properties.items()
            ))  # fmt: skip
        parts.append(f"Example:\n\n```json\n{json.dumps(example, ensure_ascii=False)}\n```")
    return "\n\n".join(parts) + "\n"


def main(arguments):
    name = arguments.text("name", required=True)
    description = line_of(arguments.text("description", required=True))
    runtime = arguments.one_of("runtime", tuple(SUFFIX), "python")
    triggers = [line_of(trigger) for trigger in arguments.texts("triggers", [])]
    given = arguments.list("entries", [])
    instructions = arguments.text("instructions", "")
    folder = arguments.text("folder", "skills-draft")
    workspace = arguments.one_of("workspace", ("rw", "ro"), "ro")
    network = arguments.flag("network")
    overwrite = arguments.flag("overwrite")
    arguments.refuse_others()

    if not NAME.fullmatch(name) or len(name) > 64:
        raise Problem("`name` must be up to 64 lower-case letters, digits and single hyphens, such as extract-table")
    if not description or len(description) > 1024:
        raise Problem("`description` must have 1 to 1 024 characters: what the skill does, and when to use it")
    if short := [trigger for trigger in triggers if len(trigger) < 3]:
        raise Problem(f"the trigger {short[0]!r} is too short; at least 3 characters")
    entries = [entry_of(value, runtime, position) for position, value in enumerate(given, 1)]
    if len({entry["name"] for entry in entries}) < len(entries):
        raise Problem("two entries have the same name")
    files = {
        "skill.yaml": yaml_of(name, description, triggers, runtime, entries, {"workspace": workspace, "network": network}),
        "README.md": readme_of(name, description, instructions, entries),
    }
    for entry in entries:
        safe = entry["description"].replace("\\", "/").replace('"', "'")
        files[entry["file"]] = PROGRAMS[runtime].format(description=safe)
    # All places are checked before anything is written.
    targets = {label: output_file(f"{folder}/{name}/{label}", overwrite) for label in files}
    for label, text in files.items():
        with replacing(targets[label]) as temporary:
            temporary.write_text(text, encoding="utf-8")
    lines = "\n".join(f"- `{folder}/{name}/{label}`" for label in files)
    work = "Write the work of the programs (look for `To do`)" if entries else "Write the instructions into README.md"
    return (
        f"Made the skill {name}:\n\n{lines}\n\n"
        f"What is next:\n\n1. {work}.\n2. Check it with the program `check` and the path `{folder}/{name}`.\n"
        "3. The person installs it with the command “AnyCowork: Install Skill…”, from this folder; "
        "only then agents can use it."
    )


run(main)
