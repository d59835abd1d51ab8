"""The test runner is tested by itself, before the Action is run by it."""
