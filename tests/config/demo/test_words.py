"""What the demonstration prints."""

import shlex

from config.demo.access import Access
from config.demo.words import address_lines


def test_the_curl_line_is_one_command_a_shell_reads_as_meant() -> None:
    access = Access(username="admin", password="pw", key="wn_key")
    lines = list(address_lines("http://127.0.0.1:8000", access, "196"))
    assert lines[:3] == [
        "Dashboard  http://127.0.0.1:8000/",
        "Login      admin   password pw",
        "API key    wn_key",
    ]
    assert shlex.split(lines[3].removeprefix("Try"))[2:] == [
        "-H",
        "Authorization: Bearer wn_key",
        "http://127.0.0.1:8000/api/v1/route?user=196&placement=home&k=5",
    ]


def test_a_password_somebody_chose_is_not_made_up() -> None:
    access = Access(username="admin", password=None, key="wn_key")
    assert "password (the one you chose)" in list(address_lines("http://h", access, "1"))[1]
