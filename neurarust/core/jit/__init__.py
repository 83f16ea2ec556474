"""`nr.jit`: a function, a Module or a whole training step as one recorded call.

The first call of a kind runs the Python under a `Trace`: a capture that also learns which cells
(parameters, buffers, optimizer state, random streams, `.grad`) were read and written. The second
call traces again, and only if both found the same does a *plan* take over: read the cells, record
one call, write back. A Python value that differed is named. What the Python may have looked at
(training flags, hooks, plain attributes and variables, whether `.grad` is None) guards the plan;
numbers of optimizers are read again at each call, and schedulers step again.

    watch       sees every read and write of a tensor's state during a trace
    trace       the capture
    found       what a trace found: outputs, and where they go
    reads       which names the user's code can read
    guards      the Python state that a plan depends on
    plan        what a later call does
    look        what a call compares, written out as Python
    variant     a plan and its guards
    difference  what two traces found, compared
    straight    calls that run alone go to their program without a recording
    quick       arguments like those of the last call, and such calls written out
    function    Jitted: keys, guards, traces, fallbacks
    public      nr.jit and nr.compile
"""

from .public import compile as compile
from .public import jit as jit
