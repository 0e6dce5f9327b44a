// The call continues when the connection to the server, or a browser, fails.
import type { Page } from '@playwright/test';
import { button, connectionsMade, duplicate, enter, expectMore, expectPhase, expectReached, expectToSeeAndHear, heardBy, listen, remoteTiles, tileOf } from '../support/room.ts';
import type { Line } from '../support/line.mjs';
import { soak } from '../support/soak.ts';
import { expect, test } from '../support/test.ts';

/** At most 7 s until the next attempt to reach the server, 5 s for it, and 3 s for the answer. */
const REACHED = { timeout: 15_000 };
/** Media is missed after 3 s, and looked for every 2 s in a calm call; the rest is for a busy machine. */
const MISSED = { timeout: 12_000 };

const banner = (page: Page) => page.locator('[data-notice=server]');

const faults: [string, (line: Line) => unknown][] = [
  ['cut', (line) => line.cut()],
  ['stalled both ways', (line) => line.stall()],
];
const halfFaults: typeof faults = [
  ['stalled to the server', (line) => line.stall(['to the server'])],
  ['stalled from the server', (line) => line.stall(['from the server'])],
];

test('a socket that is cut or stalled is replaced without anyone noticing', async ({ person, room, startSalon, startLine }) => {
  test.slow();
  const { origin } = await startSalon();
  const line = await startLine(origin);
  const [ada, bob] = [await person({ baseURL: origin }), await person({ baseURL: line.origin })];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
  await expect.poll(() => connectionsMade(ada, bob)).toEqual([2, 2]);
  await listen(ada);
  for (const [name, fault] of soak(faults, [...faults, ...halfFaults])) {
    await test.step(name, async () => {
      fault(line);
      await expectReached(bob, 'Bob', ada);
      await expectReached(ada, 'Ada', bob);
      await Promise.all([expectMore(ada, 'picture'), expectMore(bob, 'sound')]);
      expect(await connectionsMade(ada, bob)).toEqual([2, 2]);
      expect(await heardBy(ada)).not.toContainEqual(expect.stringMatching(/left|joined/));
      await expect(banner(bob)).toBeHidden();
    });
  }
});

test('a slow connection to the server delays a call and does not prevent it', async ({ person, room, line }) => {
  line.delay(300);
  const [ada, bob] = [await person({ baseURL: line.origin }), await person({ baseURL: line.origin })];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
});

test.describe('while the server is unreachable', () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a banner says that the call continues, until it is over', async ({ person, room, line }) => {
    const [ada, bob] = [await person(), await person({ baseURL: line.origin })];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectToSeeAndHear(bob, ['Ada']);
    line.refuse();
    await expect(banner(bob)).toHaveText('The server cannot be reached. Your call continues. Salon keeps trying.');
    await expectMore(bob, 'sound');
    // Changes are visible without the server, and an unmuted person is heard.
    await button(bob, 'Mute microphone').click();
    await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-mic', 'off');
    await button(bob, 'Unmute microphone').click();
    await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-mic', 'on');
    await expectMore(ada, 'sound');
    line.admit();
    await expect(banner(bob)).toBeHidden(REACHED);
    await expectReached(bob, 'Bob', ada);
  });

  test('a restart is reported as one', async ({ person, room, startSalon }) => {
    const salon = await startSalon();
    const [ada, bob] = [await person({ baseURL: salon.origin }), await person({ baseURL: salon.origin })];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectToSeeAndHear(ada, ['Bob']);
    await salon.stop();
    await expect(banner(ada)).toHaveText('The server is restarting. Your call continues.');
    await salon.startAgain();
    await expect(banner(ada)).toBeHidden(REACHED);
  });

  test('a browser that was offline reconnects by itself', async ({ person, room }) => {
    const [ada, bob] = [await person(), await person()];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
    await bob.context().setOffline(true);
    await bob.context().setOffline(false);
    await expectReached(bob, 'Bob', ada);
    await Promise.all([expectMore(ada, 'sound'), expectMore(bob, 'sound')]);
    await expect(remoteTiles(ada)).toHaveCount(1);
  });
});

test.describe('a tab that crashes', () => {
  test.use({ expectedOutput: /^a page crashed$/ });

  test('gets its seat back when it is reloaded', async ({ person, room }) => {
    const [ada, bob] = [await person(), await person()];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectToSeeAndHear(ada, ['Bob']);
    const id = await tileOf(ada, 'Bob').getAttribute('data-peer');
    // Playwright gives up crashed tabs: another one with the same storage replaces it.
    const again = await duplicate(bob);
    const crashed = bob.waitForEvent('crash');
    void bob.goto('chrome://crash').catch(() => {});
    await crashed;
    await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-link', 'reconnecting');
    await again.goto(`/room/${room}`);
    await again.reload();
    await expectPhase(again, 'call');
    await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(again, ['Ada'])]);
    expect(await tileOf(ada, 'Bob').getAttribute('data-peer')).toBe(id);
  });
});

test('a suspended browser is shown as reconnecting, then as gone, and returns by itself', async ({
  person,
  signal,
  room,
}) => {
  const [ada, bob] = [await person(), await person({ machine: 'of their own' })];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
  const tile = tileOf(ada, 'Bob');
  const stopped = async (until: () => Promise<unknown>) => {
    signal('of their own', 'SIGSTOP');
    await expect(tile).toHaveAttribute('data-link', 'reconnecting', MISSED);
    await expect(tile).toContainText(/Reconnecting 0:\d\d/);
    await until();
    signal('of their own', 'SIGCONT');
    await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
  };
  const id = await tile.getAttribute('data-peer');
  await stopped(async () => {});
  await stopped(() => expect(remoteTiles(ada)).toHaveCount(0, { timeout: 30_000 }));
  expect(await tile.getAttribute('data-peer')).toBe(id);
});
