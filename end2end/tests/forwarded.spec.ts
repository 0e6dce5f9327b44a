// Calls with more people than can connect directly: the server forwards.
import type { Page } from '@playwright/test';
import { readPaths, readSoundsPlaying } from '../support/probe.ts';
import { OFTEN, button, enter, expectConnected, expectToCount, fill, heardBy, listen, remoteTiles, tileOf, toolbar } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const NAMES = ['Ada', 'Bob', 'Eve'];
const SMALL = { viewport: { width: 960, height: 720 } };

type Person = { name: string; page: Page };

const expectOneConnection = async (page: Page) => {
  const open = () => probe.connections.filter((one) => one.remoteDescription && one.connectionState !== 'closed').length;
  await expect.poll(() => page.evaluate(open), { message: 'connections', intervals: OFTEN }).toBe(1);
};

const expectToSeeAll = async ({ page, name }: Person) => {
  const others = NAMES.filter((other) => other !== name);
  await expect(remoteTiles(page)).toHaveCount(4);
  await Promise.all(others.map((other) => expectToCount(tileOf(page, other).locator('video'))));
};

test('a fifth person moves the call to the server: all see each other over one connection, and the page says so', { tag: '@alone' }, async ({ person, room, startSalon }) => {
  test.slow();
  const salon = await startSalon('--max-participants', '8', '--media-listen', '127.0.0.1:0');
  const come = async (name: string) => {
    const page = await person({ ...SMALL, baseURL: salon.origin });
    await enter(page, room, name);
    return { name, page };
  };
  const [ada, bob] = [await come('Ada'), await come('Bob')];
  await fill(ada.page, room, 2);
  await expectConnected(ada.page, 'Bob');
  await expect(ada.page.getByText('Through the server', { exact: true })).toBeHidden();
  await listen(ada.page);
  const people: Person[] = [ada, bob, await come('Eve')];
  await Promise.all(people.map(expectToSeeAll));
  await Promise.all(people.map(({ page }) => expectOneConnection(page)));
  await Promise.all(people.map(({ page }) => expect(page.getByText('Through the server', { exact: true })).toBeVisible()));
  await expect.poll(() => ada.page.evaluate(readSoundsPlaying), { intervals: OFTEN }).toBeGreaterThanOrEqual(NAMES.length - 1);
  expect(await heardBy(ada.page)).toContain('Eve joined.');

  // Content goes the same way.
  await toolbar(bob.page).getByRole('button', { name: /^Chat/ }).click();
  await bob.page.getByRole('textbox', { name: 'Message' }).fill('Hello all');
  await bob.page.keyboard.press('Enter');
  await Promise.all(
    people.map(async ({ page }) => {
      if (page !== bob.page) await toolbar(page).getByRole('button', { name: /^Chat/ }).click();
      await expect(page.getByRole('dialog', { name: 'Chat' }).getByText('Hello all')).toBeVisible();
    }),
  );

  // A muted camera is not forwarded, and comes back.
  await button(bob.page, 'Turn camera off').click();
  await expect(tileOf(ada.page, 'Bob')).toHaveAttribute('data-camera', 'off');
  await button(bob.page, 'Turn camera on').click();
  await expectToCount(tileOf(ada.page, 'Bob').locator('video'));

  // A reload takes the seat again.
  await bob.page.reload();
  await expectToSeeAll(bob);
  await expectToCount(tileOf(ada.page, 'Bob').locator('video'));
});

const expectToSee = (page: Page, name: string) => expectToCount(tileOf(page, name).locator('video'));

test.describe('while the server is away', () => {
  test.use({ expectedOutput: /WebSocket connection to .* failed/ });

  test('a forwarded call goes on when the server was killed, and everyone is heard of again', async ({ person, room, startSalon }) => {
    const salon = await startSalon('--max-participants', '8', '--media-listen', '127.0.0.1:0');
    const [ada, bob] = [await person({ ...SMALL, baseURL: salon.origin }), await person({ ...SMALL, baseURL: salon.origin })];
    await enter(ada, room, 'Ada');
    await fill(ada, room, 3);
    await enter(bob, room, 'Bob');
    await Promise.all([expectToSee(ada, 'Bob'), expectToSee(bob, 'Ada')]);
    await salon.kill();
    await salon.startAgain();
    await Promise.all([expectToSee(ada, 'Bob'), expectToSee(bob, 'Ada'), expectOneConnection(ada), expectOneConnection(bob)]);
  });
});

test('somebody whom only the relay reaches takes part in a forwarded call', async ({ person, room, startSalonAt }) => {
  const place = { within: [], listen: '127.0.0.1:0', relays: true };
  const relay = ['--media-listen', '127.0.0.1:0', '--external-ip', '127.0.0.1', '--relay-allow', '127.0.0.0/8', '--relay-ports', '31000-31999'];
  const salon = await startSalonAt(place, '--max-participants', '8', ...relay);
  const [ada, bob] = [await person({ ...SMALL, baseURL: salon.origin }), await person({ ...SMALL, baseURL: salon.origin })];
  await bob.addInitScript(() => {
    const set = RTCPeerConnection.prototype.setConfiguration;
    RTCPeerConnection.prototype.setConfiguration = function (configuration) {
      set.call(this, { ...configuration, iceTransportPolicy: 'relay' });
    };
  });
  await enter(ada, room, 'Ada');
  await fill(ada, room, 3);
  await enter(bob, room, 'Bob');
  await Promise.all([expectToSee(ada, 'Bob'), expectToSee(bob, 'Ada')]);
  const [path] = await bob.evaluate(readPaths);
  expect(path?.types[0]).toBe('relay');
});

test('more people than the stage has room for are on pages, and nobody is lost', async ({ person, room, startSalon }) => {
  const salon = await startSalon('--max-participants', '30', '--media-listen', '127.0.0.1:0');
  const ada = await person({ ...SMALL, baseURL: salon.origin });
  await enter(ada, room, 'Ada');
  await fill(ada, room, 20);
  const stage = ada.getByRole('region', { name: 'People in the call' });
  await expect(remoteTiles(ada)).toHaveCount(9);
  await expect(stage.getByText('11 more people')).toBeVisible();
  await expect(button(ada, 'Previous page of people')).toBeDisabled();
  await button(ada, 'Next page of people').click();
  await button(ada, 'Next page of people').press('Enter');
  await expect(remoteTiles(ada)).toHaveCount(2);
  await expect(button(ada, 'Next page of people')).toBeDisabled();
  await ada.setViewportSize({ width: 390, height: 844 });
  await expect(remoteTiles(ada)).toHaveCount(4);
  await toolbar(ada).getByRole('button', { name: /^People/ }).click();
  await expect(ada.getByRole('dialog', { name: 'People (21)' })).toBeVisible();
});
