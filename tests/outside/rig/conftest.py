"""Names that rig 2.4.1 uses and Python 3.10 and 3.11 dropped, given back before rig is imported. rig itself is as PyPI has it."""

import collections
import collections.abc
import inspect

for name in collections.abc.__all__:
    if not hasattr(collections, name):
        setattr(collections, name, getattr(collections.abc, name))

if not hasattr(inspect, "getargspec"):
    ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")

    def getargspec(function):
        """What `inspect.getargspec` was, on top of its successor."""
        found = inspect.getfullargspec(function)
        return ArgSpec(found.args, found.varargs, found.varkw, found.defaults)

    inspect.ArgSpec = ArgSpec
    inspect.getargspec = getargspec
