#include "report/style.h"

namespace hone {
namespace {

// Series colours after Okabe and Ito: told apart with every kind of colour vision; outcomes also
// carry a sign or a name.
constexpr absl::string_view kStyle = R"css(
:root {
  --page: #fbfbfa; --card: #ffffff; --text: #1d2329; --soft: #5b6570; --faint: #707a84;
  --line: #e3e6e8; --band: #f1f3f5; --shade: #f4f6f7;
  --c0: #0067b1; --c1: #d1590a; --c2: #00835f; --c3: #b4568c; --c4: #a87400; --c5: #3a9bd1;
  --c6: #6b4fa0; --c7: #5b6570; --c8: #b3261e; --c9: #00838f; --c10: #7d8a00; --c11: #8d5a3b;
  --good: #007a55; --bad: #b8480a;
  --good-back: #e2f4ed; --bad-back: #fbebe1; --mark: #fff1c2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171a; --card: #1b1f23; --text: #e6e9ec; --soft: #a3adb7; --faint: #8a949e;
    --line: #2c3238; --band: #20252a; --shade: #22272c;
    --c0: #58a9ea; --c1: #f08d49; --c2: #35bf94; --c3: #dc8fbd; --c4: #dcae3a; --c5: #8fd0f5;
    --c6: #a68ee0; --c7: #a3adb7; --c8: #f2857e; --c9: #4fc3d0; --c10: #c3d14a; --c11: #cf9b7b;
    --good: #44c79b; --bad: #f39a5f;
    --good-back: #163329; --bad-back: #3a251a; --mark: #4a3f14;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1144px; margin: 0 auto; padding: 40px 32px 32px; }
h1 { font-size: 32px; line-height: 1.2; letter-spacing: -0.015em; margin: 2px 0 8px;
  overflow-wrap: anywhere; }
h2 { font-size: 21px; letter-spacing: -0.01em; margin: 0 0 12px; }
h3 { font-size: 15px; margin: 0; }
section > h3 { margin: 24px 0 8px; }
h4 { font-size: 14px; margin: 0 0 8px; display: flex; flex-wrap: wrap; gap: 4px 8px;
  align-items: baseline; }
p { margin: 0 0 12px; }
a { color: var(--c0); }
section { margin-top: 48px; }
.kind { color: var(--soft); margin: 0; font-size: 14px; }
.lede { font-size: 19px; line-height: 1.45; color: var(--soft); max-width: 46em; }
.status { display: inline-block; background: var(--mark); border-radius: 6px; padding: 3px 10px;
  font-size: 14px; }
.note { color: var(--soft); font-size: 14px; margin: -8px 0 14px; }
.warning { border-left: 3px solid var(--c1); background: var(--shade); padding: 8px 12px;
  border-radius: 0 6px 6px 0; font-size: 14px; overflow-wrap: anywhere; }
b.good { color: var(--good); }
footer { margin-top: 56px; padding-top: 16px; border-top: 1px solid var(--line);
  color: var(--faint); font-size: 13px; }

.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0; }
.tile { flex: 1 1 auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 10px; padding: 12px 16px; white-space: nowrap; }
.tile dt { color: var(--soft); font-size: 13px; }
.tile dd { margin: 0; font-size: 20px; font-weight: 600; letter-spacing: -0.01em; line-height: 1.3; }
.tile.main dd { font-size: 28px; color: var(--good); line-height: 1.15; }
.tile .was { color: var(--soft); font-weight: 400; }
.tile small { display: block; color: var(--faint); font-size: 12.5px; font-weight: 400;
  letter-spacing: 0; line-height: 1.4; }

figure { margin: 0; }
.large, .panel, .bars { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.large { padding: 16px 16px 8px; }
.bars { padding: 16px; margin-bottom: 12px; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(310px, 1fr)); gap: 12px; }
.panel { padding: 12px 10px 4px; display: flex; flex-direction: column; }
.panel figcaption { padding: 0 4px 6px; flex: 1; }
.panel figcaption p { color: var(--soft); font-size: 13px; line-height: 1.4; margin: 0; }
svg { display: block; width: 100%; height: auto; overflow: visible; font: inherit; font-size: 12px; }
.wide, .medium { display: none; }
@media (min-width: 560px) { .narrow { display: none; } .medium { display: block; } }
@media (min-width: 940px) { .medium { display: none; } .wide { display: block; } }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0 0 10px;
  padding: 0 4px; font-size: 13.5px; color: var(--soft); }
.legend li { display: flex; align-items: center; gap: 7px; overflow-wrap: anywhere; }
.key-line { width: 16px; height: 3px; border-radius: 2px; background: var(--c); flex: none; }
.key-dot { width: 9px; height: 9px; border-radius: 50%; background: var(--c); flex: none; }
.key-area { width: 12px; height: 12px; border-radius: 3px; background: var(--c); flex: none; }

.s0 { --c: var(--c0); } .s1 { --c: var(--c1); } .s2 { --c: var(--c2); } .s3 { --c: var(--c3); }
.s4 { --c: var(--c4); } .s5 { --c: var(--c5); } .s6 { --c: var(--c6); } .s7 { --c: var(--c7); }
.s8 { --c: var(--c8); } .s9 { --c: var(--c9); } .s10 { --c: var(--c10); } .s11 { --c: var(--c11); }
.correct { --c: var(--c2); } .incorrect { --c: var(--c1); } .unparseable { --c: var(--c3); }
.timeout { --c: var(--c4); } .error { --c: var(--c7); } .other { --c: var(--faint); }
polyline { fill: none; stroke: var(--c); stroke-linejoin: round; stroke-linecap: round; }
.line { stroke-width: 2; } .faint { stroke-width: 1; opacity: 0.35; }
.thin { stroke-width: 1.5; stroke-dasharray: 2 4; }
.dot { fill: var(--c); stroke: var(--card); stroke-width: 1.5; }
.area { fill: var(--c); opacity: 0.8; }
.hit { fill: transparent; } .hit:hover { fill: var(--text); opacity: 0.08; }
.grid { stroke: var(--line); } .base { stroke: var(--faint); } .edge { stroke: var(--faint); }
.band { fill: var(--band); }
.tick { fill: var(--faint); } .stage { fill: var(--soft); text-anchor: middle; }
.value { fill: var(--c); font-weight: 600; }
.end { text-anchor: end; } .middle { text-anchor: middle; }

pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px; margin-bottom: 12px; }
.prompt { color: var(--soft); margin-bottom: 10px; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
.side { min-width: 0; border-top: 1px solid var(--line); padding-top: 10px; }
.when, .tally { color: var(--soft); font-weight: 400; font-size: 13px; }
.completion { background: var(--shade); border-radius: 8px; padding: 10px 12px; }
.completion i { font-style: normal; color: var(--faint); }
.completion .fail { color: var(--faint); }
.completion .ok { color: var(--good); font-weight: 600; }
.answer { background: var(--mark); border-radius: 4px; padding: 1px 4px; }
.detail { color: var(--soft); font-size: 13px; margin: 6px 0 0; overflow-wrap: anywhere; }
.badge { border-radius: 999px; padding: 1px 9px; font-size: 12.5px; font-weight: 600; }
.badge.good { background: var(--good-back); color: var(--good); }
.badge.bad { background: var(--bad-back); color: var(--bad); }

details { border: 1px solid var(--line); border-radius: 10px; background: var(--card);
  margin-bottom: 10px; padding: 0 16px; }
summary { cursor: pointer; padding: 11px 0; font-weight: 500; overflow-wrap: anywhere; }
details .card { border-width: 1px 0 0; border-radius: 0; padding: 14px 0; margin: 0; }
.step summary { padding: 5px 0; font-size: 14.5px; }
.step { margin-bottom: 4px; }
.findings td:nth-child(2) { text-align: left; white-space: normal; }
.findings th:nth-child(2) { text-align: left; }
.yaml { border-top: 1px solid var(--line); padding: 12px 0; overflow-x: auto; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 14.5px; }
th, td { text-align: right; padding: 6px 0 6px 28px; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; }
th { font-weight: 400; color: var(--soft); }
thead th { font-size: 13px; }
.bar-row { display: grid; grid-template-columns: 4.5em 1fr 7em; gap: 10px; align-items: center;
  margin: 6px 4px; font-size: 14px; }
.bar { display: flex; height: 22px; border-radius: 5px; overflow: hidden; min-width: 3px; }
.bar span { background: var(--c); opacity: 0.85; }
.bar-value { text-align: right; color: var(--soft); }

@media (max-width: 700px) {
  main { padding: 24px 16px; }
  h1 { font-size: 26px; }
  .lede { font-size: 17px; }
  section { margin-top: 36px; }
  .tiles { gap: 10px; }
  .tile { flex-basis: calc(50% - 5px); padding: 10px 12px; }
  .tile.main { flex-basis: 100%; }
  .tile dd { font-size: 19px; }
  .large { padding: 12px 6px 4px; }
  .sides { grid-template-columns: 1fr; }
  .card { padding: 12px; }
  table { font-size: 13px; }
  th, td { padding-left: 12px; }
  .bar-row { grid-template-columns: 3.2em 1fr 6.2em; gap: 8px; margin: 6px 0; }
}
@media print { body { background: none; } section { break-inside: avoid; } }
)css";

}  // namespace

absl::string_view StyleSheet() { return kStyle; }

}  // namespace hone
