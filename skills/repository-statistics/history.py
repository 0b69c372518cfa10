"""Who changed what and when: authors, months, files that change most, from git."""

import re

from program import Problem, counted, run, table
from repository import Repository, git, matches

RENAME = re.compile(r"\{(.*?) => (.*?)\}")


def names_of(text):
    """The names of a file before and after a commit; git writes a rename as `a/{b => c}/d` or `b => c`."""
    if " => " not in text:
        return text, text
    if RENAME.search(text):
        return tuple(RENAME.sub(lambda match, side=side: match[side], text).replace("//", "/") for side in (1, 2))
    before, after = text.split(" => ", 1)
    return before, after


def main(arguments):
    below = arguments.text("path", ".")
    since = arguments.text("since")
    until = arguments.text("until")
    exclude = arguments.texts("exclude", [])
    most = arguments.whole("most", 15, 1, 200)
    most_commits = arguments.whole("commits", 5_000, 1, 100_000)
    arguments.refuse_others()

    for name, value in (("since", since), ("until", until)):
        if value is not None and not re.fullmatch(r"[\w .:+-]{1,40}", value):
            raise Problem(f"`{name}` must be a date like 2025-01-31, or a time like `3 months ago`")
    repository = Repository(below)
    if not repository.has_git:
        raise Problem(repository.note or "there is no git repository in this folder; `overview` works without one")
    if git(repository.folder, "rev-parse", "--verify", "HEAD") is None:
        return "The repository has no commits yet."
    options = [f"--since={since}"] if since else []
    options += [f"--until={until}"] if until else []
    text = git(
        repository.folder, "log", "--no-ext-diff", "--no-textconv", "--numstat", "--no-merges", "-M", f"-n{most_commits}",
        "--date=short", "--format=%x1e%h%x1f%aN%x1f%ad%x1f%s", *options, "--", ".",
    )  # fmt: skip
    if text is None:
        raise Problem("git cannot read the history; the repository may be damaged or only partly fetched")
    authors, months, files, commits, names = {}, {}, {}, [], {}
    for record in text.split("\x1e")[1:]:
        head, _, body = record.partition("\n")
        number, author, date, subject = (head.split("\x1f") + ["", "", ""])[:4]
        commits.append((number, author, date, subject))
        person = authors.setdefault(author, [0, 0, 0, date, date])
        person[0] += 1
        person[3] = min(person[3], date)
        person[4] = max(person[4], date)
        month = months.setdefault(date[:7], [0, 0, 0])
        month[0] += 1
        for line in body.splitlines():
            fields = line.split("\t")
            if len(fields) != 3:
                continue
            # The newest commit comes first: what a file is called now is known when its older names turn up.
            before, after = names_of(fields[2])
            name = names[before] = names.get(after, after)
            if any(matches(name, pattern) for pattern in exclude):
                continue
            added, removed = (int(value) if value.isdigit() else 0 for value in fields[:2])
            file = files.setdefault(name, [0, 0, 0, set()])
            file[0] += 1
            file[1] += added
            file[2] += removed
            file[3].add(author)
            for row in (person, month):
                row[1] += added
                row[2] += removed
    if not commits:
        return "There are no commits in that time."
    is_cut = len(commits) == most_commits
    parts = [
        f"{'The last ' if is_cut else ''}{counted(len(commits), 'commit')} (without merges) by {counted(len(authors), 'author')}, "
        f"{commits[-1][2]} to {commits[0][2]}."
    ]
    ranked = sorted(authors.items(), key=lambda pair: -pair[1][0])[:most]
    parts.append("Authors:\n\n" + table(["Author", "Commits", "Added", "Removed", "First", "Last"], [[name, *row] for name, row in ranked], (1, 2, 3)))
    hot = sorted(files.items(), key=lambda pair: (-pair[1][0], -pair[1][1] - pair[1][2]))[:most]
    parts.append(
        "Files that change most:\n\n"
        + table(["File", "Commits", "Added", "Removed", "Authors"], [[name, *row[:3], len(row[3])] for name, row in hot], (1, 2, 3, 4))
    )
    recent = sorted(months.items(), reverse=True)[:12]
    parts.append("Months:\n\n" + table(["Month", "Commits", "Added", "Removed"], [[name, *row] for name, row in recent], (1, 2, 3)))
    parts.append("Latest commits:\n\n" + table(["Commit", "Date", "Author", "Subject"], [[c[0], c[2], c[1], c[3][:100]] for c in commits[:10]]))
    if is_cut:
        parts.append("There are older ones; give `commits` or `since` to look further back.")
    return "\n\n".join(parts)


run(main)
