"""An experiment's log of any size, made by DuckDB from hashes, and what its analysis comes to."""

from __future__ import annotations

from datetime import timedelta

import ibis

from experiments.metrics import Analysed, ScorecardSpec, analysed

ITEMS = 10
VISITS = 3

EXPOSURES = """
    SELECT md5(u || '-' || v) AS request_id, 'user-' || u AS "user",
        CASE WHEN v >= 0 THEN '{experiment}' END AS experiment,
        1::BIGINT AS phase,
        CASE WHEN v >= 0 THEN ({arms})[1 + (hash(u, 7) % {n})::INT] END AS variant,
        'home' AS placement,
        '' AS recommender, '' AS model_version, 1::BIGINT AS plan_version,
        list_transform(range({items}), lambda k:
            {{'id': 'item-' || ((u + v * 7 + k) % 500), 'score': 0.5, 'propensity': 1.0}}) AS items,
        CASE WHEN v >= 0 THEN 'split' ELSE 'no_experiment' END AS reason, 'web' AS served_by,
        CASE WHEN hash(u, v, 11) % 100 = 0 THEN 'late' END AS fallback,
        (hash(u, v, 9) % 80)::DOUBLE AS latency_ms,
        MAP {{'platform': (['android', 'ios', 'web'])[1 + (hash(u, 3) % 3)::INT]}} AS attributes,
        TIMESTAMPTZ '{start}' + to_microseconds(
            ((hash(u, 5) % {span})::DOUBLE * 0.7 + v * 0.3 / {visits} * {span})::BIGINT) AS "at"
    FROM range({users}) t(u), range(-1, {visits}) s(v)"""

EVENTS = """
    SELECT md5(request_id || k || 'e') AS id,
        CASE WHEN hash(request_id, k, 2) % 9 = 0 THEN 'purchase' ELSE 'click' END AS type,
        "user", items[1 + k].id AS item, request_id,
        (hash(request_id, k, 4) % 5000) / 100.0 AS value,
        MAP {{}}::MAP(VARCHAR, VARCHAR) AS properties, "at" + INTERVAL 20 SECOND AS "at"
    FROM exposures, range(3) r(k)
    WHERE hash(request_id, k, 1) % 1000  < 60 + hash("user") % 200
        + 12 * coalesce(list_position({arms}, variant), 0)"""


def analyse(spec: ScorecardSpec, users: int) -> Analysed:
    """What the spec comes to over so many users, alike in all arms but for their clicks. They come
    over all its days, visit three times and once before, and are of three platforms.
    """
    given = {
        "experiment": spec.experiment,
        "arms": list(spec.variants),
        "n": len(spec.variants),
        "items": ITEMS,
        "visits": VISITS,
        "users": users,
        "start": spec.started_at.isoformat(),
        "span": (spec.as_of - spec.started_at) // timedelta(microseconds=1),
    }
    connection = ibis.duckdb.connect()
    try:
        connection.raw_sql(f"CREATE TABLE exposures AS {EXPOSURES.format(**given)}")
        connection.raw_sql(f"CREATE TABLE events AS {EVENTS.format(**given)}")
        return analysed(connection.table("exposures"), connection.table("events"), spec)
    finally:
        connection.disconnect()
