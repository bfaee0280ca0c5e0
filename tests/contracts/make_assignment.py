"""Writes assignment.json anew, by a second implementation: slow, and straight from the definitions.

python tests/contracts/make_assignment.py > tests/contracts/assignment.json

What conditions mean is asked of the growthbook package.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from growthbook.core import evalCondition

VERSION = 2
UNITS = ["", "a", "u1", "user-42", "ä", "用户", "😀", "👩‍🚀", "a\0", " ", "x" * 256, "0", "-1"]
UNITS += ["\uffff", "\U0010ffff", "😀" * 128, "é" * 256, "e\u0301", "\u202e"]
SEEDS = ["", "s", "7f3a9c1e5b2d4860", "ключ", "🎲"]
EDGES = [0, 1, 999, 1000, 2499, 2500, 3999, 4000, 4999, 5000, 6999, 7000, 7499, 7500, 9998, 9999]

CONDITIONS: list[dict[str, Any]] = [
    {},
    {"country": "NL"},
    {"country": {"$eq": "NL"}},
    {"country": {"$ne": "NL"}},
    {"country": {"$in": ["NL", "BE"]}},
    {"country": {"$nin": ["NL", None]}},
    {"age": {"$gte": 18, "$lt": 65}},
    {"age": {"$gt": 34}},
    {"age": {"$lte": 34}},
    {"age": 1},
    {"staff": True},
    {"staff": {"$in": [1, 0]}},
    {"country": {"$gt": "\uffee"}},
    {"tags": ["new", "mobile"]},
    {"tags": {"$in": ["new"]}},
    {"tags": {"$all": ["new", "mobile"]}},
    {"tags": {"$size": 2}},
    {"tags": {"$size": {"$gt": 2}}},
    {"tags.0": "new"},
    {"tags.length": {"$gte": 1}},
    {"country": {"$exists": True}},
    {"country": {"$exists": False}},
    {"country": {"$regex": "^(N|B)"}},
    {"country": {"$not": {"$regex": "l$"}}},
    {"age": {"$not": {"$gt": 18}}},
    {"$and": [{"country": "NL"}, {"age": {"$gt": 18}}]},
    {"$or": [{"country": "NL"}, {"age": {"$gt": 18}}]},
    {"$nor": [{"country": "NL"}, {"age": {"$gt": 18}}]},
    {"$not": {"country": "NL", "staff": True}},
]
ATTRIBUTES: list[dict[str, Any]] = [
    {},
    {"country": "NL", "age": 34, "tags": ["new", "mobile"], "staff": False},
    {"country": "BE", "age": 17.5, "tags": [], "staff": True},
    {"country": "😀", "age": "34", "tags": ["mobile", "new", "old"]},
    {"country": ["NL"], "age": 1, "tags": "new", "staff": 1},
]


def fnv1a32(text: str) -> int:
    value = 2166136261
    raw = text.encode("utf-16-be")
    for high, low in zip(raw[::2], raw[1::2], strict=True):
        value ^= 256 * high + low
        value = value * 16777619 % 2**32
    return value


def bucket(seed: str, unit: str) -> int:
    return fnv1a32(str(fnv1a32(seed + unit))) % 10000


def held(ranges: list[list[int]], place: int) -> bool:
    return any(low <= place < high for low, high in ranges)


def at_edges(seed: str) -> Iterator[str]:
    """A unit for each bucket at which some range begins or ends."""
    wanted, n = set(EDGES), 0
    while wanted:
        if (place := bucket(seed, f"user-{n}")) in wanted:
            wanted.remove(place)
            yield f"user-{n}"
        n += 1


def experiment(
    key: str, placement: str, gates: list[dict[str, Any]], **more: Any
) -> dict[str, Any]:
    arms = {"control": [[0, 5000]], "treatment": [[5000, 7500], [7500, 10000]]}
    killed = more.pop("killed", None)
    return {
        "key": key,
        "placement": placement,
        "phase": 1,
        "seed": f"arms of {key}",
        "gates": gates,
        "condition": None,
        "overrides": {},
        "variants": [
            {"key": arm, "recommender": arm, "ranges": own, "killed": arm == killed}
            for arm, own in arms.items()
        ],
    } | more


def gate(layer: str, *slots: list[int], unit: str = "user") -> dict[str, Any]:
    return {"layer": layer, "seed": f"layer {layer}", "unit": unit, "slots": list(slots)}


def holdout(key: str, layer: str | None, *ranges: list[int]) -> dict[str, Any]:
    return {"key": key, "layer": layer, "seed": f"holdout {key}", "ranges": list(ranges)}


DUTCH = {"country": {"$in": ["NL", "BE"]}, "age": {"$gte": 18}}
PLAN: dict[str, Any] = {
    "version": 1,
    "placements": {
        key: {"key": key, "default_recommender": f"default of {key}"}
        for key in ("home", "cart", "page", "empty")
    },
    "experiments": [
        experiment("plain", "home", [gate("a", [0, 1000], [2500, 4000])]),
        experiment("dutch", "home", [gate("a", [4000, 7000])], condition=DUTCH),
        experiment("both", "cart", [gate("b", [1, 7500]), gate("a", [1000, 2500], [7000, 9999])]),
        experiment("killed", "page", [gate("c", [0, 10000], unit="device")], killed="treatment"),
    ],
    "holdouts": [holdout("all", None, [0, 1000]), holdout("of b", "b", [0, 2500])],
    "recommenders": {},
    "keys": {},
}
PLAN["experiments"][0]["overrides"] = {"qa": "treatment", "😀": "control"}


def outside(placement: str, reason: str) -> dict[str, Any]:
    names = ("experiment", "phase", "variant", "bucket")
    return dict.fromkeys(names) | {"recommender": f"default of {placement}", "reason": reason}


def expected(placement: str, user: str, attributes: dict[str, Any], device: str | None) -> Any:
    here = [one for one in PLAN["experiments"] if one["placement"] == placement]
    for one in here:
        if user in one["overrides"]:
            return inside(one, one["overrides"][user], user, device, "override")
    if not here:
        return outside(placement, "no_experiment")
    if kept_out(here[0]["gates"][0], user, device):
        return outside(placement, "holdout")
    for one in here:
        if in_slots(one["gates"][0], user, device):
            return judged(one, user, attributes, device)
    return outside(placement, whose(here[0]["gates"][:1], [], user, device))


def judged(one: dict[str, Any], user: str, attributes: dict[str, Any], device: str | None) -> Any:
    placement, gates = one["placement"], one["gates"]
    if any(kept_out(each, user, device) for each in gates):
        return outside(placement, "holdout")
    if not all(in_slots(each, user, device) for each in gates):
        return outside(placement, whose(gates, [one], user, device))
    if not evalCondition(attributes, one["condition"] or {}):
        return outside(placement, "not_targeted")
    place = bucket(one["seed"], unit_of(gates[0], user, device))
    [arm] = [arm for arm in one["variants"] if held(arm["ranges"], place)]
    if arm["killed"]:
        return outside(placement, "arm_killed")
    return inside(one, arm["key"], user, device, "split")


def inside(one: dict[str, Any], arm: str, user: str, device: str | None, reason: str) -> Any:
    return {
        "experiment": one["key"],
        "phase": one["phase"],
        "variant": arm,
        "bucket": bucket(one["seed"], unit_of(one["gates"][0], user, device)),
        "recommender": arm,
        "reason": reason,
    }


def whose(gates: list[Any], but: list[Any], user: str, device: str | None) -> str:
    """Whether another experiment holds the user's bucket of one of the layers."""
    names = {each["layer"] for each in gates}
    others = [each for one in PLAN["experiments"] if one not in but for each in one["gates"]]
    taken = any(each["layer"] in names and in_slots(each, user, device) for each in others)
    return "other_experiment" if taken else "outside_traffic"


def kept_out(one: dict[str, Any], user: str, device: str | None) -> bool:
    return any(
        held(each["ranges"], bucket(each["seed"], unit_of(one, user, device) if layer else user))
        for each in PLAN["holdouts"]
        if (layer := each["layer"]) in (None, one["layer"])
    )


def in_slots(one: dict[str, Any], user: str, device: str | None) -> bool:
    return held(one["slots"], bucket(one["seed"], unit_of(one, user, device)))


def unit_of(one: dict[str, Any], user: str, device: str | None) -> str:
    return device if device and one["unit"] == "device" else user


def cases() -> Iterator[dict[str, Any]]:
    seeds = [each["seed"] for one in PLAN["experiments"] for each in (one, *one["gates"])]
    seeds += [each["seed"] for each in PLAN["holdouts"]]
    users = dict.fromkeys(user for seed in seeds for user in at_edges(seed))
    for n, user in enumerate([*users, "qa", *(unit for unit in UNITS if unit)]):
        attributes = ATTRIBUTES[n % len(ATTRIBUTES)]
        device = (None, "device-7", f"device of {user}"[:256])[n % 3]
        yield {
            "user": user,
            "attributes": attributes,
            "device": device,
            "assignments": [
                {"placement": key} | expected(key, user, attributes, device)
                for key in PLAN["placements"]
            ],
        }


def body() -> dict[str, Any]:
    edges = [(seed, unit) for seed in SEEDS for unit in at_edges(seed)]
    plain = [(seed, unit) for seed in SEEDS for unit in UNITS]
    return {
        "version": VERSION,
        "columns": ["seed", "unit", "bucket"],
        "vectors": [[seed, unit, bucket(seed, unit)] for seed, unit in (*plain, *edges)],
        "conditions": [
            {"condition": one, "met": [evalCondition(each, one) for each in ATTRIBUTES]}
            for one in CONDITIONS
        ],
        "attributes": ATTRIBUTES,
        "plan": PLAN,
        "cases": list(cases()),
    }


def text() -> str:
    """One line for each vector, condition and case, so that a change shows where it is."""
    whole = body()
    several = {"vectors", "conditions", "attributes", "cases"}
    parts = []
    for name, value in whole.items():
        if name in several:
            lines = ",\n".join(json.dumps(one) for one in value)
            parts.append(f'"{name}": [\n{lines}\n]')
        else:
            parts.append(f'"{name}": {json.dumps(value)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    print(text(), end="")
