"""The sums that CTR takes, by one query written for them alone: clicks and impressions by variant.

Run as a process of its own, it prints them as JSON.
"""

from __future__ import annotations

import json
import sys

import duckdb

from benchmarks.measures.made_log import END

SUMS = """
    SELECT variant, count(*), sum(items), sum(items * items), sum(coalesce(clicks, 0)),
        sum(coalesce(clicks, 0) ** 2), sum(items * coalesce(clicks, 0))
    FROM who LEFT JOIN clicked USING ("user") WHERE NOT crossed GROUP BY variant"""
PLAIN = """
    WITH who AS (
        SELECT "user", arg_min(variant, "at") AS variant, min("at") AS first_at,
            min(variant) <> max(variant) AS crossed, sum(impressions) AS items
        FROM '{exposures}' WHERE "at" <= TIMESTAMPTZ '{end}' GROUP BY "user"),
    clicked AS (
        SELECT e."user", count(*) AS clicks FROM '{events}' e JOIN who USING ("user")
        WHERE type = 'click' AND e."at" BETWEEN first_at AND TIMESTAMPTZ '{end}' GROUP BY e."user")
    """
LINKED = """
    WITH slate AS MATERIALIZED (
        SELECT "user", request_id, arg_min(variant, "at") AS variant, min("at") AS "at",
            arg_min(len(items), "at") AS size
        FROM '{exposures}' WHERE experiment = 'shop' AND phase = 1 AND reason = 'split'
            AND "at" <= TIMESTAMPTZ '{end}' GROUP BY "user", request_id),
    who AS (
        SELECT "user", arg_min(variant, "at") AS variant, min(variant) <> max(variant) AS crossed,
            sum(size) AS items FROM slate GROUP BY "user"),
    named AS (
        SELECT DISTINCT "user", request_id, item FROM '{events}' e
        JOIN '{exposures}' s USING ("user", request_id)
        WHERE type = 'click' AND e."at" <= TIMESTAMPTZ '{end}' AND s.experiment = 'shop'
            AND s.phase = 1 AND s.reason = 'split'
            AND list_contains(list_transform(items, lambda x: x.id), item)),
    clicked AS (SELECT "user", count(*) AS clicks FROM named GROUP BY "user")
    """


def main(exposures: str, events: str, kind: str) -> None:
    query = (LINKED if kind == "linked" else PLAIN).format(
        exposures=exposures, events=events, end=END.isoformat()
    )
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        rows = connection.execute(query + SUMS).fetchall()
    print(json.dumps(sorted([int(row[4]), int(row[2])] for row in rows)))


if __name__ == "__main__":
    main(*sys.argv[1:])
