/** How the page looks: on a phone, on a desk, in the dark, and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfaf8; --card: #fff; --ink: #1d1d1f; --soft: #63635f; --rule: #e2e0da;
  --good: #1a7f4b; --good-ground: #e8f5ee; --bad: #b3261e; --bad-ground: #fdecea; --unsure: #8a5a00; --unsure-ground: #fff4dc;
  --c1: #2b6cb0; --c2: #c05621; --c3: #2f855a; --c4: #6b46c1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #151517; --card: #1e1e21; --ink: #ececee; --soft: #a2a2a8; --rule: #36363b;
    --good: #6fd3a0; --good-ground: #12301f; --bad: #ff9b92; --bad-ground: #3a1512; --unsure: #f3c46b; --unsure-ground: #33270d;
    --c1: #7db4ee; --c2: #f0a36b; --c3: #7ccfa0; --c4: #b9a0f2;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans KR", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 0 0 .5rem; }
table + h2 { margin-top: 1.25rem; } .scroll + h2 { margin-top: 1.25rem; }
p { margin: .25rem 0 .75rem; }
.soft, figcaption, .name, .tick { color: var(--soft); fill: var(--soft); }
.verdict { border-radius: 12px; padding: 1rem 1.25rem; margin: 1rem 0; font-size: 1.05rem; }
.verdict strong { font-size: 1.25rem; display: block; }
.kept { background: var(--good-ground); color: var(--good); }
.broken { background: var(--bad-ground); color: var(--bad); }
.unsure { background: var(--unsure-ground); color: var(--unsure); }
.verdict ul { margin: .5rem 0 0; padding-left: 1.25rem; font-size: .95rem; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .75rem; margin: 1rem 0; }
@media (min-width: 45rem) { .figures { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
.figure, section { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: .9rem 1.1rem; }
.figure b { display: block; font-size: 1.35rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.figure span { color: var(--soft); font-size: .9rem; }
.sections { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 60rem) { .sections { grid-template-columns: repeat(2, minmax(0, 1fr)); } .wide { grid-column: 1 / -1; } .pair { display: grid; gap: 1rem; grid-template-columns: repeat(2, minmax(0, 1fr)); } }
figure { margin: 0; }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
@media (max-width: 40rem) { svg { font-size: 19px; } .small { font-size: 14px; } }
figcaption { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .85rem; }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 3px; margin-right: .4em; background: var(--colour); }
.c1 { --colour: var(--c1); } .c2 { --colour: var(--c2); } .c3 { --colour: var(--c3); } .c4 { --colour: var(--c4); }
.line { fill: none; stroke: var(--colour); stroke-width: 2; stroke-linejoin: round; }
.area { fill: var(--colour); opacity: .15; }
.dot, .bar { fill: var(--colour); }
.dot { opacity: .7; }
.grid { stroke: var(--rule); } .axis { stroke: var(--soft); }
.mark { stroke: var(--soft); stroke-dasharray: 4 4; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { font-weight: 600; color: var(--soft); }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
.share { background: var(--c1); height: .5rem; border-radius: 3px; min-width: 2px; }
td.bar-cell { width: 35%; vertical-align: middle; }
.ok { color: var(--good); font-weight: 600; } .open { color: var(--unsure); font-weight: 700; } .no { color: var(--bad); font-weight: 600; }
code { font: .88rem ui-monospace, monospace; overflow-wrap: anywhere; }
@media print {
  :root { color-scheme: light; --ground: #fff; --card: #fff; }
  body { font-size: 11pt; } main { max-width: none; padding: 0; }
  section, .figure, .verdict { break-inside: avoid; }
  .scroll { overflow: visible; }
}
`;
