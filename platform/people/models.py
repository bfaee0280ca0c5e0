"""The role of each person, and the trail of what was done."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from people.roles import Role


class Person(models.Model):
    """What an account may do. A superuser needs no row; any other account without one views."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="person"
    )
    role = models.CharField(
        max_length=12,
        choices=[(role.value, role.value) for role in Role],
        default=Role.VIEWER.value,
    )
    must_choose_password = models.BooleanField(
        default=False, help_text="The password was made for one login, and the next chooses one."
    )

    class Meta:
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return f"{self.user.get_username()}, {self.role}"


class AppendOnly(models.QuerySet["AuditEntry"]):
    """Rows that are only ever added and read."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is not changed.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit trail is not deleted from.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is not changed.")


class AuditEntry(models.Model):
    """One thing that was done: who, when, to what, before and after.

    `before` and `after` hold the fields that the act is about; None where there was or is nothing.
    """

    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    by = models.CharField(max_length=160, help_text="The actor's name, kept when accounts go.")
    verb = models.CharField(max_length=40)
    kind = models.CharField(max_length=40, help_text="What was acted on, such as `experiment`.")
    key = models.CharField(max_length=160)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    why = models.TextField(blank=True)

    objects = AppendOnly.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["kind", "key", "-at"], name="audit_of_thing"),
            models.Index(fields=["by", "-at"], name="audit_by_actor"),
            models.Index(fields=["-at"], name="audit_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.verb} {self.kind} {self.key}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit trail is not changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is not deleted from.")
