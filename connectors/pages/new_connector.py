"""The first step of a new connector: the catalogue, a pasted configuration, the sample; always an empty form else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from connectors.actions.add_sample import add_sample
from connectors.actions.draft_connector import draft_connector
from connectors.actions.save_basics import save_basics
from connectors.catalogue import CATEGORIES, Preset, preset_named, presets_found
from connectors.models import Connector
from connectors.pages.forms import NewConnectorForm, SnippetForm
from connectors.pages.kept_prefill import keep_prefill, kept_prefill
from connectors.pages.prefill import Prefill
from connectors.pages.snippets import read_snippet
from connectors.pages.wizard import StepPage
from connectors.wizard_steps import BASICS
from harriet.lib.ids import new_id
from harriet.pages.context import PageContext, show
from harriet.pages.forms import attempt, status_of
from harriet.people.names import slug_from
from harriet.people.pages.guards import OrganizationRequest, needs
from harriet.people.roles import Power


@dataclass(frozen=True, slots=True)
class FirstStepPage(StepPage):
    """The first step before anything is saved: also the catalogue, and a place to paste a configuration."""

    template = "connectors/wizard_first.html"
    step = BASICS
    snippet: SnippetForm
    preset: Preset | None = None

    @property
    def begun(self) -> Connector | None:
        """A draft that has the short name already: whoever went back and typed it again may mean that one."""
        if "slug" not in self.form.errors:
            return None
        drafts = Connector.objects.filter(organization=self.request.organization, state=Connector.State.DRAFT)
        name, slug = self.form["name"].value() or "", self.form["slug"].value()  # as they were sent
        return drafts.filter(slug=slug or slug_from(name, fallback="connector", longest=40)).first()

    @property
    def catalogue(self) -> list[Preset]:
        """What of it is searched for."""
        return presets_found(self.catalogue_text, self.category)

    @property
    def catalogue_text(self) -> str:
        return self.request.GET.get("find", "").strip()[:100]

    @property
    def category(self) -> str:
        wanted = self.request.GET.get("category", "")
        return wanted if wanted in CATEGORIES else ""

    @property
    def categories(self) -> tuple[str, ...]:
        return CATEGORIES


@dataclass(frozen=True, slots=True)
class BegunPage(PageContext):
    """The same form was sent again, with another name in it, after its draft had got an address."""

    template = "connectors/begun.html"
    active = "integrations"
    begun: Connector
    form: NewConnectorForm
    name: str


@needs(Power.MANAGE_CONNECTORS)
def new_connector_page(request: OrganizationRequest) -> HttpResponse:
    """A preset or a pasted configuration that the address names fills it in, and nothing else does: what another visit
    left behind would send one company's key to another's host."""
    form_id, preset, prefill = _filled_in(request)
    initial = {"form": form_id} | ({"name": prefill.name, "description": prefill.description} if prefill else {})
    form = NewConnectorForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid() and (begun := _begun_with(request, form)) is not None:
        return _sent_again(request, begun, form)
    made = attempt(form, lambda given: draft_connector(request.organization, **_basics(form), actor=request.actor))
    if made is None:
        page = FirstStepPage(request, None, form, snippet=SnippetForm(), preset=preset)
        return show(request, page, status=status_of(form))
    if prefill is not None:
        keep_prefill(request, made.pk, prefill)
    return redirect("connectors:setup_connection", made.pk)


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def paste_configuration(request: OrganizationRequest) -> HttpResponse:
    snippet = SnippetForm(request.POST)
    read = attempt(snippet, lambda given: read_snippet(given["snippet"]))
    if read is None:
        snippet.data = {}  # what was pasted may hold a secret: it is not written back
        form = NewConnectorForm(initial={"form": new_id()})
        return show(request, FirstStepPage(request, None, form, snippet=snippet), status=status_of(snippet))
    form_id = new_id()
    keep_prefill(request, form_id, read)
    return redirect(f"{reverse('connectors:new')}?from={form_id}")


@require_POST
@needs(Power.MANAGE_CONNECTORS)
def connect_sample(request: OrganizationRequest) -> HttpResponse:
    connector = add_sample(request.organization, actor=request.actor)
    return redirect("connectors:ready", connector.pk)


def _filled_in(request: OrganizationRequest) -> tuple[UUID, Preset | None, Prefill | None]:
    """The form's id, and what it is filled in with. A pasted configuration fills in the one form that it was pasted
    for: when that has made its draft, the address of the page is that of an empty form again."""
    preset = preset_named(request.GET.get("preset", ""))
    if preset is not None:
        return new_id(), preset, Prefill(preset.name, preset.url, preset.description)
    form_id = _uuid(request.GET.get("from", ""))
    if form_id is None or _is_another(request, form_id) or Connector.objects.filter(pk=form_id).exists():
        return new_id(), None, None
    return form_id, None, kept_prefill(request, form_id)


def _is_another(request: OrganizationRequest, form_id: UUID) -> bool:
    """The empty form that this address showed once its own had made its draft."""
    return request.POST.get("form", str(form_id)) != str(form_id)


def _basics(form: NewConnectorForm) -> dict[str, Any]:
    return {"id" if name == "form" else name: value for name, value in form.cleaned_data.items()}


def _begun_with(request: OrganizationRequest, form: NewConnectorForm) -> Connector | None:
    """The draft that this form has made already: it was sent twice, or somebody went back to it."""
    drafts = Connector.objects.filter(organization=request.organization, state=Connector.State.DRAFT)
    return drafts.filter(pk=form.cleaned_data["form"]).first() if form.cleaned_data["form"] else None


def _sent_again(request: OrganizationRequest, begun: Connector, form: NewConnectorForm) -> HttpResponse:
    """One form makes one draft. Another name is put on it as long as it has nothing of its own; a draft that has an
    address keeps its name until somebody says that it is the same one."""
    is_same = form.cleaned_data["name"].strip() == begun.name
    if not is_same and begun.url:
        page = BegunPage(
            begun=begun,
            form=NewConnectorForm(initial=form.cleaned_data | {"form": new_id()}),
            name=form.cleaned_data["name"],
        )
        return show(request, page)
    given = {name: form.cleaned_data[name] for name in ("slug", "name", "description", "icon")}
    if not begun.url and attempt(form, lambda _: save_basics(begun, **given, actor=request.actor)) is None:
        return show(request, FirstStepPage(request, None, form, snippet=SnippetForm()), status=status_of(form))
    return redirect("connectors:setup_connection", begun.pk)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
