"""The job: what a workflow asks, and what it is told without any token."""
