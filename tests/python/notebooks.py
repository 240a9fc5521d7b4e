#!/usr/bin/env python3
"""Runs notebooks cell by cell, as Jupyter would, with nothing but Python: outputs are text, and what cells show of themselves.

  notebooks.py [--accept] NOTEBOOK ...

--accept writes the outputs into the notebooks; look at what it wrote. Without it they are compared with those that stand there.
"""
import argparse
import ast
import contextlib
import io
import json
import os
import sys

SHOWN = (("_repr_html_", "text/html"), ("_repr_svg_", "image/svg+xml"))


def bundle(value):
    """What Jupyter keeps of a value."""
    shown = {"text/plain": repr(value)}
    for method, kind in SHOWN:
        if hasattr(value, method) and getattr(value, method)() is not None:
            shown[kind] = getattr(value, method)()
    return {kind: text.splitlines(True) for kind, text in shown.items()}


def run_cell(source, names):
    """(printed, value of the last expression)"""
    printed = io.StringIO()
    first, _, rest = source.partition("\n")
    with contextlib.redirect_stdout(printed):
        if first.startswith("%%tocsin"):
            from tocsin._magic import run
            return printed.getvalue(), run(names, first.removeprefix("%%tocsin"), rest)
        tree = ast.parse("\n".join(line for line in source.splitlines() if not line.startswith("%load_ext")))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
    return printed.getvalue(), value


def outputs(cell, names, number):
    printed, value = run_cell("".join(cell["source"]), names)
    made = []
    if printed:
        made.append({"name": "stdout", "output_type": "stream", "text": printed.splitlines(True)})
    if value is not None:
        made.append({"data": bundle(value), "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return made


def play(path, accept=False):
    """The numbers of cells whose outputs are others than those in the notebook."""
    with open(path, encoding="utf-8") as f:
        notebook = json.load(f)
    names, wrong, number = {"__name__": "__main__"}, [], 0
    before = os.getcwd()
    os.chdir(os.path.dirname(os.path.abspath(path)))
    try:
        for cell in notebook["cells"]:
            if cell["cell_type"] != "code":
                continue
            number += 1
            made = outputs(cell, names, number)
            if made != cell["outputs"]:
                wrong.append(number)
            cell["outputs"], cell["execution_count"] = made, number
    finally:
        os.chdir(before)
    if accept:
        with open(path, "w", encoding="utf-8") as f:
            json.dump(notebook, f, indent=1, ensure_ascii=False)
            f.write("\n")
    return wrong


def main():
    parser = argparse.ArgumentParser(description="Runs notebooks.")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("notebooks", nargs="+")
    options = parser.parse_args()
    for path in options.notebooks:
        wrong = play(path, options.accept)
        print(f"{path}: " + (f"cells {wrong} differ" if wrong else "as it stands"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
