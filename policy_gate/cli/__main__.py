"""Lets `python -I -m policy_gate.cli` run the command line."""

from policy_gate.cli import main

if __name__ == "__main__":
    main()
