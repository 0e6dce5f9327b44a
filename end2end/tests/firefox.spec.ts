import { type Browser, launch, type Page as FirefoxPage } from 'puppeteer-core';
import { installProbe, readCounter, readInbound } from '../support/probe.ts';
import { enter, expectMore, remoteTiles, tileOf } from '../support/room.ts';
import { expect, test as base } from '../support/test.ts';

const PREFERENCES = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.peerconnection.ice.loopback': true,
  // Nothing but the page itself is to use the network.
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

const test = base.extend<{ firefox: FirefoxPage }>({
  firefox: async ({ trouble }, use) => {
    const browser: Browser = await launch({
      browser: 'firefox',
      executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
      extraPrefsFirefox: PREFERENCES,
    });
    const page = await browser.newPage();
    page.on('console', (message) => trouble.push(`console ${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => trouble.push(`error: ${error instanceof Error ? error.message : error}`));
    page.on('requestfailed', (request) => trouble.push(`failed: ${request.url()}`));
    await page.evaluateOnNewDocument(installProbe);
    await use(page);
    await browser.close();
  },
});

for (const first of ['Chromium', 'Firefox'] as const) {
  test(`${first} is called by the other browser: both see and hear`, async ({ firefox, person, room, salon }) => {
    const chromium = await person();
    const enterWithFirefox = async () => {
      await firefox.goto(`${salon.origin}/room/${room}`);
      await firefox.waitForFunction(() => probe.live);
      await firefox.locator('main[data-phase=lobby] input').fill('Fox');
      await firefox.locator('::-p-aria([name="Turn on camera and microphone"][role="button"])').click();
      await firefox.waitForSelector('video[data-preview]');
      await firefox.locator('::-p-aria([name="Join"][role="button"])').click();
      await firefox.waitForSelector('main[data-phase=call]');
    };
    if (first === 'Firefox') await enterWithFirefox();
    await enter(chromium, room, 'Ada');
    if (first === 'Chromium') await enterWithFirefox();

    await expect(remoteTiles(chromium)).toHaveCount(1);
    await expect(tileOf(chromium, 'Fox')).toHaveAttribute('data-link', 'connected', { timeout: 15_000 });
    await expectMore(chromium, 'picture');
    await expectMore(chromium, 'sound');

    await firefox.waitForSelector('[data-tile=remote][data-link=connected]');
    const shown = new Set<number>();
    const numbers = async () => {
      const counter = await firefox.$eval('[data-tile=remote] video', readCounter);
      if (counter !== null) shown.add(counter);
      return shown.size;
    };
    await expect.poll(numbers, { intervals: [100], timeout: 15_000 }).toBeGreaterThan(2);
    const energy = async () => (await firefox.evaluate(readInbound))[0]!.audio.energy;
    const before = await energy();
    await expect.poll(energy, { timeout: 15_000 }).toBeGreaterThan(before);

    await firefox.locator('::-p-aria([name="People (2)"][role="button"])').click();
    await firefox.locator('::-p-aria([name="Connection to Ada"][role="button"])').click();
    await firefox.waitForSelector('.connection tbody tr');
    const rows = () =>
      firefox.$$eval('.connection tbody tr', (all) =>
        all.map(({ children }) => [...children].map(({ firstChild }) => firstChild?.textContent).join(' | ')).join('\n'),
      );
    await expect.poll(rows, { timeout: 15_000 }).toMatch(/^Rate \| [1-9][\d.]* [kM]bit\/s \| [1-9][\d.]* [kM]bit\/s$/m);
    const told = await rows();
    expect(told).toMatch(/^Path \| Direct, UDP/m);
    expect(told).toMatch(/^Round trip \| ([\d.]+ ms|—)$/m);
    expect(told).toMatch(/^Sound \| opus \| opus$/m);
    expect(told).toMatch(/^Picture \| (VP8|VP9|AV1|H264) \| (VP8|VP9|AV1|H264)$/m);
  });
}
