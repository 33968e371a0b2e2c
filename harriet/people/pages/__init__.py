"""The pages of people, groups and devices, and what a page of an organization may rely on."""
