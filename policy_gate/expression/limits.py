"""How large an expression, a value it makes and its work may be; beyond, the answer is an error or unknown."""

from __future__ import annotations

TEXT_MAX = 2_048  # characters of an expression or a template
DEPTH_MAX = 32  # nesting of parentheses, calls, lists, operators and names
STEPS_MAX = 100_000  # of one evaluation: elements visited times the size of what is asked of each
TEXT_PER_STEP = 64  # characters read, or elements copied, for one step
GLOB_TEXT_PER_STEP = 2  # characters matched by a glob for one step
MADE_TEXT_MAX = 65_536  # characters of a text made by `+`
MADE_LIST_MAX = 10_000  # elements of a list made by `+`
COMPARED_DEPTH_MAX = 64  # nesting of two values compared by `==`
INT_MIN, INT_MAX = -(2**63), 2**63 - 1  # CEL's int
EXACT_INT = 2**53  # every integer below is exact as a double, IEEE 754 binary64
SHOWN_MAX = 120  # characters of a value in a message
GLOB_MAX = 256  # characters of a glob pattern
FORMAT_TEXT_MAX = 4_096  # characters of a text whose format is looked at
