// Calls through a real relay with deploy/coturn.conf, by people who hide their IP address from the others.
import type { Page } from '@playwright/test';
import { GRANTED } from '../support/chromium.mjs';
import { makeDualNetwork, makeNetwork, whyNoNetworks } from '../support/network.mjs';
import { installProbe, readPaths, tryRelay } from '../support/probe.ts';
import { makeCertificate, startRelay, whyNoCertificate, whyNoRelay } from '../support/relay.mjs';
import { button, enter, expectMore, expectPhase, expectToSeeAndHear, open, tileOf, turnOnDevices } from '../support/room.ts';
import { startSalonAt } from '../support/salon.mjs';
import { soak } from '../support/soak.ts';
import { expect, test as base } from '../support/test.ts';

type Network = Awaited<ReturnType<typeof makeNetwork>>;
type Relay = Awaited<ReturnType<typeof startRelay>>;
type Person = { page: Page; address: string; heard: string[] };

const SECRET = 'shared by the server and the relay';
/** Validity of credentials; the default is the shortest possible. */
const VALID_S = soak(10, 20);
/** A later response than this could not concern the tested credentials. */
const RENEWED = { timeout: VALID_S * 1000 };

type Setting = { hosts: string[]; everyWay: boolean; turnSeconds: number };
const TWO = { hosts: ['ada', 'bob'], everyWay: false, turnSeconds: VALID_S };
/** The largest load on a relay: the largest possible call, over both families and all transports. */
const FOUR = { hosts: ['ada', 'bob', 'cleo', 'dan'], everyWay: true, turnSeconds: 600 };

const hideAddress = (page: Page) => page.getByRole('checkbox', { name: 'Hide my IP address' });

const test = base.extend<{ setting: Setting; network: Network; relay: Relay; come: (host: string) => Promise<Person> }>({
  setting: [TWO, { option: true }],
  network: async ({ setting: { hosts, everyWay } }, use) => {
    const make = everyWay ? makeDualNetwork : makeNetwork;
    const network = await make(...hosts, 'relay');
    await use(network);
    network.remove();
  },
  relay: async ({ network, setting }, use) => {
    const options = setting.everyWay ? { certificate: makeCertificate() } : {};
    const relay = await startRelay(network.placeOn('relay'), SECRET, options);
    await use(relay);
    await relay.stop();
  },
  come: async ({ network, playwright, relay, setting, trouble }, use) => {
    const ice = setting.everyWay ? relay.all.join(' ') : relay.url;
    const options = ['--ice-servers', ice, '--turn-static-auth-secret', SECRET, '--turn-credential-ttl', String(setting.turnSeconds)];
    const flags = setting.everyWay ? [makeCertificate().trust] : [];
    const salon = await startSalonAt(network.server, ...options);
    const pages: Page[] = [];
    await use(async (host) => {
      const browser = await playwright.chromium.launch(network.launchOptions(host, ...flags));
      const context = await browser.newContext({ baseURL: salon.origin, permissions: GRANTED });
      context.on('weberror', (error) => trouble.push(`error: ${error.error().stack ?? error.error().message}`));
      await context.addInitScript(installProbe);
      const page = await context.newPage();
      pages.push(page);
      const heard: string[] = [];
      page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => heard.push(String(payload))));
      return { page, address: network.placeOn(host).address, heard };
    });
    for (const page of pages) await page.context().browser()?.close();
    await salon.stop();
  },
});

const enterHidden = async ({ page }: Person, room: string, name: string, { camera = true } = {}) => {
  await open(page, `/room/${room}`);
  await page.getByRole('textbox', { name: 'Your name' }).fill(name);
  await hideAddress(page).check();
  await turnOnDevices(page);
  if (!camera) await button(page, 'Turn camera off').click();
  await button(page, 'Join').click();
  await expectPhase(page, 'call');
};

const expectPath = (page: Page, path: string[]) => expect.poll(async () => (await page.evaluate(readPaths)).map(({ types }) => types), { timeout: 30_000 }).toEqual([path]);

/** The relay, as seen by the open connection. */
const readServer = (page: Page) =>
  page.evaluate(() => {
    const open = probe.connections.filter(({ connectionState }) => connectionState === 'connected');
    return open[0]!.getConfiguration().iceServers![0]!;
  });

test.describe('through a relay', () => {
  test.beforeAll(() => {
    const why = whyNoNetworks() || whyNoRelay();
    if (why) console.log(`Skipped, because there can be no relay here: ${why}`);
    test.skip(!!why, why);
  });

  test('two people with hidden addresses see and hear each other, and credentials are renewed', async ({ come, network, room }) => {
    test.slow();
    await network.dropBetween('ada', 'bob');
    await network.dropBetween('bob', 'ada');
    const [ada, bob] = [await come('ada'), await come('bob')];
    await enterHidden(ada, room, 'Ada');
    await enterHidden(bob, room, 'Bob');
    const expectCall = () => Promise.all([expectToSeeAndHear(ada.page, ['Bob']), expectToSeeAndHear(bob.page, ['Ada'])]);
    await expectCall();
    for (const { page } of [ada, bob]) await expectPath(page, ['relay', 'relay']);
    await ada.page.getByRole('button', { name: /^People/ }).click();
    await expect(ada.page.locator('.lock summary')).toHaveText('Relayed, end-to-end encrypted');

    const first = await readServer(ada.page);
    const other = await readServer(bob.page);
    expect(await ada.page.evaluate(tryRelay, first)).toBe('relayed');
    expect(await ada.page.evaluate(tryRelay, { ...first, username: other.username! })).toBe('refused');
    await expect.poll(async () => (await readServer(ada.page)).username, RENEWED).not.toBe(first.username);
    const [end = ''] = first.username!.split(':');
    await expect.poll(() => Date.now(), RENEWED).toBeGreaterThan((Number(end) + 1) * 1000);
    expect(await ada.page.evaluate(tryRelay, first)).toBe('refused');

    // A new path is possible only with the new credentials.
    await network.moveToNewAddress('ada');
    await expectCall();
    for (const { page } of [ada, bob]) await expectPath(page, ['relay', 'relay']);

    const told = (person: Person, by: string[]) => by.filter((text) => text.includes(person.address));
    expect(ada.heard.some((text) => text.includes('typ relay'))).toBe(true);
    expect([...told(bob, ada.heard), ...told(ada, bob.heard)]).toEqual([]);
  });

  test('the address can be hidden, and shown, during a call', async ({ come, room }) => {
    test.slow();
    const [ada, bob] = [await come('ada'), await come('bob')];
    await enter(ada.page, room, 'Ada');
    await enter(bob.page, room, 'Bob');
    const expectCall = () => Promise.all([expectToSeeAndHear(ada.page, ['Bob']), expectToSeeAndHear(bob.page, ['Ada'])]);
    await expectCall();
    await expectPath(bob.page, ['host', 'host']);
    const expectLocks = async (words: string) => {
      for (const tile of [tileOf(ada.page, 'Bob'), tileOf(bob.page, 'Ada')]) {
        await expect(tile.locator('.lock-mark')).toHaveAttribute('aria-label', words);
      }
    };
    await expectLocks('Direct, end-to-end encrypted');

    await button(ada.page, 'Settings').click();
    await hideAddress(ada.page).check();
    await expectPath(ada.page, ['relay', 'host']);
    await expectLocks('Relayed, end-to-end encrypted');
    await expectCall();
    await hideAddress(ada.page).uncheck();
    await expectPath(ada.page, ['host', 'host']);
    await expectLocks('Direct, end-to-end encrypted');
    await expectCall();
  });
});

test.describe('through a relay, over every path to it', () => {
  test.use({ setting: FOUR });
  test.beforeAll(() => {
    const why = whyNoNetworks() || whyNoRelay() || whyNoCertificate();
    if (why) console.log(`Skipped, because there can be no relay here: ${why}`);
    test.skip(!!why, why);
  });

  test('four people with hidden addresses who change networks at once reconnect', {
    tag: ['@alone', '@soak'],
  }, async ({ come, network, relay, room }) => {
    test.slow();
    const names = ['Ada', 'Bob', 'Cleo', 'Dan'];
    const people = await Promise.all(FOUR.hosts.map(come));
    // Twelve videos at once would test the machine more than the relay.
    await Promise.all(people.map((person, at) => enterHidden(person, room, names[at]!, { camera: false })));
    const expectCall = () => Promise.all(people.map(({ page }) => expectMore(page, 'sound', names.length - 1)));
    await expectCall();
    // The relay keeps the old allocations, because nobody can tell it that they left.
    await Promise.all(FOUR.hosts.map(network.moveToNewAddress));
    await expectCall();
    for (const { page } of people) await expect(page.locator('[data-tile=remote][data-link=connected]')).toHaveCount(3);
    expect(relay.log()).not.toContain('error 486');
  });
});

test('a person with a hidden address learns that the server has lost its relay', async ({ person, room }) => {
  const ada = await person();
  await open(ada, `/room/${room}`);
  await expect(hideAddress(ada)).toHaveCount(0);
  await ada.evaluate(() => localStorage.setItem('salon.hide-address', 'yes'));
  await open(ada, `/room/${room}`);
  await expect(ada.getByText('This server no longer has a relay')).toBeVisible();
  await hideAddress(ada).uncheck();
  await open(ada, `/room/${room}`);
  await expect(hideAddress(ada)).toHaveCount(0);
  await enter(ada, room, 'Ada');
  const bob = await person();
  await enter(bob, room, 'Bob');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
});
