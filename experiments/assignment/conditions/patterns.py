"""Regular expressions that take time in proportion to the text, whatever they are: RE2's.

It has no lookaround and no references back, because those cannot be matched so.
"""

from __future__ import annotations

import re2

from experiments.assignment.conditions import operands
from experiments.assignment.conditions.values import ValueTest
from experiments.assignment.conditions.where import Where

LONGEST_PATTERN = 500
MOST_MEMORY = 2**20  # bytes of a compiled pattern


def found(pattern: object, where: Where) -> ValueTest:
    """Whether the pattern is found anywhere in a text. Raises Invalid for one that RE2 refuses."""
    if not isinstance(pattern, str) or not 1 <= len(pattern) <= LONGEST_PATTERN:
        raise where.refused(f"Give a pattern, text of 1 to {LONGEST_PATTERN} characters.")
    search = _compiled(operands.text(pattern, where), where).search

    def test(value: object) -> bool:
        try:
            return isinstance(value, str) and search(value) is not None
        except UnicodeEncodeError:  # half a character is in no text
            return False

    return test


def _compiled(pattern: str, where: Where) -> re2._Regexp:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MOST_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        why = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise where.refused(
            f"RE2 cannot match this pattern: {why}. Lookaround, references back and "
            "possessive repetition are not allowed."
        ) from None
