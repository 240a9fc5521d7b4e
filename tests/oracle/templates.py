"""Shapes that people write, for the generator: random trees alone rarely look like them.

A number in a bound or a duration is a count of time units.
"""
from oracle.expression_parser import Cursor
from oracle.lexer import tokens
from oracle.pattern_parser import pattern
from oracle.patterns import Excluded
from oracle.syntax import Absence, Gap, Loop, Query, Step, children, nodes

KNOWN = [line for line in """
A B
A -> B
A ->> B
A ->{2,} B
A ->{,3} B
A ->>{1,4} B
A -> B -> C
A -> B ->> C
(A ->)+ B
(A ->)+? B
(A ->)* B
(A ->){2,} B
(A ->){1,2} B
(A ->)+
(A ->){2,3}
(A ->>)+ B
(A ->>)+? B
(A ->>){2} B
A (-> B)+
A (-> B){2,3}?
A (-> A)*
A -> (B ->)* C
A -> (B ->)+? C
A -> (B | C)
A (-> B | -> C)
A (->> B | -> C)
A (-> B | ->> C)
(A -> B | A -> C)
(A -> B -> D | A -> C -> D)
A (B | -> D)
A (B C | -> D)
A -> B? -> C
A ->> B? -> C
A (-> B)? -> C
A (-> B)?? -> C
A -> (B -> C)? -> D
A -> (B -> C)+ -> D
A -> (B -> C)* -> D
(A -> B ->)+ C
(A B ->)+ C
((A ->)* B ->)+ C
((A ->>)*? B ->)+ C
(A -> B)+ -> C
(A ->> B)* -> C
(A -> (B ->)?)+ C
A? -> B
(A ->{,3})? ->{,5} B
(A ->{2,})? ->{,5} B
((A ->) ->> B)
A (B? ->)* C
A (B? ->>)* C
A (B? ->){,2} C
A (B? ->){2} C
A -> B+ -> C
A -> B{2} -> C
A -> B{,2} ->> C
A (-> B | () | -> C)
A (-> B)* (->> C)?
A (->> B ->> C)?
A -> (B -> | C ->)* D
A -> (B ->> | C ->)* D
A -> !C B
A ->> !C B
A !C B
A !C -> B
A -> !C B -> D
A -> !(C | D) B
(A -> !C)+ B
(A ->)+ !A B
(A ->)+ !A -> B
(!A -> B)
A (-> !C B | -> D)
A (->> !D B)? -> C
A -> B? -> !C D
A (-> B | ->> !B C)
!C A -> B
!C{3} A
!B{3} A -> B?
(!B{2} A)+
(!B{2} A){2}
A !B{3}
A !(B | C){2}
A !Y{2}
A !B{0}
A !B
A -> B !C
A ->> !B
(A -> !B)+
(A ->)+ !B{3}
(A ->>)+ !B{3}
(A ->)+? !B{2}
(A -> !B)+ !B{3}
(A ->{,3})+ !B{4}
(A ->){1,2}? !B{4}
(A -> B? ->)+ !C{3}
A !C{2} B
A !C{2} -> B
A !C{2} ->{,3} B
A !B{2} !C{2}
A !B !C{3}
A (!B{3} | !C{2})
A (!B{2} | !C{2})
(A !C{1} | A !D{2})
A -> (B !C{2} | B !D{3})
A -> (B | !C{3})
A (B | !C{3})
A (->> B | !C{3})
A (!C{3} | ->> B)
A -> (B D | !C{3})
A -> (B | D | !C{3})
A (B | -> C | !D{2})
A (-> B | !D{1} -> D)
A (-> B !D C | !D{20})
A -> (B | !C{2} -> D)
(A !B{2}){2}
(A !B{2} ->)+ C
A -> B !C{2} -> D
A* B
A+? B
A B* C+
A? B? C?
(A | A B) (C | B C)
(A? | C B)*
A{2,3}
(A | B)+ C
^ A -> B
A -> B $
(^ A | B) -> C
A+ $
A (-> B $)?
PERMUTE(A ->, B ->, C ->)
PERMUTE(A ->, B)
PERMUTE(A, B, C)
PERMUTE(A+, B, C)
PERMUTE(A ->, B? ->, C)
PERMUTE(A ->> B, C)
PERMUTE(A ->, B ->, C ->) D
A -> PERMUTE(B ->, C)
A -> PERMUTE(B ->, !C{3})
PERMUTE(A ->, B ->, !C{3})
PERMUTE(A, B, !C{2})
A -> PERMUTE(B ->, !C{2}, D ->)
A ->> PERMUTE(B ->, C? ->) !D{3}
(PERMUTE(A, B) ->)+ C
A {- -> B -} -> C
A {- -> B -}? -> C
{- A -} -> B+
A ({- B -} ->)* C
(A {- B? -} ->)+ C
""".split("\n") if line]


def tree(choose, duration):
    """A random template as a tree of the generator, durations as texts. duration None: one without durations."""
    while True:
        made = pattern(Cursor(tokens(choose.choice(KNOWN))), Query())
        timed = False
        for n in nodes(made):
            if isinstance(n, Gap) and (n.lo or n.hi):
                timed = True
                if duration:
                    n.lo, n.hi = (None if e is None else duration(e[1]) for e in (n.lo, n.hi))
            elif isinstance(n, Absence) and n.duration is not None:
                timed = True
                if duration:
                    n.duration = duration(n.duration[1])
        if duration or not timed:
            return marked(made)


def marked(node):
    """Steps that the parser marked as excluded get their brackets back."""
    if steps(node) and all(s.excluded for s in steps(node)):
        for s in steps(node):
            s.excluded = False
        if isinstance(node, Loop):
            return Loop(Excluded([node.body]), node.lo, node.hi, node.greedy)
        return Excluded([node])
    if isinstance(node, Loop):
        node.body = marked(node.body)
    elif children(node):
        node.items = [marked(i) for i in node.items]
    return node


def steps(node):
    return [n for n in nodes(node) if isinstance(n, Step)]
