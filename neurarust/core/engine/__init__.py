"""The engine: values, signatures, recordings and the programs they become.

It knows nothing of Tensors; see `recording.record` for the one way in.
"""
