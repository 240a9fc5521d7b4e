"""The lists of pyproject.toml and setup.py against those of the makefiles."""
import importlib.util
import os
import re
import unittest

from helpers import SOURCE, optional


def listed(variable):
    """The C files that local.mk pieces name for a library, with those that flex and bison make."""
    found = set()
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = [f for f in folders if not f.startswith((".", "tests", "tocsin-"))]
        if "local.mk" in names:
            with open(os.path.join(folder, "local.mk"), encoding="utf-8") as f:
                text = f.read().replace("%D%", os.path.relpath(folder, SOURCE)).replace("%C%", os.path.relpath(folder, SOURCE).replace("/", "_"))
            for block in re.finditer(rf"^{variable}_SOURCES \+?=((?:.*\\\n)*.*)$", text, re.M):
                found.update(re.findall(r"\S+\.c\b", block.group(1)))
    return found


class Package(unittest.TestCase):
    def setUp(self):
        optional("setuptools")
        spec = importlib.util.spec_from_file_location("tocsin_setup", os.path.join(SOURCE, "setup.py"))
        self.setup = importlib.util.module_from_spec(spec)
        self.before = os.getcwd()
        os.chdir(SOURCE)
        spec.loader.exec_module(self.setup)

    def tearDown(self):
        if hasattr(self, "before"):
            os.chdir(self.before)

    def test_the_core_is_that_of_the_makefiles(self):
        wanted = listed("libtsn_la") | listed("libtsnio_la") | listed("libtsnunpack_la") | listed("libtsnapi_la")
        self.assertGreater(len(wanted), 80)
        self.assertEqual(set(self.setup.core_sources()), wanted)

    def test_the_modules_are_those_of_the_makefiles(self):
        self.assertEqual(set(self.setup.sources("bindings/python/*.c")), listed("bindings_python__core_la"))
        self.assertEqual(set(self.setup.command_sources()), listed("tocsin") | listed("libtsnstore_la"))

    def test_the_version_is_that_of_the_header(self):
        import tocsin
        self.assertEqual(self.setup.version(), tocsin.__version__)


if __name__ == "__main__":
    unittest.main()
