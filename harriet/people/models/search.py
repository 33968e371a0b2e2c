"""Words by which things are found."""

from __future__ import annotations

import uuid

from django.db import models

import harriet.lib.looked_up  # noqa: F401  (the lookup of many ids)


class SearchWord(models.Model):
    """A word by which something is found, as it begins. Triggers of the database keep the words beside the names that
    they come from, in the same transaction; `search_words_of` in it says what a word is."""

    class Noun(models.TextChoices):
        PERSON = "person"
        GROUP = "group"
        DEVICE = "device"
        CONNECTOR = "connector"
        TOOL = "tool"
        PROFILE = "profile"
        CREDENTIAL = "credential"
        TICKET = "ticket"
        AGENT = "agent"

    organization_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    noun = models.CharField(max_length=12, choices=Noun.choices)
    word = models.CharField(max_length=60, db_collation="C")
    """In lower case. By bytes, so that an index finds beginnings in the order in which it has them."""
    subject_id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField()
    """Of a person, their membership."""

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "noun", "word", "subject_id"], name="search_word_begins"),
            models.Index(fields=["subject_id", "word"], name="search_word_of_subject"),
        ]

    def __str__(self) -> str:
        return self.word
