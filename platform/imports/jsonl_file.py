"""Rows of a file of JSON Lines: an object a line."""

import codecs
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from imports.encoding import problem_of_bytes
from imports.rows import Row, RowFile

_objects = msgspec.json.Decoder(dict[str, Any])


def open_jsonl(path: Path, stack: ExitStack) -> RowFile:
    """Open the file. Raises OSError."""
    file = stack.enter_context(path.open("rb"))

    def read(names: Mapping[str, str]) -> Iterator[Row]:
        return _rows(file)

    return RowFile(columns=None, read=read, size=path.stat().st_size)


def _rows(file: BinaryIO) -> Iterator[Row]:
    position = 0
    for line, raw in enumerate(file, 1):
        position += len(raw)
        text = raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw
        if text.strip():
            yield _row(line, position, text)


def _row(line: int, position: int, raw: bytes) -> Row:
    try:
        return Row(line=line, position=position, cells=_objects.decode(raw))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        why = problem_of_bytes(raw) or f"is not a JSON object: {error}"
        return Row(line=line, position=position, cells={}, problem=why)
