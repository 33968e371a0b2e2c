"""Events as PostgreSQL's binary COPY: the cheapest way in, and one round trip less than a transaction block.

Drives libpq itself (psycopg.pq): through psycopg's own cursors the same COPY costs about twice the CPU.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from audit.event import NewEvent

_COPY = f"COPY audit_event ({', '.join(NewEvent._fields)}) FROM STDIN (FORMAT binary)".encode()
_START = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_ROW = len(NewEvent._fields).to_bytes(2, "big")
_UUID = (16).to_bytes(4, "big")
_NULL = b"\xff\xff\xff\xff"


async def connect(conninfo: str) -> AsyncConnection[tuple[object, ...]]:
    """A connection whose every statement is a transaction of its own, durable when it returns."""
    connection = await AsyncConnection.connect(
        conninfo, autocommit=True, connect_timeout=2, application_name="harriet audit writer", prepare_threshold=None
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
    return connection


async def copy_events(connection: AsyncConnection[tuple[object, ...]], events: Iterable[NewEvent]) -> None:
    """One COPY, one commit: outside a transaction block COPY returns once its rows are on disk.

    After any error or cancellation the connection is in no known state: close it.
    """
    data = b"".join((_START, *map(_row, events), _END))
    conn = connection.pgconn
    conn.send_query(_COPY)
    _demand(await _result(conn), ExecStatus.COPY_IN)
    conn.put_copy_data(data)
    conn.put_copy_end()
    _demand(await _result(conn), ExecStatus.COMMAND_OK)
    conn.get_result()  # the end of the query, which came with its result


async def present_ids(connection: AsyncConnection[tuple[object, ...]], ids: list[UUID]) -> set[UUID]:
    cursor = await connection.execute("SELECT id FROM audit_event WHERE id = ANY(%s)", [ids])
    return {row[0] for row in await cursor.fetchall() if isinstance(row[0], UUID)}


async def _result(conn: PGconn) -> PGresult | None:
    if conn.flush():
        await _until(conn, lambda: _sent(conn), is_writing=True)
    if conn.is_busy():
        await _until(conn, lambda: _arrived(conn))
    return conn.get_result()


def _sent(conn: PGconn) -> bool:
    conn.consume_input()  # the server may talk while we do; unread, both would wait
    return not conn.flush()


def _arrived(conn: PGconn) -> bool:
    conn.consume_input()
    return not conn.is_busy()


async def _until(conn: PGconn, is_done: Callable[[], bool], *, is_writing: bool = False) -> None:
    loop, socket = asyncio.get_running_loop(), conn.socket
    done: asyncio.Future[None] = loop.create_future()

    def look() -> None:
        try:
            if not done.done() and is_done():
                done.set_result(None)
        except psycopg.Error as error:
            done.set_exception(error)

    loop.add_reader(socket, look)
    if is_writing:
        loop.add_writer(socket, look)
    try:
        await done
    finally:
        loop.remove_reader(socket)
        if is_writing:
            loop.remove_writer(socket)


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


def _row(event: NewEvent) -> bytes:
    return b"".join(
        (
            _ROW,
            _uuid(event.id),
            _uuid(event.organization_id),
            _uuid(event.request_id),
            _sized(event.code.encode()),
            _uuid(event.person_id),
            _uuid(event.connector_id),
            _uuid(event.tool_id),
            _sized(event.decision.encode()),
            _sized(event.outcome.encode()),
            _sized(event.body),
            _sized(event.mac),
        )
    )


def _uuid(value: UUID | None) -> bytes:
    return _UUID + value.bytes if value is not None else _NULL


def _sized(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value
