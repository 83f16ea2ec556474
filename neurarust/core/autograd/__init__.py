"""Gradients: the tape, the one walk over it, and the modes that switch it.

Speaks of Values and nodes only; Tensors come in through the callables they hang on nodes.
"""
