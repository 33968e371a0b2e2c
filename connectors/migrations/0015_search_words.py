"""Connectors, tools and profiles are found by their words, which triggers of the database keep."""

from django.db import migrations

from harriet.people.kept_words import words_of


class Migration(migrations.Migration):
    dependencies = [("connectors", "0014_changes_of_many_tools"), ("people", "0011_search_words")]

    operations = [
        words_of("connectors_connector", "connector", "name", "slug"),
        words_of("connectors_tool", "tool", "name"),
        words_of("connectors_profile", "profile", "name", "slug"),
    ]
