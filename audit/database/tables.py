"""The tables of the log, by what may be done to them."""

APPEND_ONLY = ("audit_event", "audit_seal", "audit_checkpoint", "audit_setaside")
MARKS = ("audit_mark",)
QUEUE = ("audit_unsealed",)
