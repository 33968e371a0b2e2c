"""Types of credential: a file each, with its rules, its form and how it is sent."""
