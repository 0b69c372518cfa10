"""The files and the history of the open folder; with git where there is one, else from the files alone."""

import fnmatch
import os
import subprocess
from pathlib import Path

from program import Problem, input_folder

SKIPPED = {
    ".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", ".pytest_cache",
    "dist", "build", "target", "out", ".next", ".gradle", ".idea", "vendor", "coverage", ".cache",
}  # fmt: skip
most_files = 100_000


def git(folder, *options, seconds=90):
    """The output of git, or None where the folder is no repository that git can read."""
    environment = {
        "PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/tmp"), "LC_ALL": "C.UTF-8",
        "GIT_OPTIONAL_LOCKS": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat", "GIT_NO_LAZY_FETCH": "1",
    }  # fmt: skip
    # The folder belongs to somebody else than who runs in the container. What a repository's own settings could start
    # (a monitor, hooks, a diff program, a signature check) is off.
    settings = [
        *(f"safe.directory={one}" for one in folders_up(folder)),
        "core.fsmonitor=false", f"core.hooksPath={os.devnull}", "log.showSignature=false",
        "core.quotePath=false", "diff.external=", "core.untrackedCache=false", "submodule.recurse=false", "color.ui=false",
    ]  # fmt: skip
    command = ["git", *(part for setting in settings for part in ("-c", setting)), "-C", str(folder), *options]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, env=environment, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        raise Problem(f"git took more than {seconds} seconds; look at a shorter time with `since`") from None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def folders_up(folder):
    """The folder and those above it, up to the open one: in one of them lies the repository."""
    top = Path(os.path.realpath(os.getcwd()))
    return [one for one in (folder, *folder.parents) if one == top or top in one.parents]


class Repository:
    """@param below: a folder to look at, relative to the open folder"""

    def __init__(self, below="."):
        self.below = below
        self.folder = input_folder(below)
        self.top = git(self.folder, "rev-parse", "--show-toplevel")
        self.has_git = self.top is not None
        self.note = ""
        if not self.has_git and (self.folder / ".git").exists():
            self.note = (
                "The folder has a .git that git cannot read here (a linked worktree, or damaged); only files were looked at."
            )

    def files(self, exclude=()):
        """Paths relative to the folder, as git knows them, or all but the usual products of builds."""
        if self.has_git:
            text = git(self.folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", ".")
            names = [name for name in (text or "").split("\0") if name]
        else:
            names = list(self._walk())
        wanted = [name for name in names if not any(matches(name, pattern) for pattern in exclude)]
        if len(wanted) > most_files:
            raise Problem(f"there are more than {most_files} files; choose a folder with `path`, or leave some out with `exclude`")
        return wanted

    def _walk(self):
        count = 0
        for folder, folders, names in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if name not in SKIPPED)
            for name in sorted(names):
                count += 1
                if count > most_files:
                    return
                yield (Path(folder) / name).relative_to(self.folder).as_posix()


def matches(name, pattern):
    """`*.lock` fits in every folder; `docs` and `docs/**` fit what is below docs."""
    plain = pattern.rstrip("/*") if pattern.endswith(("/", "/*", "/**")) else pattern
    return fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name.rsplit("/", 1)[-1], pattern) or name.startswith(plain + "/")


def read_text(file, most=2_000_000):
    """The text of a file; None where it is no ordinary text file or is too large."""
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > most:
            return None
        data = file.read_bytes()
    except OSError:
        return None
    return None if b"\0" in data[:8_000] else data.decode("utf-8", "replace")
