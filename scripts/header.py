# SPDX-License-Identifier: MIT
"""What a test says of itself: "// key: words" lines in the comments it begins with."""


def header(path, keys):
    """{key: text} for the keys asked for; lines with the same key add up.

    A line "// key" alone counts as that key with an empty text.
    """
    found = {}
    with open(path, encoding="utf-8") as source:
        for line in source:
            line = line.strip()
            if not line.startswith("//"):
                break
            key, _, text = line[2:].strip().partition(":")
            if key in keys:
                found[key] = f"{found.get(key, '')} {text.strip()}".strip()
    return found
