#!/usr/bin/env python3
"""documents.py SOURCE TARGET VERSION MAINTAINER: the compressed manual pages and the Debian changelog.

The date is SOURCE_DATE_EPOCH's (1970 without it), and nothing else of the moment gets into a file."""

import email.utils
import gzip
import os
import re
import sys

PAGES = ("drawbridge.1", "drawbridge.toml.5", "drawbridged.8")


def epoch():
    return int(os.environ.get("SOURCE_DATE_EPOCH", "0"))


def compress(text, path):
    with open(path, "wb") as file, gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as packed:
        packed.write(text.encode())


def newest_changes(changelog):
    """The entries below the first heading of CHANGELOG.md."""
    section = re.split(r"^## ", changelog, flags=re.MULTILINE)[1]
    return re.findall(r"^\* (.*)$", section, flags=re.MULTILINE)


def wrapped(entry, width=78):
    lines, line = [], "  *"
    for word in entry.split():
        if len(line) + 1 + len(word) > width:
            lines.append(line)
            line = "   "
        line += " " + word
    return "\n".join(lines + [line])


def debian_changelog(changelog, version, maintainer):
    entries = "\n".join(wrapped(entry) for entry in newest_changes(changelog))
    date = email.utils.formatdate(epoch())
    return f"drawbridge ({version}) bookworm; urgency=medium\n\n{entries}\n\n -- {maintainer}  {date}\n"


def main(source, target, version, maintainer):
    for page in PAGES:
        with open(os.path.join(source, "docs/man", page)) as file:
            compress(file.read(), os.path.join(target, page + ".gz"))
    with open(os.path.join(source, "CHANGELOG.md")) as file:
        compress(debian_changelog(file.read(), version, maintainer), os.path.join(target, "changelog.gz"))


if __name__ == "__main__":
    main(*sys.argv[1:])
