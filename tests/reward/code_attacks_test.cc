// Programs that want a reward without earning it, or to harm the machine. Each gets nothing, is
// incorrect (a sandbox that gave way would be an error), and leaves nothing behind.
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "reward/code.h"
#include "tests/reward/sandbox/leftovers.h"
#include "tests/reward/sandbox/machine.h"

namespace hone {
namespace {

using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;

const CodeSpec kSpec = {
    .time_seconds = 1, .total_seconds = 2, .wall_seconds = 2, .memory_mb = 256, .output_mb = 1};
constexpr char kWanted[] = R"({"tests":[{"input":"in","output":"secret-7391"}]})";
constexpr char kWantedCall[] = R"({"fn_name":"f","inputs":[[1]],"outputs":["secret-7391"]})";

std::string Block(absl::string_view mark, absl::string_view program) {
  return absl::StrCat("```", mark, "\n", program, "\n```");
}

struct Attack {
  const char* name;
  const char* program;
};

std::ostream& operator<<(std::ostream& out, const Attack& attack) { return out << attack.name; }

// Judges, and checks that everything that was started or opened for it is gone afterwards.
Verdict Judge(CodeLanguage language, absl::string_view program, absl::string_view record) {
  const int files_before = NumOpenFiles();
  EXPECT_EQ(NumDescendants(), 0);
  Verdict verdict;
  {
    const auto verifier = MakeCodeVerifier(language, kSpec);
    EXPECT_TRUE(verifier.ok()) << verifier.status();
    if (!verifier.ok()) return verdict;
    const bool python = language == CodeLanguage::kPython;
    verdict = (*verifier)->Judge("", Block(python ? "python" : "cpp", program), record);
    // A cell that waits for more is its helper and its first process; or the attack used it up.
    EXPECT_THAT(NumDescendants(), AnyOf(0, 2));
  }
  EXPECT_EQ(NumDescendants(), 0);
  EXPECT_EQ(NumOpenFiles(), files_before);
  for (const char* folder : {"/tmp", "/var/tmp", "/dev/shm", "/usr", "/"}) {
    EXPECT_FALSE(std::filesystem::exists(absl::StrCat(folder, "/hone_attack"))) << folder;
  }
  return verdict;
}

class CodeAttacks : public ::testing::TestWithParam<Attack> {
 protected:
  void SetUp() override { HONE_NEEDS_SANDBOX(); }
};

class PythonAttacks : public CodeAttacks {};

TEST_P(PythonAttacks, GetsNothingAndLeavesNothing) {
  const bool has_function = absl::StrContains(GetParam().program, "def f(x)");
  for (const char* record :
       has_function ? std::vector{kWanted, kWantedCall} : std::vector{kWanted}) {
    const Verdict verdict = Judge(CodeLanguage::kPython, GetParam().program, record);
    EXPECT_EQ(verdict.outcome, Outcome::kIncorrect) << verdict.detail;
    EXPECT_EQ(verdict.reward, 0);
  }
}

constexpr Attack kPythonAttacks[] = {
    {"ForkBomb", "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass"},
    {"ThreadBomb",
     "import threading, time\nthreading.stack_size(65536)\nwhile True:\n"
     "  try: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
     "  except RuntimeError: pass"},
    {"Memory", "x = b'x'\nwhile True: x += x"},
    {"MappedMemory", "import mmap\nx = []\nwhile True: x.append(mmap.mmap(-1, 1 << 24))"},
    {"StdoutFlood", "while True: print('x' * 4096)"},
    {"StderrFlood", "import sys\nwhile True: print('x' * 4096, file=sys.stderr)"},
    {"SparseOutput",
     "import os\nos.ftruncate(1, 1 << 40)\nos.lseek(1, 1 << 40, 0)\nos.write(1, b'x')"},
    {"FillsTheDisk",
     "n = 0\nwhile True:\n  open(f'/tmp/hone_attack{n}', 'wb').write(b'x' * (1 << 20)); n += 1"},
    {"FillsTheInodes", "n = 0\nwhile True:\n  open(f'/tmp/hone_attack{n}', 'wb'); n += 1"},
    {"ManyPipes", "import os\nwhile True: print(os.pipe())"},
    {"CloudMetadata",
     "import urllib.request\nprint(urllib.request.urlopen('http://169.254.169.254/').read())"},
    {"ExitsWell", "import sys\nsys.exit(0)"},
    {"ExitsAtOnce", "import os\nos._exit(0)"},
    {"ClosesItsFiles", "import os\nos.closerange(0, 1024)"},
    {"SaysItPassed", "print('passed\\ncorrect\\nTrue\\n{\"reward\": 1}')\ndef f(x): return True"},
    {"AlwaysEqual",
     "class A(str):\n  __eq__ = lambda s, o: True\n  __hash__ = None\ndef f(x): return A('a')\n"
     "print(A('a'))"},
    {"PatchesTheJudge",
     "import json, builtins, sys\njson.dumps = lambda *a, **k: 'true'\n"
     "builtins.print = lambda *a: None\nsys.exit = lambda *a: None\nsys.modules['json'] = None\n"
     "def f(x): return 1"},
    {"ForgesAReply",
     "import os, struct\nfor fd in range(2, 64):\n"
     "  try: os.write(fd, struct.pack('<iIQ', 0, 0, 1))\n  except OSError: pass"},
    {"ForgesAReplyThroughFrames",
     "import sys, struct\nframe = sys._getframe()\nwhile frame:\n"
     "  for value in list(frame.f_locals.values()):\n    if hasattr(value, 'send'):\n"
     "      value.send(struct.pack('<iIQ', 0, 0, 1))\n  frame = frame.f_back"},
    {"KillsItsParent",
     "import os\nfor s in range(1, 65):\n  try: os.kill(os.getppid(), s)\n"
     "  except OSError: pass"},
    {"KillsAll", "import os\nos.kill(-1, 9)"},
    {"StopsItself", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"},
    {"Sleeps", "import time\ntime.sleep(1000)"},
    {"WaitsForInput", "import os\nos.read(os.pipe()[0], 1)"},
    {"IgnoresSignals",
     "import signal\nfor s in range(1, 65):\n  try: signal.signal(s, signal.SIG_IGN)\n"
     "  except (OSError, ValueError): pass\nwhile True: pass"},
    {"RaisesItsLimits",
     "import resource\nfor r in range(16):\n"
     "  try: resource.setrlimit(r, (resource.RLIM_INFINITY,) * 2)\n  except (OSError, ValueError): "
     "pass\n"
     "while True: pass"},
    {"ComputesForEver", "print(9**9**9**9)"},
    {"LongNumber", "def f(x): return 10**4000\nprint('9' * 900000)"},
    {"DeepRecursion", "import sys\nsys.setrecursionlimit(10**9)\ndef g(): g()\ng()"},
    {"DeepResult", "def f(x):\n  r = []\n  for _ in range(900): r = [r]\n  return r"},
    {"WideResult", "def f(x): return [[]] * 10**8"},
    {"ZipBomb",
     "import zlib\nd = zlib.compress(bytes(1 << 24))\nx = []\n"
     "while True: x.append(zlib.decompress(d))"},
    {"BadRegex", "import re\nre.match('(a+)+$', 'a' * 60 + 'b')"},
    {"Crashes", "import ctypes\nctypes.string_at(0)"},
    {"Daemon",
     "import os\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
     "    while True: pass"},
    {"DaemonThread",
     "import threading\ndef g():\n  while True: pass\nthreading.Thread(target=g).start()"},
    {"RunsItselfAgain",
     "import os, sys\nos.execv('/usr/bin/python3', ['python3', '-c', 'while 1: 1'])"},
    {"AtExit", "import atexit\n@atexit.register\ndef g():\n  while True: pass"},
    {"NullBytes", "print('\0')"},
    {"NoSyntax", "def f(x) return"},
};
INSTANTIATE_TEST_SUITE_P(All, PythonAttacks, ::testing::ValuesIn(kPythonAttacks),
                         [](const auto& test) { return std::string(test.param.name); });

// Programs that say themselves whether they got at something: "safe" is what they must print.
class PythonProbes : public CodeAttacks {};

TEST_P(PythonProbes, FindsNothing) {
  // What a careless sandbox would show.
  setenv("HONE_SECRET", "secret-of-the-environment", 1);
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / absl::StrCat("hone_secret_", getpid());
  std::ofstream(file) << "secret-of-the-disk";
  const std::string program =
      absl::StrCat("import os, sys, ctypes, errno\nFILE = '", file.string(),
                   "'\nlibc = ctypes.CDLL(None, use_errno=True)\nfound = []\n", GetParam().program,
                   "\nprint(found or 'safe')");
  const Verdict verdict =
      Judge(CodeLanguage::kPython, program, R"({"tests":[{"input":"in","output":"safe"}]})");
  EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << verdict.detail;
  std::filesystem::remove(file);
  unsetenv("HONE_SECRET");
}

constexpr Attack kPythonProbes[] = {
    {"Environment", "found += [k for k in os.environ if 'HONE' in k or 'KEY' in k]"},
    {"HostFiles",
     "for path in (FILE, '/etc/passwd', '/etc/shadow', '/etc/hostname', '/root', '/home', "
     "'/work',\n"
     "             '/var', '/proc', '/proc/self/mem', '/proc/1/environ', '/proc/sys', '/sys', "
     "'/run',\n"
     "             '/dev/mem', '/dev/kmsg', '/dev/shm', '/dev/tty', '/tmp/../root'):\n"
     "  if os.path.lexists(path): found.append(path)"},
    {"Links",
     "os.symlink(FILE, 'a'); os.symlink('/proc/self/root', 'b'); os.symlink('..', 'c')\n"
     "for path in ('a', 'b/etc/passwd', 'c/etc/passwd', 'c/../../../../etc/passwd'):\n"
     "  if os.path.exists(path): found.append(path)\n"
     "for path in ('/usr/bin/python3', '/dev/null'):\n"
     "  try: os.link(path, 'd'); found.append(path)\n  except OSError: pass"},
    {"Writing",
     "for path in ('/', '/usr', '/usr/lib', '/etc', '/dev', '/bin/', '/usr/lib/python3'):\n"
     "  try: open(path + '/hone_attack', 'w'); found.append(path)\n  except OSError: pass\n"
     "  try: os.mkdir(path + '/hone_attack'); found.append(path)\n  except OSError: pass\n"
     "for path in ('/usr/bin/python3', '/etc/ld.so.cache', '/dev/zero'):\n"
     "  try: os.chmod(path, 0o777); found.append(path)\n  except OSError: pass\n"
     "try: open('/usr/bin/env', 'r+'); found.append('env')\nexcept OSError: pass"},
    {"OpenFiles",
     "for fd in range(3, 4096):\n  try: os.fstat(fd); found.append(fd)\n  except OSError: pass"},
    {"OtherProcesses",
     "for pid in range(2, 5000):\n  if pid == os.getpid(): continue\n"
     "  try: os.kill(pid, 0); found.append(pid)\n  except OSError: pass"},
    {"Processes",
     "for make in (os.fork, os.forkpty, lambda: os.posix_spawn('/bin/true', ['true'], {})):\n"
     "  try: found.append(make())\n  except OSError: pass\n"
     "if os.system('true') == 0: found.append('system')"},
    {"Sockets",
     "import socket\nfor family in range(0, 46):\n  for kind in (1, 2, 3, 5):\n"
     "    try: socket.socket(family, kind); found.append((family, kind))\n    except OSError: "
     "pass"},
    {"SystemCalls",
     "calls = {'ptrace': 101, 'unshare': 272, 'setns': 308, 'mount': 165, 'umount2': 166,\n"
     "         'pivot_root': 155, 'chroot': 161, 'bpf': 321, 'io_uring_setup': 425, 'keyctl': "
     "250,\n"
     "         'add_key': 248, 'memfd_create': 319, 'shmget': 29, 'semget': 64, 'msgget': 68,\n"
     "         'mq_open': 240, 'userfaultfd': 323, 'perf_event_open': 298, 'clone3': 435,\n"
     "         'process_vm_readv': 310, 'process_vm_writev': 311, 'kcmp': 312, 'pidfd_open': 434,\n"
     "         'pidfd_getfd': 438, 'init_module': 175, 'kexec_load': 246, 'reboot': 169,\n"
     "         'seccomp': 317, 'personality': 135, 'setpriority': 141, 'sched_setaffinity': 203,\n"
     "         'ioprio_set': 251, 'setuid': 105, 'setsid': 112, 'setpgid': 109, 'mknod': 133,\n"
     "         'quotactl': 179, 'swapon': 167, 'open_by_handle_at': 304, 'fanotify_init': 300,\n"
     "         'inotify_init1': 294, 'name_to_handle_at': 303, 'landlock_create_ruleset': 444,\n"
     "         'fork': 57, 'vfork': 58, 'setxattr': 188, 'splice': 275, 'vmsplice': 278}\n"
     "for name, number in calls.items():\n  ctypes.set_errno(0)\n"
     "  libc.syscall(number, 0, 0, 0, 0, 0, 0)\n"
     "  if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS): found.append(name)"},
    {"Priority",
     "for f in (lambda: os.nice(-5), lambda: os.setpriority(0, 1, 19)):\n"
     "  try: f(); found.append(f)\n  except OSError: pass"},
    {"Limits",
     "import resource\nfor r in range(16):\n  if r in (10, 11, 12, 13, 14, 15): continue\n"
     "  soft, hard = resource.getrlimit(r)\n"
     "  if r in (0, 1, 3, 4, 6, 7, 8, 9) and hard < 0: found.append(r)\n"
     "try: resource.prlimit(1, 7, (1, 1)); found.append('other')\nexcept OSError: pass"},
    {"Itself",
     "if os.getuid() != 1000 or os.getpid() == 1 or os.getcwd() != '/tmp': found.append('who')\n"
     "if os.listdir('.'): found.append('files')\nif libc.prctl(21, 0) == 0: "
     "found.append('filter')\n"
     "try: os.setresuid(0, 0, 0); found.append('root')\nexcept OSError: pass"},
    {"TheJudge",
     "import gc\nfor thing in gc.get_objects():\n"
     "  if isinstance(thing, dict) and any(isinstance(v, str) and v == 'sa' + 'fe' for v in\n"
     "      list(thing.values())): found.append('output')"},
};
INSTANTIATE_TEST_SUITE_P(All, PythonProbes, ::testing::ValuesIn(kPythonProbes),
                         [](const auto& test) { return std::string(test.param.name); });

class CppAttacks : public CodeAttacks {};

TEST_P(CppAttacks, GetsNothingAndLeavesNothing) {
  const Verdict verdict = Judge(CodeLanguage::kCpp, GetParam().program, kWanted);
  EXPECT_EQ(verdict.outcome, Outcome::kIncorrect) << verdict.detail;
  EXPECT_EQ(verdict.reward, 0);
  EXPECT_THAT(verdict.detail, Not(HasSubstr("root:")));
}

constexpr Attack kCppAttacks[] = {
    {"IncludesHostFiles", "#include \"/etc/passwd\"\nint main() {}"},
    {"AssemblesHostFiles", "asm(\".incbin \\\"/etc/passwd\\\"\");\nint main() {}"},
    {"IncludesWithoutEnd", "#include \"/dev/zero\"\nint main() {}"},
    {"IncludesItsInput", "#include \"/dev/stdin\"\nint main() {}"},
    {"LargeProgram", "int a[1 << 30] = {1};\nint main() {}"},
    {"DeepTemplates",
     "template <int n> struct A : A<n + 1> {};\nint main() { return sizeof(A<0>); }"},
    {"NoMain", "int f() { return 0; }"},
    {"ForkBomb", "#include <unistd.h>\nint main() { for (;;) fork(); }"},
    {"Memory",
     "#include <cstdlib>\n#include <cstring>\nint main() {\n"
     "  for (;;) { char* p = (char*)malloc(1 << 20); memset(p, 1, 1 << 20); } }"},
    {"OutputFlood", "#include <cstdio>\nint main() { for (;;) puts(\"flood\"); }"},
    {"StackOverflow",
     "int f(int n) { volatile char a[4096]; a[0] = n; return f(n + 1) + a[0]; }\n"
     "int main() { return f(0); }"},
    {"OtherSystemCallTable",  // 32-bit: exit(0)
     "int main() { asm volatile(\"int $0x80\" :: \"a\"(1), \"b\"(0)); for (;;); }"},
    {"Aborts", "#include <cstdlib>\nint main() { abort(); }"},
    {"DividesByZero", "int main(int c, char**) { volatile int zero = c - 1; return 1 / zero; }"},
    {"ChangesItsOwnFile",
     "#include <fcntl.h>\n#include <unistd.h>\nint main(int, char** v) {\n"
     "  for (int fd = 0; fd < 64; ++fd) ftruncate(fd, 0);\n"
     "  open(\"/tmp/program\", O_RDWR | O_CREAT, 0777); }"},
};
INSTANTIATE_TEST_SUITE_P(All, CppAttacks, ::testing::ValuesIn(kCppAttacks),
                         [](const auto& test) { return std::string(test.param.name); });

class Isolation : public ::testing::Test {
 protected:
  void SetUp() override { HONE_NEEDS_SANDBOX(); }
};

TEST_F(Isolation, NoTestLeavesAnythingToTheNext) {
  // Prints what it finds of an earlier run: files, their folder's attributes, changed modules.
  const std::string program = R"(
import os, json, sys
found = os.listdir('/tmp') + [x for x in ('mark',) if hasattr(json, x)]
if oct(os.stat('/tmp').st_mode)[-3:] != '700': found.append('mode')
if os.stat('/tmp').st_mtime < 1000: found.append('time')
print(found or 'clean')
json.mark = 1
open('/tmp/hone_attack', 'w').write('1')
os.chmod('/tmp', 0o755)
os.utime('/tmp', (1, 1)))";
  const std::string test = R"({"input":"","output":"clean"})";
  const Verdict verdict = Judge(CodeLanguage::kPython, program,
                                absl::StrCat("[", test, ",", test, ",", test, ",", test, "]"));
  EXPECT_EQ(verdict.outcome, Outcome::kCorrect) << verdict.detail;
}

}  // namespace
}  // namespace hone
