// Loads of a room's page: their size, and how long they take on slow lines.
import { randomUUID } from 'node:crypto';
import { GRANTED } from '../end2end/support/chromium.mjs';
import { watchJoin } from './join.mjs';

/** Latency in milliseconds, and rate in both directions in kbit/s, as in DevTools. */
const LINES = {
  '9 Mbit/s, 60 ms': { latency: 60, rate: 9_000 },
  '1.6 Mbit/s, 150 ms': { latency: 150, rate: 1_600 },
  '400 kbit/s, 400 ms': { latency: 400, rate: 400 },
};
const LOADS = 5;
const PATIENCE_MS = 120_000;
const POLLING = { polling: 200 };

/** The parts of a first visit, and their size. */
export const measureColdLoad = async (browser, { salon }) => {
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

/**
 * Runs in the page: notes when it can be read and when it is alive, in milliseconds since it was asked for.
 * Join is pressed as soon as it can be read.
 */
const watchLoad = () => {
  globalThis.moments = {};
  new PerformanceObserver((list) => {
    const [painted] = list.getEntriesByName('first-contentful-paint');
    if (!painted) return;
    globalThis.moments.readable = painted.startTime;
    document.querySelector('form[data-early]').requestSubmit();
  }).observe({ type: 'paint', buffered: true });
  addEventListener('live', () => {
    globalThis.moments.alive = performance.now();
  });
};

const load = async (context, url, { latency, rate }) => {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const session = await context.newCDPSession(page);
  await session.send('Network.enable');
  const throughput = (rate * 1000) / 8;
  await session.send('Network.emulateNetworkConditions', {
    offline: false,
    latency,
    downloadThroughput: throughput,
    uploadThroughput: throughput,
  });
  await page.goto(url, { waitUntil: 'commit' });
  await page.waitForFunction(() => globalThis.steps['joined received'] && globalThis.moments.alive, null, POLLING);
  const moments = await page.evaluate(() => {
    const joined = globalThis.steps['joined received'] - performance.timeOrigin;
    return { ...globalThis.moments, joined };
  });
  // The next visit has all that this one has fetched.
  await page.waitForLoadState('networkidle');
  await page.close();
  return moments;
};

/** When the page is readable, alive and joined on each line, at a first visit and at a second one. */
export const measureLoads = async (browser, { salon }) => {
  const results = {};
  for (const [line, conditions] of Object.entries(LINES)) {
    const visits = { cold: [], warm: [] };
    for (let run = 0; run < LOADS; run += 1) {
      const context = await browser.newContext();
      await context.grantPermissions(GRANTED);
      await context.addInitScript(watchJoin);
      await context.addInitScript(watchLoad);
      const url = `${salon.origin}/room/${randomUUID().slice(0, 8)}`;
      for (const visit of Object.keys(visits)) visits[visit].push(await load(context, url, conditions));
      await context.close();
    }
    results[line] = visits;
  }
  return results;
};
