"""Credentials are found by their words, which triggers of the database keep."""

from django.db import migrations

from harriet.people.kept_words import words_of


class Migration(migrations.Migration):
    dependencies = [("vault", "0004_lists_of_records"), ("people", "0011_search_words")]

    operations = [
        words_of("vault_credential", "credential", "name"),
    ]
