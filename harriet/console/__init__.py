"""Pages, commands and the set-up file that need every floor: the overview, My AI, the audit page, Records."""
