"""The examples in Python of the guide and the README, block after block, in one session each."""
import doctest
import os
import re
import unittest

from helpers import SOURCE


class Guide(unittest.TestCase):
    def play(self, name):
        page = os.path.join(SOURCE, name)
        with open(page, encoding="utf-8") as f:
            text = f.read()
        names, parser, told = {}, doctest.DocTestParser(), []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        for block in re.finditer(r"^```python\n(.*?)^```$", text, re.M | re.S):
            test = parser.get_doctest(block.group(1), names, name, page, text.count("\n", 0, block.start(1)))
            runner.run(test, out=told.append, clear_globs=False)
            names.update(test.globs)
        self.assertEqual(runner.failures, 0, "".join(told))
        return runner.tries

    def test_guide(self):
        self.assertGreater(self.play(os.path.join("docs", "guide", "python.md")), 20)

    def test_readme(self):
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(SOURCE)
        self.assertGreater(self.play("README.md"), 3)


if __name__ == "__main__":
    unittest.main()
