#!/usr/bin/env python3
"""clang-tidy over the sources of a configured build folder; see ./dev lint.

By default: the rooms' files that use no precompiled torch header. Parsing torch takes clang-tidy
half a minute a file, and the tests are checked by --all. A file is skipped where an earlier run
found nothing wrong with the same text, headers and settings; that memory is in the user's cache.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

TIDY = "clang-tidy-14"
ROOT = pathlib.Path(__file__).resolve().parent.parent
MEMORY = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "hone-lint"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def load_commands(build):
    """{file: (command for clang, uses torch)} for Hone's own sources."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"]).resolve()
        if ROOT not in file.parents or build in file.parents or file.suffix != ".cc":
            continue
        words = shlex.split(entry["command"])
        torch = any(word.endswith("cmake_pch.hxx") for word in words)
        # GCC's precompiled header and its options mean nothing to clang.
        clean, skip = [], False
        for word, following in zip(words, words[1:] + [""]):
            if skip or word in ("-Winvalid-pch", "-fpch-preprocess", "-fno-sanitize-recover=all"):
                skip = False
            elif word == "-include" and following.endswith("cmake_pch.hxx"):
                skip = True
            else:
                clean.append(word)
        commands[file] = (clean, torch)
    return commands


def with_headers(file, build, seen):
    """The file and Hone's own headers that it includes, however deep."""
    seen.add(file)
    for name in INCLUDE.findall(file.read_text(encoding="utf-8")):
        for root in (ROOT, build):
            header = root / name
            if header.is_file() and header not in seen:
                with_headers(header, build, seen)
    return seen


def fingerprint(file, command, build, settings):
    digest = hashlib.sha256(settings)
    digest.update(" ".join(command).replace(str(ROOT), "").encode())
    for part in sorted(with_headers(file, build, set())):
        digest.update(part.name.encode() + b"\0" + part.read_bytes())
    return digest.hexdigest()


def tidy(file, database):
    """What clang-tidy complains about, or "" if nothing."""
    run = subprocess.run(["nice", TIDY, "--quiet", "-p", str(database), str(file)],
                         capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return ""
    return (run.stdout or run.stderr).replace(str(ROOT) + "/", "").strip()


def choose(commands, arguments):
    if arguments.files:
        wanted = [pathlib.Path(name).resolve() for name in arguments.files]
        unknown = [str(f) for f in wanted if f not in commands]
        if unknown:
            sys.exit("lint: not compiled in this build: " + " ".join(unknown))
        return wanted
    if arguments.all:
        return sorted(commands)
    return sorted(file for file, (_, torch) in commands.items()
                  if not torch and file.relative_to(ROOT).parts[0] != "tests")


def main():
    parser = argparse.ArgumentParser(prog="./dev lint", description=__doc__)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--jobs", type=int, default=2, help=argparse.SUPPRESS)
    parser.add_argument("--all", action="store_true", help="torch-using files and tests too")
    parser.add_argument("files", nargs="*", help="only these")
    arguments = parser.parse_args()

    build = pathlib.Path(arguments.build).resolve()
    commands = load_commands(build)
    chosen = choose(commands, arguments)
    if not chosen:
        sys.exit("lint: nothing to check")
    database = build / "lint"
    database.mkdir(exist_ok=True)
    (database / "compile_commands.json").write_text(json.dumps(
        [{"directory": str(build), "file": str(f), "arguments": c}
         for f, (c, _) in commands.items()]))

    settings = (ROOT / ".clang-tidy").read_bytes()
    settings += subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    MEMORY.mkdir(parents=True, exist_ok=True)
    marks = {f: MEMORY / fingerprint(f, commands[f][0], build, settings) for f in chosen}
    todo = [f for f in chosen if not marks[f].exists()]
    print(f"dev: lint: {len(todo)} files to check, {len(chosen) - len(todo)} unchanged since they "
          "were in order", file=sys.stderr)

    num_bad = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for file, complaint in zip(todo, pool.map(lambda f: tidy(f, database), todo)):
            if complaint:
                num_bad += 1
                print(complaint, flush=True)
            else:
                marks[file].touch()
    if num_bad:
        sys.exit(f"dev: lint: {num_bad} of {len(chosen)} files have mistakes")


if __name__ == "__main__":
    main()
