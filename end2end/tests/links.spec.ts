// Links and names as people write, paste and follow them.
import type { Page } from '@playwright/test';
import { button, clipboard, enter, expectInside, expectPhase, open, remoteTiles } from '../support/room.ts';
import { expect, GONE, test } from '../support/test.ts';

const field = (page: Page) => page.getByRole('textbox', { name: 'Link or room name' });

/** Starts a room with a waiting room, and returns an invitation to it. */
const invite = async (page: Page) => {
  await open(page, '/');
  await button(page, 'Start a call').click();
  await page.waitForURL(/\/room\//);
  await button(page, 'Join').click();
  await expectPhase(page, 'call');
  await button(page, /^People/).click();
  await page.getByRole('switch', { name: /^Waiting room/ }).click();
  await button(page, 'For a day').click();
  const given = page.getByRole('listitem').filter({ hasText: 'For anyone with the link' });
  await given.getByRole('button', { name: 'Copy link' }).click();
  await expect.poll(() => clipboard(page)).toContain('#invite=');
  return clipboard(page);
};

const go = async (page: Page, text: string) => {
  await open(page, '/');
  await field(page).fill(text);
  await button(page, 'Go').click();
};

test('an invitation works in a tab that has the room open, and while waiting', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const link = await invite(ada);
  await open(bob, link.split('#')[0]!);
  await expect(button(bob, 'Ask to join')).toBeVisible();
  const opened = await bob.evaluateHandle(() => document);
  await bob.goto(`${link}&utm_source=mail`);
  await expect(button(bob, 'Join')).toBeVisible();
  expect(bob.url(), 'it is not what people copy for others').not.toContain('invite');
  expect(await opened.evaluate((before) => before === document), 'the page was not reloaded').toBe(true);

  const cleo = await person();
  await open(cleo, link.split('#')[0]!);
  await button(cleo, 'Ask to join').click();
  await expectPhase(cleo, 'knocking');
  await cleo.goto(link);
  await expectPhase(cleo, 'call');
});

test('a host link makes a guest who is inside a host', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const link = await invite(ada);
  await ada.getByRole('button', { name: /^Copy host link/ }).click();
  await expect.poll(() => clipboard(ada)).toContain('#host=');
  const hostLink = await clipboard(ada);
  await open(bob, link);
  await button(bob, 'Join').click();
  await expectPhase(bob, 'call');
  await bob.goto(hostLink);
  await button(bob, /^People/).click();
  await expect(bob.getByRole('switch', { name: /^Lock/ })).toBeVisible();
  await expect(remoteTiles(ada)).toHaveCount(1);
});

test('an invitation pasted on the home page works, with the text around it', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const link = await invite(ada);
  await go(bob, `Come in: <${link}>.`);
  await button(bob, 'Join').click();
  await expectPhase(bob, 'call');
  await expect(remoteTiles(bob)).toHaveCount(1);
});

test('an invitation works with trailing punctuation', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  const link = await invite(ada);
  await open(bob, `${link}).`);
  await button(bob, 'Join').click();
  await expectPhase(bob, 'call');
});

test('a room is found however its name is written', async ({ person, salon }) => {
  const ada = await person();
  const { host } = new URL(salon.origin);
  for (const [text, name] of [
    ['Team Meeting', 'team-meeting'],
    ['MÜLLER', 'mueller'],
    ['standup/', 'standup'],
    [`www.${host}/room/standup`, 'standup'],
    [`${host}/room/standup?from=mail`, 'standup'],
    [`https://${host}/room/standup`, 'standup'],
    [`"${salon.origin}/room/standup/"`, 'standup'],
    [`${salon.origin}/room/team%20meeting`, 'team-meeting'],
  ] as const) {
    await go(ada, text);
    await expect(ada, text).toHaveURL(`/room/${name}`);
    await expectPhase(ada, 'lobby');
  }
  await open(ada, '/room/standup).');
  await expect(ada).toHaveURL('/room/standup');
});

test('a link to another server is reported, and a valid name is suggested for an invalid one', async ({ person }) => {
  const ada = await person();
  await go(ada, 'https://other.example/room/standup#invite=abc');
  await expect(ada.locator('#room-problem')).toContainText('That link leads to other.example, another server.');
  await expect(ada.getByRole('link', { name: 'Open it there' })).toHaveAttribute('href', 'https://other.example/room/standup#invite=abc');
  await ada.screenshot({ path: 'results/screens/start/home-elsewhere-desk.png' });
  await field(ada).fill('Team & Friends');
  await expect(ada.locator('#room-problem')).not.toContainText('other.example');
  await button(ada, 'Go').click();
  await expect(ada.locator('#room-problem')).toContainText(/not a room name/);
  await ada.setViewportSize({ width: 390, height: 844 });
  await ada.screenshot({ path: 'results/screens/start/home-offer-phone.png' });
  await ada.getByRole('link', { name: 'Go to team-friends' }).click();
  await expect(ada).toHaveURL('/room/team-friends');
});

test('the own address without a room is said to lead here', async ({ person, salon }) => {
  const ada = await person();
  await go(ada, `${salon.origin}/`);
  await expect(ada.locator('#room-problem')).toContainText('That link leads to this server, but not to a room.');
});

test.describe('without JavaScript', () => {
  // The browser reports the scripts that it was told not to load.
  test.use({ expectedOutput: /\.js csp$/ });

  test('home reads the same', async ({ person, salon }) => {
    const ada = await person({ javaScriptEnabled: false });
    await ada.goto('/');
    await field(ada).fill(`<${salon.origin}/room/Stand-Up#invite=abc>.`);
    await button(ada, 'Go').click();
    await expect(ada).toHaveURL('/room/stand-up#invite=abc');
    await ada.goto('/');
    await field(ada).fill('https://other.example/room/standup');
    await button(ada, 'Go').click();
    await expect(ada.getByText('That link leads to another server.')).toBeVisible();
  });
});

test('Back and Forward show the page of each address, and leave the call', async ({ person }) => {
  const [ada, bob] = [await person(), await person()];
  await open(ada, '/');
  await button(ada, 'Start a call').click();
  await ada.waitForURL(/\/room\//);
  const room = new URL(ada.url()).pathname.split('/').at(-1)!;
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
  await enter(bob, room, 'Bob');
  await expect(remoteTiles(bob)).toHaveCount(1);

  await ada.goBack();
  await expect(button(ada, 'Start a call')).toBeVisible();
  await expect(remoteTiles(bob)).toHaveCount(0, GONE);
  for (let round = 0; round < 2; round += 1) {
    await ada.goForward();
    await expect(ada).toHaveURL(`/room/${room}`);
    await expect(ada.getByRole('heading', { name: room })).toBeVisible();
    await ada.goBack();
    await expect(ada).toHaveURL('/');
    await expect(button(ada, 'Start a call')).toBeVisible();
  }
});

test('a page from the back/forward cache continues where it was', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await open(ada, `/room/${room}`);
  await expectInside(ada, 0);
  // Simulates the events of the back/forward cache, which does not keep pages with an open socket.
  const tell = (event: string) => ada.evaluate((event) => void dispatchEvent(new PageTransitionEvent(event, { persisted: true })), event);
  await tell('pagehide');
  await enter(bob, room, 'Bob');
  await tell('pageshow');
  await expectInside(ada, 1);
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
  await expect(remoteTiles(bob)).toHaveCount(1);
});

const blocked = () => {
  const get = () => {
    throw new DOMException('Access is denied for this document.', 'SecurityError');
  };
  for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(globalThis, name, { get });
};

const full = () => {
  Storage.prototype.setItem = () => {
    throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
  };
};

for (const [how, storage] of [['cannot store data', blocked], ['has no storage space left', full]] as const) test(`a tab that ${how} still makes its user the host, and says for how long`, async ({ person }) => {
  const ada = await person();
  await ada.addInitScript(storage);
  await open(ada, '/');
  await button(ada, 'Start a call').click();
  await ada.waitForURL(/\/room\//);
  await expect(ada.locator('[data-notice=host]')).toContainText('only until you close or reload it');
  await ada.screenshot({ path: 'results/screens/start/host-for-now-desk.png' });
  await ada.setViewportSize({ width: 390, height: 844 });
  await ada.screenshot({ path: 'results/screens/start/host-for-now-phone.png', fullPage: true });
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
  await button(ada, /^People/).click();
  await expect(ada.getByRole('switch', { name: /^Lock/ })).toBeVisible();
});
