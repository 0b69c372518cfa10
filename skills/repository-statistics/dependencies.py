"""What the project depends on, by its manifests."""

import json
import re
import xml.etree.ElementTree as ElementTree

from program import counted, run, table
from repository import Repository, read_text

try:
    import tomllib
except ModuleNotFoundError:
    tomllib = None


def package_json(text):
    data = json.loads(text)
    for key, kind in (("dependencies", ""), ("devDependencies", "dev"), ("peerDependencies", "peer"), ("optionalDependencies", "optional")):
        for name, version in data.get(key, {}).items():
            yield name, str(version), kind


def requirements(text):
    for line in text.splitlines():
        match = re.match(r"\s*([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*([^#;]*)", line)
        if match:
            yield match[1], match[2].strip(), ""


def toml_version(value):
    return value if isinstance(value, str) else str(value.get("version") or value.get("path") or value.get("git") or "") if isinstance(value, dict) else ""


def pyproject(text):
    data = tomllib.loads(text)
    project = data.get("project", {})
    groups = {"": project.get("dependencies", []), **project.get("optional-dependencies", {}), **data.get("dependency-groups", {})}
    for kind, lines in groups.items():
        for line in lines:
            if isinstance(line, str):
                yield from ((name, version, kind) for name, version, _ in requirements(line))
    poetry = data.get("tool", {}).get("poetry", {})
    for kind, values in (("", poetry.get("dependencies", {})), *((name, group.get("dependencies", {})) for name, group in poetry.get("group", {}).items())):
        for name, value in values.items():
            yield name, toml_version(value), kind


def cargo(text):
    data = tomllib.loads(text)
    for key, kind in (("dependencies", ""), ("dev-dependencies", "dev"), ("build-dependencies", "build")):
        for name, value in data.get(key, {}).items():
            yield name, toml_version(value), kind
    for name, value in data.get("workspace", {}).get("dependencies", {}).items():
        yield name, toml_version(value), "workspace"


def go_mod(text):
    for line in text.splitlines():
        match = re.match(r"\s*(?:require\s+)?([\w./~-]+\.[\w./~-]+)\s+(v\S+)(\s*// indirect)?", line)
        if match:
            yield match[1], match[2], "indirect" if match[3] else ""


def pom(text):
    # Entities are of no use in a manifest, and a way to make small files huge.
    if "<!ENTITY" in text or "<!DOCTYPE" in text:
        raise ValueError("it declares entities")
    for node in ElementTree.fromstring(text).iter():
        if node.tag.rsplit("}")[-1] == "dependency":
            values = {child.tag.rsplit("}")[-1]: (child.text or "").strip() for child in node}
            yield f"{values.get('groupId', '')}:{values.get('artifactId', '')}", values.get("version", ""), values.get("scope", "")


def gemfile(text):
    for match in re.finditer(r"^\s*gem\s+['\"]([^'\"]+)['\"](?:\s*,\s*['\"]([^'\"]+)['\"])?", text, re.M):
        yield match[1], match[2] or "", ""


def composer(text):
    data = json.loads(text)
    for key, kind in (("require", ""), ("require-dev", "dev")):
        for name, version in data.get(key, {}).items():
            yield name, str(version), kind


def gradle(text):
    for match in re.finditer(r"^\s*(\w+)\s*\(?\s*['\"]([\w.-]+:[\w.-]+)(?::([^'\"]+))?['\"]", text, re.M):
        yield match[2], match[3] or "", match[1]


def csproj(text):
    for match in re.finditer(r"<PackageReference\s+[^>]*Include=\"([^\"]+)\"(?:[^>]*Version=\"([^\"]+)\")?", text):
        yield match[1], match[2] or "", ""


MANIFESTS = [
    (r"package\.json", "npm", package_json),
    (r"requirements[\w.-]*\.txt", "pip", requirements),
    (r"pyproject\.toml", "Python", pyproject),
    (r"Cargo\.toml", "Cargo", cargo),
    (r"go\.mod", "Go", go_mod),
    (r"pom\.xml", "Maven", pom),
    (r"Gemfile", "Bundler", gemfile),
    (r"composer\.json", "Composer", composer),
    (r"build\.gradle(\.kts)?", "Gradle", gradle),
    (r".*\.(cs|fs|vb)proj", "NuGet", csproj),
]


def main(arguments):
    below = arguments.text("path", ".")
    exclude = arguments.texts("exclude", [])
    most = arguments.whole("most", 100, 1, 2_000)
    arguments.refuse_others()

    repository = Repository(below)
    parts, manifests, total = [], 0, 0
    for name in sorted(repository.files(exclude), key=lambda name: (name.count("/"), name)):
        base = name.rsplit("/", 1)[-1]
        for pattern, kind, reader in MANIFESTS:
            if not re.fullmatch(pattern, base):
                continue
            text = read_text(repository.folder / name)
            if text is None:
                continue
            manifests += 1
            try:
                found = [list(one) for one in reader(text)]
            except Exception as error:
                parts.append(f"### {name} ({kind})\n\nIt cannot be read: {' '.join(str(error).split())[:150]}")
                continue
            total += len(found)
            if manifests <= 30:
                shown = found[:most]
                more = f"\n\n… {len(found) - len(shown)} more." if len(found) > len(shown) else ""
                body = table(["Package", "Version", "Kind"], shown) + more if found else "No dependencies."
                parts.append(f"### {name} ({kind}): {len(found)}\n\n{body}")
    if not manifests:
        return f"No manifest of a package manager was found. {repository.note}".strip()
    return "\n\n".join([f"{counted(total, 'dependency', 'dependencies')} in {counted(manifests, 'manifest')}.", *parts])


run(main)
