from django.db import migrations, models

ROLES = [(role, role) for role in ("viewer", "analyst", "experimenter", "admin")]


class Migration(migrations.Migration):
    """Keys from before are server keys that may do what they could: everything."""

    dependencies = [("serving", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="kind",
            field=models.CharField(
                choices=[("server", "server"), ("client", "client")],
                default="server",
                max_length=8,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apikey",
            name="role",
            field=models.CharField(choices=ROLES, default="admin", max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="apikey",
            name="origins",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="apikey",
            name="per_minute",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="published",
            field=models.CharField(blank=True, default="", max_length=64),
            preserve_default=False,
        ),
    ]
