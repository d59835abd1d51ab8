"""Makes text from a release harmless wherever it is shown: terminal, Markdown, HTML, the log and files of a runner."""

from __future__ import annotations

import re

from policy_gate.errors import InternalError

MAX_VALUE = 200
"""Characters of one value that a report shows, unless it says otherwise."""
CUT = "…"

_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
# What GitHub turns into a mention, a reference, a link, an emoji or mathematics outside code (its own autolinks and
# GFM's). Entities and backslashes do not stop it, since it looks at the finished text; only code does.
_ALIVE = re.compile(
    r"[@$]|#\d|://|www\.|\b(?:gh|ghsa|cve)-\w|(?:mailto|xmpp):|:[\w+-]+:|(?<![0-9a-z])[0-9a-f]{7,64}(?![0-9a-z])",
    re.IGNORECASE,
)
_GRAPHIC = re.compile("[!-~]+")
_QUOTED = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_MARKED = str.maketrans(
    {
        **{mark: f"\\{mark}" for mark in "\\`*_[]~#"},
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "|": "&#124;",
    }
)
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_BRACES = {"{": "{{", "}": "}}"}
_SARIF, _SARIF_LINKS = str.maketrans(_BRACES), str.maketrans({**_BRACES, "\\": "\\\\", "[": "\\[", "]": "\\]"})
_NOT_IN_XML = re.compile("[\ufffe\uffff]")
_LIST_NUMBER = re.compile(r"\A(\d{1,9})([.)])")
_PUNCTUATION = ",.;:!?()\"'"
_OUTPUT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BETWEEN_CODE = "<!-- -->"
_BLANK = (" ", "\n", "\t")


def safe(text: str) -> str:
    """Show harmful characters as escapes; newline and tab become spaces, since a message is one line."""
    return _HARMFUL.sub(_escaped, text.replace("\n", " ").replace("\t", " "))


def safe_line(text: str) -> str:
    """As `safe`, for a line of source: every character stays one character, so that carets stay in place."""
    return _HARMFUL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", " ").replace("\n", " "))


def safe_json(text: str) -> str:
    """Write harmful characters inside the strings of a JSON text as its own escapes: its content stays the same."""
    return _HARMFUL.sub(_json_escaped, text)


def is_plain(line: str) -> bool:
    """Whether a line can be shown as it is: nothing in it is invisible, reversed or another line; tabs may be."""
    return "\n" not in line and _HARMFUL.search(line) is None


def clip(text: str, most: int = MAX_VALUE) -> str:
    """At most this many characters, the last one `…` where some are left out; no character is cut in two."""
    return text if len(text) <= most else text[: max(0, most - 1)] + CUT


def utf16_units(text: str) -> int:
    """The length as GitHub's comments count it, at worst: characters beyond the first 65,536 count twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8_bytes(text: str) -> int:
    """The length as GitHub's check runs and job summaries count it."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def markdown_text(text: str, most: int = MAX_VALUE) -> str:
    """One line of text for Markdown, also in a table's cell: no markup, element, mention, reference or link.

    What GitHub would bring to life outside code, such as `@team`, `#12` or a URL, stands in code.
    """
    words = [one for one in safe(clip(text, most)).split(" ") if one]
    if words and (numbered := _LIST_NUMBER.match(words[0])) is not None and not _ALIVE.search(words[0]):
        rest = words[0][numbered.end() :]
        return " ".join([f"{numbered[1]}\\{numbered[2]}{_word(rest)}", *map(_word, words[1:])])
    return " ".join(map(_word, words))


def markdown_prose(text: str, most: int = MAX_VALUE) -> str:
    """As `markdown_text`, but what stands between single backticks stays code: for messages, causes and fixes."""
    parts = _QUOTED.split(clip(text, most))
    shown = ""
    for at, part in enumerate(parts):
        written = code_cell(part, most) if at % 2 else _kept_spaces(part, most)
        shown += (_BETWEEN_CODE if shown.endswith("`") and written.startswith("`") else "") + written
    return shown.strip(" ")


def code_span(text: str, most: int = MAX_VALUE) -> str:
    """Text as a code span with a fence longer than any run of backticks in it; not for a table's cell."""
    shown = safe(clip(text, most)) or " "
    fence = "`" * (_longest_run(shown) + 1)
    pads = shown[0] == "`" or shown[-1] == "`" or (shown[0] == shown[-1] == " " and shown.strip(" ") != "")
    return f"{fence} {shown} {fence}" if pads else f"{fence}{shown}{fence}"


def code_cell(text: str, most: int = MAX_VALUE) -> str:
    """Text as code in a table's cell: a bar would end the cell, also inside a code span, so it stands beside it."""
    parts = re.split(r"(\|+)", clip(text, most))
    return "".join(
        f"<code>{'&#124;' * len(part)}</code>" if at % 2 else code_span(part, most)
        for at, part in enumerate(parts)
        if part or len(parts) == 1
    )


def html_text(text: str, most: int = MAX_VALUE) -> str:
    """Text for an HTML element, such as a `<summary>`; what GitHub would bring to life stands in `<code>`."""
    return _GRAPHIC.sub(_html_word, safe(clip(text, most)))


def html_code(text: str, most: int = MAX_VALUE) -> str:
    """Text as a `<code>` element inside a block of HTML."""
    return f"<code>{safe(clip(text, most)).translate(_HTML)}</code>"


def html_attribute(text: str) -> str:
    """Text for the value of an HTML attribute between double quotes."""
    return safe(text).translate(_HTML)


def fence(text: str, language: str = "") -> str:
    """Lines as a fenced block; its fence is longer than any run of backticks in them. Harmful characters are shown."""
    lines = "\n".join(_HARMFUL.sub(_escaped, one) for one in text.split("\n"))
    mark = "`" * max(3, _longest_run(lines) + 1)
    return f"{mark}{language}\n{lines}\n{mark}"


def command_data(text: str) -> str:
    """The text of a runner's command, of one or many lines (actions/runner, ActionCommand: `%`, CR and LF)."""
    lines = "\n".join(_no_old_command(_HARMFUL.sub(_escaped, one)) for one in text.split("\n"))
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """One property of a runner's command: as its text, and `:` and `,` as well."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def neutral_log_line(line: str) -> str:
    """One line for a runner's log that is no command: `::` at its start and `##[` anywhere get a backslash."""
    shown = _no_old_command(safe(line))
    start = len(shown) - len(shown.lstrip())
    return f"{shown[:start]}\\{shown[start:]}" if shown.startswith("::", start) else shown


def output_value(name: str, value: str, delimiter: str) -> str:
    """One entry of a runner's output or environment file; `delimiter` is random and must not occur in the value.

    Raises InternalError for a name that is none, and where the delimiter occurs.
    """
    if not _OUTPUT_NAME.fullmatch(name):
        raise InternalError(f"'{safe(name)}' is no name of an output")
    if not _OUTPUT_NAME.fullmatch(delimiter) or delimiter in value or delimiter in name:
        raise InternalError(f"the delimiter of the output '{name}' occurs in its value")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def xml_text(text: str) -> str:
    """Lines of text that XML 1.0 can hold (section 2.2); its marks are escaped by whoever writes the document."""
    lines = "\n".join(_HARMFUL.sub(_escaped, one) for one in text.split("\n"))
    return _NOT_IN_XML.sub(_escaped, lines)


def sarif_message(text: str) -> str:
    """Lines of text as a plain message of SARIF 2.1.0 (3.11.5, 3.11.6): no placeholder, no embedded link."""
    lines = "\n".join(_HARMFUL.sub(_escaped, one) for one in text.split("\n"))
    return lines.translate(_SARIF_LINKS if "](" in lines else _SARIF)


def _word(word: str) -> str:
    """One word: runs of ASCII that GitHub would bring to life become code, others lose their markup."""
    return _GRAPHIC.sub(_markdown_run, word)


def _markdown_run(found: re.Match[str]) -> str:
    run = found[0]
    if _ALIVE.search(run):
        core = run.strip(_PUNCTUATION) or run
        before, _, after = run.partition(core)
        return f"{before}{code_cell(core, len(core))}{after}"
    return ("\\" if run[0] in "-+=" else "") + run.translate(_MARKED)


def _html_word(found: re.Match[str]) -> str:
    run = found[0].translate(_HTML)
    return f"<code>{run}</code>" if _ALIVE.search(found[0]) else run


def _kept_spaces(text: str, most: int) -> str:
    """As `markdown_text`, with one space where the text begins or ends with some."""
    shown = markdown_text(text, most)
    before, after = " " if text.startswith(_BLANK) else "", " " if text.endswith(_BLANK) else ""
    return f"{before}{shown}{after}" if shown else before


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _no_old_command(line: str) -> str:
    return line.replace("##[", "##\\[")


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escaped(found: re.Match[str]) -> str:
    """One escape, or two for a character beyond the first 65,536 (RFC 8259, section 7)."""
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
