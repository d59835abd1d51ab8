"""The job on GitHub: which commit is judged by which, what a run says without a token, what it posts with one."""
