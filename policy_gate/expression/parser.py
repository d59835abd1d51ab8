"""Reads the text of an expression into nodes: CEL's grammar and precedence, and nothing CEL would not read."""

from __future__ import annotations

from collections.abc import Iterable

from policy_gate.expression.functions import FUNCTIONS
from policy_gate.expression.limits import DEPTH_MAX, INT_MAX
from policy_gate.expression.nodes import (
    Arithmetic,
    Call,
    Compare,
    Has,
    In,
    Index,
    ListOf,
    Literal,
    Logic,
    Macro,
    Minus,
    Name,
    Node,
    Not,
    Select,
    children,
    is_path,
)
from policy_gate.expression.tokens import END, NAME, NUMBER, SIGN, TEXT, Token, tokens_of
from policy_gate.expression.values import ExpressionError
from policy_gate.expression.vocabulary import (
    LITERALS,
    MACROS,
    METHODS,
    MISTAKEN_WORDS,
    REFUSED_CALLS,
    RESERVED,
    SPECIAL,
    nearest,
)

_COMPARING = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_CALLABLE = frozenset({*FUNCTIONS, *SPECIAL}) - set(METHODS)


class Parser:
    """One text, read once from left to right by recursive descent; depth is bounded before it is entered."""

    def __init__(self, text: str, roots: Iterable[str], start: int = 0, end: int | None = None) -> None:
        """Cut a text, or a part of it, into tokens; roots are names a macro's variable may not take."""
        self._text = text
        self._tokens = tokens_of(text, start, end)
        self._at = 0
        self._depth = 0
        self._heights: dict[int, int] = {}
        self._taken = set(roots)

    def whole(self) -> Node:
        """The expression; raises `ExpressionError` where the text goes on after it."""
        if self._token.kind == END:
            raise ExpressionError("there is no expression", self._token.column)
        node = self._or()
        if self._token.kind != END:
            raise self._unexpected("an operator")
        return node

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _is(self, *texts: str) -> bool:
        token = self._tokens[self._at]
        return token.text in texts and (token.kind == SIGN or (token.kind == NAME and token.text == "in"))

    def _expect(self, sign: str, why: str) -> Token:
        if not self._is(sign):
            raise self._unexpected(f"'{sign}' {why}")
        return self._next()

    def _since(self, start: int) -> str:
        return self._text[start : self._tokens[self._at - 1].end]

    def _unexpected(self, wanted: str) -> ExpressionError:
        token = self._token
        if token.kind == NAME and token.text in MISTAKEN_WORDS:
            return _mistaken(token)
        found = token.text if token.kind == END else f"'{token.text[:40]}'"
        return ExpressionError(f"{wanted} is expected, not {found}", token.column)

    def _made(self, node: Node) -> Node:
        """Bound how deep nodes lie in each other; chains grow to the left, where no recursion bounds them."""
        height = 1 + max((self._heights[id(child)] for child in children(node)), default=0)
        if height > DEPTH_MAX:
            raise _too_deep(node.column)
        self._heights[id(node)] = height
        return node

    def _or(self) -> Node:
        return self._logic("||")

    def _logic(self, operator: str) -> Node:
        start = self._token.start
        parts = [self._logic("&&") if operator == "||" else self._relation()]
        while self._is(operator):
            self._next()
            parts.append(self._logic("&&") if operator == "||" else self._relation())
        if len(parts) == 1:
            return parts[0]
        return self._made(Logic(self._since(start), start + 1, operator, tuple(parts)))

    def _relation(self) -> Node:
        start = self._token.start
        left = self._sum()
        if not self._is(*_COMPARING):
            return left
        operator = self._next().text
        right = self._sum()
        if self._is(*_COMPARING):
            hint = "join two comparisons with &&, or put one in parentheses"
            raise ExpressionError("comparisons do not chain", self._token.column, hint)
        text = self._since(start)
        if operator == "in":
            return self._made(In(text, start + 1, left, right))
        return self._made(Compare(text, start + 1, operator, left, right))

    def _sum(self) -> Node:
        start = self._token.start
        left = self._product()
        while self._is("+", "-"):
            operator = self._next().text
            right = self._product()
            left = self._made(Arithmetic(self._since(start), start + 1, operator, left, right))
        return left

    def _product(self) -> Node:
        start = self._token.start
        left = self._unary()
        while self._is("*"):
            operator = self._next().text
            right = self._unary()
            left = self._made(Arithmetic(self._since(start), start + 1, operator, left, right))
        return left

    def _unary(self) -> Node:
        if not self._is("!", "-"):
            return self._member()
        sign = self._next()
        if self._is("!", "-"):
            hint = "leave both out" if self._is(sign.text) else "use parentheses"
            raise ExpressionError(f"'{sign.text}{self._token.text}' is not part of this language", sign.column, hint)
        if sign.text == "-" and self._token.kind == NUMBER:
            return self._member(self._negative(sign))
        operand = self._member()
        doubled = Not if sign.text == "!" else Minus
        if isinstance(operand, doubled):
            raise ExpressionError(f"'{sign.text}' twice cancels out", sign.column, "leave both out")
        return self._made(doubled(self._since(sign.start), sign.column, operand))

    def _negative(self, sign: Token) -> Node:
        number = self._next().scalar
        scalar = number if isinstance(number, str) else -number
        return self._made(Literal(self._since(sign.start), sign.column, scalar))

    def _member(self, begun: Node | None = None) -> Node:
        start = self._token.start if begun is None else begun.column - 1
        node = self._primary() if begun is None else begun
        while self._is(".", "["):
            node = self._index(node, start) if self._next().text == "[" else self._selected(node, start)
        return node

    def _index(self, base: Node, start: int) -> Node:
        key = self._nested()
        self._expect("]", "after the index")
        return self._made(Index(self._since(start), start + 1, base, key))

    def _selected(self, base: Node, start: int) -> Node:
        token = self._token
        if token.kind != NAME or token.text in {*LITERALS, "in"}:
            message = "a name is expected after '.'"
            raise ExpressionError(message, token.column, "write ['name'] where it is no plain word")
        self._next()
        if self._is("("):
            return self._method(base, token, start)
        if self._is("-") and self._goes_on_after(token):
            self._refuse_hyphen(base, token)
        return self._made(Select(self._since(start), start + 1, base, token.text, token.column))

    def _goes_on_after(self, token: Token) -> bool:
        """Whether `name-more` is written without a space, as ids with hyphens are."""
        minus, following = self._tokens[self._at], self._tokens[self._at + 1]
        return minus.start == token.end and following.start == minus.end and following.kind == NAME

    def _refuse_hyphen(self, base: Node, token: Token) -> None:
        following = self._tokens[self._at + 1]
        if following.text in self._taken or following.text in _CALLABLE:
            return
        id_text = f"{token.text}-{following.text}"
        message = f"'{id_text}' is read as a subtraction, and '{following.text}' is not known here"
        raise ExpressionError(message, token.column, f"an id with a hyphen is written {base.text}['{id_text}']")

    def _method(self, base: Node, token: Token, start: int) -> Node:
        name = token.text
        if name in MACROS:
            return self._macro(base, token, start)
        if name not in METHODS:
            raise _unknown_method(token, base)
        arguments = (base, *self._arguments())
        _check_count(name, len(arguments) - 1, len(FUNCTIONS[name].parameters) - 1, token)
        return self._made(Call(self._since(start), start + 1, name, arguments))

    def _macro(self, subject: Node, token: Token, start: int) -> Node:
        self._next()
        variable = self._token
        if variable.kind != NAME or variable.text in RESERVED:
            message = f"{token.text}() takes a variable and a condition"
            raise ExpressionError(message, variable.column, f"such as {token.text}(x, x.size > 0)")
        if variable.text in self._taken or variable.text.startswith("__"):
            raise ExpressionError(f"the name '{variable.text}' is taken", variable.column, "choose another variable")
        self._next()
        self._expect(",", f"after the variable of {token.text}()")
        self._taken.add(variable.text)
        body = self._nested()
        self._taken.discard(variable.text)
        self._expect(")", f"after the condition of {token.text}()")
        made = Macro(
            self._since(start), start + 1, token.text, token.column, subject=subject, variable=variable.text, body=body
        )
        return self._made(made)

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(", "before the arguments")
        return self._listed(")", "after the arguments")

    def _listed(self, closing: str, why: str) -> tuple[Node, ...]:
        found: list[Node] = []
        if not self._is(closing):
            found.append(self._nested())
            while self._is(","):
                self._next()
                found.append(self._nested())
        self._expect(closing, why)
        return tuple(found)

    def _nested(self) -> Node:
        """An expression within another: the only way to recurse, and bounded here."""
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _too_deep(self._token.column)
        node = self._or()
        self._depth -= 1
        return node

    def _primary(self) -> Node:
        token = self._token
        if token.kind in {NUMBER, TEXT}:
            self._next()
            if isinstance(token.scalar, int) and token.scalar > INT_MAX:
                raise ExpressionError("the integer is beyond 64 bits", token.column)
            return self._made(Literal(token.text, token.column, token.scalar))
        if token.kind == NAME and token.text != "in":
            return self._word()
        if self._is("("):
            self._next()
            node = self._nested()
            self._expect(")", "to close the parenthesis")
            return node
        if self._is("["):
            self._next()
            elements = self._listed("]", "to close the list")
            return self._made(ListOf(self._since(token.start), token.column, elements))
        raise self._unexpected("a value")

    def _word(self) -> Node:
        token = self._next()
        if token.text in LITERALS:
            return self._made(Literal(token.text, token.column, LITERALS[token.text]))
        if self._is("("):
            return self._function(token)
        if token.text in RESERVED:
            raise ExpressionError(f"'{token.text}' is a reserved word", token.column)
        if token.text in MISTAKEN_WORDS and token.text not in self._taken:
            raise _mistaken(token)
        return self._made(Name(token.text, token.column, token.text))

    def _function(self, token: Token) -> Node:
        name = token.text
        if name not in _CALLABLE:
            raise _unknown_function(token)
        arguments = self._arguments()
        wanted = 1 if name in SPECIAL else len(FUNCTIONS[name].parameters)
        _check_count(name, len(arguments), wanted, token)
        text = self._since(token.start)
        if name == "has":
            return self._made(Has(text, token.column, _presence(arguments[0])))
        return self._made(Call(text, token.column, name, arguments))


def _presence(argument: Node) -> Select:
    if isinstance(argument, Select) and is_path(argument):
        return argument
    hint = "it takes a path that ends in a name; for other keys write 'node-v2' in manifest.targets"
    raise ExpressionError("has() asks for one name of a map", argument.column, hint)


def _check_count(name: str, count: int, wanted: int, token: Token) -> None:
    if count != wanted:
        plural = "" if wanted == 1 else "s"
        raise ExpressionError(f"{name}() takes {wanted} argument{plural}, not {count}", token.column)


def _too_deep(column: int) -> ExpressionError:
    return ExpressionError(f"the expression is nested more than {DEPTH_MAX} deep", column, "split the rule in two")


def _mistaken(token: Token) -> ExpressionError:
    return ExpressionError(f"'{token.text}' is no word of this language", token.column, MISTAKEN_WORDS[token.text])


def _unknown_function(token: Token) -> ExpressionError:
    name = token.text
    if name in MISTAKEN_WORDS:
        return _mistaken(token)
    if name in REFUSED_CALLS:
        return _refused(token)
    if name in METHODS:
        return ExpressionError(f"{name}() is a method", token.column, f"write text.{name}(part)")
    if name in MACROS:
        return ExpressionError(f"{name}() is a method", token.column, f"write list.{name}(x, condition)")
    hint = nearest(name, _CALLABLE) or f"known are {', '.join(sorted(_CALLABLE))}"
    return ExpressionError(f"the function {name}() is not known", token.column, hint)


def _unknown_method(token: Token, base: Node) -> ExpressionError:
    name = token.text
    if name in REFUSED_CALLS:
        return _refused(token)
    if name in _CALLABLE:
        return ExpressionError(f"{name}() is a function", token.column, f"write {name}({base.text})")
    known = (*METHODS, *MACROS)
    hint = nearest(name, known) or f"known are {', '.join(known)}"
    return ExpressionError(f"the method {name}() is not known", token.column, hint)


def _refused(token: Token) -> ExpressionError:
    return ExpressionError(f"{token.text}() is not part of this language", token.column, REFUSED_CALLS[token.text])
