"""Form fields in which things are picked by searching for them, however many there are.

With scripts it is a combobox that asks harriet/console/picking.py. Without, *Find* sends the form, which comes back
with all that was typed and what was found to tick. A form with such a field is a `PickingForm` (picking_form.py).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Generic, NamedTuple, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from harriet.lib.changed import Changed
from harriet.pages.counts import CountAtMost
from harriet.pages.picking import FEW, MOST_FOUND, Choice, Found, Source, values_of

FIND = "find"
"""Which field is searched: the name of the button, with the field's name as its value."""
CHOSEN = 50
"""Chosen ones that are shown at first."""
MOST_CHOSEN = 900
"""A form has at most a thousand values (DATA_UPLOAD_MAX_NUMBER_FIELDS)."""

Row = TypeVar("Row", bound=Model)


class Sent(NamedTuple):
    """What a form says about one of these fields."""

    values: list[str]
    had: list[str] | None
    """What it showed as chosen when it was made; None of a form that names everything, as programs' do."""
    text: str = ""
    found_for: str | None = None
    """The search whose results it showed."""
    is_searching: bool = False
    seen: int = 0
    chosen_shown: int = CHOSEN

    @property
    def is_left(self) -> bool:
        """Something was typed, and nobody looked for it."""
        return bool(self.text) and self.text != self.found_for and not self.is_searching


def read_sent(data: Any, name: str) -> Sent:
    values = data.getlist(name) if hasattr(data, "getlist") else data.get(name) or []
    values = values if isinstance(values, list | tuple) else [values]
    had = data.get(f"{name}-had")
    asked, _, place = str(data.get(FIND, "")).partition(" ")
    what, _, number = place.partition(" ")
    count = min(int(number), MOST_CHOSEN) if number.isascii() and number.isdigit() and len(number) < 7 else 0
    return Sent(
        values=list(dict.fromkeys(str(value) for value in values if value)),
        had=None if had is None else [value for value in str(had).split(",") if value],
        text=str(data.get(f"{name}-q") or "").strip()[:100],
        found_for=data.get(f"{name}-found"),
        is_searching=asked == name,
        seen=count if what == "more" else 0,
        chosen_shown=max(CHOSEN, count) if what == "chosen" else CHOSEN,
    )


class Shown(NamedTuple):
    """What the template shows of a field."""

    chosen: list[Choice]
    had: list[str]
    """Those that were chosen before."""
    more_chosen: int
    """Chosen ones beyond those."""
    next_chosen: int
    found: Found | None
    few: list[tuple[Choice, bool]] | None
    """All that can be chosen, and whether they are."""

    @property
    def more_words(self) -> str:
        return f"{MOST_FOUND:,}+" if self.more_chosen + len(self.had) > MOST_FOUND else f"{self.more_chosen:,}"


class Picker(forms.Widget, Generic[Row]):
    use_fieldset = True

    def __init__(self, source: Source[Row], *, is_single: bool, kept: QuerySet[Row] | None, nothing: str) -> None:
        super().__init__()
        self.source, self.is_single, self.kept, self.nothing = source, is_single, kept, nothing

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Sent:
        return read_sent(data, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str) -> str:
        return ""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        sent = value if isinstance(value, Sent) else None
        shown = self._shown(sent, sent.values if sent else values_of(self.source, value))
        attributes = self.build_attrs(self.attrs, attrs)
        return render_to_string(
            "parts/picker.html",
            {
                "name": name,
                "id": attributes.get("id", f"id_{name}"),
                "data": {key: said for key, said in attributes.items() if key.startswith("data-")},
                "is_wrong": "aria-invalid" in attributes,
                "source": self.source,
                "is_single": self.is_single,
                "kind": "radio" if self.is_single else "checkbox",
                "nothing": "" if self.is_required else self.nothing,
                "text": sent.text if sent else "",
                "has_had": self.kept is not None,
                "shown": shown,
            },
        )

    def _shown(self, sent: Sent | None, values: list[str]) -> Shown:
        few = self.source.few() if sent is None and self.kept is None else None
        if sent is None and self.kept is not None:
            all_of_few, kept, count = self.source.few_or_kept(self.kept, CHOSEN)
            if all_of_few is not None:
                chosen_now = [(self.source.choice(row), row.is_kept) for row in all_of_few]
                return Shown([], [choice.value for choice, is_kept in chosen_now if is_kept], 0, 0, None, chosen_now)
            shown = {self.source.value_of(row): row for row in kept}
            rows, had, left = self.source.chosen(values) | shown, [*shown], count - len(shown)
        else:
            rows, had, left = self._chosen(sent, values)
        gone = self.source.gone([value for value in values if value not in rows])
        if sent is not None and not (left or gone or len(rows) > FEW or (sent.is_searching and sent.text)):
            few = self.source.few()
        if few is not None and not gone and rows.keys() <= {self.source.value_of(row) for row in few}:
            ticked = [(self.source.choice(row), self.source.value_of(row) in rows) for row in few]
            return Shown([], had, 0, 0, None, ticked)
        chosen = [self.source.choice(row) for row in rows.values()] + gone
        asked = sent.chosen_shown if sent else CHOSEN
        return Shown(chosen, had, left, min(asked + 200, MOST_CHOSEN), self._found(sent, rows.keys()), None)

    def _chosen(self, sent: Sent | None, values: list[str]) -> tuple[dict[str, Row], list[str], int]:
        """Those that are shown, those of them that were chosen before, and how many of those before are not shown."""
        if self.kept is None or (sent is not None and sent.had is None):
            return self.source.chosen(values[:MOST_CHOSEN]), [], 0
        before = sent.had if sent and sent.had is not None else []
        rest = self.kept.exclude(**{f"{self.source.value}__in": list(self.source.chosen(before))})
        room = max(0, (sent.chosen_shown if sent else CHOSEN) - len(before))
        counted = rest.order_by(self.source.text).annotate(all_of_them=CountAtMost(rest, MOST_FOUND))
        found: list[Any] = list(counted[: max(room, 1)])
        shown = {self.source.value_of(row): row for row in found[:room]}
        left = found[0].all_of_them - len(shown) if found else 0
        return self.source.chosen(values) | shown, [*before, *shown], left

    def _found(self, sent: Sent | None, chosen: Collection[str]) -> Found | None:
        if sent is None or not (sent.is_searching or sent.text):
            return None
        found = self.source.find(sent.text, sent.seen)
        return found._replace(choices=[choice for choice in found.choices if choice.value not in chosen])


class PickedField(forms.Field, Generic[Row]):
    """`kept` is what is chosen now, where a form changes that: what it doesn't show stays as it is."""

    is_single = False

    def __init__(
        self, source: Source[Row], *, kept: QuerySet[Row] | None = None, nothing: str = "None", **options: Any
    ) -> None:
        self.source, self.kept = source, kept
        picker = Picker(source, is_single=self.is_single, kept=kept, nothing=nothing)
        super().__init__(widget=picker, **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return set(values_of(self.source, initial)) != set(data.values)

    def refuse_left(self, sent: Sent) -> None:
        if sent.is_left:
            raise forms.ValidationError(_TYPED.format(text=sent.text))

    def read(self, sent: Sent) -> list[Row]:
        """Raises ValidationError for what can't be chosen, or was typed and not chosen."""
        self.refuse_left(sent)
        rows = self.source.chosen(sent.values)
        if len(rows) < len(sent.values):
            raise forms.ValidationError(_GONE.format(many=self.source.many))
        return list(rows.values())


_TYPED = "“{text}” was typed, and nothing was chosen for it. Tick what is meant below, or empty the search."
_GONE = "One of the chosen {many} is not here any more and was taken out. Look at what is left, and send it again."


class OneField(PickedField[Row]):
    """Its row, or None."""

    is_single = True

    def clean(self, value: Sent) -> Row | None:
        rows = self.read(value)
        if self.required and not rows:
            raise forms.ValidationError(f"Choose a {self.source.one}.", code="required")
        return rows[0] if rows else None


class SeveralField(PickedField[Row]):
    """All rows that are chosen then, with those that the form didn't show."""

    def clean(self, value: Sent) -> list[Row]:
        rows = self.read(value)
        if self.kept is not None and value.had is not None:
            shown = {*value.had, *value.values}
            rows += [row for row in self.kept if self.source.value_of(row) not in shown]
        if self.required and not rows:
            raise forms.ValidationError(f"Choose at least one {self.source.one}.", code="required")
        return rows


class ChangedField(PickedField[Row]):
    """For sets that may hold a hundred thousand: what came and what went; of a form that shows none, all that is
    chosen."""

    def clean(self, value: Sent) -> list[Row] | Changed[Row]:
        rows = self.read(value)
        if self.kept is None or value.had is None:
            return rows
        had = set(value.had)
        added = [row for row in rows if self.source.value_of(row) not in had]
        removed = had - {self.source.value_of(row) for row in rows}
        return Changed(added, [row.pk for row in self.source.chosen(removed).values()])
