"""The only door to the API of GitHub."""
