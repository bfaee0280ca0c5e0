import numpy as np
import pyarrow as pa
import pytest
from growthbook.core import gbhash
from hypothesis import given
from hypothesis import strategies as st

from experiments.assignment import bucket, bucket_many
from experiments.assignment.hashing import bucket_of, fnv1a32
from experiments.assignment.hashing_decimal import buckets_of


def test_the_hash_is_fnv_1a() -> None:
    # The published test vectors of FNV-1a, 32 bits, for ASCII text.
    assert fnv1a32("") == 0x811C9DC5
    assert fnv1a32("a") == 0xE40C292C
    assert fnv1a32("foobar") == 0xBF9CF968


@given(st.text(max_size=20), st.lists(st.text(max_size=300), max_size=20))
def test_many_buckets_equal_single_ones(seed: str, units: list[str]) -> None:
    expected = [bucket(seed, unit) for unit in units]

    assert bucket_many(seed, units).tolist() == expected
    assert bucket_many(seed, pa.array(units, pa.string())).tolist() == expected


@given(st.text(max_size=20), st.text(max_size=300))
def test_a_bucket_is_the_one_of_growthbooks_second_hash(seed: str, unit: str) -> None:
    assert bucket(seed, unit) / 10_000 == gbhash(seed, unit, 2)


def test_units_of_many_lengths_keep_their_places() -> None:
    units = ["", "x" * 256, *(f"u{i * i}" for i in range(40_000)), "", "ü"]

    for some in (units[:-1], units):
        assert bucket_many("seed", some).tolist() == [bucket("seed", unit) for unit in some]
        assert bucket_many("seed", pa.array(["cut", *some]).slice(1)).tolist() == [
            bucket("seed", unit) for unit in some
        ]


def test_an_array_with_a_null_has_no_buckets() -> None:
    with pytest.raises(ValueError, match="1 units are null; a unit has to be text"):
        bucket_many("seed", pa.array(["u1", None]))


def test_first_hashes_of_few_digits_are_hashed_without_leading_zeros() -> None:
    numbers = [0, 1, 9, 10, 9_999, 10_000, 99_999, 100_000, 2**32 - 1]

    assert buckets_of(np.array(numbers, dtype=np.uint32)).tolist() == [
        fnv1a32(str(number)) % 10_000 for number in numbers
    ]
    assert [bucket_of(number) for number in numbers] == [
        fnv1a32(str(number)) % 10_000 for number in numbers
    ]


def test_a_matrix_of_bytes_holds_units_of_one_length() -> None:
    units = [f"user-{i:07d}" for i in range(100)]
    matrix = np.frombuffer("".join(units).encode(), dtype=np.uint8).reshape(100, 12)

    assert bucket_many("seed", matrix).tolist() == [bucket("seed", unit) for unit in units]


def test_buckets_are_uniform_and_two_seeds_are_independent() -> None:
    users = [f"user-{i}" for i in range(100_000)]
    one = bucket_many("7f3a9c1e5b2d4860", users) // 1000
    other = bucket_many("7f3a9c1e5b2d4861", users) // 1000

    table = np.zeros((10, 10))
    np.add.at(table, (one, other), 1)
    chi_square = ((table - 1000) ** 2 / 1000).sum()

    assert chi_square < 148.2  # the .999 quantile at 99 degrees of freedom
