#include "base/log.h"

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "spdlog/sinks/basic_file_sink.h"
#include "spdlog/sinks/stdout_color_sinks.h"
#include "spdlog/spdlog.h"

namespace hone {
namespace {

spdlog::string_view_t View(absl::string_view s) { return {s.data(), s.size()}; }

// Until a file is opened, lines go to stderr: stdout is for data.
std::shared_ptr<spdlog::logger>& Logger() {
  static std::shared_ptr<spdlog::logger> logger = [] {
    auto to_stderr = spdlog::stderr_color_mt("hone");
    to_stderr->set_pattern("%^%l%$: %v");
    return to_stderr;
  }();
  return logger;
}

}  // namespace

Status OpenLogFile(const std::string& path, absl::string_view role, bool also_stderr) {
  try {
    std::vector<spdlog::sink_ptr> sinks;
    auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    file->set_pattern("%Y-%m-%dT%H:%M:%S.%e [%n %P] %l: %v");
    sinks.push_back(file);
    if (also_stderr) {
      auto to_stderr = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
      to_stderr->set_level(spdlog::level::warn);
      to_stderr->set_pattern("%^%l%$: %v");
      sinks.push_back(to_stderr);
    }
    auto logger = std::make_shared<spdlog::logger>(std::string(role), sinks.begin(), sinks.end());
    logger->flush_on(spdlog::level::info);
    Logger() = logger;
  } catch (const spdlog::spdlog_ex& e) {
    return absl::UnavailableError(absl::StrCat("cannot write the log ", path, ": ", e.what()));
  }
  return absl::OkStatus();
}

void LogInfo(absl::string_view message) { Logger()->info("{}", View(message)); }
void LogWarning(absl::string_view message) { Logger()->warn("{}", View(message)); }
void LogError(absl::string_view message) { Logger()->error("{}", View(message)); }

}  // namespace hone
