"""Snapshots say in columns what lists sort by."""

from django.db import migrations, models
from django.db.models import F


def read_off(apps, schema_editor):
    snapshots = apps.get_model("experiments", "Snapshot").objects
    rows = snapshots.values_list(
        "pk", F("scorecard__decision"), F("scorecard__arms"), F("scorecard__health")
    )
    for pk, decision, arms, health in rows.iterator(chunk_size=200):
        if not decision:
            continue
        headline = decision["headline"]
        failed = any(check["healthy"] is False for check in health or [])
        judged = headline["floor"]["reached"] and not failed
        snapshots.filter(pk=pk).update(
            state=decision["state"],
            users=sum(arm["users"] for arm in arms or []),
            lift=headline["effect"] if judged else None,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("experiments", "0009_lifecycle"),
    ]

    operations = [
        migrations.AddField(
            model_name="snapshot",
            name="state",
            field=models.CharField(blank=True, default="", help_text="What its decision says.", max_length=16),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="snapshot",
            name="users",
            field=models.PositiveBigIntegerField(help_text="Of all variants together.", null=True),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="lift",
            field=models.FloatField(help_text="Relative, of its headline; null where nothing is judged.", null=True),
        ),
        migrations.RemoveIndex(model_name="snapshot", name="experiments_experim_e6cff3_idx"),
        migrations.AddIndex(
            model_name="snapshot",
            index=models.Index(
                fields=["experiment", "-id", "state", "users", "lift"], name="newest_snapshot"
            ),
        ),
        migrations.RunPython(read_off, migrations.RunPython.noop),
    ]
