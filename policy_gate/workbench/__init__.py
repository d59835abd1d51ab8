"""What uses the engine more than once: policy tests and their coverage, lint, replay of past records."""
