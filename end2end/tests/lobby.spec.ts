// The lobby before the call, the second part of the app, is loaded.
import type { Page, Request } from '@playwright/test';
import { button, enter, expectPhase, expectToCount, openEarly, ownTile, remoteTiles } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const CALL = '**/pkg/*call*.wasm';
const STYLE = '**/pkg/call*.css';

const notice = (page: Page) => page.locator('[data-notice=part]');

/** Holds the call, or another file, back, and returns what lets it pass. */
const holdCall = async (page: Page, file = CALL) => {
  let pass = () => {};
  const held = new Promise<void>((resolve) => (pass = resolve));
  await page.route(file, async (route) => {
    await held;
    await route.continue();
  });
  return pass;
};

/** Refuses the call, or another file, as long as `refuses` says so, and counts the requests for it. */
const refuseCall = async (page: Page, refuses: (request: number) => boolean, file = CALL) => {
  const seen = { requests: 0 };
  await page.route(file, async (route) => {
    seen.requests += 1;
    await (refuses(seen.requests) ? route.fulfill({ status: 503 }) : route.continue());
  });
  return seen;
};

test('Join in the first moment is shown at once, and takes effect by itself', async ({ person, room }) => {
  const ada = await person();
  const pass = await holdCall(ada);
  await openEarly(ada, `/room/${room}`);
  await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada');
  await button(ada, 'Join').click();
  await expect(button(ada, 'Joining')).toBeVisible({ timeout: 1_000 });
  await expectPhase(ada, 'joining');
  // Impatience changes nothing.
  await button(ada, 'Joining').click();
  await ada.waitForTimeout(3_000);
  await expectPhase(ada, 'joining');
  await expect(notice(ada)).toBeHidden();
  pass();
  await expectPhase(ada, 'call');
  await expect(ownTile(ada)).toContainText('Ada');
});

test('camera and microphone can be asked for in the first moment', async ({ person, room }) => {
  const ada = await person();
  const pass = await holdCall(ada);
  await openEarly(ada, `/room/${room}`);
  const size = async () => ada.locator('.preview').evaluate(({ clientWidth, clientHeight }) => [clientWidth, clientHeight]);
  const before = await size();
  await button(ada, 'Turn on camera and microphone').click();
  await expect(button(ada, 'Turn on camera and microphone')).toBeHidden();
  await expect(ada.locator('.preview')).toContainText('Loading…');
  pass();
  await expectToCount(ada.locator('video[data-preview]'));
  expect(await size()).toEqual(before);
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
});

test('a link on the home page waits for the call', async ({ person, room }) => {
  const ada = await person();
  const pass = await holdCall(ada);
  await openEarly(ada, '/');
  await ada.getByRole('textbox', { name: 'Link or room name' }).fill(room);
  await button(ada, 'Go').click();
  await expect(ada.locator('#room-problem')).toHaveText('Loading…');
  await expect(button(ada, 'Go')).toBeDisabled();
  pass();
  await expect(ada).toHaveURL(`/room/${room}`);
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
});

test('a reload during a call does not show the lobby', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expect(remoteTiles(ada)).toHaveCount(1);
  const pass = await holdCall(ada);
  await ada.reload();
  await ada.waitForFunction(() => probe.live);
  await expectPhase(ada, 'joining');
  await expect(ada.locator('.lobby')).toBeHidden();
  const joining = ada.getByRole('status').filter({ hasText: 'Joining' });
  await expect(joining).toBeVisible();
  pass();
  await expectPhase(ada, 'call');
  await expect(joining).toBeHidden();
  await expect(remoteTiles(ada)).toHaveCount(1);
});

test.describe('the network is down', () => {
  // The browser and the loader of the parts log each failure. An unhandled one would be an error.
  test.use({ expectedOutput: /^(failed|console error)/ });

  test('the call is fetched again, and no failure is left to the browser', async ({ person, room }) => {
    const ada = await person();
    let isDown = true;
    const failed = new Set<string>();
    await ada.route(/\/pkg\/(call|chunk)[^/]*\.wasm/, async (route) => {
      if (!isDown) return route.continue();
      failed.add(route.request().url());
      // What several parts need fails first.
      if (route.request().url().includes('call')) await ada.waitForTimeout(100);
      await route.abort('connectionfailed');
    });
    await openEarly(ada, `/room/${room}`);
    await button(ada, 'Join').click();
    await expect(notice(ada)).toContainText('The call could not be loaded.');
    expect(failed.size).toBeGreaterThan(1);
    isDown = false;
    await expectPhase(ada, 'call');
  });
});

for (const [what, age, returns] of [['fresh', 10, 'true'], ['old', 120, 'false']] as const) {
  test(`with ${returns === 'true' ? 'a' : 'an'} ${what} seat, a reloaded page ${returns === 'true' ? 'hides' : 'shows'} its lobby until it is alive`, async ({ person, room }) => {
    const ada = await person();
    await ada.addInitScript(([room, age]) => {
      const at = Math.floor(Date.now() / 1000) - age;
      sessionStorage.setItem('salon.seat', `${room} on on off ${at} ${at} token`);
    }, [room, age] as const);
    await openEarly(ada, `/room/${room}`);
    await ada.route('**/pkg/salon*.wasm', () => {});
    await ada.reload({ waitUntil: 'domcontentloaded' });
    await expect(ada.locator('html')).toHaveAttribute('data-returns', returns, { timeout: 4_000 });
    await expect(ada.locator('.lobby')).toBeVisible({ visible: returns === 'false', timeout: 2_000 });
  });
}

test('the call waits for its style sheet', async ({ person, room }) => {
  const ada = await person();
  const code = ada.waitForResponse(CALL);
  const pass = await holdCall(ada, STYLE);
  await openEarly(ada, `/room/${room}`);
  await button(ada, 'Join').click();
  await (await code).finished();
  // Longer than the code takes once it is there.
  await ada.waitForTimeout(1_000);
  await expectPhase(ada, 'joining');
  await expect(ada.locator('.call')).toHaveCount(0);
  pass();
  await expectPhase(ada, 'call');
  await expect(ada.locator('.call')).toHaveCSS('position', 'fixed');
  await expect(ada.locator('#call-style')).toHaveCount(1);
});

test('a call that arrives slowly is waited for', async ({ person, room }) => {
  const ada = await person();
  const pass = await holdCall(ada);
  const isForCall = (request: Request) => /call.*\.wasm/.test(request.url());
  let requests = 0;
  ada.on('request', (request) => isForCall(request) && (requests += 1));
  await openEarly(ada, `/room/${room}`);
  await button(ada, 'Join').click();
  const network = await ada.context().newCDPSession(ada);
  const limit = (downloadThroughput: number) =>
    network.send('Network.emulateNetworkConditions', { offline: false, latency: 0, uploadThroughput: -1, downloadThroughput });
  // In bytes per second: 100 KB take longer than a connection may be silent.
  await limit(6_000);
  const arrived = ada.waitForEvent('requestfinished', { predicate: isForCall, timeout: 60_000 });
  const began = Date.now();
  pass();
  await arrived;
  expect(Date.now() - began).toBeGreaterThan(13_000);
  await limit(-1);
  await expectPhase(ada, 'call');
  expect(requests).toBe(1);
});

test.describe('the request for the call is not answered', () => {
  // The loader of the parts logs each attempt that was abandoned.
  test.use({ expectedOutput: /AbortError/ });

  test('for long: it says so and asks again, and Try now asks at once', async ({ person, room }) => {
    const ada = await person();
    const seen = { requests: 0, answers: false };
    await ada.route(CALL, async (route) => {
      seen.requests += 1;
      if (seen.answers) await route.continue();
    });
    await ada.clock.install();
    await openEarly(ada, `/room/${room}`);
    await button(ada, 'Join').click();
    await ada.clock.fastForward(6_000);
    await expect(notice(ada)).toBeHidden();
    expect(seen.requests).toBe(1);
    await ada.clock.fastForward(7_000);
    await expect(notice(ada)).toContainText('The call could not be loaded.');
    const later = async () => {
      await ada.clock.runFor(500);
      return seen.requests;
    };
    await expect.poll(later).toBe(2);
    await expectPhase(ada, 'joining');
    await ada.clock.fastForward(3_000);
    seen.answers = true;
    await button(ada, 'Try now').click();
    await ada.clock.resume();
    await expectPhase(ada, 'call');
    expect(seen.requests).toBe(3);
    await expect(notice(ada)).toBeHidden();
  });
});

test.describe('the server refuses the call', () => {
  // The browser and the loader of the parts log each failure.
  test.use({ expectedOutput: /call\S*\.wasm|503|HTTP status code/ });

  test('once: it is fetched again without a word', async ({ person, room }) => {
    const ada = await person();
    const seen = await refuseCall(ada, (request) => request === 1);
    await openEarly(ada, `/room/${room}`);
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
    expect(seen.requests).toBe(2);
    await expect(notice(ada)).toBeHidden();
  });

  test('its style sheet once: it is fetched again without a word', async ({ person, room }) => {
    const ada = await person();
    const seen = await refuseCall(ada, (request) => request === 1, STYLE);
    await openEarly(ada, `/room/${room}`);
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
    expect(seen.requests).toBe(2);
    await expect(ada.locator('.call')).toHaveCSS('position', 'fixed');
    await expect(notice(ada)).toBeHidden();
  });

  test('for long: it says so, and Try now helps', async ({ person, room }) => {
    const ada = await person();
    let refuses = true;
    const seen = await refuseCall(ada, () => refuses);
    await openEarly(ada, `/room/${room}`);
    await button(ada, 'Join').click();
    await expect(notice(ada)).toContainText('The call could not be loaded.');
    await expectPhase(ada, 'joining');
    // The longest wait is not over.
    await expect.poll(() => seen.requests).toBeGreaterThan(3);
    refuses = false;
    await button(ada, 'Try now').click();
    await expectPhase(ada, 'call');
    await expect(notice(ada)).toBeHidden();
  });

  test('for long: Go on the home page asks the server', async ({ person, room }) => {
    const ada = await person();
    await refuseCall(ada, () => true);
    await openEarly(ada, '/');
    await ada.getByRole('textbox', { name: 'Link or room name' }).fill(room);
    await button(ada, 'Go').click();
    await expect(ada).toHaveURL(`/room/${room}`);
  });

  test('for long: Go does not lose what only the browser can read of a link', async ({ person, room }) => {
    const ada = await person();
    await refuseCall(ada, () => true);
    await openEarly(ada, '/');
    const field = ada.getByRole('textbox', { name: 'Link or room name' });
    const link = new URL(`/room/${room}#invite=abc`, ada.url()).href;
    await field.fill(link);
    await button(ada, 'Go').click();
    await expect(ada.locator('[data-notice=event]')).toContainText('The call could not be loaded.');
    await expect(ada).toHaveURL('/');
    await expect(field).toHaveValue(link);
    await expect(button(ada, 'Go')).toBeEnabled();
  });

  test('for long: it is fetched at once when the network returns', async ({ person, room }) => {
    const ada = await person();
    let refuses = true;
    const seen = await refuseCall(ada, () => refuses);
    await openEarly(ada, `/room/${room}`);
    await button(ada, 'Join').click();
    // The next attempt is 8 seconds away.
    await expect.poll(() => seen.requests).toBeGreaterThan(3);
    refuses = false;
    await ada.evaluate(() => dispatchEvent(new Event('online')));
    await expect(ada.locator('main')).toHaveAttribute('data-phase', 'call', { timeout: 4_000 });
  });
});
