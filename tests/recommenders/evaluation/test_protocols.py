import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommenders.dataset import Dataset
from recommenders.evaluation import Protocol
from recommenders.evaluation.protocols import NAMES
from recommenders.evaluation.splits import random_by_item, random_by_user
from recommenders.exceptions import ProtocolError
from tests.recommenders.toy import dataset


def rows(data: Dataset) -> list[tuple[str, str]]:
    users, items = data.users.ids(data.user_codes), data.items.ids(data.item_codes)
    return list(zip(users, items, strict=True))


# Each of four users meets ten items, one a day, in turn.
DAILY = pd.DataFrame(
    {
        "user": [f"u{n % 4}" for n in range(40)],
        "item": [f"i{n // 4}" for n in range(40)],
        "at": pd.date_range("2025-01-01", periods=40, freq="6h", tz="UTC"),
    }
)
DATA = Dataset.from_frames(DAILY)


def test_temporal_holds_out_the_newest_rows() -> None:
    train, held_out = Protocol(held_out=0.1).split(DATA)
    assert rows(held_out) == [("u0", "i9"), ("u1", "i9"), ("u2", "i9"), ("u3", "i9")]
    assert len(train) == 36


def test_days_are_counted_back_from_the_newest_row() -> None:
    train, held_out = Protocol(days=2).split(DATA)  # 6 h apart: the newest eight rows
    assert (len(train), len(held_out)) == (32, 8)
    assert {item for _, item in rows(held_out)} == {"i8", "i9"}


@pytest.mark.parametrize(("name", "of"), [("random-by-item", 1), ("random-by-user", 0)])
def test_random_splits_cut_each_item_or_user_alike(name: str, of: int) -> None:
    protocol = Protocol(name=name, held_out=0.25)  # type: ignore[arg-type]
    train, held_out = protocol.split(DATA)
    counts = pd.Series([row[of] for row in rows(held_out)]).value_counts()
    assert set(counts) == ({1} if of else {2})  # a quarter of 4 rows; of 10 rows 2.5, to even
    assert sorted(rows(train) + rows(held_out)) == sorted(rows(DATA))


def test_random_splits_repeat_by_their_seed() -> None:
    first, again, other = (
        rows(Protocol(name="random-by-user", seed=seed).split(DATA)[1]) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_shares_of_8_1_1_cut_each_user_in_three() -> None:
    parts = random_by_user(DATA, (0.8, 0.1, 0.1), seed=42)
    counts = [pd.Series([user for user, _ in rows(part)]).value_counts() for part in parts]
    assert [set(one) for one in counts] == [{8}, {1}, {1}]


def test_shares_that_are_no_whole_are_refused() -> None:
    with pytest.raises(ProtocolError, match="add to 1"):
        random_by_item(DATA, (0.8, 0.1), seed=1)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60),
    st.sampled_from([(0.9, 0.1), (0.75, 0.25), (0.8, 0.1, 0.1), (0.5, 0.3, 0.2)]),
)
def test_no_row_is_lost_or_doubled_and_counts_are_as_rounded(
    pairs: list[tuple[int, int]], shares: tuple[float, ...]
) -> None:
    data = dataset([(f"u{user}", f"i{item}") for user, item in pairs])
    parts = random_by_item(data, shares, seed=3)
    assert sorted(row for part in parts for row in rows(part)) == sorted(rows(data))
    until = np.cumsum(shares)
    for code, count in enumerate(np.bincount(data.item_codes)):
        of_item = [int((part.item_codes == code).sum()) for part in parts]
        cuts = [0, *(round(share * int(count)) for share in until)]
        assert of_item == np.diff(cuts).tolist()


def test_leave_one_out_takes_the_newest_row_of_who_has_two() -> None:
    data = dataset([("u", "a"), ("v", "a"), ("u", "b"), ("w", "c"), ("v", "c"), ("u", "a")])
    train, held_out = Protocol(name="leave-one-out").split(data)
    assert rows(held_out) == [("v", "c"), ("u", "a")]
    assert rows(train) == [("u", "a"), ("v", "a"), ("u", "b"), ("w", "c")]


def test_folds_of_time_lie_one_before_the_other_and_never_in_the_held_out_part() -> None:
    protocol = Protocol(name="leave-one-out")
    train, _ = protocol.split(DATA)
    validated = [held_out for _, held_out in protocol.folds(train, 2)]
    assert [{item for _, item in rows(one)} for one in validated] == [{"i8"}, {"i7"}]
    fitted = [fit for fit, _ in protocol.folds(train, 2)]
    assert [len(one) for one in fitted] == [32, 28]


def test_folds_at_random_are_drawn_anew_from_the_training_part() -> None:
    protocol = Protocol(name="random-by-item", held_out=0.25)
    train, held_out = protocol.split(DATA)
    first, second = protocol.folds(train, 2)
    for fit, validation in (first, second):
        assert sorted(rows(fit) + rows(validation)) == sorted(rows(train))
        assert not set(rows(validation)) & set(rows(held_out))
    assert rows(first[1]) != rows(second[1])


@pytest.mark.parametrize(
    ("given", "field", "allowed"),
    [
        ({"name": "k-fold"}, "protocol", "temporal, random-by-item, random-by-user"),
        ({"held_out": 1.0}, "held_out", "above 0 and below 1"),
        ({"days": 0}, "days", "above 0"),
        ({"name": "leave-one-out", "days": 7}, "days", "only with temporal"),
        ({"negatives": 0}, "negatives", "1 to 10000"),
    ],
)
def test_a_protocol_that_cannot_be_names_the_field(
    given: dict[str, object], field: str, allowed: str
) -> None:
    with pytest.raises(ProtocolError, match=allowed) as raised:
        Protocol(**given)  # type: ignore[arg-type]
    assert raised.value.field == field


@pytest.mark.parametrize("name", NAMES)
def test_a_single_row_cannot_be_split(name: str) -> None:
    with pytest.raises(ProtocolError):
        Protocol(name=name).split(dataset([("u", "a")]))  # type: ignore[arg-type]


def test_days_need_times_and_something_before_them() -> None:
    with pytest.raises(ProtocolError, match="no time"):
        Protocol(days=1).split(Dataset.from_frames(DAILY.drop(columns="at")))
    with pytest.raises(ProtocolError, match="hold out fewer"):
        Protocol(days=30).split(DATA)


def test_a_protocol_is_kept_as_json_and_said_in_a_line() -> None:
    protocol = Protocol(name="leave-one-out", negatives=100, repeats=True)
    assert Protocol(**json.loads(json.dumps(protocol.values()))) == protocol
    assert protocol.words == (
        "leave-one-out: each user's newest row held out, ranked among 100 sampled items, "
        "repeats count"
    )
    assert Protocol(days=28).words == (
        "temporal: the last 28 days held out, ranked among all items, new items only"
    )
