"""Trouble is counted always and said at most once a minute."""

from simulator.complaints import Complaints
from simulator.exceptions import Refused


def test_it_says_the_first_at_once_and_the_rest_together() -> None:
    said: list[str] = []
    now = 0.0
    complaints = Complaints(said.append, clock=lambda: now)
    complaints(Refused(401, "no key"))
    complaints(Refused(401, "no key"))
    now = 59.0
    complaints(Refused(401, "no key"))
    now = 60.0
    complaints(Refused(404, "no placement"))
    assert said == [
        "Shoppers met trouble once since this was last said: "
        "The API refused a request with 401: no key",
        "Shoppers met trouble 3 times since this was last said: "
        "The API refused a request with 404: no placement",
    ]
    assert complaints.total == 4
