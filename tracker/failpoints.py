"""Points at which a process dies on demand, so that tests can kill it where it would hurt most.

`FAILPOINT=after_commit` ends it with SIGKILL when it comes to that point, `FAILPOINT=after_commit:3` the third time.
Unset, as always outside tests, a point costs a comparison.
"""

from __future__ import annotations

import os
import signal

ROAD = ("before_commit", "after_commit", "mid_ack")
REWRITE = (
    "rewrite_begun", "rewrite_copying", "rewrite_copied", "rewrite_settled", "rewrite_swapping", "rewrite_swapped",
)  # fmt: skip
MAILING = (
    "period_making", "period_made", "mail_claimed", "mail_greeted", "mail_data", "mail_accepted", "mail_settled",
)  # fmt: skip
NAMES = (*ROAD, *REWRITE, "retention_detached", *MAILING)

_name, _, _times = os.environ.get("FAILPOINT", "").partition(":")
_left = int(_times or 1)
if _name and _name not in NAMES:
    raise SystemExit(f"FAILPOINT={_name!r} is none of {', '.join(NAMES)}")


def armed(name: str) -> bool:
    """Whether the process is to die at this point."""
    return _name == name


def reach(name: str) -> None:
    """Die here, without a goodbye, if this is the point and the time."""
    global _left
    if _name == name:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
