"""Writes the fixtures, with h5py and real Keras: python -m tests.saving.hdf5.make_fixtures [h5|keras].

The file chunked_v200.h5 is of libhdf5 2.0, which h5py has from 3.16 on; the others are of 1.14.
"""

from __future__ import annotations

import sys
import zipfile

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

from tests.saving.hdf5 import contents as c

FORMATS = {"old": "earliest", "v108": ("v108", "v108"), "latest": "latest"}
TEXT = h5py.string_dtype()


def put(file, name, values, **options):
    if values.dtype == object:
        options["dtype"] = TEXT
    return file.create_dataset(name, data=values, **options)


def put_attributes(thing):
    for name, value in c.ATTRIBUTES.items():
        if value is None:
            thing.attrs[name] = h5py.Empty("f4")
        elif name == "layer_names":  # as Keras 2 writes them
            thing.attrs[name] = np.array([s.encode() for s in value])
        elif name == "json":
            thing.attrs[name] = value.encode()
        elif name == "fixed":
            thing.attrs[name] = np.bytes_(value)
        else:
            thing.attrs[name] = value


def plain(file):
    for name, values in c.PLAIN.items():
        put(file, name, values)
    for name, values in c.TEXTS.items():
        put(file, name, values)
    put_attributes(file)
    put_attributes(file["a/b"])
    put_attributes(file["scalar"])
    file.create_group("empty/inside")
    file["soft"] = h5py.SoftLink("/a/b/c/d")
    file["a/near"] = h5py.SoftLink("b/c")
    file["lost"] = h5py.SoftLink("/nowhere")
    file["again"] = file["scalar"]
    compact = h5p.create(h5p.DATASET_CREATE)
    compact.set_layout(h5d.COMPACT)
    low(file, "compact", np.arange(5.0), compact)
    spaced = h5t.C_S1.copy()
    spaced.set_size(4)
    spaced.set_strpad(h5t.STR_SPACEPAD)
    ended = h5t.C_S1.copy()
    ended.set_size(4)
    for name, kind in (("spaced", spaced), ("ended", ended)):
        low(file, name, c.SPACED.astype("S4"), kind=kind)
    brain = file.create_dataset("brain", data=c.bfloat16_bits().view("V2"))
    brain.attrs["dtype"] = "bfloat16"
    native = h5t.IEEE_F32LE.copy()
    native.set_fields(15, 7, 8, 0, 7)
    native.set_size(2)
    native.set_precision(16)
    native.set_ebias(127)
    made = h5d.create(file.id, b"native_brain", native, h5s.create_simple((4,)))
    made.write(h5s.ALL, h5s.ALL, c.bfloat16_bits(), mtype=native)


def low(file, name, values, options=None, kind=None):
    kind = kind or h5t.py_create(values.dtype)
    made = h5d.create(file.id, name.encode(), kind, h5s.create_simple(values.shape), options)
    made.write(h5s.ALL, h5s.ALL, values)


def chunked(file, cases):
    for name, (values, chunks, options) in cases.items():
        put(file, name, values, chunks=chunks, **options)
    early = h5p.create(h5p.DATASET_CREATE)
    early.set_chunk((2, 2))
    early.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    low(file, "implicit", np.arange(12.0).reshape(3, 4), early)
    whole = h5p.create(h5p.DATASET_CREATE)
    whole.set_chunk((4,))
    whole.set_deflate(4)
    if hasattr(whole, "set_chunk_opts"):
        whole.set_chunk_opts(h5d.CHUNK_DONT_FILTER_PARTIAL_CHUNKS)
    low(file, "edges", np.arange(10.0), whole)


def many(file):
    file["one"] = np.arange(3, dtype="i1")
    group = file.create_group("many")
    for name in c.MANY:
        group[name] = file["one"]
    for name, value in c.MANY_ATTRIBUTES.items():
        group.attrs[name] = value
    file["one"].attrs["large"] = group.attrs["large"] = c.LARGE_ATTRIBUTE
    ordered = file.create_group("ordered", track_order=True)
    for name in ("z", "y", "x"):
        ordered.create_group(name).attrs["own"] = name


def readable():
    for name, version in FORMATS.items():
        with h5py.File(c.FIXTURES / f"plain_{name}.h5", "w", libver=version) as file:
            plain(file)
        with h5py.File(c.FIXTURES / f"many_{name}.h5", "w", libver=version) as file:
            many(file)
    for name in ("old", "latest"):
        cases = c.CHUNKED if name == "old" else {**c.CHUNKED, **c.PAGED}
        with h5py.File(c.FIXTURES / f"chunked_{name}.h5", "w", libver=FORMATS[name]) as file:
            chunked(file, cases)
    if h5py.version.hdf5_version_tuple >= (2, 0, 0):
        with h5py.File(c.FIXTURES / "chunked_v200.h5", "w", libver="latest") as file:
            chunked(file, {name: c.CHUNKED[name] for name in c.NEWEST})
    with h5py.File(c.FIXTURES / "userblock.h5", "w", userblock_size=1024) as file:
        file["x"] = np.arange(3)


def refused():
    def make(name, version="earliest"):
        return h5py.File(c.FIXTURES / "refused" / f"{name}.h5", "w", libver=version)

    (c.FIXTURES / "refused").mkdir(exist_ok=True)
    with make("external_link") as file:
        file["x"] = h5py.ExternalLink("/etc/passwd", "/x")
    with make("external_link_dense", "latest") as file:
        for i in range(20):
            file[f"x{i}"] = h5py.ExternalLink("secret.h5", "/x")
    with make("external_storage") as file:
        file.create_dataset("x", (4,), "u1", external=[("/etc/passwd", 0, 4)])
    with make("virtual", "latest") as file:
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource("secret.h5", "x", (4,))
        file.create_virtual_dataset("x", layout)
    with make("cycle") as file:
        inner = file.create_group("a/b")
        inner["a"] = file["a"]
    with make("cycle_root", "latest") as file:
        file["x"] = file["/"]
    with make("soft_cycle") as file:
        file["x"], file["y"] = h5py.SoftLink("/y"), h5py.SoftLink("/x")
    with make("committed") as file:
        file["type"] = np.dtype("f4")
        file.create_dataset("x", data=np.zeros(2, "f4"), dtype=file["type"])
    with make("lzf") as file:
        file.create_dataset("x", data=np.zeros(64), chunks=(64,), compression="lzf")
    with make("scaleoffset") as file:
        file.create_dataset("x", data=np.arange(64), chunks=(64,), scaleoffset=0)
    with make("unwritten") as file:
        file.create_dataset("x", (2**40,), "f4")
    with make("unwritten_chunks") as file:
        file.create_dataset("x", (2**20, 2**20), "f4", chunks=(1024, 1024))
    with make("partly_written") as file:
        file.create_dataset("x", (100,), "f4", chunks=(10,))[:10] = 1
    with make("compound") as file:
        file["x"] = np.zeros(2, [("a", "f4"), ("b", "i4")])
    with make("sequences") as file:
        file.create_dataset("x", (2,), h5py.vlen_dtype("f4"))[0] = [1.0]
    with make("reference") as file:
        file.create_dataset("x", (1,), h5py.ref_dtype)[0] = file.ref
    with make("enumeration") as file:
        file.create_dataset("x", (1,), h5py.enum_dtype({"RED": 0, "BLUE": 1}))
    with make("complex") as file:
        file["x"] = np.zeros(2, "c8")
    with make("empty") as file:
        file["x"] = h5py.Empty("f4")
    with make("bomb") as file:
        file.create_dataset("x", data=np.zeros(2**22), chunks=(2**22,), compression="gzip")
    with make("deep", "latest") as file:
        file.create_group("a" + "/a" * 150)


def keras_files():
    import keras

    keras.utils.set_random_seed(1)
    layers = [keras.layers.Dense(3, "relu", name="first"), keras.layers.BatchNormalization(name="norm"),
              keras.layers.Dense(2, name="second", dtype="mixed_bfloat16")]  # fmt: skip
    model = keras.Sequential([keras.Input((4,)), *layers], name="small")
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)
    model.save_weights(c.FIXTURES / "keras.weights.h5")
    model.save(c.FIXTURES / "model.keras")
    model.save(c.FIXTURES / "whole_model.h5")
    values = {}
    for layer in model.layers:
        for i, weight in enumerate(layer.weights):
            values[f"{layer.name}/{i}/{weight.name}"] = np.asarray(weight)
    np.savez(c.FIXTURES / "keras_values.npz", **values)
    with zipfile.ZipFile(c.FIXTURES / "model.keras") as archive:
        assert "model.weights.h5" in archive.namelist()


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["h5", "keras"]
    c.FIXTURES.mkdir(exist_ok=True)
    if "h5" in wanted:
        readable()
        refused()
    if "keras" in wanted:
        keras_files()
