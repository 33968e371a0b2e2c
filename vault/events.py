"""What the vault writes into the audit log."""

from audit.codes import define

CREDENTIAL_SAVED = define(
    "credential.saved",
    "{actor} saved the secret of {connector} (version {version}).",
    "A secret was entered or replaced. Carries how it is sent and the SHA-256 of the sealed bytes, never the value.",
)
CREDENTIAL_SWITCHED_BACK = define(
    "credential.switched_back",
    "{actor} switched the secret of {connector} back to version {old}, which is version {version} now.",
    "A replacement was undone within a day: the secret before it is used again, under a new version number.",
)
CREDENTIAL_OLD_FORGOTTEN = define(
    "credential.old_forgotten",
    "{actor} erased version {version} of the secret of {connector}, which had been replaced a day ago.",
    "A replaced secret was kept for a day, so that it could be switched back to; then its sealed bytes were erased.",
)
CREDENTIAL_DELETED = define(
    "credential.deleted",
    "{actor} deleted the secret of {connector}.",
    "A credential and all its versions were removed from the vault.",
)
CREDENTIAL_SCHEDULE_CHANGED = define(
    "credential.schedule_changed",
    "{actor} changed who looks after the secret of {connector} and when it is rotated.",
    "Owner or rotation schedule of a credential changed; the secret did not.",
)
CREDENTIAL_REMINDED = define(
    "credential.reminded",
    "{actor} reminded {recipients} that the secret of {connector} is due for rotation on {due}.",
    "A rotation reminder went out by mail and in the app.",
)
DATA_KEY_CREATED = define(
    "data_key.created",
    "{actor} created version {version} of the organization's data key.",
    "A data key was generated and wrapped by the root key.",
)
ROOT_KEY_REGISTERED = define(
    "root_key.registered",
    "{actor} registered the root key {label}.",
    "The first root key of the installation was recorded, with a canary that only it opens.",
)
