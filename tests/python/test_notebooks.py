"""The notebooks of docs/notebooks: every cell gives what stands under it."""
import glob
import os
import unittest

from helpers import SOURCE
from notebooks import play


class Notebooks(unittest.TestCase):
    def test_outputs(self):
        found = sorted(glob.glob(os.path.join(SOURCE, "docs", "notebooks", "*.ipynb")))
        self.assertEqual(len(found), 3)
        for path in found:
            with self.subTest(os.path.basename(path)):
                self.assertEqual(play(path), [], "cells with other outputs; tests/python/notebooks.py --accept writes them")


if __name__ == "__main__":
    unittest.main()
