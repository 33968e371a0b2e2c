"""What changes people, groups, devices and tokens: one file per verb."""
