"""%%tocsin in notebooks.

    %%tocsin df
    SELECT * FROM df MATCH_RECOGNIZE ( ... )

    %%tocsin clicks=df1 orders=df2 -p idle="45 minutes" -o found
    ...
"""
import shlex

from . import _core
from ._pattern import query_in


def run(namespace, line, cell):
    """The matches of a cell; streams are variables of the namespace: all, or those that the line names."""
    streams, parameters, target = {}, {}, None
    words = iter(shlex.split(line))
    for word in words:
        if word in ("-p", "-o"):
            value = next(words, None)
            if value is None or (word == "-p" and "=" not in value):
                raise _core.Error("-p wants NAME=VALUE" if word == "-p" else "-o wants the name of a variable")
            if word == "-p":
                name, _, text = value.partition("=")
                parameters[name] = text
            else:
                target = value
            continue
        stream, _, variable = word.partition("=")
        if (variable or stream) not in namespace:
            raise NameError(f"there is no variable {variable or stream}")
        streams[stream] = namespace[variable or stream]
    found = query_in([namespace], cell, parameters, None, streams)
    if target:
        namespace[target] = found
        return None
    return found


def register(ipython):
    ipython.register_magic_function(lambda line, cell: run(ipython.user_ns, line, cell), "cell", "tocsin")
