"""Harriet's settings: one file. docs/production.md explains each environment variable read here."""

import json
import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from harriet.lib.env import database_from_url, env, env_bool, env_int, env_list, env_servers
from harriet.lib.logs import FORMS

BASE_DIR = Path(__file__).resolve().parent.parent

# Where this installation lives: keys, and the embedded servers when no other database and Redis are named.
RUN_DIR = Path(env("HARRIET_RUN_DIR", str(BASE_DIR / "var"))).resolve()
KEYS_DIR = Path(env("HARRIET_KEYS_DIR", str(RUN_DIR / "keys")))

# Renewed tokens on their way into the database. All processes share it, on all machines (docs/production.md).
SPOOL_DIR = Path(env("HARRIET_SPOOL_DIR", str(RUN_DIR / "spool")))


def _embedded(name: str) -> str:
    """The address of an embedded server, as `manage.py start` wrote it down; empty when there is none."""
    path = RUN_DIR / "servers.json"
    return str(json.loads(path.read_text()).get(name, "")) if path.exists() else ""


def _secret_key() -> str:
    path = KEYS_DIR / "django.key"
    return path.read_text().strip() if path.exists() else ""


DATABASE_URL = env("DATABASE_URL") or _embedded("database_url")
# The role that owns the tables: used by `migrate` alone. The running role owns nothing.
DATABASE_OWNER_URL = env("DATABASE_OWNER_URL") or _embedded("database_owner_url")
REDIS_URL = env("REDIS_URL") or _embedded("redis_url")
SECRET_KEY = _secret_key() or "unset: manage.py start or manage.py make_keys writes it"

# What connectors may reach of this machine, its network link and its cloud's metadata service: nothing, unless it is
# named here. An organization's own list of internal hosts does not reach there alone.
ALLOWED_LOCAL_HOSTS = tuple(env_list("HARRIET_ALLOWED_LOCAL_HOSTS"))

# Who is asked for the proof of a domain: the machine's own name servers, unless others are named.
DNS_SERVERS = env_servers("HARRIET_DNS_SERVERS", 53)

# The address that people and clients use, without a slash at the end.
BASE_URL = (env("HARRIET_BASE_URL") or _embedded("base_url") or "http://127.0.0.1:8000").rstrip("/")
_IS_HTTPS = BASE_URL.startswith("https://")
DEBUG = False
ALLOWED_HOSTS = [*env_list("HARRIET_ALLOWED_HOSTS"), "127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS.append(BASE_URL.partition("://")[2].rsplit(":", 1)[0])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# Web pages of other origins that may call the MCP endpoint from a browser.
MCP_ALLOWED_ORIGINS = frozenset(env_list("HARRIET_ALLOWED_ORIGINS"))

INSTALLED_APPS = [
    "harriet.people",
    "harriet.signin",
    "audit",
    "vault",
    "connectors",
    "approvals",
    "harriet.gateway",
    "harriet.console",
    "harriet.console.admin_app.CompanySettingsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",  # for allauth's pages; ours tell time with harriet/pages/relative_time.py
    "django.contrib.postgres",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "oauth2_provider",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "harriet.people.middleware.RequestIdMiddleware",
    "harriet.pages.no_store.UnstoredMiddleware",
    "harriet.pages.well_formed.WellFormedMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "harriet.people.middleware.CurrentOrganizationMiddleware",
    "harriet.signin.confinement.ConfinedAccountMiddleware",
]

ROOT_URLCONF = "harriet.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "harriet.console.shell.shell",
            ],
            "builtins": ["harriet.pages.parts", "harriet.pages.tables.tags", "harriet.people.stop_note"],
        },
    }
]

DATABASES = {"default": database_from_url(DATABASE_URL)} if DATABASE_URL else {}
if DATABASES:
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 0, "max_size": env_int("HARRIET_DATABASE_POOL", 20)}}
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # the pool outlives a restart of PostgreSQL
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Sign-in attempts are counted here, for all processes together. Nothing else is cached. What lies in Redis is signed.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "harriet.lib.shared_cache.SignedRedisCache", "LOCATION": REDIS_URL}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"

# People
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "harriet.signin.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "harriet.signin.pages.forms.LoginForm",
    "reset_password": "harriet.signin.pages.forms.ResetPasswordForm",
    "reset_password_from_key": "harriet.signin.pages.forms.ResetPasswordKeyForm",
    "change_password": "harriet.signin.pages.forms.ChangePasswordForm",
    "set_password": "harriet.signin.pages.forms.SetPasswordForm",
    "reauthenticate": "harriet.signin.pages.forms.ReauthenticateForm",
}
# Wrong passwords are counted in harriet/signin/attempts.py. What allauth counts as failed here are second factors:
# they come after the right password, so that no stranger uses up a person's.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "30/m/ip,10/5m/key", "reset_password": "20/m/ip"}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody without an account gets mail because somebody typed their address
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
# Behind the proxy every request comes from its address; the client's is the last one that it added.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env_bool("HARRIET_BEHIND_PROXY", False) else 0
# Connections that one address may have open at each web process. Behind the proxy all of them are the proxy's, and
# bounding them is its work.
CONNECTIONS_PER_ADDRESS = 0 if env_bool("HARRIET_BEHIND_PROXY", False) else 2000
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not _IS_HTTPS
MFA_FORMS = {
    "authenticate": "harriet.signin.pages.factor_forms.AuthenticateForm",
    "reauthenticate": "harriet.signin.pages.factor_forms.ReauthenticateForm",
    "add_webauthn": "harriet.signin.pages.factor_forms.AddWebAuthnForm",
    "edit_webauthn": "harriet.signin.pages.factor_forms.EditWebAuthnForm",
    "login_webauthn": "harriet.signin.pages.factor_forms.LoginWebAuthnForm",
    "reauthenticate_webauthn": "harriet.signin.pages.factor_forms.ReauthenticateWebAuthnForm",
    "authenticate_webauthn": "harriet.signin.pages.factor_forms.AuthenticateWebAuthnForm",
    "activate_totp": "harriet.signin.pages.factor_forms.ActivateTOTPForm",
}
MFA_ADAPTER = "harriet.signin.adapter.MfaAdapter"

# Harriet as an authorization server for AI clients
OAUTH2_PROVIDER_APPLICATION_MODEL = "signin.Application"
OAUTH2_PROVIDER_GRANT_MODEL = "signin.AuthorizationCode"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "signin.IssuedToken"  # noqa: S105
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "signin.RefreshToken"  # noqa: S105
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "signin.IdToken"  # noqa: S105
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "signin.DeviceCode"
OAUTH2_PROVIDER = {
    # RFC 9700: no implicit or password grant, S256 alone, no token in an address, `iss` in every answer, hashes only.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "PKCE_REQUIRED": True,
    "ACCESS_TOKEN_EXPIRE_SECONDS": int(timedelta(hours=1).total_seconds()),
    "REFRESH_TOKEN_EXPIRE_SECONDS": int(timedelta(days=90).total_seconds()),
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "SCOPES": {
        "tools.read": "Look things up",
        "tools.write": "Change things",
        "tools.dangerous": "Do dangerous things",
    },
}

# Cookies and headers
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _IS_HTTPS
SESSION_COOKIE_NAME = "__Host-session" if _IS_HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _IS_HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SECURE_SSL_REDIRECT = False  # TLS ends in front of Harriet; the proxy redirects
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("HARRIET_BEHIND_PROXY", False) else None
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
SILENCED_SYSTEM_CHECKS = [
    "security.W008",  # SECURE_SSL_REDIRECT: see above
    "oauth2_provider.W008",  # http is for loopback addresses alone (RFC 8252 §7.3)
    "guardian.W001",  # object permissions are compiled in bulk, never asked through a backend
]

# Language, time, files
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = RUN_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# Mail: smtp://user:password@host:port, or nothing: mail is then written to the run folder.
EMAIL_URL = env("EMAIL_URL")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("EMAIL_FROM", "harriet@localhost")
if EMAIL_URL:
    EMAIL_BACKEND = "harriet.people.smtp.NotedSmtp"
    _mail = urlsplit(EMAIL_URL)
    if _mail.scheme not in {"smtp", "smtps"}:
        raise ImproperlyConfigured("EMAIL_URL must start with smtp:// (STARTTLS) or smtps:// (TLS).")
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
    EMAIL_USE_SSL = _mail.scheme == "smtps"
    EMAIL_USE_TLS = _mail.scheme == "smtp" and _mail.hostname not in {"localhost", "127.0.0.1"}
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = RUN_DIR / "mail"

# Background work: a static schedule, tasks that take ids, no stored results. Messages are signed JSON; nobody steers a
# worker through Redis.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_BEAT_SCHEDULER = "harriet.lib.signed_tasks:StaticScheduler"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# What watches over workers has a queue of its own: full workers don't keep it from seeing that one of them is dead.
# A worker that is told no queue takes both.
CELERY_TASK_QUEUES = (Queue("celery"), Queue("watch"))
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_ROUTES = {
    "approvals.queue_runs": {"queue": "watch"},
    "approvals.reap_runs": {"queue": "watch"},
    "approvals.start_scheduled_runs": {"queue": "watch"},
}
CELERY_BEAT_SCHEDULE = {
    "seal audit events": {"task": "audit.seal_events", "schedule": 1.0},
    "verify the chains": {"task": "audit.verify_chains", "schedule": 300.0},
    "make the months of the log": {"task": "audit.make_months", "schedule": 3600.0},
    "forget old counts of calls": {"task": "audit.forget_old_counts", "schedule": 600.0},
    "tell of limits": {"task": "connectors.tell_of_limits", "schedule": 300.0},
    "count usage": {"task": "audit.count_usage", "schedule": 5.0},
    "close calls without an outcome": {"task": "audit.close_unfinished_calls", "schedule": 20.0},
    "check connectors": {"task": "connectors.check_health", "schedule": 30.0},
    "forget old client sessions": {"task": "connectors.forget_old_sessions", "schedule": 6 * 3600.0},
    "expire pending actions": {"task": "approvals.expire_actions", "schedule": 10.0},
    "remind of calls that expire": {"task": "approvals.remind_approvers", "schedule": 60.0},
    "send messages to webhooks": {"task": "approvals.send_webhooks", "schedule": 30.0},
    "forget old messages to webhooks": {"task": "approvals.forget_webhook_messages", "schedule": 3600.0},
    "delete results that nobody collected": {"task": "approvals.lapse_results", "schedule": 60.0},
    "go on with runs": {"task": "approvals.queue_runs", "schedule": 2.0},
    "start scheduled runs": {"task": "approvals.start_scheduled_runs", "schedule": 15.0},
    "give dead workers of runs up": {"task": "approvals.reap_runs", "schedule": 5.0},
    "forget old notices and links": {"task": "people.forget_old", "schedule": 600.0},
    "forget browser sessions that are over": {"task": "people.forget_sessions", "schedule": 300.0},
    "forget old syncs and previews": {"task": "connectors.forget_old", "schedule": 600.0},
    "send notices to people": {"task": "people.send_notices", "schedule": 30.0},
    "forget old changes": {"task": "people.forget_changes", "schedule": 600.0},
    "tell of servers that are down": {"task": "connectors.tell_of_outages", "schedule": 30.0},
    "run approved actions": {"task": "gateway.run_approved_actions", "schedule": 5.0},
    "forget old tokens of clients": {"task": "signin.forget_old_tokens", "schedule": 60.0},
    "forget replaced secrets": {"task": "vault.forget_replaced", "schedule": 600.0},
    "forget unused clients": {"task": "signin.forget_unused_clients", "schedule": 3600.0},
    "forget old connection steps": {"task": "signin.forget_old_steps", "schedule": 3600.0},
    "renew connected accounts": {"task": "vault.refresh_grants", "schedule": 30.0},
    "let clients wait for a sign-in": {"task": "signin.lapse_clients", "schedule": 60.0},
    "remind of certificates": {"task": "signin.remind_of_certificates", "schedule": 3600.0},
    "remind of scopes": {"task": "connectors.remind_of_scopes", "schedule": 3600.0},
    "remind of rotations": {"task": "vault.remind_of_rotations", "schedule": 3600.0},
    "take ended grants back": {"task": "vault.revoke_ended_grants", "schedule": 300.0},
}

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "harriet.people.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["harriet.people.api.authentication.IsInOrganization"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["harriet.people.api.json_parser.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,  # what a route takes is in the API's schema
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.CursorPagination",
    "EXCEPTION_HANDLER": "harriet.people.api.authentication.api_errors",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Harriet API",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "Risk": "connectors.models.Risk",
        "TokenKind": "harriet.people.models.AccessToken.Kind",
        "IssuedTokenKind": "harriet.people.api.serializers.ISSUED_KINDS",
        "SettableState": "harriet.people.api.serializers.SETTABLE_STATES",
        "LimitKind": "connectors.models.CallLimit.Kind",
        "LimitCounts": "connectors.models.CallLimit.Counts",
        "AtLimit": "connectors.models.AtLimit",
        "AgentState": "harriet.people.models.Agent.State",
        "ConnectorState": "connectors.models.Connector.State",
        "ConnectorReview": "connectors.models.Connector.Standing",
        "ReviewStatus": "connectors.models.Review.State",
        "ClientStanding": "harriet.signin.models.Application.Standing",
        "ConnectorKind": "connectors.api.serializers.CONNECTOR_KINDS",
        "StopKind": "harriet.people.models.Stop.Kind",
        "RunState": "approvals.models.WorkflowRun.State",
        "CallState": "approvals.models.PendingAction.State",
    },
}

# Gateway
MCP_BODY_LIMIT = 4 * 1024 * 1024  # bytes of one message
MCP_DEADLINE_SECONDS = 120  # that a call may take

# What a form posts may be a secret: no report of an error repeats it.
DEFAULT_EXCEPTION_REPORTER_FILTER = "harriet.lib.error_reports.HidePosted"

# What operators see. Each is off until it is asked for; docs/metrics.md.
METRICS_TOKEN = env("HARRIET_METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 20:
    raise ImproperlyConfigured(
        "HARRIET_METRICS_TOKEN is too short: 20 characters at least. Make one with: openssl rand -hex 32"
    )
TRACES_EXPORTER = env("OTEL_TRACES_EXPORTER").replace("none", "")
if TRACES_EXPORTER not in {"", "otlp", "console"}:
    raise ImproperlyConfigured("OTEL_TRACES_EXPORTER is otlp, console or none.")

LOG_LEVEL = env("HARRIET_LOG_LEVEL", "INFO")
LOG_FORMAT = env("HARRIET_LOG_FORMAT", "text")
if LOG_FORMAT not in FORMS:
    raise ImproperlyConfigured("HARRIET_LOG_FORMAT is text or json.")
logging.captureWarnings(LOG_FORMAT == "json")  # Python's own warnings are lines of the log then
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": FORMS[LOG_FORMAT]}},
    "filters": {
        "links": {"()": "harriet.signin.hide_links.HideLinks"},
        "refusals": {"()": "harriet.lib.logs.RefusalsInOneLine"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links", "refusals"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # A line for each call, for whatever collects the log; people have the audit log.
        "harriet.calls": {"level": "INFO" if LOG_FORMAT == "json" else "WARNING"},
        # These write URLs, headers or query values at DEBUG; secrets travel in them.
        "urllib3": {"level": "WARNING"},
        "oauthlib": {"level": "INFO"},
        "oauth2_provider": {"level": "INFO"},
        "django.db.backends": {"level": "INFO"},
        "asyncio": {"level": "WARNING"},
    },
}
