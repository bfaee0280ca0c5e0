"""How tests call the API."""

from typing import Any

from django.test import Client


def post(client: Client, door: str, body: object) -> Any:
    return client.post(f"/api/v1/{door}", body, content_type="application/json")
