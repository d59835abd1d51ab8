"""The accountant: from mechanisms to a certified interval of epsilon; standard library first, numpy where needed."""
