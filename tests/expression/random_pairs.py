"""Random documents and expressions over them, from a seed; well-typed more often than not, so that most are decided."""

from __future__ import annotations

from random import Random
from typing import Any

TEXTS = ["a", "b", "ab", "żółć", "a😀b", "", "node-v2", "Z", "é", "sha256:ab"]
NUMBERS = [0, 1, 2, 3, -1, 7, 2**40, -(2**40)]
DECIMALS = [0.0, 0.5, 1.0, 1.5, 2.0, -1.0, 1e-5, 3.25]
KEYS = ["a", "b", "x-y", "żó", "c", "id"]
COMPARING = ["==", "!=", "<", "<=", ">", ">="]


def document(source: Random) -> dict[str, Any]:
    """A document whose first level has known types now and then missing, and whose depth is two to four."""
    made = {
        "i": source.choice(NUMBERS),
        "j": source.choice(NUMBERS),
        "f": source.choice(DECIMALS),
        "s": source.choice(TEXTS),
        "t": source.choice(TEXTS),
        "yes": source.random() < 0.5,
        "no": source.random() < 0.5,
        "ints": numbers(source, NUMBERS),
        "mixed": numbers(source, [*NUMBERS, *DECIMALS]),
        "texts": numbers(source, TEXTS),
        "none": None,
        "map": {key: source.choice(NUMBERS) for key in KEYS if source.random() < 0.6},
        "deep": {"a": {"b": {"c": source.choice(NUMBERS)}, "x-y": [source.choice(TEXTS)]}},
        "items": [item(source) for _ in range(source.randint(0, 3))],
        "grid": [numbers(source, NUMBERS) for _ in range(source.randint(0, 3))],
        "any": anything(source, 2),
        "other": anything(source, 2),
    }
    for key in list(made):
        if source.random() < 0.04:
            del made[key]
        elif source.random() < 0.03:
            made[key] = anything(source, 1)
    return made


def numbers(source: Random, among: list[Any]) -> list[Any]:
    return [source.choice(among) for _ in range(source.randint(0, 4))]


def item(source: Random) -> dict[str, Any]:
    made: dict[str, Any] = {"id": source.choice(TEXTS), "n": source.choice([*NUMBERS, *DECIMALS])}
    if source.random() < 0.7:
        made["tags"] = numbers(source, TEXTS)
    if source.random() < 0.3:
        made["n"] = anything(source, 1)
    return made


def anything(source: Random, depth: int) -> Any:
    kinds = [
        lambda: source.choice(NUMBERS),
        lambda: source.choice(DECIMALS),
        lambda: source.choice(TEXTS),
        lambda: source.random() < 0.5,
        lambda: None,
    ]
    if depth:
        kinds.append(lambda: [anything(source, depth - 1) for _ in range(source.randint(0, 3))])
        kinds.append(lambda: {key: anything(source, depth - 1) for key in KEYS if source.random() < 0.4})
    return source.choice(kinds)()


class Writer:
    """Writes one random condition; a method for each type of value, each giving text."""

    def __init__(self, source: Random) -> None:
        self._source = source
        self._bound: list[tuple[str, str]] = []

    def condition(self, depth: int) -> str:
        source = self._source
        if depth <= 0 or source.random() < 0.35:
            return self._atom(depth)
        roll = source.random()
        if roll < 0.35:
            return self._joined(" && ", depth)
        if roll < 0.65:
            return self._joined(" || ", depth)
        if roll < 0.75:
            inner = self.condition(depth - 1)
            return f"({inner})" if inner.startswith(("!", "(!", "((")) else f"!({inner})"
        return self._macro(depth)

    def _joined(self, sign: str, depth: int) -> str:
        return "(" + sign.join(self.condition(depth - 1) for _ in range(self._source.randint(2, 3))) + ")"

    def _macro(self, depth: int) -> str:
        subject, kind = self._source.choice(
            [
                ("m.ints", "number"),
                ("m.mixed", "number"),
                ("m.texts", "text"),
                ("m.items", "item"),
                ("m.grid", "list"),
                ("m.map", "key"),
                ("m.any", "any"),
                ("m.deep.a['x-y']", "text"),
                ("[m.i, 1, m.f]", "number"),
                ("(m.ints + m.mixed)", "number"),
            ]
        )
        variable = f"v{len(self._bound)}"
        self._bound.append((variable, kind))
        body = self.condition(depth - 1)
        self._bound.pop()
        return f"{subject}.{self._source.choice(['all', 'exists'])}({variable}, {body})"

    def _atom(self, depth: int) -> str:
        forms = [
            lambda: f"{self.number(depth)} {self._sign()} {self.number(depth)}",
            lambda: f"{self.number(depth)} {self._sign()} {self.number(depth)}",
            lambda: f"{self.text(depth)} {self._sign()} {self.text(depth)}",
            lambda: f"{self.anything()} {self._source.choice(['==', '!='])} {self.anything()}",
            lambda: f"{self.listed()} {self._source.choice(['==', '!='])} {self.listed()}",
            lambda: f"{self.anything()} {self._sign()} {self.anything()}",
            lambda: f"{self.number(0)} in {self._source.choice(['m.ints', 'm.mixed', '[0, 1, 2]', '[0.5, 1.0, m.f]'])}",
            lambda: f"{self.text(0)} in {self._source.choice(['m.texts', 'm.map', 'm.deep', self._words()])}",
            lambda: f"{self.anything()} in {self._source.choice(['m.any', 'm.items', 'm.grid', 'm.other', 'm.none'])}",
            lambda: self._source.choice(["m.yes", "m.no", "m.yes == m.no", "m.yes != true", "m.no < m.yes", "m.any"]),
            lambda: f"has(m.{self._source.choice(['i', 'nope', 'map.a', 'deep.a.b', 'deep.a.q.r', 'any.a', 'i.x'])})",
            lambda: f"has(m.items[{self._source.randint(0, 2)}].{self._source.choice(['tags', 'n', 'zz'])})",
            lambda: f"{self.text(0)}.{self._source.choice(['startsWith', 'endsWith', 'contains'])}({self.text(0)})",
            lambda: self._source.choice(["true", "false", "null == m.none", "m.none != null"]),
        ]
        if self._bound:
            forms.extend([self._about_variable] * 6)
        return self._source.choice(forms)()

    def _about_variable(self) -> str:
        variable, kind = self._source.choice(self._bound)
        if kind == "item":
            return self._source.choice(
                [
                    f"{variable}.n {self._sign()} {self.number(0)}",
                    f"{variable}.id {self._sign()} {self.text(0)}",
                    f"has({variable}.tags) && size({variable}.tags) > {self._source.randint(0, 3)}",
                    f"{self.text(0)} in {variable}.tags",
                    f"{variable} == m.items[0]",
                ]
            )
        if kind == "list":
            return f"size({variable}) {self._sign()} {self._source.randint(0, 3)}"
        if kind == "key":
            return self._source.choice(
                [f"m.map[{variable}] {self._sign()} {self.number(0)}", f"{variable} {self._sign()} {self.text(0)}"]
            )
        other = self.number(0) if kind == "number" else self.text(0) if kind == "text" else self.anything()
        return f"{variable} {self._sign()} {other}"

    def number(self, depth: int) -> str:
        source = self._source
        simple = ["m.i", "m.j", "m.f", "m.deep.a.b.c", "m['i']", "m.map.a", "m.map['x-y']", "m.map['żó']"]
        forms = [
            lambda: source.choice(simple),
            lambda: source.choice(simple),
            lambda: str(source.choice(NUMBERS)),
            lambda: repr(source.choice(DECIMALS)),
            lambda: f"m.{source.choice(['ints', 'mixed'])}[{source.randint(0, 3)}]",
            lambda: f"m.grid[{source.randint(0, 2)}][{source.choice(['0', '1', 'm.i', 'm.f'])}]",
            lambda: f"m.items[{source.randint(0, 2)}].n",
            lambda: f"size({source.choice(['m.s', 'm.ints', 'm.map', 'm.items', 'm.texts', 'm.any', 'm.nope'])})",
        ]
        if depth > 0:
            forms.append(lambda: f"({self.number(depth - 1)} {source.choice('+-*')} {self.number(depth - 1)})")
            forms.append(lambda: f"-({source.choice(['m.i', 'm.f'])})")
        return source.choice(forms)()

    def text(self, depth: int) -> str:
        source = self._source
        forms = [
            lambda: source.choice(["m.s", "m.t", "m['s']", "m.deep.a['x-y'][0]", "m.items[0].id"]),
            lambda: source.choice(["m.s", "m.t"]),
            lambda: f"m.texts[{source.randint(0, 3)}]",
            lambda: quoted(source.choice(TEXTS), source),
        ]
        if depth > 0:
            forms.append(lambda: f"({self.text(depth - 1)} + {self.text(depth - 1)})")
        return source.choice(forms)()

    def listed(self) -> str:
        source = self._source
        return source.choice(
            ["m.ints", "m.mixed", "m.grid", "m.grid[0]", "[1, 2]", "[m.i, m.f]", "[]", "m.items", "(m.ints + [m.i])"]
        )

    def anything(self) -> str:
        source = self._source
        places = [
            "m.any",
            "m.other",
            "m.any.a",
            "m.any[0]",
            "m.map",
            "m.deep",
            "m.none",
            "m.items[0]",
            "m.ints",
            "m.yes",
        ]
        return source.choice([source.choice(places), self.number(0), self.text(0)])

    def _words(self) -> str:
        return "[" + ", ".join(quoted(one, self._source) for one in self._source.sample(TEXTS, 3)) + "]"

    def _sign(self) -> str:
        return self._source.choice(COMPARING)


def quoted(text: str, source: Random) -> str:
    """A literal of a text, in either quote, its characters now and then written as escapes."""
    quote = source.choice("'\"")
    escaped = "".join(
        f"\\u{ord(one):04x}" if ord(one) < 0x10000 and source.random() < 0.1 else one.replace("\\", "\\\\")
        for one in text
    )
    return f"{quote}{escaped}{quote}"
