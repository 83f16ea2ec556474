"""PyTorch's switches: scripts that set them run, misspelled ones are errors."""

import pytest

import neurarust as nr
from tests.core.subprocesses import run


def test_switches_are_kept():
    nr.backends.cudnn.benchmark = True
    assert nr.backends.cudnn.benchmark
    nr.backends.cudnn.benchmark = False
    assert not nr.backends.mps.is_available()
    assert nr.backends.cudnn.is_available() == nr.cuda.is_available()
    assert nr.backends.cudnn.version() is None


@pytest.mark.parametrize("library", ["cudnn", "cuda", "mkldnn"])
def test_unknown_switches_are_errors(library):
    with pytest.raises(AttributeError, match=f"backends.{library} has no switch 'benchmrk'"):
        getattr(nr.backends, library).benchmrk = True


def test_precision_of_products():
    code = """
import neurarust as nr
nr.backends.cuda.matmul.allow_tf32 = True
assert nr.get_float32_matmul_precision() == "high"
assert nr.backends.cuda.matmul.allow_tf32
nr.backends.cuda.matmul.allow_tf32 = False
assert nr.get_float32_matmul_precision() == "highest"
"""
    run(code)


def test_the_same_bits():
    nr.use_deterministic_algorithms(True, warn_only=True)
    try:
        assert nr.are_deterministic_algorithms_enabled()
        assert not nr.is_deterministic_algorithms_warn_only_enabled()
        assert (nr.ones(3) * 2).tolist() == [2, 2, 2]
    finally:
        nr.use_deterministic_algorithms(False)


def test_cuda_questions_without_a_gpu():
    if nr.cuda.is_available():
        pytest.skip("there is a GPU")
    assert nr.cuda.memory_stats() == {}
    assert nr.cuda.mem_get_info() == (0, 0)
    assert not nr.cuda.is_bf16_supported()
    with pytest.raises(RuntimeError, match="cuda:0 is not available"):
        nr.cuda.set_device(0)
    with pytest.raises(RuntimeError, match="cuda:1 is not available"), nr.cuda.device(1):
        pass
    with pytest.raises(RuntimeError, match="is not available"):
        nr.cuda.get_device_properties()


def test_too_little_memory():
    x = nr.ones(1_000_000_000, 1_000_000)
    with pytest.raises(nr.OutOfMemoryError, match="does not fit into the memory of cpu"):
        nr.synchronize()
    assert nr.cuda.OutOfMemoryError is nr.OutOfMemoryError
    assert issubclass(nr.OutOfMemoryError, RuntimeError)
    with pytest.raises(RuntimeError, match="never computed"):
        x.numpy()
    assert nr.ones(2).tolist() == [1, 1]
