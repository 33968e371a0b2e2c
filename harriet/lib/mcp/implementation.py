"""What Harriet calls itself, as a client and as a server (SPEC: Implementation)."""

HARRIET = {"name": "harriet", "title": "Harriet", "version": "0.1.0"}
