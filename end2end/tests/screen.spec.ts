// What somebody shares of their screen.
import type { Page } from '@playwright/test';
import { execFileSync, spawnSync } from 'node:child_process';
import { LINES, WORDS, openPrint } from '../support/print.ts';
import { button, connectionsMade, enter, expectMore, expectToSeeAndHear, tileOf } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const READABLE_MS = 2_000;

const screenOf = (page: Page, name: string) => page.getByRole('article', { name: `Screen of ${name}` });

/** The top of what is shown of a screen at a time, as a PNG. */
const frame = (page: Page, name: string, at: number) =>
  screenOf(page, name)
    .locator('video')
    .evaluate(async (video: HTMLVideoElement, at) => {
      await new Promise((due) => setTimeout(due, at - Date.now()));
      const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight / 5);
      canvas.getContext('2d')!.drawImage(video, 0, 0);
      const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    }, at);
const read = (png: string) =>
  execFileSync('tesseract', ['-', '-', '--psm', '6'], { input: Buffer.from(png, 'base64'), stdio: ['pipe', 'pipe', 'ignore'] }).toString();

const plays = (page: Page, name: string) =>
  expect.poll(() => screenOf(page, name).locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);

test('a page of small text can be read by the other, and the camera goes on', async ({ person, room }) => {
  const why = spawnSync('tesseract', ['--version']).error ? 'tesseract is not installed' : '';
  if (why) console.log(`Skipped, because nothing can be read here: ${why}`);
  test.skip(!!why, why);
  const [ada, bob] = [await person({ machine: 'that shares small print', viewport: { width: 1920, height: 1080 } }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
  const before = await connectionsMade(ada, bob);
  await openPrint(ada);
  await button(ada, 'Share your screen').click();
  const since = Date.now();
  await expect(ada.getByText('You are sharing your screen.')).toBeVisible();
  await expect(screenOf(bob, 'Ada')).toBeVisible();
  const lines = read(await frame(bob, 'Ada', since + READABLE_MS)).split('\n');
  expect(lines.filter((line) => line.includes(WORDS)).length).toBeGreaterThan(LINES / 10);
  await Promise.all([expectMore(bob, 'sound'), expectMore(ada, 'picture')]);
  await expect(tileOf(bob, 'Ada').locator('video')).toBeVisible();
  expect(await connectionsMade(ada, bob)).toEqual(before);
  await button(ada, 'Stop sharing').first().click();
  await expect(screenOf(bob, 'Ada')).toBeHidden();
  await expect(ada.getByText('You are sharing your screen.')).toBeHidden();
});

test('who comes later sees it, a reload of theirs too, and two can share', async ({ person, room }) => {
  const machine = 'that shares small print';
  const [ada, bob] = [await person({ machine }), await person({ machine })];
  await enter(ada, room, 'Ada');
  await openPrint(ada);
  await button(ada, 'Share your screen').click();
  await enter(bob, room, 'Bob');
  await plays(bob, 'Ada');
  await bob.reload();
  await plays(bob, 'Ada');
  await openPrint(bob);
  await button(bob, 'Share your screen').click();
  await plays(ada, 'Bob');
  await plays(bob, 'Ada');
});

test.describe('while the server cannot be reached', () => {
  // The browser itself writes of every attempt to reach it.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a screen that is shared is seen when it is back, and one that was goes on', async ({ person, room, line }) => {
    const [ada, bob] = [await person({ machine: 'that shares small print', baseURL: line.origin }), await person()];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectToSeeAndHear(bob, ['Ada']);
    await openPrint(ada);
    line.refuse();
    await button(ada, 'Share your screen').click();
    await expect(ada.getByText('You are sharing your screen.')).toBeVisible();
    line.admit();
    await expect(screenOf(bob, 'Ada')).toBeVisible({ timeout: 15_000 });
    await plays(bob, 'Ada');
    const before = await connectionsMade(ada, bob);
    line.cut();
    await button(ada, 'Mute microphone').click();
    await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-mic', 'off', { timeout: 15_000 });
    await plays(bob, 'Ada');
    expect(await connectionsMade(ada, bob)).toEqual(before);
  });
});
