#!/usr/bin/env python3
"""Lets the oracle's PyTorch be imported without 3.5 GB of GPU libraries.

PyPI's torch wheel is linked against cuBLAS, cuDNN and others, though nothing of them runs on a CPU.
For each such library that is absent, this script links an empty one with the same name, whose
symbols only satisfy the dynamic linker. The wheel's version is pinned, so this either always works
or never; the set-up imports torch at its end to be sure.

usage: stub_cuda.py SITE_PACKAGES
"""

import pathlib
import re
import subprocess
import sys
import tempfile

# Where torch's RPATH looks for each library, and how the symbols begin that it uses without naming
# a version (the others name theirs, which tells the library).
LIBRARIES = {
    "libcublas.so.13": ("cu13", None),
    "libcublasLt.so.13": ("cu13", None),
    "libcudnn.so.9": ("cudnn", None),
    "libcufft.so.12": ("cu13", None),
    "libcufile.so.0": ("cu13", "cuFile"),
    "libcurand.so.10": ("cu13", "curand"),
    "libcusparse.so.12": ("cu13", None),
    "libcusparseLt.so.0": ("cusparselt", "cusparseLt"),
    "libnccl.so.2": ("nccl", "nccl"),
    "libnvshmem_host.so.3": ("nvshmem", None),
}
VERSION_NODES = {"libnvshmem_host.so.3": "NVSHMEM"}  # elsewhere the node is the library's name


def undefined_symbols(torch_lib):
    """All (name, version node or None) that torch's libraries want from others."""
    wanted = set()
    for library in sorted(torch_lib.glob("*.so")):
        out = subprocess.run(["nm", "-D", "--undefined-only", str(library)],
                             check=True, capture_output=True, text=True).stdout
        for line in out.splitlines():
            name, _, version = line.split()[-1].partition("@")
            wanted.add((name, version.lstrip("@") or None))
    return wanted


def make_stub(path, node, symbols):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = pathlib.Path(scratch, "stub.c")
        version_script = pathlib.Path(scratch, "stub.map")
        source.write_text("".join(f"char {s}[64];\n" for s in sorted(symbols)))
        version_script.write_text(f"{node} {{ global: *; }};\n")
        subprocess.run(["gcc", "-w", "-shared", "-fPIC", "-nostdlib", "-fuse-ld=bfd", str(source),
                        "-o", str(path), f"-Wl,-soname,{path.name}",
                        f"-Wl,--version-script={version_script}"], check=True)


def main():
    site = pathlib.Path(sys.argv[1])
    wanted = undefined_symbols(site / "torch" / "lib")
    for name, (folder, prefix) in LIBRARIES.items():
        path = site / "nvidia" / folder / "lib" / name
        if path.exists():
            continue
        node = VERSION_NODES.get(name, name)
        symbols = {s for s, version in wanted if version == node}
        if prefix:
            symbols |= {s for s, version in wanted
                        if version is None and re.match(prefix + "[A-Z]", s)}
        make_stub(path, node, symbols)


if __name__ == "__main__":
    main()
