"""Signatures are those of Standard Webhooks."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from notices import signing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT = datetime.fromtimestamp(1614265330, UTC)


def test_the_reference_example_of_the_specification() -> None:
    signed = signing.headers(
        SECRET, uid="msg_p5jXN8AQM9LWM0D4loKWxJek", at=AT, payload=b'{"test": 2432232314}'
    )

    assert signed == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_secrets_and_ids_are_such_as_it_wants() -> None:
    secrets = {signing.new_secret() for _ in range(50)}
    assert len(secrets) == 50
    for secret in secrets:
        assert secret.startswith("whsec_")
        assert 24 <= len(base64.b64decode(secret[6:], validate=True)) <= 64
    uids = {signing.new_uid() for _ in range(50)}
    assert len(uids) == 50
    assert all(uid.startswith("msg_") and "." not in uid for uid in uids)
