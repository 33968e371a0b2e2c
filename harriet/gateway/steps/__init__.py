"""The steps of a governed call, each handed what it uses. A limiter or a hook is one more file here."""
