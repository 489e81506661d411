"""Counts the words of its input. stdin is the input, stdout the output, stderr the log.

All modules that are needed have to be imported here, at the top: they are taken up when the component is made.
"""

import json
import os
import sys

from componentize_py_types import Err
from wit_world import exports


def main() -> None:
    words = sys.stdin.read().split()
    if not words:
        raise ValueError("there are no words")
    out = {
        "task": os.environ.get("SUBLET_TASK_INDEX", ""),
        "words": len(words),
        "longest": max(words, key=len),
    }
    print(json.dumps(out))


class Run(exports.Run):
    """The entry point. An error ends the job with exit code 1: components of WASI 0.2 know no other."""

    def run(self) -> None:
        try:
            main()
        except Exception as error:
            print(f"error: {error}", file=sys.stderr)
            raise Err(None) from error
