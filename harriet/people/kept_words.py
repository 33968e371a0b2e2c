"""For migrations: the triggers that keep the words by which a noun is found, beside its names."""

from __future__ import annotations

from django.db import migrations


def words_of(table: str, noun: str, *columns: str) -> migrations.RunSQL:
    """The words of a noun whose rows say their organization and their names themselves."""
    named = ", ".join(f"'{column}'" for column in columns)
    changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    said = " || ' ' || ".join(f"t.{column}" for column in columns)
    return migrations.RunSQL(
        f"""
CREATE TRIGGER {table}_words AFTER INSERT OR DELETE ON {table}
  FOR EACH ROW EXECUTE FUNCTION search_words_keep('{noun}', {named});
CREATE TRIGGER {table}_words_changed AFTER UPDATE OF {", ".join(columns)} ON {table} FOR EACH ROW
  WHEN ({changed}) EXECUTE FUNCTION search_words_keep('{noun}', {named});
INSERT INTO people_searchword (organization_id, noun, word, subject_id)
  SELECT t.organization_id, '{noun}', word, t.id FROM {table} t, search_words_of({said}) AS word
""",  # noqa: S608 (no input)
        f"DROP TRIGGER {table}_words_changed ON {table}; DROP TRIGGER {table}_words ON {table}",
    )
