"""What an experiment is measured by is one value; the goal and the planned users move into it."""

from django.db import migrations, models


def gather(apps, schema_editor):
    for experiment in apps.get_model("experiments", "Experiment").objects.all():
        experiment.measurement = {
            "goals": [experiment.primary_metric],
            "planned_users": experiment.tuning,
        }
        experiment.save(update_fields=["measurement"])


def scatter(apps, schema_editor):
    for experiment in apps.get_model("experiments", "Experiment").objects.all():
        experiment.primary_metric = experiment.measurement["goals"][0]
        experiment.tuning = experiment.measurement.get("planned_users", 5000)
        experiment.save(update_fields=["primary_metric", "tuning"])


class Migration(migrations.Migration):
    dependencies = [("experiments", "0007_placement_baseline")]

    operations = [
        migrations.AddField(
            model_name="experiment",
            name="measurement",
            field=models.JSONField(
                default=dict, help_text="An experiments.measurement.Measurement; frozen at launch."
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="experiment",
            name="primary_metric",
            field=models.CharField(max_length=64, default=""),
        ),
        migrations.RunPython(gather, scatter),
        migrations.RemoveField(model_name="experiment", name="primary_metric"),
        migrations.RemoveField(model_name="experiment", name="tuning"),
        migrations.AddField(
            model_name="snapshot",
            name="settings",
            field=models.JSONField(
                default=dict, help_text="The experiments.metrics.ScorecardSpec that was analysed."
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="snapshot",
            name="previous",
            field=models.ForeignKey(
                help_text="The look before, whose p it was handed.",
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="+",
                to="experiments.snapshot",
            ),
        ),
    ]
