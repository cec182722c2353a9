#!/usr/bin/env python3
"""Checks the rules between Hone's folders ("rooms"), and that no source file is left out.

usage: rules.py SOURCE_ROOT      exit code 1 and a line for each violation, if there is any
"""

import pathlib
import re
import sys

# A room may include only rooms of an earlier level; those of one level never meet.
LEVELS = [
    ["base"],
    ["proto", "config", "kernels"],
    ["data"],
    ["model", "cluster"],
    ["rollout", "reward", "trainer"],
    ["report", "serve"],
    ["app"],
]
LEVEL_OF = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
ONLY_BASE = {"config", "kernels"}  # they may include base alone

TORCH_FREE = ["base", "config", "data", "kernels", "reward", "rollout/engine", "cluster/supervisor",
              "trainer/algorithm"]
TORCH_HEADER = re.compile(r"(torch|ATen|c10|caffe2)/")
RPC_HEADER = "proto/hone.grpc.pb.h"
RPC_FILE = re.compile(r"(.*_(service|client)\.(h|cc)|trainer/coordinator/.*)")
CLUSTER_HEADERS = {"mpi.h", "nccl.h"}

MAX_LINES = 600
SOURCE_SUFFIXES = {".h", ".cc", ".cu"}
NOT_ROOMS = {"tests", "bench"}  # they may include every room
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


class Tree:
    """The source files under a root: their text, and whom they include."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = sorted(self.find(SOURCE_SUFFIXES))
        self.text = {f: (self.root / f).read_text(encoding="utf-8") for f in self.files}
        self.includes = {f: self.parse_includes(f) for f in self.files}
        self.scripts = sorted(self.find({".py"}))
        self.lists = sorted(f for f in self.find({".txt"}) if f.endswith("CMakeLists.txt"))

    def find(self, suffixes):
        for folder in self.root.iterdir():
            if not folder.is_dir() or re.match(r"\.|build|runs$|docs$|shared$", folder.name):
                continue
            for path in folder.rglob("*"):
                if path.suffix in suffixes and path.is_file():
                    yield path.relative_to(self.root).as_posix()

    def parse_includes(self, file):
        """(line number, included path) pairs."""
        found = []
        for number, line in enumerate(self.text[file].splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                found.append((number, match.group(1)))
        return found


def room_of(path):
    return path.split("/")[0]


def check_rooms(tree):
    for file in tree.files:
        room = room_of(file)
        if room in NOT_ROOMS:
            continue
        if room not in LEVEL_OF:
            yield f"{file}: {room}/ is not a room; the list is in tests/architecture/rules.py"
            continue
        for line, target in tree.includes[file]:
            other = room_of(target)
            if "/" not in target and (tree.root / file).with_name(target).is_file():
                yield f"{file}:{line}: includes {target} without its folder"
            if other not in LEVEL_OF or other == room:
                continue
            if LEVEL_OF[other] >= LEVEL_OF[room]:
                yield f"{file}:{line}: {room}/ may not include {other}/ ({target})"
            elif room in ONLY_BASE and other != "base":
                yield f"{file}:{line}: {room}/ may include only base/, not {target}"


def torch_trail(tree, file, seen):
    """The way of includes from file to a torch header, or None."""
    for _, target in tree.includes.get(file, []):
        if TORCH_HEADER.match(target):
            return [file, target]
        if target in tree.includes and target not in seen:
            seen.add(target)
            trail = torch_trail(tree, target, seen)
            if trail:
                return [file] + trail
    return None


def check_torch_free(tree):
    for file in tree.files:
        if any(file.startswith(folder + "/") for folder in TORCH_FREE):
            trail = torch_trail(tree, file, {file})
            if trail:
                yield f"{file}: must be free of torch, but includes " + " > ".join(trail[1:])


def check_rpc_headers(tree):
    for file in tree.files:
        if room_of(file) in NOT_ROOMS or RPC_FILE.fullmatch(file):
            continue
        for line, target in tree.includes[file]:
            if target == RPC_HEADER:
                yield f"{file}:{line}: only *_service, *_client and coordinator files use {target}"


def check_cluster_headers(tree):
    for file in tree.files:
        if re.match(r"(tests/|bench/)?cluster/", file):
            continue
        for line, target in tree.includes[file]:
            if target in CLUSTER_HEADERS:
                yield f"{file}:{line}: only cluster/ includes {target}"


def cmake_text(path):
    """A CMakeLists.txt without comments, its foreach(name word…) loops written out."""
    text = re.sub(r"#[^\n]*", "", path.read_text(encoding="utf-8"))

    def write_out(loop):
        name, words, body = loop.group(1), loop.group(2).split(), loop.group(3)
        return "".join(body.replace("${" + name + "}", word) for word in words)

    return re.sub(r"foreach\(\s*(\w+)\s([^()]*)\)(.*?)endforeach\(\w*\)", write_out, text,
                  flags=re.S)


def check_listed(tree):
    """Every .cc and .cu is in a CMakeLists.txt; every *_test.cc is a hone_test() of tests/."""
    listed, tests = set(), set()
    for name in tree.lists:
        folder = pathlib.PurePosixPath(name).parent
        text = cmake_text(tree.root / name)
        for word in re.findall(r'[^\s()"]+\.(?:cc|cu)\b', text):
            word = re.sub(r"^\$\{(CMAKE|PROJECT)_SOURCE_DIR\}/", "/", word)
            word = re.sub(r"^\$\{CMAKE_CURRENT_SOURCE_DIR\}/", "", word)
            listed.add(word[1:] if word.startswith("/") else (folder / word).as_posix())
        if room_of(name) == "tests":
            tests.update(f"tests/{path}_test.cc"
                         for path in re.findall(r"hone_test\(\s*([^\s()]+)", text))
    for file in tree.files:
        if file.endswith("_test.cc") and room_of(file) == "tests":
            if file not in tests:
                yield f"{file}: no hone_test() under tests/ names it, so it never runs"
        elif file.endswith((".cc", ".cu")) and file not in listed:
            yield f"{file}: no CMakeLists.txt lists it, so it is never compiled"
    for file in sorted(tests - set(tree.files)):
        yield f"{file}: a CMakeLists.txt names this test, but it does not exist"


def check_scripts_listed(tree):
    """Every *_test.py of tests/ is named by the CMakeLists.txt of its folder or of one above."""
    for file in tree.scripts:
        path = pathlib.PurePosixPath(file)
        if path.parts[0] != "tests" or not file.endswith("_test.py"):
            continue
        lists = [f for f in tree.lists if pathlib.PurePosixPath(f).parent in path.parents]
        if not any(path.name in cmake_text(tree.root / f) for f in lists):
            yield f"{file}: no CMakeLists.txt names it, so it never runs"


def check_subdirectories(tree):
    """A CMakeLists.txt that its parent does not add is never read."""
    for name in tree.lists:
        folder = pathlib.PurePosixPath(name).parent
        parents = [p / "CMakeLists.txt" for p in folder.parents]
        text = {p: cmake_text(tree.root / p) for p in parents if (tree.root / p).exists()}
        if not any(re.search(rf"add_\w+\({folder.relative_to(p.parent)}\)", t)
                   for p, t in text.items()):
            yield f"{name}: no add_subdirectory() leads here"


def check_length(tree):
    for file in tree.files:
        lines = tree.text[file].count("\n")
        if lines > MAX_LINES:
            yield f"{file}: {lines} lines; split it (at most {MAX_LINES})"


def check_header_guards(tree):
    for file in tree.files:
        if not file.endswith(".h"):
            continue
        guard = "HONE_" + re.sub(r"[^A-Za-z0-9]", "_", file).upper() + "_"
        text = tree.text[file]
        plain = re.search(rf"^#ifndef {guard}\n#define {guard}$", text, re.M)
        # Highway's headers are included once for each instruction set.
        per_target = file.endswith("-inl.h") and re.search(rf"^#define {guard}$", text, re.M)
        if not plain and not per_target:
            yield f"{file}: its header guard must be {guard}"


CHECKS = [check_rooms, check_torch_free, check_rpc_headers, check_cluster_headers, check_listed,
          check_scripts_listed, check_subdirectories, check_length, check_header_guards]


def violations(root):
    tree = Tree(root)
    return [message for check in CHECKS for message in check(tree)]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = violations(sys.argv[1])
    for message in found:
        print(message)
    if not Tree(sys.argv[1]).files:
        sys.exit(f"no sources under {sys.argv[1]}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
