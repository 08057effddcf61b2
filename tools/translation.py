"""Generated pages in another language."""

import re
from pathlib import Path

import yaml


def translated(text: str, *phrases: Path) -> str:
    """A page in the language of files of phrases: pairs of a pattern and what it becomes, in their
    order.

    Raises:
        SystemExit: words are left that no phrase knows and that aren't listed as names.
    """
    names: set[str] = set()
    for one in phrases:
        known = yaml.safe_load(one.read_text(encoding="utf-8"))
        names |= set(known["names"])
        for pattern, words in known["phrases"]:
            text = re.sub(pattern, words, text)
    bare = re.sub(r"`[^`]*`|\]\([^)]*\)|<!--.*?-->", "", text)
    left = sorted(set(re.findall(r"[A-Za-z]{3,}", bare)) - names)
    if left:
        raise SystemExit(f"{phrases[0]}: no phrase for {', '.join(left)}")
    return text
