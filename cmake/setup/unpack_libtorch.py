"""Unpacks from LibTorch's wheels only what a C++ program needs.

usage: unpack_libtorch.py KIND TARGET WHEEL…
KIND: cpu (0.5 GB), cuda (what linking the GPU variant needs too), gpu (the GPU libraries whole).

The wheel's include/ also holds old copies of protobuf, fmt and others that would shadow the
system's: only torch's own folders are kept. Files keep the wheel's times, so that unpacking again
does not rebuild everything.
"""

import os
import re
import shutil
import sys
import time
import zipfile

LICENSES = r"[^/]+\.dist-info/(licenses/.*|METADATA)"
KEEP = {
    "cpu": [
        LICENSES,
        r"torch/include/(ATen|c10|caffe2|torch)/.*",
        r"torch/lib/(libc10|libtorch|libtorch_cpu)\.so",
        r"torch/lib/libgomp[^/]*",
        r"nvidia/cu13/lib/(libcudart|libcupti)\.so[^/]*",
    ],
    "gpu": [LICENSES, r"nvidia/[^/]+/lib/[^/]+\.so[^/]*"],
}
KEEP["cuda"] = KEEP["cpu"] + [
    r"torch/lib/(libc10_cuda|libtorch_cuda|libtorch_cuda_linalg|libtorch_nvshmem|libcaffe2_nvrtc)\.so",
]


def unpack(wheel, target, patterns):
    keep = re.compile("|".join(patterns))
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            if info.is_dir() or not keep.fullmatch(info.filename):
                continue
            path = os.path.join(target, info.filename)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with archive.open(info) as source, open(path, "wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            modified = time.mktime(info.date_time + (0, 0, -1))
            os.utime(path, (modified, modified))


def main():
    kind, target, *wheels = sys.argv[1:]
    for wheel in wheels:
        unpack(wheel, target, KEEP[kind])


if __name__ == "__main__":
    main()
