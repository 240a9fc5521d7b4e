"""The slow reference of the Tocsin pattern language.

It reads the language page literally: paths are enumerated one by one, nothing is merged, and the order of the output is
computed from the definition. It exists to be compared with the engine, and is written to be read before it is fast. The
files, from text to answer:

    lexer.py  parser.py  pattern_parser.py  expression_parser.py  syntax.py     text to tree
    values.py  functions.py  aggregates.py  expressions.py     types, logic, arithmetic; expressions over a path
    checks.py                          what the language forbids at compile time
    sources.py                         sections 3 and 8: what a query reads, and which rows are late
    stream.py                          order, partitions, windows, moments
    edges.py                           section 6.1: from a place in the pattern to the edges of its junction
    paths.py                           sections 6.2 to 6.4: the paths of one start
    report.py                          section 6.5: which paths are reported, and when
    measures.py                        output columns and rows
    reference.py                       a case in, an answer out
    cases.py  check.py                 what a case is; the reference over cases that others answered
    weights.py  generate.py  patterns.py  templates.py  conditions.py  rows.py  spec.py     cases made by chance
    exhaustive.py                      all small ones
    window_cases.py                    windows over every row
    coverage.py                        which features met in them
    stability.py                       a check of the reference itself
    player.py  shrink.py  compare.py   the engine beside the reference

Run from the folder above:  python3 -m oracle CASES.jsonl
"""
