"""save and load: the .pt format without PyTorch; with it, in the differential suite."""

from __future__ import annotations

import collections
import io
import pickle
import zipfile

import numpy as np
import pytest

import neurarust as nr
from neurarust import nn
from neurarust.serialization import (
    ALIGNMENT,
    add_safe_globals,
    clear_safe_globals,
    get_safe_globals,
    load,
    safe_globals,
    save,
)


def back(obj, **options):
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return load(file, **options)


KINDS = [
    "bool", "uint8", "uint16", "int8", "int16", "int32", "int64", "float16", "bfloat16",
    "float32", "float64", "complex64", "complex128",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_dtypes(kind):
    tensor = nr.tensor([[0, 1, 2], [3, 4, 5]]).to(getattr(nr, kind))
    again = back(tensor)
    assert again.dtype is tensor.dtype and again.tolist() == tensor.tolist()


def test_plain_values():
    value = {
        "a": [1, 2.5, None, True, "text", b"bytes", 2**80], "b": (1, (2,)), 3: {4, 5},
        "c": collections.OrderedDict(x=1), "d": 1 + 2j, "size": nr.Size((2, 3)),
        "dtype": nr.float32, "device": nr.device("cpu"), "number": np.float32(2.5),
    }  # fmt: skip
    again = back(value)
    assert again == value and type(again["size"]) is nr.Size and again["dtype"] is nr.float32


def test_tied_tensors_and_views_share_memory():
    x = nr.arange(12.0).reshape(3, 4).clone()
    again = back({"x": x, "tied": x, "row": x[1], "turned": x.t(), "step": x[:, ::2]})
    assert again["turned"].tolist() == x.t().tolist()
    assert again["step"].tolist() == x[:, ::2].tolist()
    assert again["turned"].stride() == (1, 4) and again["row"].storage_offset() == 4
    again["x"][1, 0] = 99
    assert again["row"][0].item() == again["turned"][0, 1].item() == 99
    assert again["tied"][1, 0].item() == 99


def test_shapes_without_elements_or_dimensions():
    assert back(nr.tensor(3.0)).item() == 3 and back(nr.zeros(0, 3)).shape == (0, 3)
    assert back(nr.ones(1, 3).expand(4, 3)).tolist() == nr.ones(4, 3).tolist()


def test_parameters_and_flags():
    again = back({"p": nn.Parameter(nr.ones(2)), "x": nr.ones(2, requires_grad=True)})
    assert isinstance(again["p"], nn.Parameter) and again["p"].requires_grad
    assert again["x"].requires_grad and again["x"].is_leaf


def test_state_dict_to_a_path_and_back(tmp_path):
    path = tmp_path / "model.pt"
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    save({"model": model.state_dict(), "epoch": 4}, path)
    assert [one.name for one in tmp_path.iterdir()] == ["model.pt"]
    saved = load(str(path))
    other = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    other.load_state_dict(saved["model"])
    assert saved["epoch"] == 4 and other[0].weight.tolist() == model[0].weight.tolist()


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    save(1, path)
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        save(lambda: None, path)
    assert load(path) == 1 and len(list(tmp_path.iterdir())) == 1


def test_storages_are_aligned(tmp_path):
    save([nr.ones(3), nr.ones(5)], tmp_path / "x.pt")
    with open(tmp_path / "x.pt", "rb") as file, zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            header = entry.header_offset
            file.seek(header + 26)
            lengths = np.frombuffer(file.read(4), "<u2")
            assert (header + 30 + int(lengths.sum())) % ALIGNMENT == 0


def test_map_location():
    x = nr.ones(2)
    for wanted in ("cpu", nr.device("cpu"), {"cpu": "cpu"}, lambda storage, location: storage):
        assert back(x, map_location=wanted).device.type == "cpu"
    seen = []
    back(x, map_location=lambda storage, location: seen.append((storage.tolist(), location)))
    assert seen == [([1, 1], "cpu")]


def test_whole_objects_need_trust():
    layer = nn.Linear(2, 2)
    with pytest.raises(pickle.UnpicklingError, match=r"neurarust\.nn\.linear\.Linear, which"):
        back(layer)
    assert back(layer, weights_only=False).weight.tolist() == layer.weight.tolist()


def test_no_code_runs():
    class Evil:
        def __reduce__(self):
            return print, ("harm",)

    with pytest.raises(pickle.UnpicklingError, match="print"):
        back(Evil())


def test_damaged_and_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.pt"):
        load(tmp_path / "nothing.pt")
    path = tmp_path / "x.pt"
    save(nr.ones(1000), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RuntimeError, match="truncated, damaged, or not in the zip format"):
        load(path)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    path.write_bytes(flipped)
    with pytest.raises(RuntimeError, match="damaged"):
        load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other", "text")
    with pytest.raises(RuntimeError, match="without data.pkl"):
        load(path)


class Settings:
    def __init__(self, size):
        self.size = size


def test_more_is_made_where_it_is_allowed():
    with safe_globals([Settings]):
        assert back({"settings": Settings(3)})["settings"].size == 3
    with pytest.raises(pickle.UnpicklingError, match=r"add_safe_globals\(\[Settings\]\)"):
        back(Settings(3))
    try:
        add_safe_globals([Settings, Settings])
        assert get_safe_globals() == [Settings] and back(Settings(4)).size == 4
        clear_safe_globals()
        add_safe_globals([(nn.Linear, f"{__name__}.Settings")])
        assert type(back(Settings(5))) is nn.Linear
    finally:
        clear_safe_globals()
    assert nr.serialization.get_safe_globals() == []
    with pytest.raises(ValueError, match="Expected tuple of length 2"):
        add_safe_globals([("a", "b", "c")])
    with pytest.raises(TypeError, match="expected classes and functions, but got 5"):
        add_safe_globals([5])


def test_where_files_are_written_and_read(tmp_path):
    path = tmp_path / "kept.pt"
    save(nr.ones(2), path)
    assert load(path, mmap=True).tolist() == [1, 1]
    with open(path, "rb") as file, pytest.raises(ValueError, match="f must be a file path"):
        load(file, mmap=True)
    with pytest.raises(RuntimeError, match=r"Parent directory .*missing does not exist. Make it"):
        save(nr.ones(2), tmp_path / "missing" / "kept.pt")
    with pytest.raises(RuntimeError, match="is a directory"):
        save(nr.ones(2), tmp_path)
