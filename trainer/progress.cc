#include "trainer/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <deque>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "data/utf8.h"
#include "trainer/progress_output.h"

namespace hone {
namespace {

constexpr absl::string_view kGap = "  ";
constexpr absl::string_view kClearLine = "\r\x1b[K";
constexpr absl::string_view kGreen = "\x1b[32m";
constexpr absl::string_view kDim = "\x1b[2m";
constexpr absl::string_view kReset = "\x1b[0m";
constexpr absl::Duration kRedrawInterval = absl::Milliseconds(100);
constexpr absl::Duration kTick = absl::Seconds(1);  // so that the ETA is seen to go down
constexpr size_t kAveragedSteps = 20;
constexpr int kDefaultColumns = 80;
constexpr int kMinBarColumns = 8;
constexpr int kMaxBarColumns = 30;

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::optional<double> Value(const StepMetrics& metrics, absl::string_view name) {
  for (const auto& [key, value] : metrics.values) {
    if (key == name && std::isfinite(value)) return value;
  }
  return std::nullopt;
}

// Tokens a second of training: the time spent on held-out problems does not count.
std::optional<double> TokenRate(const StepMetrics& metrics) {
  const std::optional<double> tokens = Value(metrics, "tokens");
  const std::optional<double> seconds = Value(metrics, "seconds");
  if (!tokens || !seconds) return std::nullopt;
  const double training = *seconds - Value(metrics, "eval_seconds").value_or(0);
  if (training <= 0) return std::nullopt;
  return *tokens / training;
}

// "reward 0.41", "accuracy 0.38", …: what the step measured, most important first.
std::vector<std::string> Figures(const StepMetrics& metrics) {
  std::vector<std::string> figures;
  auto add = [&](absl::string_view label, absl::string_view name, int decimals) {
    if (const std::optional<double> value = Value(metrics, name)) {
      figures.push_back(absl::StrFormat("%s %.*f", label, decimals, *value));
    }
  };
  const bool sampled = Value(metrics, "reward_mean").has_value();
  add("held-out", "heldout_accuracy", 3);
  if (!sampled) add("loss", "loss", 3);
  add("reward", "reward_mean", 2);
  add("accuracy", "accuracy", 2);
  add("length", "response_length_mean", 0);
  if (const std::optional<double> rate = TokenRate(metrics)) {
    figures.push_back(absl::StrCat(FormatRate(*rate), " tok/s"));
  }
  return figures;
}

int Columns(absl::string_view text) { return static_cast<int>(CountCharacters(text)); }

void WriteAll(int fd, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return;  // nobody reads: training goes on all the same
    text.remove_prefix(static_cast<size_t>(n));
  }
}

// Where a stage stands, and how fast it moves.
class StageState {
 public:
  StageState(std::string name, int64_t done, int64_t total, absl::Time now)
      : name_(std::move(name)), done_(done), total_(total), first_(done), last_step_(now) {}

  void Advance(int64_t done, const StepMetrics& metrics, absl::Time now) {
    if (done > done_) {
      step_seconds_.push_back(absl::ToDoubleSeconds(now - last_step_) /
                              static_cast<double>(done - done_));
      if (step_seconds_.size() > kAveragedSteps) step_seconds_.pop_front();
    }
    done_ = done;
    last_step_ = now;
    figures_ = Figures(metrics);
  }

  std::string Position() const { return absl::StrCat(done_, "/", total_); }
  const std::string& name() const { return name_; }
  const std::vector<std::string>& figures() const { return figures_; }
  bool finished() const { return done_ >= total_; }
  bool is_first_step() const { return step_seconds_.size() == 1; }
  bool resumed() const { return first_ > 0; }
  double fraction() const {
    return total_ > 0
               ? std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0)
               : 1.0;
  }

  // Empty before the first step and after the last.
  std::string Eta(absl::Time now) const {
    if (step_seconds_.empty() || finished()) return "";
    double mean = 0;
    for (const double seconds : step_seconds_) mean += seconds;
    mean /= static_cast<double>(step_seconds_.size());
    const double gone = std::min(absl::ToDoubleSeconds(now - last_step_), mean);
    return absl::StrCat("eta ", FormatEta(mean * static_cast<double>(total_ - done_) - gone));
  }

 private:
  std::string name_;
  int64_t done_;
  int64_t total_;
  int64_t first_;
  absl::Time last_step_;
  std::deque<double> step_seconds_;  // the latest kAveragedSteps
  std::vector<std::string> figures_;
};

std::string PlainLine(const StageState& stage, absl::Time now) {
  std::vector<std::string> parts = {absl::StrCat(stage.name(), " ", stage.Position())};
  parts.insert(parts.end(), stage.figures().begin(), stage.figures().end());
  if (const std::string eta = stage.Eta(now); !eta.empty()) parts.push_back(eta);
  return absl::StrJoin(parts, kGap);
}

class PlainProgress : public Progress {
 public:
  PlainProgress(int fd, double plain_seconds, Clock* clock)
      : fd_(fd), interval_(absl::Seconds(plain_seconds)), clock_(clock) {}

  void StartStage(const std::string& stage, int64_t done, int64_t total) override {
    absl::MutexLock lock(&mutex_);
    stage_.emplace(stage, done, total, clock_->Now());
    Print(absl::StrCat(PlainLine(*stage_, clock_->Now()), kGap,
                       stage_->resumed() ? "going on" : "starting"));
  }

  void Phase(const std::string&) override {}

  void Step(int64_t done, const StepMetrics& metrics) override {
    absl::MutexLock lock(&mutex_);
    if (!stage_) return;
    const absl::Time now = clock_->Now();
    stage_->Advance(done, metrics, now);
    const bool due = !printed_at_ || now - *printed_at_ >= interval_;
    if (!due && !stage_->is_first_step() && !stage_->finished()) return;
    printed_at_ = now;
    Print(PlainLine(*stage_, now));
  }

  void Say(const std::string& line) override {
    absl::MutexLock lock(&mutex_);
    Print(line);
  }

 private:
  void Print(absl::string_view line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    WriteAll(fd_, absl::StrCat(line, "\n"));
  }

  const int fd_;
  const absl::Duration interval_;
  Clock* const clock_;
  absl::Mutex mutex_;
  std::optional<StageState> stage_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Time> printed_at_ ABSL_GUARDED_BY(mutex_);
};

// Changes are only noted by the callers; a thread draws them, so that the last one before a long
// wait is shown too, and a quick series of them costs ten drawings a second.
class LiveProgress : public Progress {
 public:
  LiveProgress(int fd, const ProgressStyle& style, Clock* clock)
      : fd_(fd), style_(style), clock_(clock), drawer_([this] { DrawLoop(); }) {}

  ~LiveProgress() override {
    {
      absl::MutexLock lock(&mutex_);
      closing_ = true;
      changed_.SignalAll();
    }
    drawer_.join();
    absl::MutexLock lock(&mutex_);
    if (stage_) EndLine();
  }

  void StartStage(const std::string& stage, int64_t done, int64_t total) override {
    absl::MutexLock lock(&mutex_);
    if (stage_) EndLine();
    phase_.clear();
    stage_.emplace(stage, done, total, clock_->Now());
    Draw();
  }

  void Phase(const std::string& what) override {
    absl::MutexLock lock(&mutex_);
    phase_ = what;
    Change();
  }

  void Step(int64_t done, const StepMetrics& metrics) override {
    absl::MutexLock lock(&mutex_);
    if (!stage_) return;
    stage_->Advance(done, metrics, clock_->Now());
    phase_.clear();
    Change();
    if (stage_->finished()) EndLine();
  }

  void Say(const std::string& line) override {
    absl::MutexLock lock(&mutex_);
    WriteAll(fd_, absl::StrCat(stage_ ? kClearLine : "", line, "\n"));
    if (stage_) Draw();
  }

 private:
  void DrawLoop() {
    absl::MutexLock lock(&mutex_);
    while (!closing_) {
      const absl::Time now = clock_->Now();
      const absl::Time due = drawn_at_ + (dirty_ ? kRedrawInterval : kTick);
      if (stage_ && now >= due) {
        Draw();
      } else {
        clock_->Wait(&changed_, &mutex_, stage_ ? due : now + kTick);
      }
    }
  }

  void Change() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    dirty_ = true;
    changed_.SignalAll();
  }

  // The line as it is, kept on the screen; what comes next stands below it.
  void EndLine() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    Draw();
    WriteAll(fd_, "\n");
    stage_.reset();
    phase_.clear();
  }

  void Draw() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    drawn_at_ = clock_->Now();
    dirty_ = false;
    WriteAll(fd_, absl::StrCat(kClearLine, Line()));
  }

  // The parts that fit, most important first; the bar takes what is left over.
  std::string Line() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::string head = absl::StrCat(stage_->name(), " ");
    std::vector<std::string> parts = {absl::StrCat(" ", stage_->Position())};
    const std::string eta = stage_->Eta(drawn_at_);
    std::vector<std::string> optional_parts = stage_->figures();
    if (!eta.empty()) optional_parts.push_back(eta);
    if (!phase_.empty()) optional_parts.push_back(phase_);

    // A full last column would make some terminals wrap.
    const int width = TerminalColumns() - 1;
    int left = width - Columns(head) - Columns(parts.front()) - kMinBarColumns;
    for (const std::string& part : optional_parts) {
      const int columns = Columns(part) + static_cast<int>(kGap.size());
      if (columns > left) break;
      left -= columns;
      parts.push_back(part);
    }
    if (left < 0) return absl::StrCat(stage_->name(), parts.front()).substr(0, std::max(width, 0));
    const int bar = std::min(kMinBarColumns + left, kMaxBarColumns);
    return absl::StrCat(head, Bar(bar), absl::StrJoin(parts, kGap));
  }

  std::string Bar(int columns) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const int filled = static_cast<int>(std::lround(stage_->fraction() * columns));
    std::string done, rest;
    for (int i = 0; i < columns; ++i) {
      if (i < filled) {
        absl::StrAppend(&done, style_.utf8 ? "━" : "#");
      } else {
        absl::StrAppend(&rest, style_.utf8 ? (style_.color ? "━" : "╌") : "-");
      }
    }
    if (!style_.color) return done + rest;
    return absl::StrCat(kGreen, done, kReset, kDim, rest, kReset);
  }

  int TerminalColumns() const {
    winsize size{};
    if (ioctl(fd_, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return kDefaultColumns;
  }

  const int fd_;
  const ProgressStyle style_;
  Clock* const clock_;
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::optional<StageState> stage_ ABSL_GUARDED_BY(mutex_);
  std::string phase_ ABSL_GUARDED_BY(mutex_);
  absl::Time drawn_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  bool dirty_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread drawer_;  // last: it uses all of the above
};

}  // namespace

ProgressStyle DetectProgressStyle(int fd) {
  ProgressStyle style;
  const std::string term = Environment("TERM");
  style.live = isatty(fd) == 1 && !term.empty() && term != "dumb";
  style.color = style.live && Environment("NO_COLOR").empty();
  std::string locale = Environment("LC_ALL");
  if (locale.empty()) locale = Environment("LC_CTYPE");
  if (locale.empty()) locale = Environment("LANG");
  locale = absl::AsciiStrToLower(locale);
  style.utf8 = absl::StrContains(locale, "utf-8") || absl::StrContains(locale, "utf8");
  return style;
}

std::unique_ptr<Progress> MakeProgressOn(int fd, const ProgressStyle& style, double plain_seconds,
                                         Clock* clock) {
  if (style.live) return std::make_unique<LiveProgress>(fd, style, clock);
  return std::make_unique<PlainProgress>(fd, plain_seconds, clock);
}

std::unique_ptr<Progress> MakeProgress(double plain_seconds) {
  return MakeProgressOn(STDERR_FILENO, DetectProgressStyle(STDERR_FILENO), plain_seconds,
                        RealClock());
}

std::string FormatEta(double seconds) {
  const int64_t s = std::max<int64_t>(0, std::llround(seconds));
  if (s < 60) return absl::StrFormat("%ds", s);
  if (s < 3600) return absl::StrFormat("%dm%02ds", s / 60, s % 60);
  if (s < 86400) return absl::StrFormat("%dh%02dm", s / 3600, s % 3600 / 60);
  return absl::StrFormat("%dd%02dh", s / 86400, s % 86400 / 3600);
}

std::string FormatRate(double per_second) {
  if (per_second < 1000) return absl::StrFormat("%.0f", per_second);
  if (per_second < 1e6) return absl::StrFormat("%.1fk", per_second / 1e3);
  return absl::StrFormat("%.2fM", per_second / 1e6);
}

}  // namespace hone
