"""Runs a module that ends when its parent is killed:
`python -m bookproof.live.ending PARENT MODULE …`."""

from __future__ import annotations

import runpy
import sys

from bookproof.running import leftovers

if __name__ == "__main__":
    _, parent, module, *rest = sys.argv
    leftovers.end_with_parent(int(parent))
    sys.argv[1:] = rest
    runpy.run_module(module, run_name="__main__", alter_sys=True)
