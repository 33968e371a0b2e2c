"""Canaries: the organization's secret and clients' tokens go through everything, and are found nowhere.

The upstream repeats the secret in whatever it says, in five encodings. Looked at: a dump of the database, everything
that Redis was ever told, the logs of the web and worker processes at DEBUG, every page, every answer of the API and
of the gateway, mails, and the servers' own logs.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import redis

from tests.database import database_name, url_of
from tests.ground.canary import Search, forms_of
from tests.servers.running import ROOT
from tests.stage.clients import Client
from tests.stage.processes import Gateway, Process
from tests.stage.waiting import wait_for

if TYPE_CHECKING:  # models can't be imported before Django is set up
    from connectors.models import Connector
    from tests.ground.visitor import Visitor
    from tests.stage.cast import Cast

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

SECRET = "canary-5f1d/a+b=c~Zq81*kanarienvogel"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    from tests.stage.cast import make_cast

    return make_cast()


@pytest.fixture
def search() -> Search:
    made = Search()
    made.add("the secret", SECRET)
    return made


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@pytest.fixture
def options(tmp_path: Path) -> dict[str, str]:
    """DEBUG, and a run folder of our own for the static files and the mail."""
    (tmp_path / "run").mkdir()
    return {"HARRIET_LOG_LEVEL": "DEBUG", "HARRIET_RUN_DIR": str(tmp_path / "run")}


@pytest.fixture
def web(cast: Cast, logs: Path, options: dict[str, str]) -> Iterator[Gateway]:
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, cwd=ROOT, env={**os.environ, **options}, check=True)
    process = Gateway(log=logs / "web.log", GUNICORN_CMD_ARGS="--log-level debug", **options)
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def mirror(logs: Path) -> Iterator[Process]:
    command = [sys.executable, "-m", "uvicorn", "tests.ground.mirror:app", "--port", "{port}", "--lifespan", "off"]
    process = Process([*command, "--log-level", "critical"], ready="/called")
    process.wait()
    yield process
    process.stop()


@pytest.fixture
def worker(cast: Cast, logs: Path, options: dict[str, str]) -> Iterator[Path]:
    """A Celery worker at DEBUG; gives its log."""
    log = logs / "worker.log"
    alone = ("--concurrency", "1", "--loglevel", "DEBUG", "--without-gossip", "--without-mingle")
    command = [sys.executable, "-m", "celery", "-A", "harriet", "worker", *alone]
    with log.open("wb") as output:
        env = {**os.environ, **options}
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    yield log
    process.terminate()
    process.wait(120)


@pytest.fixture
def told_redis() -> Iterator[list[bytes]]:
    """Every command that reaches Redis from here on."""
    client, told = redis.Redis.from_url(os.environ["REDIS_URL"]), list[bytes]()
    with client.monitor() as monitor:

        def listen() -> None:
            for command in monitor.listen():
                told.append(command["command"].encode("utf-8", "surrogateescape"))
                if command["command"] == "PING the-end":
                    return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield told
        client.ping()
        client.execute_command("PING", "the-end")
        thread.join(60)


def test_it_is_found_nowhere(
    cast: Cast, web: Gateway, worker: Path, mirror: Process, told_redis: list[bytes], search: Search, logs: Path
) -> None:
    from tests.ground.visitor import Visitor

    see_page = lambda where, text: search.look("pages", where, text)  # noqa: E731
    alice, dana = Visitor(web.url, cast.alice, see_page), Visitor(web.url, cast.dana, see_page)
    connector = enter_the_secret(alice, cast, f"{mirror.url}/mcp")
    token = tokens_in(dana.post("/me/connect/", is_secret=True, **a_client(connector)))[0]
    personal = tokens_in(alice.post("/me/devices/tokens/new/", is_secret=True, name="Script", expires_in_days=90))[0]
    key_form: dict[str, Any] = {"name": "Robot", "groups": str(cast.sales.pk), "expires_in_days": 90}
    key = tokens_in(alice.post("/settings/devices/new-key/", is_secret=True, **key_form))[0]
    for name, value in (("Dana's token", token), ("the API token", personal), ("the shared key", key)):
        search.add(name, value)

    call_everything(web, [token, key], search)
    hold_and_approve(alice, Client(web, token), connector, search)
    use_the_api(web, personal, connector, search)
    let_the_worker_run(worker)
    refused_calls(Client(web, token), search)
    assert set(json.loads(mirror.get("/called").body)) == {"deny", *ANSWERED}
    walk(alice, cast, search, personal)

    look_at_database(search)
    look_at_redis(told_redis, search)
    look_at_logs(logs, search)
    assert not search.found, "\n".join(sorted(search.found))
    check_thoroughness(search)


def enter_the_secret(alice: Visitor, cast: Cast, url: str) -> Connector:
    """The wizard, as an admin walks it: with a slip, a forged form, a second version, and tests of the connection."""
    from connectors.models import Connector, Profile, Tool, ToolPermission
    from harriet.people.version import move_version
    from tests.stage.connectors import approved

    alice.post("/settings/integrations/new/", name="CRM", slug="crm")
    connector = Connector.objects.get()
    setup = f"/settings/integrations/{connector.pk}/setup"
    form: dict[str, Any] = {"type": "bearer", "place": "header", "secret": SECRET}
    alice.post(f"{setup}/connection/", url=url, allow_internal="on")
    alice.post(f"{setup}/authentication/", **{**form, "secret": f"{SECRET}\nX-Evil: 1"})
    alice.post(f"{setup}/authentication/", **{**form, "type": "basic", "username": "crm:reader"})
    alice.post(f"{setup}/authentication/", has_csrf=False, **form)
    alice.post(f"{setup}/authentication/", **form)
    alice.post(f"{setup}/access/", groups=str(cast.sales.pk))
    connector.refresh_from_db()
    assert connector.state == "active" and connector.health == "up"
    approved(connector)
    alice.post(f"/settings/integrations/{connector.pk}/authentication/", **form, name="Authorization", template="")
    alice.post(f"/settings/integrations/{connector.pk}/test/")
    alice.post(f"/settings/integrations/{connector.pk}/sync/")
    Tool.objects.update(is_enabled=True, risk_override="read_only")  # what is looked for here is no approval
    assert Tool.objects.filter(connector=connector).count() == ToolPermission.objects.count() == 8
    work = Profile.objects.create(organization=cast.acme, slug="work", name="Work")
    work.connectors.add(connector)
    work.groups.add(cast.sales)
    cast.acme.refresh_from_db()
    cast.acme.hold_seconds = 1
    cast.acme.save()
    move_version(cast.acme.pk)
    return connector


def a_client(connector: Connector) -> dict[str, Any]:
    profile = connector.profiles.get()
    return {"client": "claude-code", "profile": str(profile.pk), "device_name": "Laptop", "expires_in_days": 90}


def tokens_in(page: str) -> list[str]:
    found = re.findall(r"hrt_[a-z]{3}_[A-Za-z0-9_-]{43}", page)
    assert found, page[-3000:]
    return found


ANSWERED = ("say", "fail", "refuse", "report", "odd", "garble", "crash")
"""The mirror's tools, but for the one that refuses the secret."""


def call_everything(web: Gateway, tokens: list[str], search: Search) -> None:
    """Every way in which the server answers, in both eras' answers, for a person and for a shared key."""
    for token in tokens:
        client = Client(web, token).until(200)
        look_at(client.request("initialize", INITIALIZE), search)
        listed = look_at(client.request("tools/list"), search)
        assert len(listed["result"]["tools"]) == 8
        for name in ANSWERED:
            look_at(client.call(name, {"text": "hello"}, progressToken="p"), search)
    assert b"[redacted]" in Client(web, tokens[0]).call("say").body, "the server did repeat it"


INITIALIZE = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "canary", "version": "1"}}


def look_at(answer: Any, search: Search) -> Any:
    search.look("gateway", str(answer.status), f"{answer.headers}".encode() + answer.body)
    return answer.messages[-1] if answer.body else None


def refused_calls(client: Client, search: Search) -> None:
    """What a client sends that isn't understood is not repeated either; then the server refuses the secret."""
    token = client.token
    for headers in ({"authorization": f"Basic {token}"}, {"x-api-key": token, "content-type": token}):
        look_at(client.post(b"{}", headers), search)
    look_at(client.post(b'{"jsonrpc": ', client.headers({"method": ""})), search)
    look_at(client.gateway.get(f"/mcp/acme/other?key={'x' * 10}", headers={"authorization": f"Bearer {token}"}), search)
    look_at(client.gateway.get("/settings/", headers={"authorization": f"Bearer {token}"}), search)
    look_at(client.gateway.get("/api/v1/tokens/", headers={"authorization": f"Bearer {token}"}), search)
    for _ in range(2):
        look_at(client.call("deny"), search)


def hold_and_approve(alice: Visitor, dana: Client, connector: Connector, search: Search) -> None:
    """The worker runs the approved call, which keeps its sealed result until it is collected."""
    from approvals.models import PendingAction
    from connectors.actions.set_tool import set_tool
    from harriet.people.actors import actor_of

    admin = connector.owner
    assert admin is not None
    set_tool(connector.tools.get(name="say"), requires_confirmation=True, actor=actor_of(admin))
    ask = lambda: look_at(dana.call("say", {"text": "held"}), search)  # noqa: E731
    wait_for(lambda: bool(ask()) and PendingAction.objects.exists(), seconds=60)
    action = PendingAction.objects.get()
    alice.post(f"/tickets/{action.ticket.number}/approve/", reason="Fine.")
    wait_for(lambda: _send("gateway.run_approved_actions") and _state(action) == PendingAction.State.DONE, seconds=60)
    alice.get(f"/tickets/{action.ticket.number}/")
    assert "[redacted]" in json.dumps(ask())


def _state(action: Any) -> str:
    action.refresh_from_db()
    return str(action.state)


def _send(task: str) -> bool:
    from harriet.celery import app

    app.send_task(task)
    time.sleep(0.3)
    return True


def use_the_api(web: Gateway, token: str, connector: Connector, search: Search) -> None:
    path = f"/api/v1/connectors/{connector.pk}"
    given = {"type": "bearer", "secret": SECRET, "place": "header"}
    bodies = [
        json.dumps(given),
        json.dumps({**given, "secret": f"{SECRET}\n"}),
        json.dumps(given)[:-1],
        f'["{SECRET}"]',
    ]
    for body in bodies:
        ask(web, "PUT", f"{path}/authentication/", token, search, body)
    ask(web, "PUT", f"{path}/authentication/", token, search, json.dumps({**given, "type": "soap"}))
    for step in ("test", "sync"):
        assert ask(web, "POST", f"{path}/{step}/", token, search) == 200


def ask(web: Gateway, method: str, path: str, token: str, search: Search, body: str = "") -> int:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    answer = web.send(method, path, body.encode(), headers)
    search.look("API", f"{method} {path} {answer.status}", f"{answer.headers}".encode() + answer.body)
    return answer.status


def let_the_worker_run(log: Path) -> None:
    """Each task of the schedule once: health checks open the secret."""
    from django.conf import settings

    tasks = [str(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    for task in tasks:
        _send(task)
    try:
        wait_for(lambda: not unfinished(tasks, log), seconds=300)
    except AssertionError:
        raise AssertionError(f"not run: {unfinished(tasks, log)}; the log ends {log.read_text()[-2000:]}") from None


def unfinished(tasks: list[str], log: Path) -> list[str]:
    text = log.read_text()
    return [task for task in tasks if not re.search(rf"{re.escape(task)}\[[^\]]*\] succeeded", text)]


def walk(alice: Visitor, cast: Cast, search: Search, personal: str) -> None:
    """Every address with every id that it is about, as the owner; the API with a token as well."""
    from tests.console.addresses import WITHOUT_THE_SHELL, Likely, by_route

    kinds, likely, opened = ids_of(cast), Likely(), set()
    words = {"IntConverter": ["1"], "SlugConverter": ["work", "claude-code"]}
    for addresses in by_route({"UUIDConverter": list(kinds), **words}):
        is_about: set[tuple[str, ...]] = set()  # once it has opened, what else it may open is of the same kind
        guess: dict[str, str] = {}
        for address in likely.first(addresses):
            of = tuple(kinds.get(part, "") for part in address.path.split("/"))
            if address.name == "account_logout" or (is_about and of not in is_about):
                continue
            headers = {"authorization": f"Bearer {personal}"} if address.name.startswith("api:") else {}
            answer = alice.get(address.path, **headers, **guess)
            if answer.status_code == 405:
                break
            if answer.status_code == 200:
                answer = alice.get(address.path, **headers) if guess else answer
                is_about.add(of)
                likely.opened(address)
                opened.add(address.name)
                kind = "API" if address.name.startswith("api:") else "pages"
                search.look(f"{kind} that opened", address.path, answer.content)
            guess = WITHOUT_THE_SHELL
    search.looks["addresses that opened"] = len(opened)


def ids_of(cast: Cast) -> dict[str, str]:
    """One of each kind, of Acme, and the newest events; each with what it is the id of."""
    from django.apps import apps

    from audit.models import Event
    from connectors.models import Connector

    connector = Connector.objects.get()
    ids = {str(connector.pk): "connector", str(connector.tools.get(name="say").pk): "tool"}
    ids[str(cast.alice.pk)] = "user"
    for model in apps.get_models():
        if "organization" in {field.name for field in model._meta.fields}:
            for row in model._default_manager.filter(organization=cast.acme.pk)[:1]:
                ids.setdefault(str(row.pk), model._meta.model_name or "")
    for event in Event.objects.filter(organization_id=cast.acme.pk).order_by("-recorded_at")[:5]:
        ids.setdefault(str(event.pk), "event")
    return ids


def look_at_database(search: Search) -> None:
    """Every table as pg_dump writes it, and what sessions hold in compressed form."""
    from django.contrib.sessions.models import Session

    from harriet.start.wheels import postgres_binaries

    dump = postgres_binaries(None, Path()) / "pg_dump"
    text = subprocess.run([dump, "--data-only", url_of(database_name())], capture_output=True, check=True).stdout
    with psycopg.connect(url_of(database_name())) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchone()
    assert tables and text.count(b"\nCOPY public.") == tables[0] > 40
    search.look_in_dump("dump", text)
    for session in Session.objects.all():
        search.look("sessions", session.session_key, json.dumps(session.get_decoded(), ensure_ascii=False).encode())


def look_at_redis(told: list[bytes], search: Search) -> None:
    search.look("Redis commands", "all", b"\n".join(told))
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    readers: dict[bytes, Callable[[bytes], Any]] = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    for key in client.scan_iter():
        search.look("Redis keys", key.decode(), repr(readers[client.type(key)](key)).encode())


def look_at_logs(logs: Path, search: Search) -> None:
    servers = Path(os.environ["HARRIET_RUN_DIR"]) / "logs"
    for file in [*logs.iterdir(), *servers.iterdir(), *(logs.parent / "run" / "mail").glob("*")]:
        search.look("logs", file.name, file.read_bytes())


def check_thoroughness(search: Search) -> None:
    """Too little searched would prove nothing."""
    looks, sizes = search.looks, search.bytes_in
    print("searched:", {kind: (looks[kind], sizes[kind]) for kind in sorted(looks)})
    least = {
        "pages": 400,
        "addresses that opened": 60,
        "API that opened": 20,
        "API": 7,
        "gateway": 25,
        "database bytes": 50,
        "sessions": 2,
        "Redis keys": 2,
        "logs": 4,
    }
    assert {kind: looks[kind] for kind, wanted in least.items() if looks[kind] < wanted} == {}
    sizes_wanted = {"database": 100_000, "Redis commands": 5_000, "logs": 50_000, "pages": 1_000_000, "gateway": 10_000}
    assert {kind: sizes[kind] for kind, wanted in sizes_wanted.items() if sizes[kind] < wanted} == {}


def test_the_search_finds_each_form() -> None:
    for name, form in forms_of(SECRET).items():
        for around in ("{}", "x{}y", "xy{}z", '"{}"'):
            search = Search()
            search.add("it", SECRET)
            search.look("place", "here", around.format(form).encode())
            assert search.found, name
    search = Search()
    search.add("it", SECRET)
    search.look_in_dump("dump", b"1\t\\\\x" + SECRET.encode().hex().encode() + b"\tb\n")
    assert search.found == {"it in hex: database dump", "it as it is: database bytes dump #0"}
