"""The base of forms in which something is picked by searching for it."""

from __future__ import annotations

from django import forms

from harriet.pages.picker import FIND, PickedField


class PickingForm(forms.Form):
    """Comes back as it was sent when something was only looked for: not valid then, and nothing is wrong with it."""

    @property
    def is_searching(self) -> bool:
        names = [self.add_prefix(name) for name, field in self.fields.items() if isinstance(field, PickedField)]
        return self.is_bound and str(self.data.get(FIND, "")).partition(" ")[0] in names

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_searching:
            self.errors.clear()

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_searching
