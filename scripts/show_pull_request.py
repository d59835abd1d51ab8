"""Writes what stands on a pull request, as the golden files have it, as pages that a browser shows."""

from __future__ import annotations

import sys
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden" / "pull_request"
STYLE = """\
body { margin: 0; padding: 16px; background: #f6f8fa; color: #1f2328;
  font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif, "Noto Color Emoji"; }
article { max-width: 780px; margin: 0 auto; padding: 16px; background: #fff; border: 1px solid #d1d9e0;
  border-radius: 6px; overflow-wrap: break-word; }
h3 { margin: 0 0 16px; font-size: 1.25em; line-height: 1.25; }
p, ul, ol, table, pre, details { margin: 0 0 16px; }
ul, ol { padding-left: 2em; }
details > :last-child { margin-bottom: 0; }
details[open] > summary { margin-bottom: 16px; }
table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; }
th, td { padding: 6px 13px; border: 1px solid #d1d9e0; }
tr:nth-child(2n) { background: #f6f8fa; }
code { padding: .2em .4em; background: #eff1f3; border-radius: 6px;
  font: 85% ui-monospace, "DejaVu Sans Mono", monospace; }
pre { padding: 16px; overflow: auto; background: #f6f8fa; border-radius: 6px; }
pre code { padding: 0; background: none; }
pre[lang=suggestion] { background: #dafbe1; }
pre[lang=suggestion]::before { content: "Suggested change"; display: block; color: #59636e; margin-bottom: 8px; }
a { color: #0969da; } sub { font-size: 75%; }
blockquote { margin: 0 0 16px; padding: 0 1em; color: #59636e; border-left: .25em solid #d1d9e0; }
"""


def page(markdown: str, *, title: str, opened: bool) -> str:
    """A page of one report, by GitHub's own renderer; `opened` unfolds everything."""
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_GITHUB_PRE_LANG
    body = cmarkgfm.github_flavored_markdown_to_html(markdown, options)
    body = body.replace("<details>", "<details open>") if opened else body
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    return f"<!doctype html>\n{head}<style>{STYLE}</style>\n<article>{body}</article>\n"


def main() -> None:
    """Write a page for each golden file, as it stands and with everything unfolded."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".bench" / "pull-request"
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted(GOLDEN.glob("*.md")):
        markdown = source.read_text(encoding="utf-8")
        for opened in (False, True):
            made = target / f"{source.stem}{'-open' if opened else ''}.html"
            made.write_text(page(markdown, title=source.stem, opened=opened), encoding="utf-8")
            print(made)


if __name__ == "__main__":
    main()
