"""What may be a hundred thousand is picked by searching: no form reads all people, groups, tools … to offer them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms

import approvals
import audit
import connectors
import harriet
import vault
from harriet.console.picking import OWN, SOURCES
from harriet.pages.picker import PickedField
from harriet.pages.picking import Source
from harriet.pages.picking_form import PickingForm
from tests.stage.cast import Cast


def modules() -> Iterator[Any]:
    for package in (harriet, connectors, vault, approvals, audit):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(part in found.name for part in (".migrations", ".management", "harriet.asgi", "harriet.celery")):
                yield importlib.import_module(found.name)


def ours(base: type) -> set[type]:
    list(modules())
    found, waiting = set(), [base]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__module__.split(".")[0] in {"harriet", "connectors", "vault", "approvals", "audit"}:
                found.add(child)
    return found


def test_no_field_of_ours_offers_all_rows_of_a_model() -> None:
    assert not ours(forms.ModelChoiceField)


def test_no_file_uses_one() -> None:
    names = {"ModelChoiceField", "ModelMultipleChoiceField", "ModelForm"}
    for module in modules():
        if module.__name__.split(".")[0] != "harriet" or not module.__name__.startswith("harriet.console.records"):
            assert not names & set(vars(module)), module.__name__


@pytest.mark.django_db
def test_every_form_with_a_picker_comes_back_from_a_search(cast: Cast) -> None:
    for form in ours(forms.BaseForm):
        fields = [field for field in getattr(form, "base_fields", {}).values() if isinstance(field, PickedField)]
        assert not fields or issubclass(form, PickingForm), form


@pytest.mark.django_db
def test_every_source_that_a_field_names_can_be_searched(cast: Cast) -> None:
    in_fields = {source.key for source in ours(Source) if hasattr(source, "key")}
    for key, source in (SOURCES | OWN).items():
        assert key in in_fields and source.key == key
