"""Builds the Python package from the sources of the engine: no autotools, and where dsl/grammar.c is there, no bison and flex.

    tsncore    the core, readers and writers: compiled once, linked into all three
    tocsin._core             the Python module, for every CPython from 3.11 on
    tocsin/tocsin.abi3.so    the SQLite module; SQLite takes its entry's name from the letters before the first dot
    tocsin/bin/tocsin        the command
"""
import glob
import os
import re
import shlex
import shutil
import subprocess
import sysconfig

from setuptools import Extension, setup
from setuptools.command.build_clib import build_clib
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

GENERATED = os.path.join("build", "generated")
LAYERS = ("base", "data", "program", "bind", "plan", "run", "state", "io")
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))     # has no limited API yet
FLAGS = ["-std=c11", "-O2", "-fvisibility=hidden"]


def pkg(what, *names):
    """What pkg-config says of libraries; without pkg-config, that they are where the compiler looks."""
    try:
        return shlex.split(subprocess.run(["pkg-config", what, *names], check=True, capture_output=True, text=True).stdout)
    except (OSError, subprocess.CalledProcessError):
        known = {"libpcre2-8": "-lpcre2-8", "zlib": "-lz", "libzstd": "-lzstd", "sqlite3": "-lsqlite3"}
        return [known[n] for n in names] if what == "--libs" else []


def version():
    with open("include/tocsin.h", encoding="utf-8") as f:
        return re.search(r'TOCSIN_VERSION "(.*)"', f.read()).group(1)


def generate(folder):
    """The parser and the scanner, in folder/dsl, unless they came with the sources."""
    if os.path.exists("dsl/grammar.c") and os.path.exists("dsl/lexer.c"):
        return "dsl"
    target = os.path.join(folder, "dsl")
    os.makedirs(target, exist_ok=True)
    for command in (["bison", "-y", "-d", "-Wno-yacc", "-o", f"{target}/grammar.c", "dsl/grammar.y"], ["flex", "-o", f"{target}/lexer.c", "dsl/lexer.l"]):
        try:
            subprocess.run(command, check=True)
        except FileNotFoundError:
            raise SystemExit(f"a checkout needs {command[0]} to build from; release archives do not")
    return target


def sources(*patterns):
    return sorted(f for p in patterns for f in glob.glob(p))


def core_sources():
    found = sources(*(f"src/{layer}/*.c" for layer in LAYERS), "dsl/*.c", "src/api_*.c")
    return [f for f in found if os.path.basename(f) not in ("grammar.c", "lexer.c")]


def command_sources():
    return sources("src/cli/*.c", "src/store/*.c")


INCLUDES = ["include", "src", ".", GENERATED]
MACROS = [("TOCSIN_STATIC", None)]


class BuildCore(build_clib):
    def build_libraries(self, libraries):
        place = generate(GENERATED)
        for _, info in libraries:
            info["sources"] = core_sources() + [f"{place}/grammar.c", f"{place}/lexer.c"]
        super().build_libraries(libraries)

    def check_library_list(self, libraries):
        pass        # the sources are known when they are generated

    def get_source_files(self):
        return core_sources()


class Build(build_ext):
    def run(self):
        super().run()
        self.build_command()

    def build_command(self):
        folder = os.path.join(os.path.dirname(os.path.abspath(self.get_ext_fullpath("tocsin._core"))), "bin")
        os.makedirs(folder, exist_ok=True)
        objects = self.compiler.compile(command_sources(), output_dir=self.build_temp, include_dirs=INCLUDES, macros=[*MACROS, ("_GNU_SOURCE", None)],
                                        extra_postargs=[*FLAGS, *pkg("--cflags", "libpcre2-8", "zlib", "libzstd", "sqlite3")])
        core = self.get_finalized_command("build_clib").build_clib
        self.compiler.link_executable(objects, "tocsin", output_dir=folder, libraries=["tsncore"], library_dirs=[core],
                                      extra_postargs=[*pkg("--libs", "libpcre2-8", "zlib", "libzstd", "sqlite3"), "-lm", "-lpthread"])


class Archive(sdist):
    def make_release_tree(self, base, files):
        super().make_release_tree(base, files)
        place = generate(GENERATED)
        for name in ("grammar.c", "grammar.h", "lexer.c"):
            target = os.path.join(base, "dsl", name)
            if not os.path.exists(target):
                shutil.copy(os.path.join(place, name), target)


def extension(name, folder, packages, **options):
    return Extension(name, sources(f"bindings/{folder}/*.c"), include_dirs=INCLUDES, extra_compile_args=[*FLAGS, *pkg("--cflags", *packages)],
                     extra_link_args=[*pkg("--libs", *(p for p in packages if p != "sqlite3")), "-lm"], depends=sources(f"bindings/{folder}/*.h"),
                     py_limited_api=not FREE_THREADED, **options)


if __name__ == "__main__":
    setup(
        version=version(),
        libraries=[("tsncore", {"sources": [], "include_dirs": INCLUDES, "macros": MACROS,
                                "cflags": [*FLAGS, *pkg("--cflags", "libpcre2-8", "zlib", "libzstd")]})],
        ext_modules=[
            extension("tocsin._core", "python", ["libpcre2-8", "zlib", "libzstd"],
                      define_macros=MACROS + ([] if FREE_THREADED else [("Py_LIMITED_API", "0x030b0000")])),
            extension("tocsin.tocsin", "sqlite", ["libpcre2-8", "sqlite3"], define_macros=MACROS, export_symbols=[]),
        ],
        cmdclass={"build_clib": BuildCore, "build_ext": Build, "sdist": Archive},
        options={} if FREE_THREADED else {"bdist_wheel": {"py_limited_api": "cp311"}},
    )
