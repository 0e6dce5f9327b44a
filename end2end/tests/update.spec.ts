// Files that browsers keep, and pages of an older build than the server's.
import type { Page } from '@playwright/test';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  button, enter, expectDevicesInUse, expectPhase, expectToCount, expectToHaveRecorded, expectToSeeAndHear, open, openEarly, ownTile,
  startRoom, turnOnDevices,
} from '../support/room.ts';
import { copySite } from '../support/site.mjs';
import { expect, test } from '../support/test.ts';

const notice = (page: Page) => page.locator('#start');
const expectBuild = (page: Page, build: string) => expect(page.locator('html')).toHaveAttribute('data-build', build);

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

  test('in the browser\'s cache: it is fetched from the server again', async ({ person, room, startSalon }) => {
    const site = copySite();
    const files = join(site.folder, 'pkg');
    const path = join(files, readdirSync(files).find((file) => /^call\..*wasm$/.test(file))!);
    const body = readFileSync(path);
    writeFileSync(path, body.subarray(0, body.length / 2));
    const salon = await startSalon('--static-dir', site.folder);
    const ada = await person({ baseURL: salon.origin });
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

  test('while the lobby is open: a page that nobody has used is loaded again', async ({ person, room, startSalon }) => {
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const ada = await person({ baseURL: salon.origin });
    const release = await hold('panels', ada);
    const requested = ada.waitForRequest('**/panels*.wasm');
    await open(ada, `/room/${room}#invite=abc`);
    await expectBuild(ada, site.build);
    await requested;
    await salon.kill();
    const build = site.update();
    await salon.startAgain();
    release();
    await expectBuild(ada, build);
    await expect(notice(ada)).toBeHidden();
    await expectPhase(ada, 'lobby');
    await expect(button(ada, /Join/)).toBeVisible();
  });

  test('while a name is typed: it is kept, and Join takes effect in the old page', async ({ person, room, startSalon }) => {
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const ada = await person({ baseURL: salon.origin });
    const release = await hold('panels', ada);
    const requested = ada.waitForRequest('**/panels*.wasm');
    await open(ada, `/room/${room}`);
    const name = ada.getByRole('textbox', { name: 'Your name' });
    await name.click();
    await name.fill('Ada');
    await requested;
    await salon.kill();
    site.update();
    await salon.startAgain();
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

  test('while the call is loaded: Join takes effect in the new page', async ({ person, room, startSalon }) => {
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const ada = await person({ baseURL: salon.origin });
    const release = await hold('call', ada);
    await openEarly(ada, `/room/${room}`);
    await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada');
    await button(ada, 'Join').click();
    await expectPhase(ada, 'joining');
    await salon.kill();
    const build = site.update();
    await salon.startAgain();
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

  test('during a call: it goes on, and the new page comes with the next one', async ({ person, room, startSalon }) => {
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const [ada, bob] = [await person({ baseURL: salon.origin }), await person({ baseURL: salon.origin })];
    const release = await hold('panels', ada);
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectToSeeAndHear(ada, ['Bob']);
    await salon.kill();
    const build = site.update();
    await salon.startAgain();
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

  test('while the camera is on in the lobby: it stays on, and Join takes effect in the old page', async ({ person, room, startSalon }) => {
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const ada = await person({ baseURL: salon.origin });
    const release = await hold('panels', ada);
    const requested = ada.waitForRequest('**/panels*.wasm');
    await open(ada, `/room/${room}`);
    await turnOnDevices(ada);
    await requested;
    await salon.kill();
    site.update();
    await salon.startAgain();
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

  test('while a passcode is typed: it is kept, and lets the person in', async ({ person, startSalon }) => {
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const [ada, bob] = [await person({ baseURL: salon.origin }), await person({ baseURL: salon.origin })];
    const room = await startRoom(ada, 'Ada');
    await button(ada, /^People/).click();
    await ada.getByRole('dialog', { name: /^People/ }).getByLabel('Passcode').fill('swordfish');
    await button(ada, 'Set').click();
    await expect(button(ada, 'Remove passcode')).toBeVisible();
    const release = await hold('panels', bob);
    const requested = bob.waitForRequest('**/panels*.wasm');
    await open(bob, `/room/${room}`);
    const passcode = bob.getByLabel('Passcode');
    await passcode.pressSequentially('swordfish');
    await passcode.blur();
    await requested;
    await salon.kill();
    site.update();
    await salon.startAgain();
    release();
    await expect(notice(bob)).toContainText('Salon was updated');
    await expect(passcode).toHaveValue('swordfish');
    await button(bob, 'Join').click();
    await expectPhase(bob, 'call');
    await expectBuild(bob, site.build);
  });

  /** Kills the server during the call of a page, and starts the next build. */
  const update = async (page: Page, salon: { kill: () => Promise<unknown>; startAgain: () => Promise<unknown> }, next: () => string) => {
    const banner = page.locator('[data-notice=server]');
    await salon.kill();
    await expect(banner).toBeVisible();
    next();
    await salon.startAgain();
    await expect(banner).toBeHidden();
  };

  test('during a call: a recording starts with the recorder that the page has fetched', async ({ person, room, startSalon }) => {
    test.slow();
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const ada = await person({ baseURL: salon.origin });
    const fetched = ada.waitForResponse('**/recorder*.js', { timeout: 30_000 });
    await enter(ada, room, 'Ada');
    await (await fetched).finished();
    await update(ada, salon, site.update);
    await button(ada, 'More').click();
    await button(ada, 'Record').click();
    await expectToHaveRecorded(ada);
    await button(ada, 'Stop recording').click();
    await expect(ada.locator('[data-recording]')).toHaveCount(1);
  });

  test('before the recorder was fetched: a recording says what to do', async ({ person, room, startSalon }) => {
    const site = copySite();
    const salon = await startSalon('--static-dir', site.folder);
    const ada = await person({ baseURL: salon.origin });
    await enter(ada, room, 'Ada');
    await button(ada, 'More').click();
    await expect(button(ada, 'Record')).toBeVisible();
    await update(ada, salon, site.update);
    await button(ada, 'Record').click();
    await expect(ada.locator('section.recording')).toContainText('If Salon was updated, reload the page');
    await expect(button(ada, 'Record')).toBeVisible();
  });
});
