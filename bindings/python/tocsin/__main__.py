"""python -m tocsin: the command line."""
import os
import shutil
import sys


def command():
    """The command that came with the package, or else the one on the PATH."""
    name = "tocsin.exe" if os.name == "nt" else "tocsin"
    own = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", name)
    return own if os.path.exists(own) else shutil.which(name)


def main():
    path = command()
    if not path:
        sys.exit("tocsin: the command is not part of this installation, and not on the PATH")
    sys.stdout.flush()
    os.execv(path, ["tocsin", *sys.argv[1:]])      # the same process: signals, terminal and exit status are its own


if __name__ == "__main__":
    main()
