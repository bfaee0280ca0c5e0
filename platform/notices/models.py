"""Who is told, and what is on its way to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models

LONGEST_URL = 2000


class Webhook(models.Model):
    """An address that is called, signed with a secret of its own."""

    url = models.CharField(max_length=LONGEST_URL)
    secret = models.CharField(
        max_length=120, help_text="`whsec_` and base64; it signs, so the hash alone would not do."
    )
    kinds = models.JSONField(default=list, help_text="Values of notices.kinds.Kind.")
    active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"webhook {self.pk}"


class EmailSubscription(models.Model):
    """What a person is written about."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    address = models.EmailField()
    kinds = models.JSONField(default=list, help_text="Values of notices.kinds.Kind.")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"e-mail of {self.user_id}"


class Delivery(models.Model):
    """One notice to one receiver. It is kept as it was first written: a repetition is the same."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        DELIVERED = "delivered"
        FAILED = "failed"

    uid = models.CharField(max_length=40, help_text="The same for all receivers of a notice.")
    webhook = models.ForeignKey(
        Webhook, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    subscription = models.ForeignKey(
        EmailSubscription, null=True, on_delete=models.CASCADE, related_name="deliveries"
    )
    kind = models.CharField(max_length=40)
    payload = models.TextField(help_text="JSON, byte for byte what is sent and signed.")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["status", "next_try_at"], name="delivery_due")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(webhook=None) ^ models.Q(subscription=None),
                name="delivery_to_one_receiver",
            ),
            models.UniqueConstraint(fields=["uid", "webhook"], name="one_delivery_per_webhook"),
            models.UniqueConstraint(
                fields=["uid", "subscription"], name="one_delivery_per_subscription"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uid} to {self.webhook or self.subscription}"
