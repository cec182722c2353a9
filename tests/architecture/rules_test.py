#!/usr/bin/env python3
"""Plants one violation of each rule in a small tree and sees that rules.py finds it, and only it."""

import pathlib
import tempfile
import unittest

import rules

# A tree without a violation.
GOOD = {
    "CMakeLists.txt": "".join(f"add_subdirectory({folder})\n" for folder in [
        "base", "kernels", "cluster", "rollout", "trainer", "tests/base"]),
    "base/CMakeLists.txt": "hone_library(hone_base SOURCES status.cc)\n",
    "base/status.h": "#ifndef HONE_BASE_STATUS_H_\n#define HONE_BASE_STATUS_H_\n#endif\n",
    "base/status.cc": '#include "base/status.h"\n',
    "kernels/CMakeLists.txt": "hone_library(hone_kernels SOURCES matmul.cc simd.cu)\n",
    "kernels/matmul.cc": '#include "base/status.h"\n#include "hwy/highway.h"\n',
    "kernels/simd.cu": "",
    "kernels/simd-inl.h": "#if defined(HONE_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)\n"
                          "#define HONE_KERNELS_SIMD_INL_H_\n#endif\n#endif\n",
    "model/block.h": "#ifndef HONE_MODEL_BLOCK_H_\n#define HONE_MODEL_BLOCK_H_\n"
                     "#include <torch/torch.h>\n#endif\n",
    "rollout/CMakeLists.txt": "add_subdirectory(engine)\nhone_library(x SOURCES a_service.cc)\n",
    "rollout/a_service.cc": '#include "proto/hone.grpc.pb.h"\n#include "model/block.h"\n',
    "rollout/engine/CMakeLists.txt": "hone_library(y SOURCES engine.cc)\n",
    "rollout/engine/engine.cc": '#include "kernels/simd-inl.h"\n#include <vector>\n',
    "trainer/CMakeLists.txt": "hone_library(t SOURCES coordinator/leases.cc)\n",
    "trainer/coordinator/leases.cc": '#include "proto/hone.grpc.pb.h"\n',
    "cluster/CMakeLists.txt": "hone_library(c SOURCES mpi.cc)\n",
    "cluster/mpi.cc": "#include <mpi.h>\n",
    "tests/base/CMakeLists.txt": "hone_test(base/status DEPS hone_base)\n",
    "tests/base/status_test.cc": '#include "app/command.h"\n',
}


class RulesTest(unittest.TestCase):
    def found(self, changes):
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**GOOD, **changes}.items():
                file = pathlib.Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return rules.violations(root)

    def expect(self, changes, *parts):
        found = self.found(changes)
        self.assertEqual(len(found), 1, found)
        for part in parts:
            self.assertIn(part, found[0])

    def test_good_tree(self):
        self.assertEqual(self.found({}), [])

    def test_later_room(self):
        self.expect({"base/status.cc": '#include "model/config.h"\n'},
                    "base/status.cc:1:", "base/ may not include model/")

    def test_same_level(self):
        self.expect({"trainer/coordinator/leases.cc": '\n#include "rollout/worker.h"\n'},
                    "leases.cc:2:", "trainer/ may not include rollout/")
        self.expect({"cluster/mpi.cc": '#include "model/config.h"\n'},
                    "cluster/ may not include model/")

    def test_angle_brackets_do_not_hide(self):
        self.expect({"base/status.cc": "#  include <trainer/batch.h>\n"}, "may not include trainer/")

    def test_kernels_use_only_base(self):
        self.expect({"kernels/matmul.cc": '#include "proto/hone.pb.h"\n'}, "may not include proto/")

    def test_room_is_known(self):
        self.expect({"misc/x.h": "#ifndef HONE_MISC_X_H_\n#define HONE_MISC_X_H_\n#endif\n"},
                    "misc/ is not a room")

    def test_include_without_folder(self):
        self.expect({"base/status.cc": '#include "status.h"\n'}, "without its folder")

    def test_torch_free(self):
        for header in ["torch/torch.h", "ATen/ATen.h", "c10/util/Exception.h"]:
            self.expect({"kernels/matmul.cc": f"#include <{header}>\n"}, "must be free of torch")

    def test_torch_free_through_another_header(self):
        self.expect({"rollout/engine/engine.cc": '#include "model/block.h"\n'},
                    "rollout/engine/engine.cc", "model/block.h > torch/torch.h")

    def test_rpc_header(self):
        self.expect({"rollout/engine/engine.cc": '#include "proto/hone.grpc.pb.h"\n'},
                    "engine.cc:1:", "hone.grpc.pb.h")

    def test_mpi_and_nccl(self):
        for header in ["mpi.h", "nccl.h"]:
            self.expect({"trainer/coordinator/leases.cc": f"#include <{header}>\n"},
                        f"only cluster/ includes {header}")

    def test_unregistered_test(self):
        self.expect({"tests/base/hash_test.cc": ""}, "tests/base/hash_test.cc", "never runs")
        self.expect({"tests/base/CMakeLists.txt": "# hone_test(base/status)\n"}, "never runs")

    def test_registered_test_is_missing(self):
        self.expect({"tests/base/CMakeLists.txt": "hone_test(base/status)\nhone_test(base/gone)\n"},
                    "tests/base/gone_test.cc", "does not exist")

    def test_unregistered_script(self):
        self.expect({"tests/base/cli_test.py": ""}, "tests/base/cli_test.py", "never runs")

    def test_loop_over_tests(self):
        loop = "foreach(name IN_TWO_LINES\n    status)\n  hone_test(base/${name})\nendforeach()\n"
        self.assertEqual(self.found({"tests/base/CMakeLists.txt": loop.replace("IN_TWO_LINES", "")}),
                         [])
        self.expect({"tests/base/CMakeLists.txt": loop}, "tests/base/IN_TWO_LINES_test.cc")

    def test_unlisted_source(self):
        self.expect({"base/hash.cc": ""}, "base/hash.cc", "never compiled")
        self.expect({"kernels/extra.cu": ""}, "kernels/extra.cu", "never compiled")

    def test_unreached_list(self):
        self.expect({"rollout/CMakeLists.txt": "hone_library(x SOURCES a_service.cc)\n"},
                    "rollout/engine/CMakeLists.txt", "no add_subdirectory()")
        self.expect({"tests/system/CMakeLists.txt": ""}, "tests/system/CMakeLists.txt")

    def test_long_file(self):
        self.expect({"base/status.cc": "\n" * 601}, "601 lines")
        self.assertEqual(self.found({"base/status.cc": "\n" * 600}), [])

    def test_header_guard(self):
        self.expect({"base/status.h": "#pragma once\n"}, "HONE_BASE_STATUS_H_")
        self.expect({"base/status.h": "#ifndef HONE_STATUS_H_\n#define HONE_STATUS_H_\n#endif\n"},
                    "HONE_BASE_STATUS_H_")


if __name__ == "__main__":
    unittest.main()
