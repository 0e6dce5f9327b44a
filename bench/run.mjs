// Measures the release build and prints a table in Markdown. Compared values are measured in the same
// run, in turn. Needs `npm ci` in end2end/ and a release build; writes to bench/results only.
//
//   node bench/run.mjs [runs, at least 10 for published numbers]
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { GRANTED, measuredOptions } from '../end2end/support/chromium.mjs';
import { startFiles, startSalon } from '../end2end/support/salon.mjs';
import { residentMegabytes } from './memory.mjs';
import { join, prepare } from './pages.mjs';
import { MEGABYTES, measureIdle, measureTransfer } from './transfer.mjs';

const { chromium } = createRequire(new URL('../end2end/', import.meta.url))('@playwright/test');

const RUNS = Number(process.argv[2] ?? 10);
const WARM_UP = 2;
/**
 * Delay before Join is pressed. Our page uses it to prepare the call; the goal applies to people who
 * look at the page first, not to those who press Join at once.
 */
const REST_MS = { rested: 1000, hurried: 0 };
const GOALS = { ratio: 1.15, kilobytes: 150, transfer: 1.3, idle: 1.5 };

const sorted = (values) => [...values].sort((a, b) => a - b);
const median = (values) => {
  const all = sorted(values);
  return (all[Math.floor((all.length - 1) / 2)] + all[Math.ceil((all.length - 1) / 2)]) / 2;
};
const slowest = (values) => Math.max(...values);
const round = (value, digits = 0) => value.toFixed(digits);

// (a) From the press of Join to the first frame of the other person.

/** Runs in the page: records when Join was pressed and when remote video was first shown. */
const watchFirstFrame = () => {
  globalThis.firstFrame = new Promise((resolve) => {
    let pressed;
    const isJoin = ({ target }) => target.closest('button')?.textContent.trim() === 'Join';
    addEventListener('click', (event) => isJoin(event) && (pressed ??= performance.now()), { capture: true });
    const observer = new MutationObserver(() => {
      const video = document.querySelector('[data-tile=remote] video');
      if (!video) return;
      observer.disconnect();
      video.requestVideoFrameCallback(() => resolve(performance.now() - pressed));
    });
    observer.observe(document, { childList: true, subtree: true });
  });
};

const measureFirstFrame = async (browser, servers, rest) => {
  const times = { ours: [], bare: [] };
  const stages = {};
  for (const kind of Object.keys(times)) {
    const context = await browser.newContext();
    await context.grantPermissions(GRANTED);
    await context.addInitScript(watchFirstFrame);
    const place = { ...servers, room: randomUUID().slice(0, 8) };
    const inside = await prepare(kind, context, place, rest);
    await join(inside);
    stages[kind] = { context, place };
  }
  for (let run = 0; run < RUNS + WARM_UP; run += 1) {
    for (const [kind, { context, place }] of Object.entries(stages)) {
      const page = await prepare(kind, context, place, rest);
      await join(page);
      const milliseconds = await page.evaluate(() => globalThis.firstFrame);
      await page.close();
      if (run >= WARM_UP) times[kind].push(milliseconds);
    }
  }
  for (const { context } of Object.values(stages)) await context.close();
  return times;
};

// (b) The size of a first visit.

const measureColdLoad = async (browser, { salon }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  const loads = new Map();
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.url.startsWith('http')) loads.set(requestId, { path: new URL(request.url).pathname, bytes: 0 });
  });
  session.on('Network.responseReceived', ({ requestId, response }) => {
    const load = loads.get(requestId);
    if (load) load.encoding = response.headers['content-encoding'] ?? '';
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    const load = loads.get(requestId);
    if (load) load.bytes = encodedDataLength;
  });
  await session.send('Network.enable');
  const live = page.waitForEvent('websocket');
  await page.goto(`${salon.origin}/room/${randomUUID().slice(0, 8)}`);
  await live;
  await page.waitForLoadState('networkidle');
  await context.close();
  return [...loads.values()];
};

// (c) The server on its own.

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
const firstFrame = await measureFirstFrame(browser, { salon, files }, REST_MS.rested);
const hurried = await measureFirstFrame(browser, { salon, files }, REST_MS.hurried);
const loads = await measureColdLoad(browser, { salon });
const transfer = await measureTransfer(browser, { salon, files });
const idle = await measureIdle(browser, { salon, files });
await browser.close();
const usedMemory = residentMegabytes(salon.pid);
await salon.stop();
await files.stop();
const start = await measureStart();

const against = ({ ours, bare }) => median(ours) / median(bare);
const ratio = against(firstFrame);
const bytes = loads.reduce((sum, load) => sum + load.bytes, 0);
const verdict = (isMet) => (isMet ? 'met' : 'not met');
const times = (values) => `${round(median(values))} ms (slowest ${round(slowest(values))})`;
const kilobytes = (count) => `${round(count / 1000, 1)} KB`;

const rows = [
  ['Join pressed to first remote frame, ours', times(firstFrame.ours), '', ''],
  ['the same call by a bare page (control)', times(firstFrame.bare), '', ''],
  ['ours against the control', `${round(ratio, 2)} times`, `at most ${GOALS.ratio} times`, verdict(ratio <= GOALS.ratio)],
  ['the same, Join pressed as soon as it can be', `${times(hurried.ours)} against ${times(hurried.bare)}: ${round(against(hurried), 2)} times`, '', ''],
  ['cold load of a room page, over the wire', kilobytes(bytes), `at most ${GOALS.kilobytes} KB`, verdict(bytes <= GOALS.kilobytes * 1000)],
  ...loads.map(({ path, bytes, encoding }) => [`— ${path}`, `${kilobytes(bytes)} ${encoding}`.trim(), '', '']),
  [
    `a file of ${MEGABYTES} MB from one page to another, against the control`,
    `${times(transfer.ours)} against ${times(transfer.bare)}: ${round(against(transfer), 2)} times`,
    `at most ${GOALS.transfer} times`,
    verdict(against(transfer) <= GOALS.transfer),
  ],
  [
    'main thread in a minute of a call in which nothing happens, against the control',
    `${round(median(idle.ours))} ms against ${round(median(idle.bare))}: ${round(against(idle), 2)} times`,
    `at most ${GOALS.idle} times`,
    verdict(against(idle) <= GOALS.idle),
  ],
  ['requests of that load', String(loads.length), '', ''],
  ['server start to first answer', times(start.times), '', ''],
  ['resident memory, idle after the first answer', `${round(median(start.memory), 1)} MB`, '', ''],
  [`resident memory, idle after ${4 * (RUNS + WARM_UP)} calls`, `${round(usedMemory, 1)} MB`, '', ''],
];
const date = new Date().toISOString().slice(0, 10);
const [{ model }] = os.cpus();
const machine = `${os.cpus().length} × ${model.trim()}, ${os.type()} ${os.release()}, Chromium ${version}`;

console.log(`Median of ${RUNS} runs, ${date}, ${machine}.\n`);
console.log(['| what | result | goal | |', '|---|---|---|---|', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n'));

const results = new URL('results/', import.meta.url);
mkdirSync(results, { recursive: true });
const record = { date, machine, firstFrame, hurried, loads, transfer, idle, start, usedMemory };
writeFileSync(new URL('latest.json', results), `${JSON.stringify(record, null, 2)}\n`);
