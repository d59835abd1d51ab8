"""The areas of the gate, one folder each, all with the same furniture: claims, facts, collect, checks."""
