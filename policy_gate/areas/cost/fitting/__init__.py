"""Fits device profiles to rows of measurements, and scores them; pure Python, so that every platform agrees."""
