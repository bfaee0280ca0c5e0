"""A writer for the long torture: a shop's client that sends events over HTTP until it is killed.

A batch that got no answer is sent again with the same ids. Notes what was acknowledged.

Usage: WINNOW_KEY=... python torture_client.py PORT ACKNOWLEDGED_FILE NAME
"""

import http.client
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.events.torture import BATCH, note, user_of


def main(port: int, acknowledged: Path, name: str) -> None:
    notes = os.open(acknowledged, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for n in range(10**9):
        ids = [f"{name}-{n}-{k}" for k in range(BATCH)]
        sent = datetime.now(UTC)
        while not _taken(connection, ids):
            connection.close()
            time.sleep(0.05)
        os.write(notes, note(ids, sent=sent, taken=datetime.now(UTC)))


def _taken(connection: http.client.HTTPConnection, ids: list[str]) -> bool:
    events = [{"id": id_, "type": "click", "user": user_of(id_), "item": "i"} for id_ in ids]
    headers = {"X-API-Key": os.environ["WINNOW_KEY"], "Content-Type": "application/json"}
    try:
        connection.request("POST", "/api/v1/events", json.dumps({"events": events}), headers)
        answer = connection.getresponse()
        receipt = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    return bool(answer.status == 202 and receipt["accepted"] + receipt["duplicates"] == len(ids))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
