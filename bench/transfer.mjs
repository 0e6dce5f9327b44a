// The speed of a file transfer between two pages.
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { inCalls } from './pages.mjs';

export const MEGABYTES = 50;
const TRANSFERS = 3;

/** Runs in the page: accepts the offered file, and returns how long that took. */
const takeFile = () =>
  new Promise((resolve) => {
    const begin = performance.now();
    const row = document.querySelector('.file');
    const observer = new MutationObserver(() => {
      if (!row.textContent.includes('saved')) return;
      observer.disconnect();
      resolve(performance.now() - begin);
    });
    observer.observe(row, { characterData: true, childList: true, subtree: true });
    row.querySelector('[aria-label^=Download]').click();
  });

const takers = {
  ours: async ([giver, taker], path) => {
    for (const page of [giver, taker]) {
      const chat = page.getByRole('dialog', { name: 'Chat' });
      if (!(await chat.isVisible())) await page.getByRole('button', { name: /^Chat/ }).click();
    }
    await giver.locator('input[type=file]').setInputFiles(path);
    const row = taker.locator('.file');
    await row.getByRole('button', { name: /^Save/ }).waitFor();
    const milliseconds = await taker.evaluate(takeFile);
    await row.getByRole('button', { name: /^Remove/ }).click();
    return milliseconds;
  },
  bare: async ([giver, taker], path) => {
    await giver.locator('input[type=file]').setInputFiles(path);
    return taker.evaluate(() => globalThis.take());
  },
};

/** Milliseconds for each transfer of a file, written and compared. */
export const measureTransfer = async (browser, servers) => {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const path = new URL('noise.bin', folder).pathname;
  writeFileSync(path, randomBytes(MEGABYTES * 1_000_000));
  const times = await inCalls(browser, servers, async (kind, pages) => {
    const times = [];
    for (let run = 0; run < TRANSFERS + 1; run += 1) times.push(await takers[kind](pages, path));
    return times.slice(1);
  });
  rmSync(path);
  return times;
};
