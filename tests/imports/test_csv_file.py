"""What is wrong with a CSV file is said of the line where it is wrong, and spoils no other row."""

from pathlib import Path

import pytest

from imports.exceptions import ImportRefused
from imports.opening import open_rows

LATIN = "é".encode("latin-1")


def read(folder: Path, content: bytes) -> list[tuple[int, object]]:
    """For each row its line, and its cells or what is wrong with it."""
    path = folder / "made.csv"
    path.write_bytes(content)
    with open_rows(path) as file:
        names = {column: column for column in file.columns or ()}
        return [(row.line, row.problem or row.cells) for row in file.read(names)]


def test_a_row_has_the_line_it_begins_in_and_no_empty_cells(tmp_path: Path) -> None:
    content = b'\xef\xbb\xbfa, b\r\n1,\r\n\r\n"x\r\ny ""z""",2\r\n3,4'
    assert read(tmp_path, content) == [
        (2, {"a": "1"}),
        (4, {"a": 'x\r\ny "z"', "b": "2"}),
        (6, {"a": "3", "b": "4"}),
    ]


def test_a_line_that_is_not_utf8_is_named_with_its_byte_and_the_remedy(tmp_path: Path) -> None:
    content = b"a,b\n1,ok\n2,caf" + LATIN + b'\n"x\n' + LATIN + b'\ny",3\n4,\xc3\xa9\n'
    why = "is not UTF-8 (byte 0xE9): save the file as UTF-8"
    assert read(tmp_path, content) == [
        (2, {"a": "1", "b": "ok"}),
        (3, why),
        (5, why),
        (7, {"a": "4", "b": "é"}),
    ]


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (b'1,"open\n2,b\n', 2, "opens a quote that is never closed; lines 2 to 3 are lost"),
        (b'1,"open', 2, "opens a quote that is never closed"),
        (b'"a\nb","open\n', 3, "opens a quote that is never closed; lines 2 to 3 are lost"),
        (b'"a""\nb"",","\nx\n', 3, "opens a quote that is never closed; lines 2 to 4 are lost"),
        (b'5" nail,"open\n', 2, "opens a quote that is never closed"),
        (
            b'1,"open\n2,"b",c\n',
            2,
            "opens a quote that is closed before its cell ends; lines 2 to 3 are lost",
        ),
        (
            b'1,"' + b"long\n" * 30_000 + b"2,b\n",
            2,
            "opens a quote that is not closed within 131,072 characters; lines 2 to 26216 are lost",
        ),
        (b"1," + b"x" * 140_000 + b"\n", 2, "is not CSV: field larger than field limit (131072)"),
    ],
)
def test_a_quote_left_open_is_named_by_the_line_that_opened_it(
    tmp_path: Path, content: bytes, line: int, why: str
) -> None:
    assert read(tmp_path, b"a,b\n" + content)[0] == (line, why)


def test_reading_goes_on_behind_a_quote_left_open(tmp_path: Path) -> None:
    content = b'a,b\n1,"open\n2,"b",c\n3,d\n'
    assert read(tmp_path, content)[1:] == [(4, {"a": "3", "b": "d"})]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,caf" + LATIN, r"^made\.csv: line 1 is not UTF-8 \(byte 0xE9\): save the file as UTF-"),
        ("a,b\n".encode("utf-16"), r"^made\.csv: line 1 is not UTF-8 \(byte 0xFF\): save the"),
        (b'a\n"b,c\n', None),
        (b'a,"b\n1,2\n', r"^made\.csv: line 1 opens a quote that is never closed; lines 1 to 2"),
    ],
)
def test_a_header_that_cannot_be_read_refuses_the_file(
    tmp_path: Path, content: bytes, message: str | None
) -> None:
    if message is None:
        assert read(tmp_path, content)[0][0] == 2
        return
    with pytest.raises(ImportRefused, match=message):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        (b"user,item,at\nu,i;j,3\n", ","),
        (b"user;item;at\nu;i,j;3\n", ";"),
        (b"user\titem\tat\nu\ti,j\t3\n", "\t"),
        (b'\xef\xbb\xbfuser;"a,b,c,d";at\nu;x;3\n', ";"),
        (b'user,"a;b\n;;;c",at\nu,x,3\n', ","),
        (b"user\nu;v\n", ","),
        (b"a;b,c\n", ","),
        (b"", ","),
    ],
)
def test_what_separates_cells_is_what_the_first_line_has_most_of(
    tmp_path: Path, content: bytes, separator: str
) -> None:
    path = tmp_path / "made.csv"
    path.write_bytes(content)
    with open_rows(path) as file:
        assert file.separator == separator
        assert file.is_text


@pytest.mark.parametrize("separator", [";", "\t"])
def test_rows_with_another_separator_are_read_and_judged_alike(
    tmp_path: Path, separator: str
) -> None:
    content = 'a,b\n1,\n"x, ""y""",2\n1\n1,2,3\n2,"b"c\n5" nail,"open\n'
    content = content.replace("x, ", "x|").replace(",", separator).replace("x|", "x, ")
    assert read(tmp_path, content.encode()) == [
        (2, {"a": "1"}),
        (3, {"a": 'x, "y"', "b": "2"}),
        (4, "has 1 cells; the header has 2"),
        (5, "has 3 cells; the header has 2"),
        (6, "opens a quote that is closed before its cell ends"),
        (7, "opens a quote that is never closed"),
    ]
