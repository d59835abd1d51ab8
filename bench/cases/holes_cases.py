"""Every hole seen in nearby tools, and every case of ours, each named after its hole."""

from __future__ import annotations

from dataclasses import replace

import holes_in_judges as judges
import holes_in_releases as releases

HOLES = (
    releases.ZERO_BYTES,
    judges.ENDLESS_WAIVER,
    judges.UNREADABLE_BASE,
    releases.REMOVED_METRIC,
    releases.NOT_A_NUMBER,
    releases.AVERAGED,
    judges.UNEVALUATED,
    judges.UNABLE_TO_SIGN,
    judges.UNSIGNED_STATEMENT,
    judges.SHALLOW,
    releases.UNKNOWN_FORMAT,
)
CASES = tuple(replace(case, words=f"{hole.words}: {case.words}") for hole in HOLES for case in hole.cases)
