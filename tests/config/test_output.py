"""How the output of many processes shares one screen."""

import io

import pytest

from config.supervisor.output import Printer


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def target() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def printer(target: io.StringIO, clock: Clock) -> Printer:
    return Printer(target, ["web", "demo"], clock=clock)


@pytest.fixture
def terminal(target: io.StringIO) -> Printer:
    return Printer(target, ["web", "demo"], columns=30)


def test_a_line_that_a_process_need_not_say_is_dropped_and_no_other() -> None:
    target = io.StringIO()
    printer = Printer(target, ["web", "demo"], unsaid={"web": ("so what", "never mind")})
    printer.feed("web", b"first\nWARNING so what!\nlast\nnever mind")
    printer.finish("web")
    printer.feed("demo", b"so what\n")
    assert target.getvalue() == "web  | first\nweb  | last\ndemo | so what\n"


def test_a_line_is_printed_once_its_end_has_come(printer: Printer, target: io.StringIO) -> None:
    printer.feed("web", b"half a ")
    assert target.getvalue() == ""
    printer.feed("demo", b"whole\r\n")
    printer.feed("web", b"line\nnext")
    assert target.getvalue() == "demo | whole\nweb  | half a line\n"
    printer.finish("web")
    assert target.getvalue() == "demo | whole\nweb  | half a line\nweb  | next\n"


def test_a_character_cut_in_two_is_whole_again(printer: Printer, target: io.StringIO) -> None:
    for byte in "né\n".encode():
        printer.feed("web", bytes([byte]))
    printer.feed("web", b"\xff\n")
    assert target.getvalue() == "web  | né\nweb  | \ufffd\n"


def test_in_a_file_a_progress_bar_adds_at_most_a_line_a_second(
    printer: Printer, target: io.StringIO, clock: Clock
) -> None:
    for percent in range(101):
        printer.feed("demo", f"\r{percent:3}%".encode())
        clock.now += 1 / 32
    printer.feed("demo", b"\r100%\nsaved\n")
    assert target.getvalue().splitlines() == [
        "demo |   0%",
        "demo |  32%",
        "demo |  64%",
        "demo |  96%",
        "demo | 100%",
        "demo | saved",
    ]


def test_on_a_terminal_a_progress_bar_stays_at_the_bottom(
    terminal: Printer, target: io.StringIO
) -> None:
    terminal.feed("demo", b"\r 1%")
    terminal.feed("web", b"hello\n")
    terminal.feed("demo", b"\r 2%")
    terminal.feed("demo", b"\r 2%\n")
    clear = "\r\x1b[K"
    assert target.getvalue() == (
        f"demo |  1%{clear}web  | hello\ndemo |  1%{clear}demo |  2%{clear}demo |  2%\n"
    )


def test_a_progress_bar_is_cut_to_the_terminal(terminal: Printer, target: io.StringIO) -> None:
    assert terminal.room == 23
    terminal.feed("demo", b"\r" + b"=" * 100)
    assert target.getvalue() == "demo | " + "=" * 23


def test_a_process_that_ends_takes_its_progress_bar_along(
    terminal: Printer, target: io.StringIO
) -> None:
    terminal.feed("demo", b"\r50%\r")
    terminal.finish("demo")
    assert target.getvalue() == "demo | 50%\r\x1b[Kdemo | 50%\n"
    terminal.feed("web", b"next\n")
    assert target.getvalue().endswith("demo | 50%\nweb  | next\n")


def test_prefixes_have_colours_of_their_own(target: io.StringIO) -> None:
    printer = Printer(target, ["web", "demo"], colour=True)
    printer.feed("web", b"a\n")
    printer.feed("demo", b"b\n")
    assert target.getvalue() == "\x1b[36mweb  |\x1b[0m a\n\x1b[33mdemo |\x1b[0m b\n"
