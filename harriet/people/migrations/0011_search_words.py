"""Words by which people, groups, devices and what higher floors have are found, kept by triggers of the database.

Each migration that gives a noun its trigger also writes down the words of the rows that are there."""

from django.db import migrations, models

from harriet.people.kept_words import words_of

FUNCTIONS = r"""
CREATE FUNCTION search_words_of(said text) RETURNS SETOF text LANGUAGE sql IMMUTABLE AS $$
  SELECT DISTINCT left(word, 60) FROM regexp_split_to_table(
    lower(said || ' ' || regexp_replace(said, '([[:lower:][:digit:]])([[:upper:]])', '\1 \2', 'g')),
    '[[:space:]!-/:-@[-`{-~]+') AS word WHERE word <> ''
$$;
CREATE FUNCTION search_words_forget(gone uuid) RETURNS void LANGUAGE sql AS $$
  DELETE FROM people_searchword WHERE subject_id = gone
$$;
CREATE FUNCTION search_words_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  noun text := TG_ARGV[0];
  named jsonb;
  said text := '';
BEGIN
  IF TG_OP <> 'INSERT' THEN PERFORM search_words_forget(OLD.id); END IF;
  IF TG_OP <> 'DELETE' THEN
    named := to_jsonb(NEW);
    FOR i IN 1 .. TG_NARGS - 1 LOOP said := said || ' ' || coalesce(named ->> TG_ARGV[i], ''); END LOOP;
    INSERT INTO people_searchword (organization_id, noun, word, subject_id)
      SELECT NEW.organization_id, noun, word, NEW.id FROM search_words_of(said) AS word;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION search_words_keep_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN PERFORM search_words_forget(OLD.id); END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO people_searchword (organization_id, noun, word, subject_id)
      SELECT NEW.organization_id, 'person', word, NEW.id
      FROM people_user u, search_words_of(u.name || ' ' || u.email) AS word WHERE u.id = NEW.user_id;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION search_words_rename_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM search_words_forget(m.id) FROM people_membership m WHERE m.user_id = NEW.id;
  INSERT INTO people_searchword (organization_id, noun, word, subject_id)
    SELECT m.organization_id, 'person', word, m.id
    FROM people_membership m, search_words_of(NEW.name || ' ' || NEW.email) AS word WHERE m.user_id = NEW.id;
  RETURN NULL;
END $$
"""
NO_FUNCTIONS = """
DROP FUNCTION search_words_rename_person();
DROP FUNCTION search_words_keep_person();
DROP FUNCTION search_words_keep();
DROP FUNCTION search_words_forget(uuid);
DROP FUNCTION search_words_of(text)
"""
PERSON = """
CREATE TRIGGER membership_words AFTER INSERT OR DELETE ON people_membership
  FOR EACH ROW EXECUTE FUNCTION search_words_keep_person();
CREATE TRIGGER membership_words_moved AFTER UPDATE OF organization_id, user_id ON people_membership FOR EACH ROW
  WHEN ((OLD.organization_id, OLD.user_id) IS DISTINCT FROM (NEW.organization_id, NEW.user_id))
  EXECUTE FUNCTION search_words_keep_person();
CREATE TRIGGER user_words AFTER UPDATE OF name, email ON people_user FOR EACH ROW
  WHEN ((OLD.name, OLD.email) IS DISTINCT FROM (NEW.name, NEW.email)) EXECUTE FUNCTION search_words_rename_person();
INSERT INTO people_searchword (organization_id, noun, word, subject_id)
  SELECT m.organization_id, 'person', word, m.id
  FROM people_membership m JOIN people_user u ON u.id = m.user_id, search_words_of(u.name || ' ' || u.email) AS word
"""
NO_PERSON = """
DROP TRIGGER user_words ON people_user;
DROP TRIGGER membership_words_moved ON people_membership;
DROP TRIGGER membership_words ON people_membership
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0010_made_once")]

    operations = [
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organization_id", models.UUIDField()),
                (
                    "noun",
                    models.CharField(
                        choices=[
                            ("person", "Person"),
                            ("group", "Group"),
                            ("device", "Device"),
                            ("connector", "Connector"),
                            ("tool", "Tool"),
                            ("profile", "Profile"),
                            ("credential", "Credential"),
                            ("ticket", "Ticket"),
                        ],
                        max_length=12,
                    ),
                ),
                ("word", models.CharField(db_collation="C", max_length=60)),
                ("subject_id", models.UUIDField()),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["organization_id", "noun", "word", "subject_id"], name="search_word_begins"
                    ),
                    models.Index(fields=["subject_id", "word"], name="search_word_of_subject"),
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        migrations.RunSQL(PERSON, NO_PERSON),
        words_of("people_group", "group", "name", "slug"),
        words_of("people_device", "device", "name"),
    ]
