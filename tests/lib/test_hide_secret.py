"""A Secret shows itself to nobody who doesn't ask by name."""

import copy
import io
import json
import logging
import pickle
import pprint
import sys

import orjson
import pytest
from django.views.debug import ExceptionReporter

from harriet.lib.secret import MASK, Secret

CANARY = "sk-canary-51b4"


def test_secret_is_masked_wherever_it_is_written():
    secret = Secret(CANARY)
    log = io.StringIO()
    logger = logging.getLogger("tests.secret")
    handler = logging.StreamHandler(log)
    logger.addHandler(handler)
    logger.error("got %s and %r", secret, {"token": secret})
    logger.removeHandler(handler)
    written = [
        str(secret),
        repr(secret),
        f"{secret}",
        f"{secret:>40}",
        f"{secret!r}",
        pprint.pformat([secret]),
    ]
    assert all(CANARY not in text for text in [*written, log.getvalue()])
    assert str(secret) == MASK
    assert secret.reveal() == CANARY


def test_secret_is_masked_in_an_error_report():
    token = Secret(CANARY)
    try:
        raise ValueError(f"failed with {token}")
    except ValueError:
        report = ExceptionReporter(None, *sys.exc_info()).get_traceback_text()
    # The report quotes this very file, whose constant is the canary: look at the variables alone.
    assert f"{MASK}" in report
    assert f"token = '{CANARY}'" not in report


@pytest.mark.parametrize("copying", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, orjson.dumps])
def test_secret_refuses_to_be_copied_or_serialised(copying):
    with pytest.raises(TypeError):
        copying(Secret(CANARY))


def test_secrets_compare_by_value():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("ü"), Secret("ü")}) == 1
    assert not Secret("")
