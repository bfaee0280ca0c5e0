"""What the demonstration prints."""

import shlex

from msgspec.structs import replace

from config.demo.access import Access
from config.demo.words import address_lines, scorecard_lines
from experiments.metrics.results import Check
from tests.dashboard.factories import comparison, ratio_check, scorecard


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


def test_p_is_the_one_the_reading_used() -> None:
    corrected = comparison(p=0.032, adjusted=0.064, reading="no_call")
    lines = list(scorecard_lines(scorecard(corrected, comparison("conv-ctr", p=0.9))))

    assert lines[2].endswith("+8.9%  (+4.4% to +13.7%, p 0.0640)  no call yet")


def test_health_is_all_good_only_where_it_was_checked() -> None:
    def health(*checks: Check) -> str:
        return list(scorecard_lines(scorecard(health=checks)))[-1].strip()

    unknown, failed = ratio_check(healthy=None, p=None), ratio_check(healthy=False)
    assert health(ratio_check()) == "Health checks: all good."
    assert health(unknown) == "Health checks: there is too little to check yet."
    few_shared = replace(unknown, name="other_experiments")  # of other experiments: the usual case
    assert health(ratio_check(), few_shared) == "Health checks: all good."
    assert health(unknown, failed).startswith("Health checks: Arms are out of ratio")
