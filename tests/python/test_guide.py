"""The examples of docs/guide/python.md, block after block, in one session."""
import doctest
import os
import re
import unittest

from helpers import SOURCE


class Guide(unittest.TestCase):
    def test_examples(self):
        page = os.path.join(SOURCE, "docs", "guide", "python.md")
        with open(page, encoding="utf-8") as f:
            text = f.read()
        names, parser, told = {}, doctest.DocTestParser(), []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        for block in re.finditer(r"^```python\n(.*?)^```$", text, re.M | re.S):
            test = parser.get_doctest(block.group(1), names, "python.md", page, text.count("\n", 0, block.start(1)))
            runner.run(test, out=told.append, clear_globs=False)
            names.update(test.globs)
        self.assertGreater(runner.tries, 10)
        self.assertEqual(runner.failures, 0, "".join(told))


if __name__ == "__main__":
    unittest.main()
