"""The words of the language: what may be called, and what CEL has that is refused here, with the way to say it."""

from __future__ import annotations

from collections.abc import Iterable

LITERALS = {"true": True, "false": False, "null": None}
_WORDS = "as break const continue else for function if import in let loop package namespace return var void while"
RESERVED = frozenset({*_WORDS.split(), *LITERALS})  # CEL specification, "Syntax"
MACROS = ("all", "exists")
METHODS = ("startsWith", "endsWith", "contains")
SPECIAL = ("has", "size")

NO_PATTERNS = "use a typed format such as is_sha256(x), or glob(x, 'pattern')"
_NO_MAKING = "say it with all() or exists()"
_NO_CASTS = "values keep the type they are written with; integers and decimals compare with each other"
_NO_TIME = "use days_between('2026-01-01', today)"
REFUSED_CALLS = {
    "matches": NO_PATTERNS,
    "map": _NO_MAKING,
    "filter": _NO_MAKING,
    "exists_one": _NO_MAKING,
    "existsOne": _NO_MAKING,
    "dyn": "leave it out",
    "type": "a comparison with a value of another type is unknown by itself",
    **dict.fromkeys(("int", "uint", "double", "string", "bool", "bytes"), _NO_CASTS),
    **dict.fromkeys(("timestamp", "duration", "getFullYear", "getMonth", "getDate", "getHours"), _NO_TIME),
    **dict.fromkeys(("lowerAscii", "upperAscii", "replace", "split", "join", "substring", "trim", "format"), ""),
    **dict.fromkeys(("charAt", "indexOf", "lastIndexOf", "reverse", "quote"), ""),
    **dict.fromkeys(("sum", "min", "max", "sort", "sortBy", "distinct", "flatten", "slice", "transformList"), ""),
}
REFUSED_SIGNS = {
    "//": ("a comment", "write it beside the expression, in the YAML"),
    "/": ("division", "multiply the other side instead"),
    "%": ("the remainder", ""),
    "?": ("the choice a ? b : c", "write (a && b) || (!a && c)"),
    "{": ("a map literal", ""),
    "`": ("a quoted name", "write ['name']"),
    "'''": ("a triple-quoted text", "use one quote"),
    '"""': ("a triple-quoted text", "use one quote"),
}
MISTAKEN_SIGNS = {
    "&": "write && for `and`",
    "|": "write || for `or`",
    "=": "write == to compare",
    "$": "a parameter is written params.name",
    ";": "an expression is one condition; join conditions with &&",
    "#": "write a comment beside the expression, in the YAML",
    "\u201c": 'use the plain quote "',
    "\u201d": 'use the plain quote "',
    "\u2018": "use the plain quote '",
    "\u2019": "use the plain quote '",
    "\u2264": "write <=",
    "\u2265": "write >=",
    "\u2260": "write !=",
}
MISTAKEN_WORDS = {
    "and": "write &&",
    "or": "write ||",
    "not": "write !",
    "is": "write ==",
    "None": "write null",
    "True": "write true",
    "False": "write false",
}


def nearest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` for the known word nearest to a wrong one; empty when none is near."""
    from difflib import get_close_matches  # only a wrong expression pays for it

    found = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"did you mean '{found[0]}'?" if found else ""
