"""Where a credential's secret comes from: a file per kind of source."""
