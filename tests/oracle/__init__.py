"""The slow reference of the Tocsin pattern language.

It reads the language page literally: paths are enumerated one by one, nothing is merged, nothing is
cached, and the order of the output is computed from the definition. It exists to be compared with the
engine; its own speed does not matter. The files, from text to answer:

    lexer.py  parser.py  pattern_parser.py  expression_parser.py  syntax.py     text to tree
    values.py  functions.py  aggregates.py  expressions.py     types, logic, arithmetic; expressions over a path
    checks.py                          what the language forbids at compile time
    stream.py                          rows, partitions, windows, moments
    edges.py                           section 6.1: from a place in the pattern to the edges of its junction
    paths.py                           sections 6.2 to 6.4: the paths of one start
    report.py                          section 6.5: which paths are reported, and when
    measures.py                        output columns and rows
    reference.py                       a case in, an answer out
    cases.py  check.py                 conformance cases, and the reference run over them
    patterns.py  templates.py  conditions.py  generate.py  exhaustive.py     cases made by a machine
    stability.py                       a check of the reference itself
    player.py  shrink.py  compare.py   the engine beside the reference

Run from the folder above:  python3 -m oracle CASES.jsonl
"""
