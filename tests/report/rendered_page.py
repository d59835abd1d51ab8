"""Markdown as GitHub shows it: its own renderer, and the page it gives as elements and text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

cmark = pytest.importorskip("cmarkgfm.cmark", reason="GitHub's Markdown renderer is not installed")

EXTENSIONS = ["table", "autolink", "strikethrough", "tagfilter", "tasklist"]
QUIET = {"code", "pre", "a"}
"""GitHub looks for mentions, references and emoji outside these elements."""
VOID = {"br", "hr", "img", "input", "wbr"}
ALIVE = re.compile(
    r"(?:^|\W)@[a-z0-9]|#\d|\bgh-\d|://|www\.|:[\w+-]+:|(?<![\w])[0-9a-f]{7,40}(?![\w])|[\w.]@\w|\$",
    re.IGNORECASE | re.ASCII,
)
"""What GitHub brings to life in a text node: written apart from the encoder's own expression."""


def as_html(markdown: str, *, html: bool = True) -> str:
    options = cmark.Options.CMARK_OPT_GITHUB_PRE_LANG | cmark.Options.CMARK_OPT_FOOTNOTES
    return cmark.markdown_to_html_with_extensions(
        markdown, options | (cmark.Options.CMARK_OPT_UNSAFE if html else 0), EXTENSIONS
    )


@dataclass
class Page(HTMLParser):
    """Elements in their order, each text with the elements it stands in, and every attribute."""

    tags: list[str] = field(default_factory=list)
    texts: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self._open or self._open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data):
        self.texts.append((tuple(self._open), data))
        if {"td", "th"} & set(self._open):
            self.cells[-1] += data

    @property
    def text(self) -> str:
        return "".join(text for _, text in self.texts)

    @property
    def bare(self) -> list[str]:
        """Text outside code and links, where GitHub looks for mentions."""
        return [text for inside, text in self.texts if not QUIET & set(inside)]

    def count(self, tag: str) -> int:
        return self.tags.count(tag)


def page(markdown: str, *, html: bool = True) -> Page:
    made = Page()
    made.feed(as_html(markdown, html=html))
    made.close()
    made.unclosed += made._open
    return made
