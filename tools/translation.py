"""Generated pages in another language."""

import re
from pathlib import Path

import yaml


def translated(text: str, phrases: Path) -> str:
    """A page in the language of a file of phrases: pairs of a pattern and what it becomes.

    Raises:
        SystemExit: words are left that no phrase knows and that aren't listed as names.
    """
    known = yaml.safe_load(phrases.read_text(encoding="utf-8"))
    for pattern, words in known["phrases"]:
        text = re.sub(pattern, words, text)
    bare = re.sub(r"`[^`]*`|\]\([^)]*\)|<!--.*?-->", "", text)
    left = sorted(set(re.findall(r"[A-Za-z]{3,}", bare)) - set(known["names"]))
    if left:
        raise SystemExit(f"{phrases}: no phrase for {', '.join(left)}")
    return text
