"""Migrations, on a shorter way where nothing is there yet: whoever starts Harriet for the first time waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

_HOOK = "_find_reload_model"
"""Django's own: which classes are made anew when a migration has changed a model."""


def migrate() -> None:
    """Of two that start at once, only one may be here (`prepare.migration_lock`)."""
    is_new = not MigrationRecorder(connection).has_table()
    with changing_one_model_each() if is_new else nullcontext():
        call_command("migrate", interactive=False, verbosity=0)


@contextmanager
def changing_one_model_each() -> Iterator[None]:
    """Where an operation changes a model, Django makes the classes of all that are related to it anew, which here are
    most: nine tenths of the time that migrating an empty database takes. What they make is the same without, as
    tests/ground/test_start_harriet.py shows; code that migrations run is still handed classes that are all anew."""
    theirs = getattr(ProjectState, _HOOK, None)
    if theirs is None:  # a later Django does it another way
        yield
        return

    def itself(state: ProjectState, app_label: str, model_name: str, delay: bool = False) -> set[tuple[str, str]]:
        state.is_delayed = True
        return {(app_label, model_name)}

    setattr(ProjectState, _HOOK, itself)
    try:
        yield
    finally:
        setattr(ProjectState, _HOOK, theirs)
