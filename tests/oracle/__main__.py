"""python3 -m oracle CASES.jsonl ...: the reference against conformance cases."""
import sys

from oracle.check import main

sys.exit(main())
