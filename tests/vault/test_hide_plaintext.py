"""An opened secret shows in no log, traceback, error page or copy, also when something breaks around it."""

import copy
import json
import logging
import pickle
import sys
import traceback
from typing import Any

import pytest
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from harriet.lib.secret import Secret
from tests.stage.cast import Cast
from tests.stage.credentials import TOKEN, save_token
from vault.errors import CannotOpen, CredentialRefused
from vault.models import CredentialVersion
from vault.open import Opener, opener_for
from vault.queries import sealed_credentials

pytestmark = pytest.mark.django_db


def reports(what: Any) -> str:
    """Everything that an error that `what` runs into would write: page, mail, traceback with locals."""
    try:
        what()
    except Exception:  # noqa: BLE001
        kind, error, at = sys.exc_info()
        assert kind and error and at
    else:
        pytest.fail("Nothing went wrong.")
    reporter = ExceptionReporter(RequestFactory().get("/"), kind, error, at)
    with_locals = traceback.TracebackException(kind, error, at, capture_locals=True)
    return reporter.get_traceback_html() + reporter.get_traceback_text() + "".join(with_locals.format())


def needles(key: bytes) -> list[str]:
    return [TOKEN, TOKEN[8:], repr(key)[2:-1], key.hex()]


@pytest.fixture
def opener(cast: Cast) -> Opener:
    save_token(cast)
    return opener_for(cast.acme.pk)


def data_key_of(opener: Opener) -> bytes:
    return opener._keyring._data_keys[1].reveal()


def test_an_error_inside_the_block_shows_nothing(cast: Cast, opener: Opener) -> None:
    (sealed,) = sealed_credentials(cast.acme.pk).values()

    def call() -> None:
        with opener.credential(sealed) as opened:
            headers, query, secrets = opened.headers, opened.query, opened.secrets
            raise RuntimeError(f"upstream said no to {headers} {query} {secrets} {opened}")

    report = reports(call)
    assert "upstream said no" in report
    assert "••••••" in report
    assert not [needle for needle in needles(data_key_of(opener)) if needle in report]


def test_sealed_bytes_that_were_changed_show_nothing(cast: Cast, opener: Opener) -> None:
    CredentialVersion.objects.update(sealed=b"H" * 200)
    (sealed,) = sealed_credentials(cast.acme.pk).values()
    report = reports(lambda: opener.credential(sealed))
    assert CannotOpen.__name__ in report
    key = opener._keyring.of_connector(sealed.connector_id, 1).reveal()
    assert not [needle for needle in needles(data_key_of(opener)) + needles(key) if needle in report]


def test_a_refused_secret_shows_nothing(cast: Cast) -> None:
    report = reports(lambda: save_token(cast, secret=Secret(f"{TOKEN}\n")))
    assert CredentialRefused.__name__ in report
    assert TOKEN not in report


def test_a_database_error_while_saving_shows_nothing(cast: Cast) -> None:
    report = reports(lambda: save_token(cast, name="A name that is too long" * 20))
    assert "DataError" in report
    assert TOKEN not in report


def test_logs_show_nothing(cast: Cast, opener: Opener, caplog: pytest.LogCaptureFixture) -> None:
    (sealed,) = sealed_credentials(cast.acme.pk).values()
    with caplog.at_level(logging.DEBUG), opener.credential(sealed) as opened:
        logging.getLogger("anything").debug("%s %r %s %s", opened, opened.headers, opened.secrets, opener)
        save_token(cast, secret=TOKEN)
    assert caplog.records
    assert not [needle for needle in needles(data_key_of(opener)) if needle in caplog.text]


def test_nothing_opened_can_be_copied_or_written_down(cast: Cast, opener: Opener) -> None:
    (sealed,) = sealed_credentials(cast.acme.pk).values()
    with opener.credential(sealed) as opened:
        for thing in (
            opener,
            opener._keyring,
            opened,
            opened.headers,
            opened.secrets[0],
            opener._keyring._data_keys[1],
        ):
            for write in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError):
                    write(thing)
    with pytest.raises(TypeError):
        json.dumps({"secret": Secret(TOKEN)})
    assert TOKEN not in repr(pickle.dumps(sealed))
