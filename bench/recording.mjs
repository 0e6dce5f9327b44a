// Records a call of two for a long time, and prints the memory of the recording browser over time and
// whether the file is complete. Needs `npm ci` in end2end/, a release build and ffprobe.
//
//   node bench/recording.mjs [minutes, default 120]
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join as joinPath } from 'node:path';
import { GRANTED, measuredOptions } from '../end2end/support/chromium.mjs';
import { startSalon } from '../end2end/support/salon.mjs';
import { residentMegabytes } from './memory.mjs';
import { join, prepare, seeTheOther } from './pages.mjs';

const { chromium } = createRequire(new URL('../end2end/', import.meta.url))('@playwright/test');

const MINUTES = Number(process.argv[2] ?? 120);
const LOOKS = 12;
const MINUTE_MS = 60_000;

/** Memory of each kind of browser process, in megabytes. */
const memoryOf = async (context) => {
  const session = await context.browser().newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const sums = {};
  for (const { type, id } of processInfo) sums[type] = (sums[type] ?? 0) + residentMegabytes(id);
  return sums;
};

const salon = await startSalon();
const room = randomUUID().slice(0, 8);
// With a profile on disk: without one, browsers keep the files of pages in memory.
const profiles = mkdtempSync(joinPath(os.tmpdir(), 'salon-recording-'));
process.once('exit', () => rmSync(profiles, { recursive: true, force: true }));
const start = async (name) => {
  const context = await chromium.launchPersistentContext(joinPath(profiles, name), measuredOptions);
  const blank = context.pages();
  await context.grantPermissions(GRANTED);
  // It measures time, not how much two cores can encode at once.
  await context.addInitScript(() => localStorage.setItem('salon.quality', 'save-data'));
  const page = await prepare('ours', context, { salon, room });
  await join(page);
  await seeTheOther(page);
  for (const other of blank) await other.close();
  return { context, page };
};
const [{ context, page }, other] = await Promise.all([start('ada'), start('bob')]);

const press = (name) => page.getByRole('button', { name, exact: true }).click();
await press('More');
await press('Record');
await page.getByRole('button', { name: 'Stop recording', exact: true }).waitFor();
const begun = performance.now();
console.log('| minute | page that records, MB | rest of its browser, MB |\n|---|---|---|');
for (let look = 0; look <= LOOKS; look += 1) {
  const minute = (look * MINUTES) / LOOKS;
  await page.waitForTimeout(Math.max(0, begun + minute * MINUTE_MS - performance.now()));
  const { renderer, ...rest } = await memoryOf(context);
  const others = Object.values(rest).reduce((sum, more) => sum + more, 0);
  console.log(`| ${Math.round(minute)} | ${Math.round(renderer)} | ${Math.round(others)} |`);
}
await press('Stop recording');
const seconds = (performance.now() - begun) / 1000;
const row = page.locator('[data-recording]');
const downloads = page.waitForEvent('download', { timeout: 10 * MINUTE_MS });
await row.getByRole('button', { name: /^Save/ }).click();
const path = await (await downloads).path();
const probe = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path];
const length = Number(execFileSync('ffprobe', probe, { encoding: 'utf8' }));
const megabytes = statSync(path).size / 1e6;
console.log(`\nRecorded ${seconds.toFixed(1)} s; the file has ${length.toFixed(1)} s in ${megabytes.toFixed(0)} MB.`);
await Promise.all([context.close(), other.context.close()]);
await salon.stop();
