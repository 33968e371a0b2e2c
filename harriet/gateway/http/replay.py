"""A client goes on with an answer's stream after its connection broke: from here, or from the process that has it."""

from __future__ import annotations

import secrets

import msgspec

from harriet.gateway.http.journal import EventId, Journals
from harriet.gateway.http.reply import HttpReply
from harriet.gateway.processes.follow import Correspondence, Following, ProcessGone
from harriet.gateway.processes.mailbox import Mailbox
from harriet.lib.mcp.error_codes import INTERNAL_ERROR

LOOK_EVERY = 15.0
"""Seconds of silence until it is looked whether the other process is still there."""
_LOST = (
    "Your connection broke, and the answer is no longer kept. Whether the call was carried out is not known; look "
    "before you repeat it."
)


class _Wanted(msgspec.Struct):
    """The events of a stream of the other process, after this number."""

    ticket: str
    process: str
    stream: str
    number: int
    session_id: bytes


class _Event(msgspec.Struct, omit_defaults=True):
    """An event; or the end, of a stream that was found or not."""

    ticket: str
    event_id: bytes = b""
    message: bytes = b""
    is_found: bool = True


_WORDS = Correspondence(
    ask="resume",
    back="resumed",
    leave="not-resumed",
    encode=msgspec.msgpack.encode,
    question_in=msgspec.msgpack.Decoder(_Wanted).decode,
    answer_in=msgspec.msgpack.Decoder(_Event).decode,
)


class Replays:
    """Says again what was said in a stream, and then what is said in it."""

    def __init__(self, journals: Journals, mailbox: Mailbox) -> None:
        self._journals, self._process = journals, mailbox.process
        self._following = Following(mailbox, _WORDS, self._tell, look_every=LOOK_EVERY)

    async def replay(self, session_id: bytes, after: EventId, reply: HttpReply) -> None:
        """Sends what came after this event, until the stream's end; when it is lost, an error that says so."""
        send = self._from_here if after.process == self._process else self._from_elsewhere
        if not await send(session_id, after, reply):
            error = msgspec.json.encode({"code": INTERNAL_ERROR, "message": _LOST})
            await reply.notify(b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (after.rpc_id, error))

    async def _from_here(self, session_id: bytes, after: EventId, reply: HttpReply) -> bool:
        """False when the stream is lost."""
        journal = self._journals.find(session_id, after.stream)
        if journal is None:
            return False
        async for number, message in journal.after(after.number):
            await reply.event(journal.id_of(number), message)
        return not journal.is_dropped

    async def _from_elsewhere(self, session_id: bytes, after: EventId, reply: HttpReply) -> bool:
        wanted = _Wanted(secrets.token_urlsafe(12), self._process, after.stream, after.number, session_id)
        try:
            async with self._following.asking(after.process, wanted) as following:
                while (event := await following()).message:
                    await reply.event(event.event_id, event.message)
                return event.is_found
        except ProcessGone:
            return False

    async def _tell(self, wanted: _Wanted) -> None:
        """What another process wants to hear of a stream that is here."""
        journal = self._journals.find(wanted.session_id, wanted.stream)
        if journal is not None:
            async for number, message in journal.after(wanted.number):
                if not await self._following.tell(
                    wanted.process, _Event(wanted.ticket, journal.id_of(number), message)
                ):
                    return
        is_found = journal is not None and not journal.is_dropped
        await self._following.tell(wanted.process, _Event(wanted.ticket, is_found=is_found))
