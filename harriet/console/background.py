"""How the work behind the pages goes: what Redis holds, what the workers did last, what waits for its seal.

Beat asks for something every second, and a worker looks for calls without an outcome every minute: from these two it
follows which of them has stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.utils import timezone

from audit.models import Sweep, Unsealed
from harriet.pages.counts import AtMost, at_most

QUEUE = "celery"
LATE = timedelta(minutes=5)
"""Background work that a worker does every minute is late after this."""
_STANDING = 20
"""Tasks that wait when no worker takes them: as many as beat asks for in some seconds."""
ANSWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class BackgroundWork:
    queued: int | None
    """Tasks that wait in Redis; None when it does not answer."""
    swept_until: datetime | None
    """When a worker last looked for calls without an outcome."""
    unsealed: AtMost
    redis_version: str
    """Empty when it does not answer."""

    @property
    def is_late(self) -> bool:
        return self.swept_until is None or timezone.now() - self.swept_until > LATE

    @property
    def is_worker_stopped(self) -> bool:
        """Tasks pile up, and none was taken."""
        return self.is_late and self.queued is not None and self.queued > _STANDING

    @property
    def is_beat_stopped(self) -> bool:
        """Nothing waits, and nothing was done."""
        return self._is_idle and self.swept_until is not None

    @property
    def is_unseen(self) -> bool:
        """Nothing was ever done, as in the first minute of an installation; what runs is not known yet."""
        return self._is_idle and self.swept_until is None

    @property
    def _is_idle(self) -> bool:
        return self.is_late and self.queued is not None and self.queued <= _STANDING


def background() -> BackgroundWork:
    sweep = Sweep.objects.first()
    queued, version = _asked()
    return BackgroundWork(queued, sweep.swept_until if sweep else None, at_most(Unsealed.objects.all()), version)


def _asked() -> tuple[int | None, str]:
    options = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **options) as asked:
            return int(asked.llen(QUEUE)), str(asked.info("server").get("redis_version", ""))
    except (redis.RedisError, ValueError):
        return None, ""
