"""The connection through which events become durable: one statement a batch, committed when it returns.

Drives libpq itself (psycopg.pq): through psycopg's own cursors the same costs about twice the CPU. Small batches are a
prepared INSERT, one round trip; larger ones PostgreSQL's binary COPY, which takes two.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from audit.event_body import NewEvent

MOST_INSERTED = 32
"""Events of a batch up to which INSERT costs less than COPY. One statement is prepared for each number."""

_COLUMNS = f"audit_event ({', '.join(NewEvent._fields)})"
_WIDTH = len(NewEvent._fields)
_COPY = f"COPY {_COLUMNS} FROM STDIN (FORMAT binary)".encode()
_START = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_ROW = _WIDTH.to_bytes(2, "big")
_NULL = b"\xff\xff\xff\xff"
_BINARY = 1


class EventConnection:
    """For one batch at a time. After any error or cancellation it is in no known state: close it."""

    def __init__(self, connection: AsyncConnection[tuple[object, ...]]) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._prepared: dict[int, tuple[bytes, list[int]]] = {}
        self._listens_at = -1
        """The socket whose arrivals are looked at; kept from batch to batch, because setting it up is dear."""
        self._arrived: asyncio.Future[None] | None = None

    @classmethod
    async def opened(cls, conninfo: str) -> EventConnection:
        """Every statement is a transaction of its own, durable when it returns. Raises psycopg.Error and OSError."""
        connection = await AsyncConnection.connect(
            conninfo,
            autocommit=True,
            connect_timeout=2,
            application_name="harriet audit writer",
            prepare_threshold=None,
        )
        try:
            await connection.execute("SET statement_timeout = '5s'")
            await connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') IN ('off', 'local')"
            )
        except BaseException:
            await connection.close()
            raise
        return cls(connection)

    @property
    def is_open(self) -> bool:
        return not self._connection.closed

    async def write(self, events: Sequence[NewEvent]) -> None:
        """Returns once all of them are on disk. All or none: it is one statement."""
        if len(events) > MOST_INSERTED:
            await self._copy(events)
            return
        name, formats = self._prepared.get(len(events)) or await self._prepare(len(events))
        values = [value for event in events for value in _values(event)]
        self._pgconn.send_query_prepared(name, values, formats, _BINARY)
        await self._finish()

    async def present(self, ids: list[UUID]) -> set[UUID]:
        """Those that are stored already."""
        self._stop_listening()
        cursor = await self._connection.execute("SELECT id FROM audit_event WHERE id = ANY(%s)", [ids])
        return {id for (id,) in await cursor.fetchall() if isinstance(id, UUID)}

    async def close(self) -> None:
        self._stop_listening()
        with suppress(psycopg.Error, OSError):
            await self._connection.close()

    @property
    def _pgconn(self) -> PGconn:
        return self._connection.pgconn

    async def _prepare(self, count: int) -> tuple[bytes, list[int]]:
        rows = (range(first, first + _WIDTH) for first in range(1, count * _WIDTH + 1, _WIDTH))
        values = ", ".join(f"({', '.join(f'${number}' for number in row)})" for row in rows)
        name = b"events_%d" % count
        self._pgconn.send_prepare(name, f"INSERT INTO {_COLUMNS} VALUES {values}".encode())  # noqa: S608
        await self._finish()
        self._prepared[count] = prepared = (name, [_BINARY] * (count * _WIDTH))
        return prepared

    async def _copy(self, events: Sequence[NewEvent]) -> None:
        conn = self._pgconn
        conn.send_query(_COPY)
        _demand(await self._result(), ExecStatus.COPY_IN)
        conn.put_copy_data(b"".join((_START, *map(_row, events), _END)))
        conn.put_copy_end()
        await self._finish()

    async def _finish(self) -> None:
        _demand(await self._result(), ExecStatus.COMMAND_OK)
        self._pgconn.get_result()  # the end of the query, which came with its result

    async def _result(self) -> PGresult | None:
        conn = self._pgconn
        if conn.flush():
            await self._all_sent(conn)
        if conn.is_busy():
            self._arrived = self._loop.create_future()
            if self._listens_at < 0:
                self._listens_at = conn.socket
                self._loop.add_reader(conn.socket, self._look)
            await self._arrived
        return conn.get_result()

    def _look(self) -> None:
        arrived, conn = self._arrived, self._pgconn
        try:
            conn.consume_input()
            if arrived is not None and not arrived.done() and not conn.is_busy():
                arrived.set_result(None)
        except psycopg.Error as error:
            self._stop_listening()  # a socket that has ended would be reported for ever
            if arrived is not None and not arrived.done():
                arrived.set_exception(error)

    async def _all_sent(self, conn: PGconn) -> None:
        """What is sent fits no buffer. The server may talk meanwhile; unread, both would wait."""
        done: asyncio.Future[None] = self._loop.create_future()

        def look() -> None:
            try:
                conn.consume_input()
                if not conn.flush() and not done.done():
                    done.set_result(None)
            except psycopg.Error as error:
                if not done.done():
                    done.set_exception(error)

        self._stop_listening()
        socket = conn.socket
        self._loop.add_reader(socket, look)
        self._loop.add_writer(socket, look)
        try:
            await done
        finally:
            self._loop.remove_reader(socket)
            self._loop.remove_writer(socket)

    def _stop_listening(self) -> None:
        if self._listens_at >= 0:
            self._loop.remove_reader(self._listens_at)
            self._listens_at = -1


def _demand(result: PGresult | None, status: ExecStatus) -> None:
    """Raises psycopg's error for the server's, without its text: that quotes the row."""
    if result is None:
        raise psycopg.OperationalError("The connection ended.")
    if result.status != status:
        state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
        raise _error_class(state)(f"The database answered {state or 'nothing'} to an audit batch.")


def _error_class(state: str) -> type[psycopg.Error]:
    try:
        return psycopg.errors.lookup(state)
    except KeyError:
        return psycopg.OperationalError


def _values(event: NewEvent) -> tuple[bytes | None, ...]:
    """In the order of the columns."""
    return (
        *(event.id.bytes, event.organization_id.bytes, event.request_id.bytes, event.code.encode()),
        *(_bytes(event.person_id), _bytes(event.connector_id), _bytes(event.tool_id)),
        *(event.decision.encode(), event.outcome.encode(), event.body, event.mac),
    )


def _bytes(value: UUID | None) -> bytes | None:
    return value.bytes if value is not None else None


def _row(event: NewEvent) -> bytes:
    return b"".join([_ROW, *[_NULL if value is None else _sized(value) for value in _values(event)]])


def _sized(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value
