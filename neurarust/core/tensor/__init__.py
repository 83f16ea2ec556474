"""The Tensor: a handle on a storage, a chain of view steps and an edge of the tape."""
