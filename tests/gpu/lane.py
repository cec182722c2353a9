#!/usr/bin/env python3
"""Runs the GPU lane: the tests that the CUDA build wrote down in its folder's gpu-tests/. It fails, and
does not skip, where there is no GPU. A test that needs more GPUs than there are is left out by name.

usage: lane.py FOLDER         the tests of a build folder, or of what --pack made of one
       lane.py --has-gpu      only whether there is a GPU, as exit code
       lane.py --pack FOLDER OUT    what they need, for a machine without this one's libraries: the
                                    programs, their scripts, and libraries but the C library's, the
                                    driver's and CUDA's (there: PyPI's nvidia-* or CUDA's toolkit)

A test is a file: how many GPUs it needs, then the words of its command, one a line.
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 300  # of one test
# Of the machine that runs the tests: they belong to its kernel and its driver.
NOT_PACKED = re.compile(r"(ld-linux|libc|libm|libdl|librt|libpthread|libresolv|libcuda|libcudart|libcublas|libcublasLt|libnccl)"
                        r"[-.\d]*\.so")


def count_gpus():
    """Those with a device file, of which CUDA_VISIBLE_DEVICES may hide some."""
    count = len(glob.glob("/dev/nvidia[0-9]*"))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return count
    return min(count, len([name for name in visible.split(",") if name.strip()]))


def read_test(path, folder):
    """(GPUs, command) of a test; the folder and the sources may have moved since it was built."""
    gpus, built_in, source, *words = path.read_text(encoding="utf-8").splitlines()
    packed = folder / "source"
    for old, new in {built_in: folder, source: packed if packed.is_dir() else ROOT}.items():
        words = [str(new) + word[len(old):] if word.startswith(old + "/") else word for word in words]
    return int(gpus), words


def library_path(folder):
    """What was packed, and what PyPI's nvidia-* packages have beside this Python."""
    site = pathlib.Path(sysconfig.get_path("purelib"))
    places = [folder / "lib", *sorted(site.glob("nvidia/*/lib"))]
    known = os.environ.get("LD_LIBRARY_PATH")
    return ":".join([str(place) for place in places if place.is_dir()] + ([known] if known else []))


def run(folder, gpus):
    """The exit code."""
    folder = pathlib.Path(folder).resolve()
    if gpus == 0:
        print("GPU lane: this machine has no GPU that can be used (no /dev/nvidia0, or "
              "CUDA_VISIBLE_DEVICES hides it); the lane needs one")
        return 1
    tests = {path.name: read_test(path, folder) for path in sorted(folder.glob("gpu-tests/*"))}
    wanted = {name: test for name, test in tests.items() if test[0] <= gpus}
    if not wanted:
        print(f"GPU lane: {folder}/gpu-tests has no test for {gpus} GPUs; ./dev build --cuda makes it")
        return 1
    environment = dict(os.environ, LD_LIBRARY_PATH=library_path(folder))
    failed = []
    for name, (_, command) in wanted.items():
        try:
            code = subprocess.run(command, stdin=subprocess.DEVNULL, env=environment,
                                  timeout=SECONDS, check=False).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            code = str(error)
        print(f"GPU lane: {name}: {'passed' if code == 0 else f'FAILED ({code})'}", flush=True)
        if code != 0:
            failed.append(name)
    for name in tests.keys() - wanted.keys():
        print(f"GPU lane: {name}: left out, it needs {tests[name][0]} GPUs and there is {gpus}")
    print(f"{len(wanted) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def pack(folder, out):
    folder, out = pathlib.Path(folder).resolve(), pathlib.Path(out)
    (out / "lib").mkdir(parents=True)
    shutil.copytree(folder / "gpu-tests", out / "gpu-tests")
    shutil.copy2(__file__, out)
    tests = [read_test(path, folder) for path in sorted(folder.glob("gpu-tests/*"))]
    for file in {pathlib.Path(word) for _, words in tests for word in words if word.startswith("/")}:
        if file.is_relative_to(folder):
            place = out / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, place)
            listing = subprocess.run(["ldd", file], check=True, capture_output=True, text=True)
            for name, library in re.findall(r"(\S+) => (/\S+)", listing.stdout):
                if not NOT_PACKED.match(name):
                    shutil.copy2(library, out / "lib" / name)
        else:  # a script; it may import those beside it
            place = out / "source" / file.relative_to(ROOT).parent
            place.mkdir(parents=True, exist_ok=True)
            for script in file.parent.glob("*.py"):
                shutil.copy2(script, place)


def main():
    if len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        sys.exit(run(sys.argv[1], count_gpus()))
    if sys.argv[1:] == ["--has-gpu"]:
        sys.exit(0 if count_gpus() > 0 else 1)
    if len(sys.argv) == 4 and sys.argv[1] == "--pack":
        sys.exit(pack(*sys.argv[2:]))
    sys.exit(__doc__)


if __name__ == "__main__":
    main()
