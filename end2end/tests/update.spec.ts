// Files that browsers keep, and pages of an older build than the server's.
import type { Page } from '@playwright/test';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  button, enter, expectDevicesInUse, expectPhase, expectToCount, expectToHaveRecorded, expectToSeeAndHear, open, openEarly, ownTile,
  startRoom, turnOnDevices,
} from '../support/room.ts';
import { copySite } from '../support/site.mjs';
import { expect, test as base } from '../support/test.ts';

const notice = (page: Page) => page.locator('#start');
const expectBuild = (page: Page, build: string) => expect(page.locator('html')).toHaveAttribute('data-build', build);

/** A server of its own. */
type Served = {
  site: ReturnType<typeof copySite>;
  /** Somebody who comes to it. */
  visitor: () => Promise<Page>;
  /** Kills it, and starts the next build after what is done meanwhile. */
  update: (meanwhile?: () => Promise<unknown>) => Promise<string>;
};

const test = base.extend<{ served: Served }>({
  served: async ({ person, startSalon }, use) => {
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const update: Served['update'] = async (meanwhile) => {
      await salon.kill();
      await meanwhile?.();
      const build = site.update();
      await salon.startAgain();
      return build;
    };
    await use({ site, visitor: () => person({ baseURL: salon.origin }), update });
  },
});

/** Holds back the code of a part until it is released. */
const hold = async (part: string, ...pages: Page[]) => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  for (const page of pages) {
    await page.route(`**/${part}*.wasm`, async (route) => {
      await released;
      await route.continue();
    });
  }
  return release;
};

/** Opens a lobby whose panels do not arrive until they are released. */
const openWithoutPanels = async (page: Page, url: string) => {
  const release = await hold('panels', page);
  const requested = page.waitForRequest('**/panels*.wasm');
  await open(page, url);
  return { release, requested };
};

test('a second visit loads the page alone', async ({ person, room }) => {
  const ada = await person();
  await open(ada, `/room/${room}`);
  const again = await ada.context().newPage();
  await open(again, `/room/${room}`);
  const loaded = await again.evaluate(() =>
    (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).map(({ name, transferSize }) => ({ path: new URL(name).pathname, transferSize })),
  );
  expect(loaded.filter(({ path }) => path.startsWith('/pkg/')).length).toBeGreaterThan(4);
  expect(loaded.filter(({ transferSize }) => transferSize > 0)).toEqual([]);
});

test.describe('a part of the app is damaged', () => {
  // The loader of the parts logs each failure.
  test.use({ expectedOutput: /WebAssembly/ });

  test('in the browser\'s cache: it is fetched from the server again', async ({ room, served: { site, visitor } }) => {
    const files = join(site.folder, 'pkg');
    const path = join(files, readdirSync(files).find((file) => /^call\..*wasm$/.test(file))!);
    const body = readFileSync(path);
    writeFileSync(path, body.subarray(0, body.length / 2));
    const ada = await visitor();
    const failed = ada.waitForEvent('console', (message) => message.text().includes('WebAssembly'));
    await openEarly(ada, `/room/${room}`);
    await failed;
    writeFileSync(path, body);
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
  });
});

test.describe('the server is updated', () => {
  // The browser logs the missing file, and attempts to reach the server while it restarts.
  test.use({ expectedOutput: /^(failed|console (error|warning))/ });

  test('while the lobby is open: a page that nobody has used is loaded again', async ({ room, served }) => {
    const { site, visitor, update } = served;
    const ada = await visitor();
    const { release, requested } = await openWithoutPanels(ada, `/room/${room}#invite=abc`);
    await expectBuild(ada, site.build);
    await requested;
    const build = await update();
    release();
    await expectBuild(ada, build);
    await expect(notice(ada)).toBeHidden();
    await expectPhase(ada, 'lobby');
    await expect(button(ada, /Join/)).toBeVisible();
  });

  test('while a name is typed: it is kept, and Join takes effect in the old page', async ({ room, served }) => {
    const { site, visitor, update } = served;
    const ada = await visitor();
    const { release, requested } = await openWithoutPanels(ada, `/room/${room}`);
    const name = ada.getByRole('textbox', { name: 'Your name' });
    await name.click();
    await name.fill('Ada');
    await requested;
    await update();
    release();
    await expect(notice(ada)).toContainText('Salon was updated');
    await expect(notice(ada).getByRole('link', { name: 'Reload' })).toBeInViewport();
    await ada.screenshot({ path: 'results/screens/start/updated-lobby.png' });
    await expect(name).toHaveValue('Ada');
    await expectBuild(ada, site.build);
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
    await expectBuild(ada, site.build);
    await expect(ownTile(ada)).toContainText('Ada');
  });

  test('while the call is loaded: Join takes effect in the new page', async ({ room, served }) => {
    const { visitor, update } = served;
    const ada = await visitor();
    const release = await hold('call', ada);
    await openEarly(ada, `/room/${room}`);
    await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada');
    await button(ada, 'Join').click();
    await expectPhase(ada, 'joining');
    const build = await update();
    release();
    await expectPhase(ada, 'call');
    await expectBuild(ada, build);
    await expect(ownTile(ada)).toContainText('Ada');
  });

  test('to two builds behind one address: the page is loaded again once for each', async ({ person, room }) => {
    const ada = await person();
    const builds = ['00000000000000aa', '00000000000000bb'];
    const seen = { pages: 0, builds: 0 };
    ada.on('domcontentloaded', () => (seen.pages += 1));
    await ada.route('**/call*.wasm', (route) => route.fulfill({ status: 404 }));
    await ada.route('**/pkg/build.txt', async (route) => {
      seen.builds += 1;
      await route.fulfill({ body: builds[seen.builds % 2] });
    });
    await ada.goto(`/room/${room}`);
    await expect(notice(ada)).toContainText('Salon was updated');
    // The page keeps asking for the call.
    await expect.poll(() => seen.builds).toBeGreaterThan(4);
    expect(seen.pages).toBe(3);
  });

  test('during a call: it goes on, and the new page comes with the next one', async ({ room, served }) => {
    const { site, visitor, update } = served;
    const [ada, bob] = [await visitor(), await visitor()];
    const release = await hold('panels', ada);
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectToSeeAndHear(ada, ['Bob']);
    const build = await update();
    await button(ada, /^Chat/).click();
    release();
    await expect(notice(ada)).toContainText('Salon was updated');
    await ada.screenshot({ path: 'results/screens/start/updated-call.png' });
    await expectBuild(ada, site.build);
    await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
    await button(ada, 'Close').click();
    await button(ada, 'Leave').click();
    await expectPhase(ada, 'left');
    await button(ada, 'Rejoin').click();
    await expectPhase(ada, 'call');
    await expectBuild(ada, site.build);
    await ada.reload();
    await expectPhase(ada, 'call');
    await expectBuild(ada, build);
    await expect(notice(ada)).toBeHidden();
    await button(ada, /^Chat/).click();
    await expect(ada.getByRole('dialog', { name: 'Chat' }).getByRole('textbox', { name: 'Message' })).toBeVisible();
  });

  test('while the camera is on in the lobby: it stays on, and Join takes effect in the old page', async ({ room, served }) => {
    const { site, visitor, update } = served;
    const ada = await visitor();
    const { release, requested } = await openWithoutPanels(ada, `/room/${room}`);
    await turnOnDevices(ada);
    await requested;
    await update();
    release();
    await expect(notice(ada)).toContainText('Salon was updated');
    await expectToCount(ada.locator('video[data-preview]'));
    await expectDevicesInUse(ada, ['audio', 'video']);
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
    await expectBuild(ada, site.build);
    await expect(ownTile(ada)).toBeVisible();
    await expectDevicesInUse(ada, ['audio', 'video']);
  });

  test('while a passcode is typed: it is kept, and lets the person in', async ({ served }) => {
    const { site, visitor, update } = served;
    const [ada, bob] = [await visitor(), await visitor()];
    const room = await startRoom(ada, 'Ada');
    await button(ada, /^People/).click();
    await ada.getByRole('dialog', { name: /^People/ }).getByLabel('Passcode').fill('swordfish');
    await button(ada, 'Set').click();
    await expect(button(ada, 'Remove passcode')).toBeVisible();
    const { release, requested } = await openWithoutPanels(bob, `/room/${room}`);
    const passcode = bob.getByLabel('Passcode');
    await passcode.pressSequentially('swordfish');
    await passcode.blur();
    await requested;
    await update();
    release();
    await expect(notice(bob)).toContainText('Salon was updated');
    await expect(passcode).toHaveValue('swordfish');
    await button(bob, 'Join').click();
    await expectPhase(bob, 'call');
    await expectBuild(bob, site.build);
  });

  /** Updates the server during the call of a page, which is connected again afterwards. */
  const updateDuringCall = async (page: Page, update: Served['update']) => {
    const banner = page.locator('[data-notice=server]');
    await update(() => expect(banner).toBeVisible());
    await expect(banner).toBeHidden();
  };

  test('during a call: a recording starts with the recorder that the page has fetched', async ({ room, served }) => {
    test.slow();
    const { visitor, update } = served;
    const ada = await visitor();
    const fetched = ada.waitForResponse('**/recorder*.js', { timeout: 30_000 });
    await enter(ada, room, 'Ada');
    await (await fetched).finished();
    await updateDuringCall(ada, update);
    await button(ada, 'More').click();
    await button(ada, 'Record').click();
    await expectToHaveRecorded(ada);
    await button(ada, 'Stop recording').click();
    await expect(ada.locator('[data-recording]')).toHaveCount(1);
  });

  test('before the recorder was fetched: a recording says what to do', async ({ room, served }) => {
    const { visitor, update } = served;
    const ada = await visitor();
    await enter(ada, room, 'Ada');
    await button(ada, 'More').click();
    await expect(button(ada, 'Record')).toBeVisible();
    await updateDuringCall(ada, update);
    await button(ada, 'Record').click();
    await expect(ada.locator('section.recording')).toContainText('If Salon was updated, reload the page');
    await expect(button(ada, 'Record')).toBeVisible();
  });
});
