from django.db import migrations


def remember(apps, schema_editor):
    """Until now each training that succeeded made its version live."""
    Promotion = apps.get_model("recommenders", "Promotion")
    Training = apps.get_model("recommenders", "Training")
    Recommender = apps.get_model("recommenders", "Recommender")
    done = Training.objects.filter(status="succeeded").exclude(version=None).exclude(finished_at=None)
    for training in done.order_by("finished_at", "id").iterator():
        Promotion.objects.create(
            recommender_id=training.recommender_id,
            version_id=training.version_id,
            kind="ungated",
            at=training.finished_at,
            by="training",
        )
    for recommender in Recommender.objects.exclude(live=None).select_related("live"):
        last = Promotion.objects.filter(recommender=recommender).order_by("id").last()
        if last is None or last.version_id != recommender.live_id:
            Promotion.objects.create(
                recommender=recommender,
                version=recommender.live,
                kind="ungated",
                at=recommender.live.created_at,
                by="training",
            )


class Migration(migrations.Migration):

    dependencies = [
        ('recommenders', '0004_promotions'),
    ]

    operations = [
        migrations.RunPython(remember, migrations.RunPython.noop),
    ]
