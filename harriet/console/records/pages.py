"""The first page of Records: every noun with a sentence, by section."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from harriet.console.records.registry import SECTIONS, url_name
from harriet.console.records.viewer import Viewer, for_readers


@dataclass(frozen=True, slots=True)
class Noun:
    name: str
    meaning: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    nouns: list[Noun]


@for_readers
def index(request: HttpRequest, viewer: Viewer) -> HttpResponse:
    context = {"active": "records", "groups": _groups(viewer), "is_operator": viewer.is_operator}
    return render(request, "records/index.html", context)


def _groups(viewer: Viewer) -> list[Group]:
    groups = [
        Group(
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
