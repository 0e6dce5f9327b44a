// Opens the compared pages, each with its camera on and ready for Join.
import { randomUUID } from 'node:crypto';
import { GRANTED } from '../end2end/support/chromium.mjs';

const openers = {
  ours: async (page, { salon, room }) => {
    await page.goto(`${salon.origin}/room/${room}`);
    const turnOn = page.getByRole('button', { name: 'Turn on camera and microphone' });
    const preview = page.locator('video[data-preview]');
    // The first press may come before the page is live.
    while (!(await preview.isVisible())) await turnOn.click({ timeout: 200 }).catch(() => {});
  },
  bare: async (page, { salon, files, room, bare = 'bare.html' }) => {
    const query = new URLSearchParams({ server: `${salon.origin.replace('http', 'ws')}/ws`, room });
    await page.goto(`${files.origin}/${bare}?${query}`);
  },
};

/** The pages that are compared. */
export const KINDS = Object.keys(openers);

/** Slows the main thread of a page down, as in DevTools, for as long as the page is open. */
const slowDown = async (page, rate) => {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
};

/**
 * @param {'ours' | 'bare'} kind which page
 * @param {number} rest delay in milliseconds before Join is pressed
 * @param {number} slowdown how many times slower its main thread is
 */
export const prepare = async (kind, context, servers, { rest = 0, slowdown = 1 } = {}) => {
  const page = await context.newPage();
  if (slowdown > 1) await slowDown(page, slowdown);
  await openers[kind](page, servers);
  await page.waitForFunction(() => document.querySelector('[data-preview]')?.videoWidth > 0);
  await page.waitForTimeout(rest);
  return page;
};

export const join = (page) => page.getByRole('button', { name: 'Join', exact: true }).click();

/** Waits for the other person's video. */
export const seeTheOther = (page) =>
  page.waitForFunction(() => document.querySelector('[data-tile=remote] video')?.videoWidth > 0);

/** Two participants who see each other. */
const call = async (kind, context, servers) => {
  const pages = [await prepare(kind, context, servers), await prepare(kind, context, servers)];
  for (const page of pages) await join(page);
  for (const page of pages) {
    await seeTheOther(page);
  }
  return pages;
};

/** Measures something in a call of two, for one kind of page after the other. */
export const inCalls = async (browser, servers, measure) => {
  const results = {};
  for (const kind of KINDS) {
    const context = await browser.newContext({ acceptDownloads: false });
    await context.grantPermissions(GRANTED);
    const place = { ...servers, room: randomUUID().slice(0, 8), bare: 'bare-file.html' };
    results[kind] = await measure(kind, await call(kind, context, place), context);
    await context.close();
  }
  return results;
};
