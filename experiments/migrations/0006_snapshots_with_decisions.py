"""Scorecards hold a decision now. Older ones are counted anew from the log at the next analysis."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("experiments", "Snapshot").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("experiments", "0005_audit")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
