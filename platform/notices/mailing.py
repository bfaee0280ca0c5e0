"""A notice as an e-mail."""

from __future__ import annotations

from smtplib import SMTPException
from typing import Any

import msgspec
from django.conf import settings
from django.core.mail import EmailMessage

from notices.kinds import TEST, Kind

SUBJECTS = {Kind(kind).value: label for kind, label in Kind.choices} | {TEST: "A test"}
WHY = "You get this because you asked for it in Winnow, under Settings, Notices:\n{url}"


def mail(address: str, *, uid: str, payload: str) -> str:
    """What is wrong, in words; nothing where the mail server took it."""
    if not settings.MAIL_IS_ON:
        return "Mail is off: WINNOW_EMAIL_URL is not set."
    subject, body = composed(msgspec.json.decode(payload))
    message = EmailMessage(
        subject,
        body,
        to=[address],
        headers={"Message-ID": f"<{uid}@winnow>", "Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except (OSError, SMTPException) as error:
        return f"The mail server did not take it: {error}."
    return ""


def composed(notice: dict[str, Any]) -> tuple[str, str]:
    """Subject and body."""
    data = notice["data"]
    experiment = data.get("experiment", {})
    about = f"{experiment['name']}: " if experiment else ""
    subject = about + SUBJECTS[notice["type"]]
    parts = [data["summary"], experiment.get("url", "")]
    parts.append(WHY.format(url=f"{settings.PUBLIC_URL}/settings/notices/"))
    return " ".join(subject.split()), "\n\n".join(part for part in parts if part) + "\n"
