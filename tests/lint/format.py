#!/usr/bin/env python3
"""Every C++ file is as clang-format leaves it (./dev format does it).

format.py CLANG_FORMAT
"""

import subprocess
import sys

import source_tree

files = [str(path) for path in source_tree.cxx_files()]
result = subprocess.run([sys.argv[1], "--dry-run", "--Werror", *files], cwd=source_tree.ROOT, check=False)
sys.exit(result.returncode)
