"""Accounts for training parameters and manifests, and reads, extends and verifies ledgers: what `privacy` shows."""
