// Home page, links into rooms, and pages without scripts.
import type { Route } from '@playwright/test';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { button, clipboard, enter, expectInside, expectPhase, expectToSeeAndHear, open } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

/** Four words, each made of consonants and vowels with 16 bits: 64 random bits. */
const RANDOM_NAME = /^(?:[bdfghjklmnprstvz][aiou][bdfghjklmnprstvz][aiou][bdfghjklmnprstvz](?:-(?!$)|$)){4}$/;

const nameIn = (url: string) => new URL(url).pathname.replace('/room/', '');

test('a call is started with one press, and its link is copied', async ({ person, salon }) => {
  const [ada, bob] = [await person(), await person()];
  await open(ada, '/');
  await button(ada, 'Start a call').click();
  await ada.waitForURL('**/room/*');
  const link = await clipboard(ada);
  expect(link).toBe(ada.url());
  expect(nameIn(link)).toMatch(RANDOM_NAME);
  expect(link).toBe(`${salon.origin}/room/${nameIn(link)}`);

  await enter(ada, nameIn(link), 'Ada');
  await enter(bob, nameIn(link), 'Bob');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
});

test('recent rooms are listed on the home page', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  await open(ada, '/');
  await ada.getByRole('region', { name: 'Recent rooms' }).getByRole('link', { name: room }).click();
  await expect(ada).toHaveURL(`/room/${room}`);
  await expectPhase(ada, 'lobby');
  await expect(ada.getByRole('textbox', { name: 'Your name' })).toHaveValue('Ada');
});

test('the home page rejects invalid room names', async ({ person }) => {
  const ada = await person();
  await open(ada, '/');
  await ada.getByRole('textbox', { name: 'Link or room name' }).fill('two & three');
  await button(ada, 'Go').click();
  await expect(ada.getByText(/not a room name/)).toBeVisible();
  await expect(ada).toHaveURL('/');
});

test('the lobby shows who is inside and stays current', async ({ person, room, request, salon }) => {
  const [ada, bob] = [await person(), await person()];
  await open(bob, `/room/${room}`);
  await expectInside(bob, 0);
  await expect(bob.getByText('Nobody is here yet.')).toBeVisible();

  await enter(ada, room, 'Ada');
  await expectInside(bob, 1);
  await expect(bob.locator('[data-inside]')).toContainText('Ada');
  const html = await (await request.get(`${salon.origin}/room/${room}`)).text();
  expect(html).toContain('Ada');

  await button(ada, 'Leave').click();
  await expectInside(bob, 0);
});

test('Join takes effect even if it is pressed before the page is live', async ({ person, room }) => {
  const ada = await person();
  const app = new Promise<Route>((resolve) => ada.route('**/pkg/salon*.wasm', resolve));
  await ada.goto(`/room/${room}`, { waitUntil: 'commit' });
  await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada');
  await button(ada, 'Join').click();
  await (await app).continue();
  await expectPhase(ada, 'call');
  await expect(ada.locator('[data-tile=self]')).toContainText('Ada');
});

test.describe('without JavaScript', () => {
  // The browser reports the scripts that it was told not to load.
  test.use({ expectedOutput: /\.js csp$/ });

  test('the room page says who is inside and what is needed', async ({ person, room }) => {
    const [ada, bob] = [await person(), await person({ javaScriptEnabled: false })];
    await enter(ada, room, 'Ada');
    await bob.goto(`/room/${room}`);
    await expect(bob.getByRole('heading', { name: room })).toBeVisible();
    await expectInside(bob, 1);
    await expect(bob.locator('[data-inside]')).toContainText('Ada');
    await expect(bob.getByText(/need JavaScript/)).toBeVisible();
  });

  test('the home page leads into rooms', async ({ person, room }) => {
    const ada = await person({ javaScriptEnabled: false });
    await ada.goto('/');
    await button(ada, 'Start a call').click();
    expect(nameIn(ada.url())).toMatch(RANDOM_NAME);
    await ada.goto('/');
    await ada.getByRole('textbox', { name: 'Link or room name' }).fill(room);
    await button(ada, 'Go').click();
    await expect(ada).toHaveURL(`/room/${room}`);
  });
});

test('a person alone sees the link to copy and to scan', async ({ person, room, salon }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  const invite = ada.locator('[data-invite]');
  const link = `${salon.origin}/room/${room}`;
  await expect(invite).toContainText(link.replace('http://', ''));
  await invite.getByRole('button', { name: 'Copy link' }).click();
  await expect.poll(() => clipboard(ada)).toBe(link);
  const code = invite.getByRole('img', { name: /QR code/ });
  await expect.poll(() => code.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0);
  const picture = PNG.sync.read(await code.screenshot());
  expect(jsQR.default(new Uint8ClampedArray(picture.data), picture.width, picture.height)?.data).toBe(link);
});

test.describe('a page that something else has changed', () => {
  test.use({ expectedOutput: /unreachable|hydrat/i });

  test('says that it has failed, and how to continue', async ({ person, room }) => {
    const ada = await person();
    await ada.addInitScript(() => {
      if (sessionStorage.getItem('changed')) return;
      new MutationObserver((_, observer) => {
        const heading = document.querySelector('main h1');
        if (!heading) return;
        observer.disconnect();
        heading.remove();
        sessionStorage.setItem('changed', 'yes');
      }).observe(document, { childList: true, subtree: true });
    });
    await ada.goto(`/room/${room}`);
    const notice = ada.getByRole('alert');
    await expect(notice).toBeVisible();
    await notice.getByRole('link', { name: 'Reload' }).click();
    await button(ada, 'Join').click();
    await expectPhase(ada, 'call');
    await expect(notice).toBeHidden();
  });
});
