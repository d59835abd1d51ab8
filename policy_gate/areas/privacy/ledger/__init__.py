"""The ledger: one line for every release that spent privacy, chained by digest, and what they cost together."""
