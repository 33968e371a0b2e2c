"""What can happen at the door, as the audit log says it."""

from audit.codes import define

SIGNED_IN = define("signin.succeeded", "{person} signed in.", "A person signed in to the pages.")
PASSWORD_CHANGED = define("signin.password_changed", "{person} changed their password.", "Changed, set or reset.")
FACTOR_ADDED = define("signin.factor_added", "{person} added {factor} for signing in.", "A second factor or passkey.")
FACTOR_REMOVED = define("signin.factor_removed", "{person} removed {factor} for signing in.", "A factor is gone.")
