"""What people ask of the audit log: one file per verb."""
