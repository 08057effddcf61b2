"""A report's Markdown as one self-contained page."""

import base64
import re
from pathlib import Path

CSS = """body{font:15px/1.5 sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:1em 0;font-size:13px}
td,th{border:1px solid #ccc;padding:.25em .6em;text-align:left;vertical-align:top}
img{max-width:100%}"""


def html(text: str, folder: Path) -> str:
    """The Markdown as one page with its figures inside."""
    import markdown

    def embedded(match: re.Match[str]) -> str:
        data = base64.b64encode((folder / match[1]).read_bytes()).decode()
        return f'src="data:image/png;base64,{data}"'

    body = markdown.markdown(text, extensions=["tables"])
    body = re.sub(r'src="([^"/]+\.png)"', embedded, body)
    title = text.splitlines()[0].lstrip("# ")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{CSS}</style></head><body>{body}</body></html>\n"
    )
