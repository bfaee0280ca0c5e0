# ruff: noqa: S608  (queries over numbers of our own)
"""Logs of any size, made by DuckDB from hashes: the same rows for the same size."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

SLATE = 10
CATALOGUE = 5_000
EVENTS_PER_SLATE = 2
END = datetime(2026, 3, 15, tzinfo=UTC)

AT = "TIMESTAMPTZ '2026-03-01 00:00:00+00' + to_microseconds((hash(i) % 1209600000000)::BIGINT)"
ARM = "CASE WHEN hash(u, 7) % 2 = 0 THEN 'control' ELSE 'treatment' END"
TYPE = """CASE WHEN hash(j, 3) % 20 < 12 THEN 'click' WHEN hash(j, 3) % 20 < 17 THEN 'view'
    WHEN hash(j, 3) % 20 < 18 THEN 'add_to_cart' ELSE 'purchase' END"""

PLAIN_EXPOSURES = f"""
    SELECT 'user-' || u AS "user", {ARM} AS variant, {AT} AS "at", {SLATE} AS impressions
    FROM slate"""
PLAIN_EVENTS = f"""
    SELECT {TYPE} AS type, 'user-' || u AS "user", {AT} + INTERVAL 1 MINUTE AS "at",
        (hash(j, 5) % 10000) / 100.0 AS value
    FROM done"""
LINKED_EXPOSURES = f"""
    SELECT md5(i::VARCHAR) AS request_id, 'user-' || u AS "user", 'shop' AS experiment,
        1::BIGINT AS phase, {ARM} AS variant, 'home' AS placement, 'split' AS reason,
        list_transform(range({SLATE}), lambda k:
            {{'id': 'item-' || ((i * 7 + k) % {CATALOGUE}), 'score': 0.5, 'propensity': 1.0}})
            AS items,
        (hash(i, 9) % 300)::DOUBLE AS latency_ms,
        CASE WHEN hash(i, 11) % 100 = 0 THEN 'late' END AS fallback, {AT} AS "at"
    FROM slate"""
LINKED_EVENTS = f"""
    SELECT md5(j::VARCHAR || 'e') AS id, {TYPE} AS type, 'user-' || u AS "user",
        'item-' || ((i * 7 + hash(j, 13) % {SLATE}) % {CATALOGUE}) AS item,
        md5(i::VARCHAR) AS request_id, (hash(j, 5) % 10000) / 100.0 AS value,
        {AT} + INTERVAL 1 MINUTE AS "at"
    FROM done"""


def make(folder: Path, events: int, users: int, *, linked: bool) -> tuple[Path, Path]:
    """Exposures and events, with request ids and items or with the fewest columns."""
    slates = events // EVENTS_PER_SLATE
    slate = f"SELECT i, (hash(i, 1) % {users}) AS u FROM range({slates}) t(i)"
    done = f"""SELECT j, (hash(j, 2) % {slates})::BIGINT AS i,
        (hash((hash(j, 2) % {slates})::BIGINT, 1) % {users}) AS u FROM range({events}) t(j)"""
    folder.mkdir(exist_ok=True)
    paths = folder / f"exposures-{linked}.parquet", folder / f"events-{linked}.parquet"
    queries = (LINKED_EXPOSURES, LINKED_EVENTS) if linked else (PLAIN_EXPOSURES, PLAIN_EVENTS)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        for query, path in zip(queries, paths, strict=True):
            of = f"WITH slate AS ({slate}), done AS ({done}) {query}"
            connection.execute(f"COPY ({of}) TO '{path}' (FORMAT parquet)")
    return paths
