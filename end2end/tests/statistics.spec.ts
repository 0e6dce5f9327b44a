// Connection statistics in a call, and the connection test before it.
import type { Browser, Locator, Page } from '@playwright/test';
import { GRANTED } from '../support/chromium.mjs';
import { tabTo } from '../support/keyboard.ts';
import { makeNetwork, whyNoNetworks } from '../support/network.mjs';
import { installProbe, readPaths } from '../support/probe.ts';
import { makeCertificate, startRelay, whyNoCertificate, whyNoRelay } from '../support/relay.mjs';
import { button, clipboard, connectionsMade, enter, expectConnected, expectPhase, expectToSeeAndHear, open } from '../support/room.ts';
import { startSalonAt } from '../support/salon.mjs';
import { soak } from '../support/soak.ts';
import { expect, test } from '../support/test.ts';

const panel = (page: Page, name: string) => page.getByRole('dialog', { name: `Connection to ${name}` });
/** The values of a row. */
const cells = (dialog: Locator, name: string) =>
  dialog.getByRole('row').filter({ has: dialog.page().getByRole('rowheader', { name, exact: true }) }).getByRole('cell');

const openPanel = async (page: Page, name: string) => {
  await page.getByRole('button', { name: /^People/ }).click();
  await button(page, `Connection to ${name}`).click();
  return panel(page, name);
};

const expectNoAddress = (text: string) => {
  expect(text).not.toMatch(/\d{1,3}(\.\d{1,3}){3}/);
  expect(text).not.toMatch(/[\da-f]*:[\da-f]*:[\da-f]*/i);
  expect(text).not.toMatch(/\.local|candidate|127\.|localhost/i);
};

const RATE = /^[1-9][\d.]* [kM]bit\/s$/;
const CODEC = /^(VP8|VP9|AV1|H264)$/;
const PIXELS = /^\d{3,4} × \d{3,4}$/;

/** Audio and video flow in both directions, and the numbers show it. */
const expectTraffic = async (dialog: Locator) => {
  const expectRow = (name: string, ...values: (RegExp | string)[]) =>
    expect(cells(dialog, name), name).toHaveText(values, { timeout: 30_000 });
  await expectRow('Path', /^Direct, UDP/);
  await expectRow('Round trip', /^[\d.]+ ms$/);
  await expectRow('Bitrate', RATE, RATE);
  await expectRow('Packet loss', /^\d+\.\d%$/, /^(\d+\.\d%|—)$/);
  await expectRow('Jitter', /^[\d.]+ ms$/, /^([\d.]+ ms|—)$/);
  await expectRow('Audio', /opus/i, /opus/i);
  await expectRow('Video', CODEC, CODEC);
  await expectRow('Resolution', PIXELS, PIXELS);
  await expectRow('Frame rate', /^[1-9]\d* fps$/, /^[1-9]\d* fps$/);
  await expectRow('Freezes', /^(none|\d+, .* in total)$/, '—');
};

test('the connection to a person in numbers and graphs, by keyboard alone, until they leave', async ({
  person, room, line,
}) => {
  const [ada, bob] = [await person({ baseURL: line.origin }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  const { keyboard } = ada;
  await tabTo(ada.getByRole('button', { name: /^People/ }));
  await keyboard.press('Enter');
  const way = button(ada, 'Connection to Bob');
  await tabTo(way, { key: 'Shift+Tab', most: 20 });
  await keyboard.press('Enter');
  const dialog = panel(ada, 'Bob');
  await expect(button(ada, 'Back')).toBeFocused();
  await expectTraffic(dialog);
  const graphs = dialog.getByRole('img', { name: /over the last 2 minutes/ });
  await expect.poll(() => graphs.count()).toBeGreaterThanOrEqual(6);
  await expect(graphs.first().locator('path')).toHaveAttribute('d', /^M\d+ \d+h0(L\d+ \d+){2,}/);

  // A repaired connection leaves the panel open.
  line.cut();
  await bob.reload();
  await expectPhase(bob, 'call');
  await expectToSeeAndHear(ada, ['Bob']);
  await expectTraffic(dialog);

  await tabTo(button(ada, 'Copy report'));
  let report = '';
  // The bitrate of a new connection is unknown in its first second.
  await expect(async () => {
    await keyboard.press('Enter');
    await expect(ada.locator('[data-notice=event]')).toContainText('Report copied.');
    report = await clipboard(ada);
    expect(report).toMatch(/^Bitrate: received [1-9].*bit\/s \(.*\), sent [1-9].*bit\/s \(.*\)$/m);
    for (const name of ['Path', 'Audio', 'Video', 'Resolution']) {
      const shown = await cells(dialog, name).allInnerTexts();
      const said = report.split('\n').find((text) => text.startsWith(`${name}: `));
      for (const value of shown) expect(said).toContain(value.trim());
    }
  }).toPass({ timeout: 30_000 });
  expectNoAddress(report);
  for (const secret of [room, 'Bob', 'Ada']) expect(report).not.toContain(secret);

  await tabTo(button(ada, 'Back'));
  await keyboard.press('Enter');
  await expect(way).toBeFocused();
  await keyboard.press('Enter');
  await keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(ada.getByRole('button', { name: /^People/ })).toBeFocused();

  await openPanel(ada, 'Bob');
  await expect(dialog).toBeVisible();
  await button(bob, 'Leave').click();
  await expect(dialog).toBeHidden();
  await expect(ada.getByRole('dialog', { name: 'People (1)' })).toBeVisible();
});

const connectionTest = (page: Page) => page.locator('.connection-test');

test.describe('while the server is unreachable', () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('the lobby tests the connection by itself and reports the result, including an unreachable server, for as long as it is', async ({
    person, room, line,
  }) => {
    const ada = await person({ baseURL: line.origin });
    await open(ada, `/room/${room}`);
    const found = connectionTest(ada);
    await expect(found).toHaveAttribute('data-verdict', 'good', { timeout: 30_000 });
    await expect(found.getByRole('status')).toHaveText('Connection: good');
    await found.locator('summary').click();
    await expect(found.locator('dl')).toContainText(/Server\s*answers in [\d.]+ ms/);
    await expect(found.locator('dl')).toContainText('this server has none');
    await button(ada, 'Copy report').click();
    await expect(ada.locator('[data-notice=event]')).toContainText('Report copied.');
    const report = await clipboard(ada);
    expectNoAddress(report);
    expect(report).not.toContain(room);
    expect(report).toMatch(/^Server: answers in [\d.]+ ms$/m);
    expect(report).toMatch(/^Download: (at least [\d.]+ [kM]|over 100 M)bit\/s$/m);
    expect(report).toMatch(/^Upload: (about [\d.]+ [kM]|over 100 M)bit\/s$/m);
    await expect(found.locator('dl')).toContainText(/This browser\s*found a network path/);
    expect(report).toMatch(/^This browser: found a network path$/m);
    // Without servers, only the browser is checked, which is done: the prewarmed connection is left.
    expect(await connectionsMade(ada)).toEqual([1]);

    line.refuse();
    await expect(found).toHaveAttribute('data-verdict', 'no-server', { timeout: 30_000 });
    await expect(found.getByRole('status')).toHaveText('Connection: the server does not answer');
    line.admit();
    await expect(found).toHaveAttribute('data-verdict', 'good', { timeout: 30_000 });
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
    await expect(found).toHaveCount(0);
  });
});

test('silent servers are reported, no hidden address is revealed, and joining cancels the test', async ({
  person, room, startSalon,
}) => {
  // Nothing listens on port 9.
  const urls = ['stun:127.0.0.1:9', 'turn:127.0.0.1:9', 'turn:127.0.0.1:9?transport=tcp'];
  const { origin: baseURL } = await startSalon('--ice-servers', urls.join(' '), '--turn-username', 'user', '--turn-credential', 'word');
  const ada = await person({ baseURL });
  await open(ada, `/room/${room}`);
  const found = connectionTest(ada);
  await expect(found).toHaveAttribute('data-verdict', 'blocked', { timeout: 40_000 });
  await found.locator('summary').click();
  for (const name of ['STUN', 'Relay over UDP', 'Relay over TCP']) {
    await expect(found.locator('dl')).toContainText(new RegExp(`${name}\\s*no answer`));
  }
  await button(ada, 'Copy report').click();
  await expect.poll(() => clipboard(ada)).toContain('Relay over TCP: no answer');
  expectNoAddress(await clipboard(ada));

  await ada.getByRole('checkbox', { name: 'Hide my IP address' }).check();
  await open(ada, `/room/${room}`);
  await found.locator('summary').click({ timeout: 30_000 });
  await expect(found.locator('dl')).toContainText(/STUN\s*not tested: your IP address stays hidden/);
  // One for each relay, and the prewarmed one.
  await expect.poll(() => connectionsMade(ada)).toEqual([3]);
  const asked = await ada.evaluate(() => probe.connections.map((connection) => connection.getConfiguration()));
  const asking = asked.filter(({ iceServers }) => iceServers!.length > 0);
  expect(asking.map(({ iceServers, iceTransportPolicy }) => [iceServers![0]!.urls, iceTransportPolicy])).toEqual([
    [['turn:127.0.0.1:9'], 'relay'],
    [['turn:127.0.0.1:9?transport=tcp'], 'relay'],
  ]);

  await expect(found).toHaveAttribute('data-verdict', 'testing');
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
  const states = () => ada.evaluate(() => probe.connections.map(({ connectionState }) => connectionState));
  await expect.poll(async () => (await states()).filter((state) => state !== 'closed').length).toBeLessThanOrEqual(1);
});

/** Whether the open connection uses a relay, according to the browser. */
const isRelayed = async (page: Page) => {
  const [path] = await page.evaluate(readPaths);
  return path!.types.includes('relay');
};

/** A person's page in a browser on a network. */
const come = async (browser: Browser, baseURL: string, trouble: string[]) => {
  const context = await browser.newContext({ baseURL, permissions: GRANTED });
  context.on('weberror', (error) => trouble.push(`error: ${error.error().message}`));
  await context.addInitScript(installProbe);
  return context.newPage();
};

test.describe('on a lossy connection', () => {
  const LOST_PERCENT = 20;
  const GONE_MS = 2_000;
  /** Number of samples, one a second. */
  const SAMPLES = soak(5, 10);

  test.beforeAll(() => {
    const why = whyNoNetworks();
    if (why) console.log(`Skipped, because there can be no networks here: ${why}`);
    test.skip(!!why, why);
  });

  test('packet loss and freezes are shown in numbers', async ({ playwright, room, trouble }) => {
    test.slow();
    const network = await makeNetwork('ada', 'bob');
    const salon = await startSalonAt(network.server);
    const browsers = await Promise.all(['ada', 'bob'].map((host) => playwright.chromium.launch(network.launchOptions(host))));
    try {
      const [ada, bob] = [await come(browsers[0]!, salon.origin, trouble), await come(browsers[1]!, salon.origin, trouble)];
      await enter(ada, room, 'Ada');
      await enter(bob, room, 'Bob');
      await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
      const [mine, theirs] = [await openPanel(ada, 'Bob'), await openPanel(bob, 'Ada')];
      await expect(cells(mine, 'Packet loss')).toHaveText(['0.0%', '0.0%']);
      const lost = async (dialog: Locator, column: number) => Number.parseFloat(await cells(dialog, 'Packet loss').nth(column).innerText());

      await network.loseBetween('bob', 'ada', LOST_PERCENT);
      await expect.poll(() => lost(mine, 0)).toBeGreaterThan(0);
      await expect.poll(() => lost(theirs, 1)).toBeGreaterThan(0);
      const told: number[] = [];
      await expect.poll(async () => told.push(await lost(mine, 0)), { intervals: [1_000] }).toBe(SAMPLES);
      const mean = told.reduce((sum, percent) => sum + percent) / SAMPLES;
      console.log(`lost ${mean} % of what was sent; each second: ${told.join(', ')}`);
      // Browsers do not count packets as lost that were retransmitted in time.
      expect(mean).toBeGreaterThan(LOST_PERCENT / 10);
      expect(mean).toBeLessThan(LOST_PERCENT * 1.5);
      await network.restore();
      await expect(cells(mine, 'Packet loss')).toHaveText(['0.0%', '0.0%']);

      const freezes = async () => Number.parseInt((await cells(mine, 'Freezes').first().innerText()).replace('none', '0'));
      const before = await freezes();
      await network.dropBetween('bob', 'ada');
      await ada.waitForTimeout(GONE_MS);
      await network.restore();
      await expect.poll(freezes).toBeGreaterThan(before);
      await expect(cells(mine, 'Freezes').first()).toHaveText(/^\d+, [1-9]\d*\.\d s in total$/);
      console.log(await cells(mine, 'Freezes').first().innerText());
      await expect(mine.getByRole('img', { name: /^Packet loss over the last 2 minutes: 0\.0% to [1-9]/ }).first()).toBeVisible();
    } finally {
      for (const browser of browsers) await browser.close();
      await salon.stop();
      network.remove();
    }
  });
});

test.describe('with a relay', () => {
  test.beforeAll(() => {
    const why = whyNoNetworks() || whyNoRelay() || whyNoCertificate();
    if (why) console.log(`Skipped, because there can be no relay here: ${why}`);
    test.skip(!!why, why);
  });

  test('it answers in the lobby without admitting anyone, and relays in the call', async ({ playwright, room, trouble }) => {
    test.slow();
    const network = await makeNetwork('ada', 'bob', 'relay');
    const secret = 'shared by the server and the relay';
    const certificate = makeCertificate();
    const relay = await startRelay(network.placeOn('relay'), secret, { certificate });
    const urls = [relay.stun, relay.url, `${relay.url}?transport=tcp`, relay.overTls];
    const salon = await startSalonAt(network.server, '--ice-servers', urls.join(' '), '--turn-static-auth-secret', secret);
    const relays = ['Relay over UDP', 'Relay over TCP', 'Relay over TLS'];
    const browsers = await Promise.all([
      playwright.chromium.launch(network.launchOptions('ada', certificate.trust)),
      playwright.chromium.launch(network.launchOptions('bob')),
    ]);
    try {
      const [ada, bob] = [await come(browsers[0]!, salon.origin, trouble), await come(browsers[1]!, salon.origin, trouble)];
      const look = async (page: Page, verdict: string) => {
        await open(page, `/room/${room}`);
        const found = connectionTest(page);
        await expect(found).toHaveAttribute('data-verdict', verdict);
        await found.locator('summary').click();
        return found.locator('dl');
      };
      // Bob's browser does not trust the relay's certificate.
      const [found, distrusted] = await Promise.all([look(ada, 'good'), look(bob, 'limited')]);
      for (const name of ['STUN', ...relays]) await expect(found).toContainText(new RegExp(`${name}\\s*answers in`));
      await expect(distrusted).toContainText(/Relay over TCP\s*answers in.*Relay over TLS\s*no answer/);
      await enter(ada, room, 'Ada');
      await enter(bob, room, 'Bob');
      await expectConnected(ada, 'Bob');
      const dialog = await openPanel(ada, 'Bob');
      const path = async () => (await cells(dialog, 'Path').innerText()).trim();
      await expect.poll(path).toMatch(/^(Direct|Relayed|Relayed over UDP), UDP, IPv4$/);
      await expect.poll(async () => (await isRelayed(ada)) === (await path()).startsWith('Relayed')).toBe(true);
      await button(ada, 'Test the connection').click();
      for (const name of ['STUN', ...relays]) {
        await expect(dialog.locator('dl')).toContainText(new RegExp(`${name}\\s*works, found in`), { timeout: 30_000 });
      }
      await expect(dialog.locator('dl')).toContainText(/Through the relay\s*[1-9][\d.]* [kM]bit\/s in both directions/);
    } finally {
      for (const browser of browsers) await browser.close();
      await salon.stop();
      await relay.stop();
      network.remove();
    }
  });
});
