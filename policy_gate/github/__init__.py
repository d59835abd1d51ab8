"""The only door to the API of GitHub: what is on a pull request, and letting a publication stand there.

PyGithub is imported when a client is opened, and not before.
"""

from policy_gate.github.approvals import approving_reviews
from policy_gate.github.client import Client, client_of_environment, open_client
from policy_gate.github.failure import GithubError, Kind
from policy_gate.github.pace import Pace
from policy_gate.github.posted import Level, Posted
from policy_gate.github.publish import publish
from policy_gate.github.pulls import Pull, find_pulls, head_is_current
from policy_gate.github.seen import read_seen

__all__ = [
    "Client",
    "GithubError",
    "Kind",
    "Level",
    "Pace",
    "Posted",
    "Pull",
    "approving_reviews",
    "client_of_environment",
    "find_pulls",
    "head_is_current",
    "open_client",
    "publish",
    "read_seen",
]
