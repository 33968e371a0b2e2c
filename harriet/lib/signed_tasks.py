"""Celery's messages, signed: a worker runs what Harriet asked for, whoever else may write to Redis.

The signature covers the task's name, its arguments, its callbacks and every header. A message that was signed once can
be sent again by who reads Redis: tasks take ids and look at the row's state, so that runs early at most.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import Task
from celery.beat import Scheduler
from celery.exceptions import InvalidTaskError
from celery.signals import before_task_publish
from django.utils.crypto import salted_hmac
from kombu.utils.json import dumps, loads

HEADER = "harriet_signature"
LATER = timedelta(minutes=5)
"""After its start the clock asks for what is rarer than this."""


@before_task_publish.connect
def sign(headers: dict[str, Any], body: Any, **_: Any) -> None:
    """Celery's signal before a message leaves: adds our signature to its headers."""
    headers[HEADER] = signature_of(headers, body)


def signature_of(headers: dict[str, Any], body: Any) -> str:
    """Over what the worker will read: a tuple arrives as a list."""
    signed = loads(dumps([{name: value for name, value in headers.items() if name != HEADER}, body]))
    return salted_hmac("harriet task", dumps(signed, sort_keys=True), algorithm="sha256").hexdigest()


def is_ours(headers: dict[str, Any], body: Any) -> bool:
    """Whether the message bears the signature that belongs to it. In constant time."""
    return hmac.compare_digest(str(headers.get(HEADER, "")).encode(), signature_of(headers, body).encode())


def signed_alone(task: Any, app: Any, consumer: Any, **options: Any) -> Callable[..., Any]:
    """Celery's strategy, for messages that bear our signature. Refused before anything of them is acted on: callbacks
    for failures would otherwise be sent on by the worker itself, with a good signature."""
    from celery.worker import strategy  # the worker's machinery is for workers alone

    run = strategy.default(task, app, consumer, **options)

    def receive(message: Any, body: Any, *rest: Any, **more: Any) -> Any:
        if not is_ours(message.headers or {}, message.payload):
            raise InvalidTaskError("Not signed by this installation of Harriet: it was not run.")
        return run(message, body, *rest, **more)

    return receive


class SignedTask(Task):  # type: ignore[type-arg]  # generic in its stubs only
    """The base of every task: a worker runs it only when its message is signed."""

    Strategy = "harriet.lib.signed_tasks:signed_alone"


class StaticScheduler(Scheduler):
    """The schedule of the settings, kept in memory: Celery's own keeps it in a file of pickles.

    What is rare comes some minutes after the start as well, or a Harriet that restarts often would never do it.
    """

    def setup_schedule(self) -> None:
        self.merge_inplace(self.app.conf.beat_schedule)
        for entry in self.schedule.values():
            every: Any = entry.schedule  # each of ours is an interval
            entry.last_run_at -= max(every.run_every - LATER, timedelta())

    @property
    def info(self) -> str:
        return "    . schedule -> the settings"
