// Two people on two hosts, and what happens to the network between them.
import type { Browser, Page } from '@playwright/test';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { GRANTED } from '../support/chromium.mjs';
import { makeNetwork, whyNoNetworks } from '../support/network.mjs';
import { hearAgain, installProbe } from '../support/probe.ts';
import { button, enter, expectMore, expectPhase, expectToSeeAndHear, open, remoteTiles, tileOf } from '../support/room.ts';
import { startSalonAt } from '../support/salon.mjs';
import { soak } from '../support/soak.ts';
import { expect, test as base } from '../support/test.ts';

type Network = Awaited<ReturnType<typeof makeNetwork>>;
type Call = { ada: Page; bob: Page };
type Come = (host: 'ada' | 'bob') => Promise<Page>;

const CHANGES = soak(5, 20);
/** Number of them after which audio may return later. */
const LATE = 1;
const BACK_MS = 3_000;
/** How long a hint may stay after its cause is gone. */
const CLEARED_MS = 2_000;
/** Kilobytes per second: too few for video, and enough for audio. */
const UPLOAD_KB = 7;
/** Kilobytes per second: too few for good video. */
const SLOW_KB = 20;
/** Time after which audio counts as lost for good. */
const LIMIT_MS = 30_000;

const test = base.extend<{ network: Network; come: Come; call: Call }>({
  network: async ({}, use) => {
    const network = await makeNetwork('ada', 'bob');
    await use(network);
    network.remove();
  },
  come: async ({ network, playwright, trouble }, use) => {
    const salon = await startSalonAt(network.server);
    const browsers: Browser[] = [];
    await use(async (host) => {
      const browser = await playwright.chromium.launch(network.launchOptions(host));
      browsers.push(browser);
      const context = await browser.newContext({ baseURL: salon.origin, permissions: GRANTED });
      context.on('weberror', (error) => trouble.push(`error: ${error.error().stack ?? error.error().message}`));
      await context.addInitScript(installProbe);
      return context.newPage();
    });
    for (const browser of browsers) await browser.close();
    await salon.stop();
  },
  call: async ({ come, room }, use) => {
    const [ada, bob] = [await come('ada'), await come('bob')];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
    await use({ ada, bob });
  },
});

test.beforeAll(() => {
  const why = whyNoNetworks();
  if (why) console.log(`Skipped, because there can be no networks here: ${why}`);
  test.skip(!!why, why);
});

test('a slow upload is detected in the lobby', async ({ come, network, room }) => {
  const ada = await come('ada');
  await network.squeezeAll('ada', SLOW_KB);
  await open(ada, `/room/${room}`);
  const found = ada.locator('.connection-test');
  await expect(found).toHaveAttribute('data-verdict', 'slow', { timeout: 30_000 });
  await expect(found.getByRole('status')).toHaveText('Connection: slow, your video may suffer');
  await found.locator('summary').click();
  await expect(found.locator('dl')).toContainText(/Upload\s*(about \d+ kbit\/s|too slow to be measured)/);
  await network.restore();
  await expect(async () => {
    await button(ada, 'Test again').click();
    await expect(found).toHaveAttribute('data-verdict', /^(good|slow)$/);
    await expect(found).toHaveAttribute('data-verdict', 'good', { timeout: 100 });
  }).toPass({ timeout: 30_000 });
});

/** Milliseconds from now until both hear each other. */
const soundBack = async ({ ada, bob }: Call) => {
  const since = Date.now();
  const times = await Promise.all([ada, bob].map((page) => page.evaluate(hearAgain, [since, LIMIT_MS] as [number, number])));
  return Math.max(...times);
};

const idOf = (page: Page, name: string) => tileOf(page, name).getAttribute('data-peer');

test(`audio is back within 3 s after packets dropped one way, after 8 s without any and after ${CHANGES - LATE} of ${CHANGES} changes of network`, {
  tag: '@alone',
}, async ({ call, network }) => {
  test.setTimeout((CHANGES + 4) * 2 * LIMIT_MS);
  const { ada, bob } = call;
  const ids = [await idOf(ada, 'Bob'), await idOf(bob, 'Ada')];

  await test.step('packets dropped one way are noticed', async () => {
    await network.dropBetween('ada', 'bob');
    await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-link', 'reconnecting');
    // People cannot notice themselves that they are not heard.
    const hint = ada.getByText('Bob cannot hear you.');
    await expect(hint).toBeVisible();
    const [back] = await Promise.all([soundBack(call), network.restore()]);
    console.log(`sound back after ${back} ms`);
    expect(back).toBeLessThanOrEqual(BACK_MS);
    await expect(hint).toBeHidden({ timeout: CLEARED_MS });
  });

  await test.step('a person cut off for 8 s returns as the same person', async () => {
    await network.dropAll('ada');
    await pause(8_000);
    const [back] = await Promise.all([soundBack(call), network.restore()]);
    console.log(`sound back after ${back} ms`);
    expect(back).toBeLessThanOrEqual(BACK_MS);
    await Promise.all([expectPhase(ada, 'call'), expectPhase(bob, 'call')]);
    await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
    expect([await idOf(ada, 'Bob'), await idOf(bob, 'Ada')]).toEqual(ids);
    await expect(remoteTiles(bob)).toHaveCount(1);
  });

  await test.step('changes of network', async () => {
    const times: number[] = [];
    while (times.length < CHANGES && !times.includes(Infinity)) {
      const host = times.length % 2 ? 'bob' : 'ada';
      const [back] = await Promise.all([soundBack(call), network.moveToNewAddress(host)]);
      times.push(back);
    }
    const sorted = times.toSorted((one, other) => one - other);
    const percentile = (part: number) => sorted[Math.ceil(part * sorted.length) - 1];
    console.log(`sound back after ${times.join(' ')} ms; p50 ${percentile(0.5)}, p95 ${percentile(0.95)}, max ${percentile(1)}`);
    expect(times.filter((time) => time <= BACK_MS).length).toBeGreaterThanOrEqual(CHANGES - LATE);
  });
});

test('a slow upload is reported on both sides, and audio gets through', async ({ call, network }) => {
  test.slow();
  const { ada, bob } = call;
  await network.squeeze('ada', UPLOAD_KB);
  const named = { timeout: 30_000 };
  await Promise.all([
    expect(ada.locator('[data-hint=weak]')).toContainText('Your upload is slow', named),
    expect(bob.locator('[data-hint=weak]')).toContainText("Ada's upload is slow", named),
    expect(tileOf(bob, 'Ada').locator('[data-grade]')).toBeVisible(named),
  ]);
  await Promise.all([expectMore(bob, 'sound'), expectMore(bob, 'picture')]);
  await network.restore();
  await Promise.all([ada, bob].map((page) => expect(page.locator('[data-hint=weak]')).toBeHidden({ timeout: 60_000 })));
});

test('while the network is gone, messages wait, and arrive once and in order; a file resumes where it was', async ({ call, network }, info) => {
  test.slow();
  const { ada, bob } = call;
  const write = async (page: Page, text: string) => {
    const field = page.getByRole('textbox', { name: 'Message' });
    await field.fill(text);
    await field.press('Enter');
  };
  for (const page of [ada, bob]) await page.getByRole('button', { name: /^Chat/ }).click();
  await expect(ada.getByRole('textbox', { name: 'Message' })).toBeVisible();
  const bytes = randomBytes(40_000_000);
  await writeFile(info.outputPath('long.bin'), bytes);
  await ada.locator('input[type=file]').setInputFiles(info.outputPath('long.bin'));
  const downloads = bob.waitForEvent('download', { timeout: 90_000 });
  await button(bob, 'Download: long.bin').click();
  const progress = () => bob.getByRole('progressbar', { name: 'long.bin' }).evaluate((bar: HTMLProgressElement) => bar.value);
  await expect.poll(progress, { intervals: [50] }).toBeGreaterThan(0);

  await network.dropAll('ada');
  await write(ada, 'one');
  await write(bob, 'two');
  await write(ada, 'three');
  await expect(ada.getByText('Waiting for Bob')).toHaveCount(2);
  for (const [page, name] of [[ada, 'Bob'], [bob, 'Ada']] as const) {
    await expect(tileOf(page, name)).toHaveAttribute('data-link', 'reconnecting');
  }
  const before = await progress();
  expect(before).toBeLessThan(1);

  await network.moveToNewAddress('ada');
  await network.restore();
  const seen: number[] = [];
  await expect
    .poll(async () => {
      seen.push(await progress());
      return seen.at(-1);
    }, { intervals: [50], timeout: LIMIT_MS })
    .toBeGreaterThan(before);
  expect(Math.min(...seen), 'nothing is sent again').toBeGreaterThanOrEqual(before);
  for (const page of [ada, bob]) {
    const said = page.locator('.said-text');
    await expect(said).toHaveCount(3, { timeout: LIMIT_MS });
    const texts = await said.allInnerTexts();
    expect(texts.filter((text) => text !== 'two')).toEqual(['one', 'three']);
    await expect(page.getByText(/^Waiting for/)).toHaveCount(0);
  }
  expect(await ada.locator('.said-text').allInnerTexts()).toEqual(await bob.locator('.said-text').allInnerTexts());
  const path = await (await downloads).path();
  const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
  expect(hash(await readFile(path))).toBe(hash(bytes));
  await expect(ada.getByText('Bob has it')).toBeVisible();
});
