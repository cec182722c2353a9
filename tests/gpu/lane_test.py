#!/usr/bin/env python3
"""The GPU lane cannot be green for nothing: it fails without a GPU, without tests, and with a test that
fails. All of it without a GPU."""

import contextlib
import io
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import lane

ROOT = pathlib.Path(__file__).resolve().parents[2]


class LaneTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name, "build")
        (self.folder / "gpu-tests").mkdir(parents=True)

    def add(self, name, gpus, *words):
        lines = [str(gpus), "/built/there", "/source/there", *words]
        (self.folder / "gpu-tests" / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def run_lane(self, gpus):
        """(exit code, what it says)"""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = lane.run(self.folder, gpus)
        return code, said.getvalue()

    def test_fails_without_a_gpu(self):
        self.add("good", 1, "true")
        code, said = self.run_lane(0)
        self.assertEqual(code, 1)
        self.assertIn("this machine has no GPU", said)
        self.assertNotIn("passed", said)

    def test_fails_without_tests(self):
        self.assertEqual(self.run_lane(1)[0], 1)
        self.add("two", 2, "true")
        code, said = self.run_lane(1)
        self.assertEqual(code, 1)
        self.assertIn("no test for 1 GPUs", said)

    def test_fails_with_a_test(self):
        self.add("bad", 1, "false")
        self.add("good", 1, "true")
        code, said = self.run_lane(1)
        self.assertEqual(code, 1)
        self.assertIn("bad: FAILED (1)", said)
        self.assertIn("1 passed, 1 failed", said)

    def test_fails_without_a_program(self):
        self.add("absent", 1, "/built/there/absent")
        code, said = self.run_lane(1)
        self.assertEqual(code, 1)
        self.assertIn("absent: FAILED", said)

    def test_runs_what_there_are_gpus_for(self):
        self.add("one", 1, "true")
        self.add("two", 2, "false")
        code, said = self.run_lane(1)
        self.assertEqual(code, 0)
        self.assertIn("two: left out, it needs 2 GPUs and there is 1", said)
        self.assertIn("1 passed, 0 failed", said)
        self.assertEqual(self.run_lane(2)[0], 1)

    def test_finds_programs_of_a_moved_folder(self):
        program = self.folder / "says"
        program.write_text("#!/bin/sh\ntest -f \"$1\" && echo \"$LD_LIBRARY_PATH\" > " +
                           f"{self.folder}/said\n", encoding="utf-8")
        program.chmod(0o755)
        (self.folder / "lib").mkdir()
        self.add("moved", 1, "/built/there/says", "/source/there/tests/gpu/lane.py")
        self.assertEqual(self.run_lane(1)[0], 0)
        self.assertIn(f"{self.folder}/lib", (self.folder / "said").read_text(encoding="utf-8"))

    def test_packs_programs_with_their_libraries(self):
        out = self.folder.parent / "packed"
        shutil.copy2(shutil.which("git"), self.folder)
        self.add("one", 1, "/built/there/git", "/source/there/tests/gpu/lane_test.py")
        lane.pack(self.folder, out)
        self.assertTrue((out / "git").is_file())
        self.assertTrue((out / "lane.py").is_file())
        self.assertTrue((out / "source/tests/gpu/lane_test.py").is_file())
        libraries = {path.name for path in (out / "lib").iterdir()}
        self.assertTrue(any(name.startswith("libz.") for name in libraries), libraries)
        self.assertFalse(any(name.startswith("libc.") for name in libraries), libraries)

    def test_the_command_fails_without_a_gpu(self):
        for arguments in [[], [str(self.folder)]]:
            done = subprocess.run([ROOT / "dev", "test", "--gpu", *arguments], capture_output=True,
                                  text=True, check=False, stdin=subprocess.DEVNULL,
                                  env=dict(os.environ, CUDA_VISIBLE_DEVICES=""))
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("this machine has no GPU", done.stdout)


if __name__ == "__main__":
    unittest.main()
