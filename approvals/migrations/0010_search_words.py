"""Tickets are found by their words, which triggers of the database keep."""

from django.db import migrations

from harriet.people.kept_words import words_of


class Migration(migrations.Migration):
    dependencies = [("approvals", "0009_approvers_told_by_person"), ("people", "0011_search_words")]

    operations = [
        words_of("approvals_ticket", "ticket", "title"),
    ]
