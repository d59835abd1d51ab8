"""Policies as data: packs of rules, configuration and typed limits; decoded, not yet bound to checks."""
