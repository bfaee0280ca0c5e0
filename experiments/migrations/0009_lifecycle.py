"""Experiments pause, ship and are archived; layers, holdouts, overrides and phases get what it takes."""

import django.core.validators
import django.db.models.deletion
import experiments.models.places
from django.db import migrations, models


def carry_over(apps, schema_editor):
    experiments = apps.get_model("experiments", "Experiment")
    phases = apps.get_model("experiments", "Phase")
    for experiment in experiments.objects.all():
        experiment.reserved = experiment.slots
        experiment.save(update_fields=["reserved"])
        phases.objects.filter(experiment=experiment).update(seed=experiment.seed)


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0008_measurement'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='layer',
            options={'ordering': ['key']},
        ),
        migrations.AddField(
            model_name='experiment',
            name='condition',
            field=models.JSONField(blank=True, help_text='Whom it takes, by attributes; null: everybody.', null=True),
        ),
        migrations.AddField(
            model_name='experiment',
            name='decided_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='experiment',
            name='decided_by',
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.AddField(
            model_name='experiment',
            name='decision',
            field=models.CharField(blank=True, help_text='What people decided.', max_length=16),
        ),
        migrations.AddField(
            model_name='experiment',
            name='ends_at',
            field=models.DateTimeField(blank=True, help_text='When the clock stops it.', null=True),
        ),
        migrations.AddField(
            model_name='experiment',
            name='ramp',
            field=models.JSONField(blank=True, help_text='An experiments.ramps.Ramp.', null=True),
        ),
        migrations.AddField(
            model_name='experiment',
            name='rationale',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='experiment',
            name='reserved',
            field=models.JSONField(default=list, help_text="Half-open ranges [low, high) of the layer's buckets that it claimed."),
        ),
        migrations.AddField(
            model_name='experiment',
            name='starts_at',
            field=models.DateTimeField(blank=True, help_text='When the clock starts it.', null=True),
        ),
        migrations.AddField(
            model_name='experiment',
            name='version',
            field=models.PositiveIntegerField(default=1, help_text='Counts its changes: the entity tag of the API.'),
        ),
        migrations.AddField(
            model_name='experiment',
            name='winner',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='experiments.variant'),
        ),
        migrations.AddField(
            model_name='layer',
            name='name',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name='layer',
            name='unit',
            field=models.CharField(choices=[('user', 'User'), ('device', 'Device')], default='user', max_length=8),
        ),
        migrations.AddField(
            model_name='phase',
            name='killed',
            field=models.JSONField(default=list, help_text='Keys of variants whose users have left and go to no other.'),
        ),
        migrations.AddField(
            model_name='phase',
            name='seed',
            field=models.CharField(default='', help_text='Of the split between its arms.', max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='phase',
            name='why',
            field=models.TextField(blank=True, help_text='Why it was opened.'),
        ),
        migrations.AlterField(
            model_name='experiment',
            name='slots',
            field=models.JSONField(default=list, help_text='The part of `reserved` that takes users now.'),
        ),
        migrations.AlterField(
            model_name='experiment',
            name='status',
            field=models.CharField(choices=[('draft', 'Draft'), ('running', 'Running'), ('paused', 'Paused'), ('stopped', 'Stopped'), ('shipped', 'Shipped'), ('archived', 'Archived')], default='draft', max_length=16),
        ),
        migrations.CreateModel(
            name='Holdout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64, unique=True, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9]*(-[a-z0-9]+)*$', 'Use lower-case letters, digits and single hyphens.')])),
                ('name', models.CharField(max_length=120)),
                ('seed', models.CharField(default=experiments.models.places.new_seed, editable=False, max_length=32)),
                ('share', models.DecimalField(decimal_places=4, max_digits=5)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('layer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='holdouts', to='experiments.layer')),
            ],
            options={
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('share', models.DecimalField(decimal_places=4, max_digits=5)),
                ('slots', models.JSONField(default=list)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='experiments.experiment')),
                ('layer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='experiments.layer')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('experiment', 'layer'), name='one_membership_per_layer')],
            },
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.CharField(max_length=256)),
                ('experiment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='experiments.experiment')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='experiments.variant')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('experiment', 'user'), name='one_override_per_user')],
            },
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
