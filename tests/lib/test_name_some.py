"""Sentences name the first of several and say how many more there are."""

from harriet.lib.sentences import some_of, within


def test_all_are_named_while_they_are_few() -> None:
    assert some_of([], 3) == ""
    assert some_of(["CRM", "Wiki", "Mail"], 3) == "CRM, Wiki, Mail"


def test_what_is_not_named_is_counted() -> None:
    assert some_of(["CRM", "Wiki", "Mail"], 2) == "CRM, Wiki and 1 more"
    assert some_of(["CRM is a draft", "Wiki is paused", "Mail is new"], 2, "; ", "; and ") == (
        "CRM is a draft; Wiki is paused; and 1 more"
    )


def test_a_sentence_goes_on_behind_a_comma() -> None:
    assert within("It is a draft.") == "it is a draft"
    assert within("") == ""
