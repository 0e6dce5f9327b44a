// Measures the release build and prints a table in Markdown. Compared values are measured in the same
// run, in turn. Needs `npm ci` in end2end/ and a release build; writes to bench/results only.
//
//   node bench/run.mjs [runs, at least 20 for published numbers]
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { measuredOptions } from '../end2end/support/chromium.mjs';
import { startFiles, startSalon } from '../end2end/support/salon.mjs';
import { measureIdle } from './idle.mjs';
import { FRAMES, STEP_NAMES, firstFrames, measureJoins } from './join.mjs';
import { measureColdLoad, measureLoads } from './loads.mjs';
import { residentMegabytes } from './memory.mjs';
import { MEGABYTES, measureTransfer } from './transfer.mjs';

const { chromium } = createRequire(new URL('../end2end/', import.meta.url))('@playwright/test');

const RUNS = Number(process.argv[2] ?? 20);
const WARM_UP = 2;
/**
 * How the pages are prepared for Join: the delay in milliseconds before it is pressed, which our page uses to
 * prepare the call, and how many times slower than the machine their main thread is.
 */
const JOINS = {
  rested: { rest: 1000 },
  hurried: { rest: 0 },
  slowed: { rest: 1000, slowdown: 4 },
};
const GOALS = {
  ratio: { rested: 1.15, hurried: 1.15, slowed: 1.3 },
  kilobytes: 150,
  transfer: 1.3,
  idle: 1.3,
  // What the clock changes.
  repaints: 2,
  // In milliseconds, at a first visit.
  loads: { '1.6 Mbit/s, 150 ms': { readable: 700, alive: 1500, joined: 2300 } },
};

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => {
  const all = sorted(values);
  return (all[Math.floor((all.length - 1) / 2)] + all[Math.ceil((all.length - 1) / 2)]) / 2;
};
const slowest = (values) => Math.max(...values);
const round = (value, digits = 0) => value.toFixed(digits);

/** The server on its own. */
const measureStart = async () => {
  const times = [];
  const memory = [];
  for (let run = 0; run < RUNS + WARM_UP; run += 1) {
    const begin = performance.now();
    const salon = await startSalon();
    const { status } = await fetch(`${salon.origin}/room/first`);
    const milliseconds = performance.now() - begin;
    if (status !== 200) throw new Error(`the first answer has status ${status}`);
    if (run >= WARM_UP) {
      times.push(milliseconds);
      memory.push(residentMegabytes(salon.pid));
    }
    await salon.stop();
  }
  return { times, memory };
};

const files = await startFiles(new URL('./', import.meta.url));
const salon = await startSalon('--allow-origin', files.origin);
const browser = await chromium.launch(measuredOptions);
const version = browser.version();
const joins = {};
let calls = 0;
for (const [how, preparation] of Object.entries(JOINS)) {
  joins[how] = await measureJoins(browser, { salon, files }, preparation, { runs: RUNS, warmUp: WARM_UP });
  calls += 2 * (RUNS + WARM_UP);
}
const loads = await measureColdLoad(browser, { salon });
const slowLoads = await measureLoads(browser, { salon });
const transfer = await measureTransfer(browser, { salon, files });
const idle = await measureIdle(browser, { salon, files });
await browser.close();
const usedMemory = residentMegabytes(salon.pid);
await salon.stop();
await files.stop();
const start = await measureStart();

const against = ({ ours, bare }) => median(ours) / median(bare);
const bytes = loads.reduce((sum, load) => sum + load.bytes, 0);
const verdict = (isMet) => (isMet ? 'met' : 'not met');
const times = (values) => `${round(median(values))} ms (slowest ${round(slowest(values))})`;
const kilobytes = (count) => `${round(count / 1000, 1)} KB`;

const compared = (what, values, goal, show) => {
  const ratio = against(values);
  const result = `${show(values.ours)} against ${show(values.bare)}: ${round(ratio, 2)} times`;
  return [what, result, `at most ${goal} times`, verdict(ratio <= goal)];
};
const joinRow = (what, how) => compared(what, firstFrames(joins[how]), GOALS.ratio[how], times);

const seconds = (milliseconds) => `${round(milliseconds / 1000, 2)} s`;
const loadRow = (line, visit, visits) => {
  const [readable, alive, joined] = ['readable', 'alive', 'joined'].map((moment) => median(visits.map((one) => one[moment])));
  const what = `${visit} load at ${line}: readable, alive, and joined if Join is pressed as soon as it can be read`;
  const result = [readable, alive, joined].map(seconds).join(', ');
  const goal = visit === 'cold' && GOALS.loads[line];
  if (!goal) return [what, result, '', ''];
  const isMet = readable <= goal.readable && alive <= goal.alive && joined <= goal.joined;
  return [what, result, Object.values(goal).map(seconds).join(', '), verdict(isMet)];
};

const repaints = ({ styles, layouts, paints }) => `${styles}, ${layouts}, ${paints ?? 'unknown'}`;
const isCalm = ({ layouts, paints }) => Math.max(layouts, paints ?? 0) <= GOALS.repaints;

const rows = [
  joinRow('Join pressed to first remote frame, against the same call by a bare page (control)', 'rested'),
  joinRow('the same, Join pressed as soon as it can be', 'hurried'),
  joinRow(`the same, rested, with the processor slowed ${JOINS.slowed.slowdown} times`, 'slowed'),
  ['cold load of a room page, over the wire', kilobytes(bytes), `at most ${GOALS.kilobytes} KB`, verdict(bytes <= GOALS.kilobytes * 1000)],
  ...loads.map(({ path, bytes, encoding }) => [`— ${path}`, `${kilobytes(bytes)} ${encoding}`.trim(), '', '']),
  ['requests of that load', String(loads.length), '', ''],
  ...Object.entries(slowLoads).flatMap(([line, visits]) =>
    Object.keys(visits).map((visit) => loadRow(line, visit, visits[visit])),
  ),
  compared(`a file of ${MEGABYTES} MB from one page to another, against the control`, transfer, GOALS.transfer, times),
  compared(
    'main thread in a minute of a call in which nothing happens, against the control',
    { ours: [idle.ours.busy], bare: [idle.bare.busy] },
    GOALS.idle,
    ([milliseconds]) => `${round(milliseconds)} ms`,
  ),
  ['— of which script', `${round(idle.ours.script)} ms against ${round(idle.bare.script)} ms`, '', ''],
  [
    '— style recalculations, layouts and paints in it',
    `${repaints(idle.ours)} against ${repaints(idle.bare)}`,
    `at most ${GOALS.repaints} layouts and paints: the clock`,
    verdict(isCalm(idle.ours)),
  ],
  ['server start to first answer', times(start.times), '', ''],
  ['resident memory, idle after the first answer', `${round(median(start.memory), 1)} MB`, '', ''],
  [`resident memory, idle after ${calls} calls`, `${round(usedMemory, 1)} MB`, '', ''],
];
const date = new Date().toISOString().slice(0, 10);
const [{ model }] = os.cpus();
const machine = `${os.cpus().length} × ${model.trim()}, ${os.type()} ${os.release()}, Chromium ${version}`;

console.log(`Median of ${RUNS} runs, ${date}, ${machine}.\n`);
console.log(['| what | result | goal | |', '|---|---|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'));

const shown = (number) => (Number.isFinite(number) ? round(number) : 'unknown');
// A step may be missing, if the browser does not tell.
const medianOf = (joins, name) => median(joins.map((join) => join[name]).filter(Number.isFinite));
for (const [how, { rest, slowdown = 1 }] of Object.entries(JOINS)) {
  console.log(`\nMilliseconds from the press of Join, after ${rest} ms of rest, ${slowdown} times slower; "other" is the page that was inside:\n`);
  console.log('| step | ours | bare | difference | added here |\n|---|---|---|---|---|');
  let before = 0;
  const { ours, bare } = joins[how];
  for (const step of STEP_NAMES) {
    const [own, control] = [medianOf(ours, step), medianOf(bare, step)];
    const difference = own - control;
    console.log(`| ${[step, ...[own, control, difference, difference - before].map(shown)].join(' | ')} |`);
    if (Number.isFinite(difference)) before = difference;
  }
  console.log(`\nFrames decoded when the first was shown: ${shown(medianOf(ours, FRAMES))} against ${shown(medianOf(bare, FRAMES))}.`);
}

const results = new URL('results/', import.meta.url);
mkdirSync(results, { recursive: true });
const record = { date, machine, joins, loads, slowLoads, transfer, idle, start, usedMemory };
writeFileSync(new URL('latest.json', results), `${JSON.stringify(record, null, 2)}\n`);
