"""The stage: what every story starts from. The cast comes on first; then one place for each thing that stands there.

- `cast`: who: Alice runs IT, Bob approves, Dana sells, Charlie works elsewhere.
- `connectors`: a connector and its tools, as rows; `Connecting` sets one up by Alice's actions, to a server that runs.
- `profiles`, `tokens`, `credentials`: a profile, Dana's device token or a shared key, a saved secret.
- `held_calls`: a call that waits for its approval; `Mailing` is Dana, who wants to send a mail.
- `events`: what the log holds, and what an attacker would write there.
- `office`: all that one call through the gateway needs. `company`: all that has gathered after a while, for the pages;
  `every_row`: a row of every kind.
- `processes`, `clients`, `log`, `waiting`: the gateway as a process, MCP clients made by hand, reading what was logged.
- `site`, `desk`, `visit`: Harriet served to Chromium, a person at a browser, and what is wrong with a page; `hands`:
  a person who goes through the pages by mouse, by keyboard alone, or without scripts.

The fixtures are in the `conftest.py` of whoever needs them: `cast`, `committed_cast` and `shared_cast` for all.
What stands behind Harriet, the MCP servers, is in `tests/servers/`.
"""
