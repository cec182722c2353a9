// The subcommands of `hone`, one file each: every one only joins options to the rooms' functions.
#ifndef HONE_APP_COMMAND_H_
#define HONE_APP_COMMAND_H_

#include <functional>

#include "base/status.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace hone {

// What the chosen subcommand does once the whole command line has been understood.
using Action = std::function<Status()>;

// Each adds its subcommand to `root`, which sets *action when it is the chosen one.
void AddRun(CLI::App* root, Action* action);
void AddRoles(CLI::App* root, Action* action);  // trainer, rollout, reward, judge
void AddEval(CLI::App* root, Action* action);
void AddExport(CLI::App* root, Action* action);
void AddGenerate(CLI::App* root, Action* action);
void AddLogprobs(CLI::App* root, Action* action);
void AddTokenize(CLI::App* root, Action* action);
void AddGrade(CLI::App* root, Action* action);
void AddProblems(CLI::App* root, Action* action);
void AddLoss(CLI::App* root, Action* action);
void AddReport(CLI::App* root, Action* action);
void AddBench(CLI::App* root, Action* action);
void AddDoctor(CLI::App* root, Action* action);

}  // namespace hone

#endif  // HONE_APP_COMMAND_H_
