"""Reports: one module a format, each a pure function of records."""
