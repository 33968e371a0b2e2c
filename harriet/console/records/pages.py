"""The first page of Records: every noun with a sentence, by section."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from harriet.console.records.registry import SECTIONS, url_name
from harriet.console.records.viewer import Viewer, for_readers
from harriet.pages.context import PageContext, show


@dataclass(frozen=True, slots=True)
class Noun:
    name: str
    meaning: str
    url: str


@dataclass(frozen=True, slots=True)
class NounGroup:
    title: str
    nouns: list[Noun]


@dataclass(frozen=True, slots=True)
class IndexPage(PageContext):
    template = "records/index.html"
    active = "records"
    groups: list[NounGroup]


@for_readers
def index(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    return show(request, IndexPage(_groups(viewer)))


def _groups(viewer: Viewer) -> list[NounGroup]:
    groups = [
        NounGroup(
            section.title,
            [
                Noun(record.many, record.meaning, reverse(url_name(record, "changelist")))
                for record in section.records
                if viewer.may_read(record)
            ],
        )
        for section in SECTIONS
    ]
    return [group for group in groups if group.nouns]
