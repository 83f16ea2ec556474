"""The engine and everything that Tensors are made of. Private; imports fall downward:

    methods            binds the operations to Tensor
    function, functional, types, host
    ops/               the operations, one file a kind: each a pure function over jax arrays
    define             @op, @function, @view: one decorated function is a whole operation
    tensor/            Tensor (storage, view steps, edge), dispatch (a call becomes a record)
    autograd/          the tape, the one backward walk, modes, the NaN hunt
    engine/            values, signatures, recordings, programs, the disk cache, explain
    native/            kernels in C for CPUs, and the equations that they compute
    op                 the Op record and how its arguments are read
    dtype, device, random, errors

The life of `y = x * 2`: `Tensor.__mul__` calls `tensor.dispatch.call`, which looks up the
signature of (mul, float32[3], a float) and, on a miss, traces the op once; appends (signature,
references, numbers) to this thread's recording; and wraps the pending Value in a new Tensor. When
somebody looks, or a unit of work ends, `engine.recording` hands the list to `engine.program`, which
finds or compiles the program for exactly this sequence of calls and runs it. Three modules beside
`program` decide how it runs: `layout` (on CPU pictures have their channels last from end to end,
and convolutions and small products become calls of the kernels in `native`), `early` (a loop that
looks at every loss does not wait for the optimizer) and `scratch` (memory of large programs is
kept between runs).

What is measured and why it is as it is: a call costs about 2 us of Python, so nothing here may
allocate more than it must; a program's output costs about 3 us, so only values that somebody
still holds leave the program; inputs that nobody holds any more are donated.
"""
