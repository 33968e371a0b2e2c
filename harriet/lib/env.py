"""Reads settings from the environment; NAME_FILE names a file that holds the value of NAME."""

import os
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit


def env(name: str, default: str = "") -> str:
    """The value of NAME, else the content of the file that NAME_FILE names, else the default."""
    value = os.environ.get(name)
    if value:
        return value
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else default


def env_int(name: str, default: int) -> int:
    """The value of NAME as a whole number. Raises ValueError for anything else."""
    return int(env(name, str(default)))


def env_bool(name: str, default: bool) -> bool:
    """True for 1, true, yes and on, in any case; False for all else."""
    return env(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def env_list(name: str) -> list[str]:
    """The value of NAME, split at its commas; without spaces and empty parts."""
    return [part.strip() for part in env(name).split(",") if part.strip()]


def env_servers(name: str, port: int) -> tuple[tuple[str, int], ...]:
    """The addresses in NAME, split at its commas, each with its port, or `port`: "192.0.2.1", "192.0.2.1:5353",
    "[2001:db8::1]:5353". Raises ValueError for a name."""
    found = [urlsplit(f"//{part}" if part.count(":") < 2 or "[" in part else f"//[{part}]") for part in env_list(name)]
    return tuple((str(ip_address(parts.hostname or "")), parts.port or port) for parts in found)


def database_from_url(url: str) -> dict[str, object]:
    """Django's DATABASES entry for postgresql://user:password@host:port/name; host may be a quoted folder."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(f"DATABASE_URL must start with postgresql://, not {parts.scheme}://")
    host = unquote(parts.netloc.rpartition("@")[2].partition(":")[0])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
    }
