"""Two web processes route while the plan changes: no answer mixes two plans, none goes back to an
older one, and a change acts on the next request of each, and of those of another host.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import msgspec
import pytest

from experiments.assignment import Assignment, Plan, assign, assign_on
from tests.flow.callers import Answer, Caller, callers
from tests.flow.conftest import Beside
from tests.stack import ROOT, Stack
from tests.tied import tied

pytestmark = pytest.mark.timeout(600)

KEY = "switch"
CHANGES = (
    *("more", "weigh", "pause", "resume", "less", "override", "kill", "more", "hold-out"),
    *("weigh-rest", "pause", "resume", "let-in", "less", "stop"),
)
MAIN = "from tests.flow.changer import main; main()"
USERS = 400


@pytest.fixture
def changer(stack: Stack) -> Iterator[subprocess.Popen[str]]:
    """A process that changes the experiment as it is told."""
    process = subprocess.Popen(
        tied([sys.executable, ROOT / "manage.py", "shell", "--no-imports", "-c", MAIN]),
        env=stack.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.communicate(timeout=30)


def test_no_answer_mixes_plans_and_a_change_acts_on_the_next_request_of_every_process(
    stack: Stack, changer: subprocess.Popen[str], beside: Beside, tmp_path: Path
) -> None:
    assert _version(changer) > 0
    apart = beside(WINNOW_VAR=str(tmp_path / "var"), DATABASE_URL=_database(stack))
    with callers(stack, 1) as first, callers(stack, 2) as asking, _asking(asking):
        assert len({caller.worker for caller in first}) == 2
        versions = [_changed(changer, word, first, apart) for word in CHANGES]
    assert not (tmp_path / "var" / "plan.json").exists()

    answers = [answer for caller in asking + first for answer in caller.answers]
    plans = _published(stack)
    for answer in answers:
        plan = plans[answer.version]
        assert _said(answer) == _planned(answer, plan), f"{answer.door} by plan {plan.version}"
    assert set(versions) <= {answer.version for answer in answers}
    for worker in {caller.worker for caller in first}:
        mine = [a for caller in asking + first if caller.worker == worker for a in caller.answers]
        assert _backwards(mine) == []


def _database(stack: Stack) -> str:
    return f"sqlite:///{stack.var / 'winnow.sqlite3'}"


def _changed(changer: subprocess.Popen[str], word: str, first: list[Caller], apart: Stack) -> int:
    """The version that the change led to, once the first requests after it have had it: those of
    this host, and those of one that shares no folder with it, and so hears of it by Valkey alone.
    """
    assert changer.stdin is not None
    changer.stdin.write(f"{word}\n")
    changer.stdin.flush()
    version = _version(changer)
    for door in ("route", "route", "assign", "assign"):
        asked = {"user": "user-0"} | ({"placement": KEY} if door == "route" else {})
        assert apart.call(door, asked)["plan_version"] >= version
    for caller in first:
        assert caller.ask("assign", "user-0").version >= version
        assert caller.ask("route", "user-0", placement=KEY).version >= version
    return version


@contextmanager
def _asking(asking: list[Caller]) -> Iterator[None]:
    """All of them, all the time."""
    stop = threading.Event()
    with ThreadPoolExecutor(len(asking)) as pool:
        endless = [pool.submit(_ask, caller, stop) for caller in asking]
        try:
            yield
        finally:
            stop.set()
    for one in endless:
        one.result()


def _version(changer: subprocess.Popen[str]) -> int:
    """Of the plan that the change led to, which is committed and announced by now."""
    assert changer.stdout is not None
    return int(changer.stdout.readline())


def _ask(caller: Caller, stop: threading.Event) -> None:
    for n in count():
        if stop.is_set():
            return
        user = f"user-{n % USERS}"
        caller.ask("route", user, placement=KEY, k=2)
        caller.ask("assign", user)


def _published(stack: Stack) -> dict[int, Plan]:
    """Every plan there was, by its version."""
    said = stack.shell(
        "import json\n"
        "from serving.models import PublishedPlan\n"
        "print(json.dumps([row.body for row in PublishedPlan.objects.all()]))\n"
    )
    return {plan.version: plan for plan in msgspec.json.decode(said, type=list[Plan])}


def _said(answer: Answer) -> object:
    """All of an answer that is up to the plan."""
    if answer.door == "assign":
        return answer.body["assignments"]
    names = (*Assignment.__struct_fields__, "model_version")
    return {name: answer.body[name] for name in names}


def _planned(answer: Answer, plan: Plan) -> object:
    """The same, by the plan that it names."""
    if answer.door == "assign":
        return list(msgspec.to_builtins(assign(plan, answer.user)))
    given = assign_on(plan, answer.user, KEY)
    version = plan.recommenders[given.recommender].version
    return msgspec.to_builtins(given) | {"model_version": version}


def _backwards(answers: list[Answer]) -> list[tuple[Answer, Answer]]:
    """Pairs of one process in which the later, asked for once the earlier was had, is of an older
    plan.
    """
    newest: Answer | None = None
    found = []
    ends = sorted(answers, key=lambda answer: answer.had)
    at = 0
    for answer in sorted(answers, key=lambda answer: answer.asked):
        while at < len(ends) and ends[at].had <= answer.asked:
            if newest is None or ends[at].version > newest.version:
                newest = ends[at]
            at += 1
        if newest is not None and answer.version < newest.version:
            found.append((newest, answer))
    return found
