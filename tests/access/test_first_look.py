"""A process whose first answers are looked up by several threads in the same moment lives on.

What msgspec has to know of a type it learns when it first meets it, and two threads that teach it the same one at once
end the process. Records are read by several threads, and whoever comes back after a restart comes together.
"""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading
from service.access import answers
from service.domain.answer import Answer

sys.setswitchinterval(1e-6)
together, found = threading.Barrier(8), []

def look():
    work = answers.recall("foxes", 0)
    next(work)
    together.wait()
    try:
        work.send([('{"failure": {"reason": "internal", "message": "no"}}',)])
    except StopIteration as told:
        found.append(told.value)

threads = [threading.Thread(target=look) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
assert len(found) == 8 and all(isinstance(each, Answer) for each in found), found
"""


def test_eight_look_first() -> None:
    """Each has its answer; five processes in a row."""
    for _ in range(5):
        ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, ended.stderr) == (0, "")
