"""Who is who: organizations, people, roles, groups, devices, tokens."""
