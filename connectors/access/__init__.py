"""Who may use what: pure rules over plain facts, and how those facts are loaded."""
