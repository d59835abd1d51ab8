"""What the `profile` commands do: fit a profile to a table of measurements, list and show profiles, score them."""
