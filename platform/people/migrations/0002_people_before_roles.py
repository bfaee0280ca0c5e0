from django.conf import settings
from django.db import migrations


def keep_what_they_could_do(apps, schema_editor):
    """Before there were roles, everybody with an account could do everything."""
    User = apps.get_model("auth", "User")
    Person = apps.get_model("people", "Person")
    everybody = User.objects.filter(is_superuser=False)
    Person.objects.bulk_create(Person(user=user, role="admin") for user in everybody)


class Migration(migrations.Migration):

    dependencies = [
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(keep_what_they_could_do, migrations.RunPython.noop)]
