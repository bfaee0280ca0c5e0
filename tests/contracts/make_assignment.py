"""Writes assignment.json anew, with a hash written here a second time, from its definition.

python tests/contracts/make_assignment.py > tests/contracts/assignment.json
"""

import json


def fnv1a32(text: str) -> int:
    value = 2166136261
    raw = text.encode("utf-16-be")
    for high, low in zip(raw[::2], raw[1::2], strict=True):
        value ^= 256 * high + low
        value = value * 16777619 % 2**32
    return value


def bucket(seed: str, unit: str) -> int:
    return fnv1a32(str(fnv1a32(seed + unit))) % 10000


UNITS = ["", "a", "u1", "user-42", "ä", "用户", "😀", "👩‍🚀", "a\0", " ", "x" * 256, "0", "-1"]
SEEDS = ["", "s", "7f3a9c1e5b2d4860", "ключ", "🎲"]

if __name__ == "__main__":
    vectors = [[seed, unit, bucket(seed, unit)] for seed in SEEDS for unit in UNITS]
    body = {"version": 1, "columns": ["seed", "unit", "bucket"], "vectors": vectors}
    print(json.dumps(body, ensure_ascii=True, indent=0))
