"""Plays the tests with unittest and closes with "N passed, N failed". What is skipped is named, with the reason."""
import collections
import faulthandler
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    faulthandler.dump_traceback_later(480, exit=True)       # where it hangs, before the runner ends it
    loader = unittest.TestLoader()
    tests = loader.loadTestsFromNames(sys.argv[1:]) if sys.argv[1:] else loader.discover(HERE, "test_*.py")
    result = unittest.TextTestRunner(sys.stdout, verbosity=0).run(tests)
    for reason, count in sorted(collections.Counter(reason for _, reason in result.skipped).items()):
        print(f"skipped {count} {'test' if count == 1 else 'tests'}: {reason}")
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed", flush=True)
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
