// The style sheet of the page: light and dark, phone and desktop.
#ifndef HONE_REPORT_STYLE_H_
#define HONE_REPORT_STYLE_H_

#include "absl/strings/string_view.h"

namespace hone {

absl::string_view StyleSheet();

}  // namespace hone

#endif  // HONE_REPORT_STYLE_H_
