#include "reward/code.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/reward/sandbox/machine.h"

namespace hone {
namespace {

using ::testing::HasSubstr;

constexpr char kDouble[] = R"({"inputs":["1","2","3","4"],"outputs":["2","4","6","8"]})";

class Code : public ::testing::Test {
 protected:
  void SetUp() override { HONE_NEEDS_SANDBOX(); }

  static Verdict Judge(CodeLanguage language, absl::string_view program, absl::string_view record,
                       const CodeSpec& spec = {}) {
    const auto verifier = MakeCodeVerifier(language, spec);
    EXPECT_TRUE(verifier.ok()) << verifier.status();
    if (!verifier.ok()) return {};
    return (*verifier)->Judge("", absl::StrCat("Here:\n```\n", program, "\n```\n"), record);
  }
  static Verdict Python(absl::string_view program, absl::string_view record,
                        const CodeSpec& spec = {}) {
    return Judge(CodeLanguage::kPython, program, record, spec);
  }
  static Verdict Cpp(absl::string_view program, absl::string_view record,
                     const CodeSpec& spec = {}) {
    return Judge(CodeLanguage::kCpp, program, record, spec);
  }
};

TEST_F(Code, GivesTheShareOfTestsPassed) {
  Verdict verdict = Python("print(int(input()) * 2)", kDouble);
  EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << verdict.detail;
  EXPECT_EQ(verdict.reward, 1);
  EXPECT_EQ(verdict.detail, "4 of 4 tests");

  verdict = Python("n = int(input())\nprint(n * 2 if n != 3 else 7)", kDouble);
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect);
  EXPECT_EQ(verdict.reward, 0.75);
  EXPECT_EQ(verdict.detail, "3 of 4 tests; test 3: printed 7\\n, wanted 6");

  verdict = Python("n = int(input())\nprint(n * 2 if n != 3 else 7)", kDouble, {.credit = "all"});
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect);
  EXPECT_EQ(verdict.reward, 0);

  verdict =
      Cpp("#include <iostream>\nint main() { int n; std::cin >> n; std::cout << 2 * n; }", kDouble);
  EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << verdict.detail;
  verdict = Cpp("#include <cstdio>\nint main() { puts(\"4\"); }", kDouble);
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect);
  EXPECT_EQ(verdict.reward, 0.25);
}

TEST_F(Code, CallsFunctionsAndMethods) {
  constexpr char kRecord[] = R"({"fn_name":"add","inputs":[[1,2],[[1],[2]]],"outputs":[3,[1,2]]})";
  for (const char* program :
       {"def add(a, b): return a + b",
        "class Solution:\n  def add(self, a: List[int], b: Optional[int]): return a + b",
        "def add(a, b):\n  print('noise')\n  return a + b\nif __name__ == '__main__': print(add(1, "
        "2))",
        "import functools\n@functools.cache\ndef g(): return 1\nadd = lambda a, b: a + b",
        "def add(a, b): return tuple(a + b) if type(a) == list else a + b"}) {
    const Verdict verdict = Python(program, kRecord);
    EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << program << "\n" << verdict.detail;
  }
  EXPECT_THAT(Python("def sum(a, b): return a + b", kRecord).detail,
              HasSubstr("there is no function add"));
  EXPECT_THAT(Python("def add(a): return a", kRecord).detail, HasSubstr("TypeError"));
  EXPECT_THAT(Python("def add(a, b): return {a}", kRecord).detail, HasSubstr("TypeError"));
  EXPECT_EQ(Python("def add(a, b): print(a + b)", kRecord).outcome, Outcome::kIncorrect);
  EXPECT_EQ(Python("def add(a, b): return float('nan')", kRecord).outcome, Outcome::kIncorrect);
  EXPECT_EQ(Cpp("int add(int a, int b) { return a + b; } int main() {}", kRecord).outcome,
            Outcome::kError);
}

TEST_F(Code, ProgramsMayDoWhatHonestOnesDo) {
  constexpr char kRecord[] = R"([{"input":"3\n1 2 3\n","output":"ok"}])";
  for (const char* program :
       {"import sys\ndata = sys.stdin.buffer.read().split()\nsys.stdout.write('ok' * (len(data) == "
        "4))",
        "import sys\nfor line in sys.stdin: pass\nprint('ok')",
        "import sys\nfrom os import path\nsys.stdin.readline()\nprint('ok') ; sys.exit()",
        "import os, io\ninput = io.BytesIO(os.read(0, os.fstat(0).st_size)).readline\n"
        "os.write(1, b'ok' if input() else b'')",
        "import threading, sys\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**27)\n"
        "def f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
        "def main(): print('ok' if f(200000) == 200000 else '')\n"
        "t = threading.Thread(target=main); t.start(); t.join()",
        "import asyncio\nasync def f(): print('ok')\nasyncio.run(f())",
        "open('x.txt', 'w').write('ok')\nprint(open('x.txt').read())",
        "import tempfile\nwith tempfile.TemporaryFile() as f: f.write(b'1')\nprint('ok')",
        "from dataclasses import dataclass\n@dataclass\nclass A:\n  x: int = 1\nprint('ok' * "
        "A().x)",
        "import pickle\nclass A: pass\npickle.loads(pickle.dumps(A()))\nprint('ok')",
        "import atexit\natexit.register(lambda: print('ok'))",
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as e: print(list(e.map(str, ['ok']))[0])",
        "exit = print('ok')", "print('ok')\nraise SystemExit(0)", "print('ok')\nquit()"}) {
    const Verdict verdict = Python(program, kRecord);
    EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << program << "\n" << verdict.detail;
  }
  for (const char* program :
       {"#include <bits/stdc++.h>\nusing namespace std;\nint d(int n) { return n ? 1 + d(n - 1) : "
        "0; }\n"
        "int main() { ios::sync_with_stdio(0); cin.tie(0); int n; cin >> n; vector<int> v(n);\n"
        "  for (auto& x : v) cin >> x; volatile int k = 1000000; if (d(k) == k) cout << \"ok\\n\"; "
        "}",
        "#include <thread>\n#include <cstdio>\nint main() { std::thread([] { puts(\"ok\"); "
        "}).join(); }",
        "#include <fstream>\n#include <iostream>\nint main() { { std::ofstream(\"x\") << \"ok\"; "
        "}\n"
        "  std::string s; std::ifstream(\"x\") >> s; std::cout << s; }"}) {
    const Verdict verdict = Cpp(program, kRecord);
    EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << program << "\n" << verdict.detail;
  }
}

TEST_F(Code, AFailureIsTheProgramsOwn) {
  EXPECT_THAT(Python("1 / 0", kDouble).detail,
              HasSubstr("0 of 4 tests; test 1: exit code 1: ZeroDivisionError"));
  // The right output and a bad end is no success.
  EXPECT_EQ(Python("print(int(input()) * 2)\nraise ValueError", kDouble).reward, 0);
  EXPECT_EQ(Cpp("#include <cstdio>\nint main() { int n; scanf(\"%d\", &n); printf(\"%d\", 2 * n);"
                " return 1; }",
                kDouble)
                .reward,
            0);
  const Verdict verdict = Cpp("int main() { return x; }", kDouble);
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect);
  EXPECT_THAT(verdict.detail, HasSubstr("does not compile: <stdin>:1:21: error:"));
  EXPECT_EQ(Python(std::string(70000, '#'), kDouble).outcome, Outcome::kIncorrect);
}

TEST_F(Code, TimeRunsOutForAllTestsTogether) {
  const Verdict verdict = Python("n = int(input())\nwhile n > 1: pass\nprint(2)", kDouble,
                                 {.time_seconds = 1, .total_seconds = 1});
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect);
  EXPECT_EQ(verdict.reward, 0.25);
  EXPECT_EQ(verdict.detail,
            "1 of 4 tests; test 2: out of time, 1 s of CPU; the tests behind test 2 were not run: "
            "out of total_seconds");
}

TEST_F(Code, WaitingALittleInEachTestIsNoWayToHoldACore) {
  std::string tests;
  for (int i = 0; i < 12; ++i)
    absl::StrAppend(&tests, i ? "," : "", R"({"input":"","output":"1"})");
  const Verdict verdict =
      Python("import time\ntime.sleep(0.5)\nprint(1)", absl::StrCat("[", tests, "]"),
             {.time_seconds = 1, .total_seconds = 1, .wall_seconds = 1});
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect);
  EXPECT_THAT(verdict.detail, HasSubstr("were not run: it waited"));
}

TEST_F(Code, NoBlockIsUnparseableAndABadRecordOurError) {
  for (const CodeLanguage language : {CodeLanguage::kPython, CodeLanguage::kCpp}) {
    const auto verifier = MakeCodeVerifier(language, {});
    ASSERT_TRUE(verifier.ok()) << verifier.status();
    EXPECT_EQ((*verifier)->Judge("", "print(2)", kDouble).outcome, Outcome::kUnparseable);
    EXPECT_EQ((*verifier)->Judge("", "", kDouble).outcome, Outcome::kUnparseable);
    EXPECT_EQ((*verifier)->Judge("", "```\nx\n```", "{}").outcome, Outcome::kError);
    EXPECT_TRUE((*verifier)->CheckAnswer(kDouble).ok());
    EXPECT_FALSE((*verifier)->CheckAnswer("{}").ok());
    EXPECT_EQ((*verifier)->Vote("```\n x \n```"), "x");
    EXPECT_EQ((*verifier)->Vote("x"), "");
  }
}

TEST_F(Code, ExplainsEachTest) {
  const auto verifier = MakeCodeVerifier(CodeLanguage::kPython, {});
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  const Explanation steps = (*verifier)->Explain("", "```\nprint(4)\n```", kDouble);
  ASSERT_EQ(steps.size(), 6);
  EXPECT_EQ(steps[0], (std::pair<std::string, std::string>("program", "print(4)\n")));
  EXPECT_EQ(steps[1].second, "printed 4\\n, wanted 2");
  EXPECT_EQ(steps[2].second, "passed");
}

TEST_F(Code, JudgesFromSeveralThreads) {
  const auto verifier = MakeCodeVerifier(CodeLanguage::kPython, {});
  ASSERT_TRUE(verifier.ok()) << verifier.status();
  std::vector<double> rewards(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < rewards.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::string program = absl::StrCat("```\nprint(int(input()) if ", i, " else 2)\n```");
      for (int k = 0; k < 5; ++k) rewards[i] += (*verifier)->Judge("", program, kDouble).reward;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < rewards.size(); ++i) EXPECT_EQ(rewards[i], i == 0 ? 1.25 : 0) << i;
}

}  // namespace
}  // namespace hone
