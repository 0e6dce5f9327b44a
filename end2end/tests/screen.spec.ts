// Screen sharing.
import type { Page } from '@playwright/test';
import { hostile } from '../support/hostile.ts';
import { LINES, openPrint, readLines, whyNoReader } from '../support/print.ts';
import {
  button, connectionsMade, connectionsUsed, enter, expectConnected, expectMore, expectReached, expectToSeeAndHear, tileOf,
} from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const READABLE_MS = 2_000;

const screenOf = (page: Page, name: string) => page.getByRole('article', { name: `${name}'s screen` });

/** The top of a shared screen at a moment, as a PNG; empty if nothing is shown. */
const frame = (page: Page, name: string, at: number) =>
  screenOf(page, name)
    .locator('video')
    .evaluate(async (video: HTMLVideoElement, at) => {
      await new Promise((due) => setTimeout(due, at - Date.now()));
      if (!video.videoWidth) return '';
      const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight / 5);
      canvas.getContext('2d')!.drawImage(video, 0, 0);
      const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    }, at)
    .then((png) => Buffer.from(png, 'base64'));

const plays = (page: Page, name: string) =>
  expect.poll(() => screenOf(page, name).locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);

/** Number of lines of that page that the other can read in time after sharing starts. */
const share = async (page: Page, name: string, other: Page) => {
  await button(page, 'Share your screen').click();
  const since = Date.now();
  await expect(page.getByText('You are sharing your screen.')).toBeVisible();
  await expect(screenOf(other, name)).toBeVisible();
  const png = await frame(other, name, since + READABLE_MS);
  return png.length ? readLines(png) : 0;
};

test('a page of small text is legible to the other, and the camera continues', { tag: '@alone' }, async ({ person, room }) => {
  const why = whyNoReader();
  if (why) console.log(`Skipped, because nothing can be read here: ${why}`);
  test.skip(!!why, why);
  test.slow();
  const size = { width: 1920, height: 1080 };
  const [ada, bob] = [await person({ machine: 'that shares small print', screen: size }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
  await expect.poll(() => connectionsMade(ada, bob)).toEqual([2, 2]);
  await openPrint(ada, size);
  // A busy machine occasionally sends the first frame late: twice is no accident.
  const lines = [await share(ada, 'Ada', bob)];
  const readable = () => lines.filter((read) => read > LINES / 10).length;
  while (readable() < 2 && lines.length < 6) {
    await plays(bob, 'Ada');
    await button(ada, 'Stop sharing').first().click();
    await expect(screenOf(bob, 'Ada')).toBeHidden();
    lines.push(await share(ada, 'Ada', bob));
  }
  console.log(`lines read of a page, ${READABLE_MS} ms after each time it was shared: ${lines.join(', ')}`);
  expect(readable(), 'times it could be read').toBe(2);
  await plays(bob, 'Ada');
  expect(await screenOf(bob, 'Ada').locator('video').evaluate((video: HTMLVideoElement) => video.videoHeight)).toBe(1080);
  await expect(screenOf(bob, 'Ada').getByText('No video yet')).toBeHidden();
  await Promise.all([expectMore(bob, 'sound'), expectMore(ada, 'picture')]);
  await expect(tileOf(bob, 'Ada').locator('video')).toBeVisible();
  const hints = () => probe.connections.flatMap((link) => link.getSenders()).flatMap(({ track }) => track?.contentHint || []);
  expect(await ada.evaluate(hints)).toEqual(['detail']);
  expect(await connectionsMade(ada, bob)).toEqual([2, 2]);
  await button(ada, 'Stop sharing').first().click();
  await expect(screenOf(bob, 'Ada')).toBeHidden();
  await expect(ada.getByText('You are sharing your screen.')).toBeHidden();
});

test('people who join later or reload see it, and two can share', async ({ person, room }) => {
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
  await button(ada, 'Stop sharing').first().click();
  await expect(screenOf(bob, 'Ada')).toBeHidden();
  await plays(ada, 'Bob');
  await expect(bob.getByText('You are sharing your screen.')).toBeVisible();
});

test('sharing ends with its tab, and its audio is heard even in audio-only mode', async ({ person, room }) => {
  const [ada, bob] = [await person({ machine: 'that shares small print' }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(bob, 'Ada');
  const print = await openPrint(ada);
  // Browsers require a gesture before a page plays audio.
  await print.bringToFront();
  await print.mouse.click(5, 5);
  await print.evaluate(() => {
    const context = new AudioContext();
    const tone = context.createOscillator();
    tone.connect(context.destination);
    tone.start();
  });
  await ada.bringToFront();
  await button(ada, 'Share your screen').click();
  await plays(bob, 'Ada');
  const sounds = tileOf(bob, 'Ada').locator('audio');
  const loud = () =>
    sounds.last().evaluate(async (audio: HTMLAudioElement) => {
      const context = new AudioContext();
      const analyser = context.createAnalyser();
      context.createMediaStreamSource(audio.srcObject as MediaStream).connect(analyser);
      const values = new Float32Array(analyser.fftSize);
      await new Promise((due) => setTimeout(due, 200));
      analyser.getFloatTimeDomainData(values);
      await context.close();
      return !audio.muted && !audio.paused && Math.max(...values);
    });
  await expect(sounds).toHaveCount(2);
  await expect.poll(loud).toBeGreaterThan(0.1);
  await button(bob, 'Settings').click();
  await bob.getByRole('radio', { name: 'Audio only' }).check();
  await expect(screenOf(bob, 'Ada')).toBeHidden();
  await expect.poll(loud).toBeGreaterThan(0.1);
  await bob.getByRole('radio', { name: 'Automatic' }).check();
  await plays(bob, 'Ada');
  // As with the browser's own bar, which a program cannot press: the tracks end by themselves.
  await print.close();
  await expect(screenOf(bob, 'Ada')).toBeHidden();
  await expect(ada.getByText('You are sharing your screen.')).toBeHidden();
  await expect(sounds).toHaveCount(1);
  await expectToSeeAndHear(bob, ['Ada']);
});

test('a picker that never answers can be requested again, and cancelled', async ({ person, room }) => {
  const ada = await person();
  await ada.addInitScript(() => {
    let asked = 0;
    MediaDevices.prototype.getDisplayMedia = () => {
      asked += 1;
      // The first and the third picker never appear.
      if (asked !== 2) return new Promise(() => {});
      const canvas = document.createElement('canvas');
      canvas.getContext('2d')!.fillRect(0, 0, 9, 9);
      return Promise.resolve(canvas.captureStream());
    };
  });
  await enter(ada, room, 'Ada');
  const choosing = ada.getByText("Choose what to share in your browser's window.");
  const shares = ada.getByText('You are sharing your screen.');
  await button(ada, 'Share your screen').click();
  await expect(choosing).toBeVisible();
  await button(ada, 'Share your screen').click();
  await expect(shares).toBeVisible();
  await expect(choosing).toBeHidden();
  await button(ada, 'Stop sharing').first().click();
  await expect(shares).toBeHidden();
  await button(ada, 'Share your screen').click();
  await expect(choosing).toBeVisible();
  await button(ada, 'Cancel').click();
  await expect(choosing).toBeHidden();
  await expect(button(ada, 'Share your screen')).toBeEnabled();
});

test('a participant who only claims to share a screen does not darken the stage', async ({ person, room, salon }) => {
  const [ada, place] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  const eve = await hostile(place, salon.origin);
  await eve.say({ type: 'join', room, presence: { name: 'Eve', mic: false, camera: false, screen: true } });
  await expect(screenOf(ada, 'Eve').getByText('No video yet')).toBeVisible();
});

test.describe('while the server is unreachable', () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a newly shared screen appears when it is back, and an earlier one continues', async ({ person, room, line }) => {
    const [ada, bob] = [await person({ machine: 'that shares small print', baseURL: line.origin }), await person()];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectConnected(bob, 'Ada');
    await openPrint(ada);
    line.refuse();
    await button(ada, 'Share your screen').click();
    await expect(ada.getByText('You are sharing your screen.')).toBeVisible();
    line.admit();
    await expect(screenOf(bob, 'Ada')).toBeVisible({ timeout: 30_000 });
    await plays(bob, 'Ada');
    await expectConnected(ada, 'Bob');
    await expectConnected(bob, 'Ada');
    const before = await connectionsUsed(ada, bob);
    line.cut();
    await expectReached(ada, 'Ada', bob);
    await plays(bob, 'Ada');
    expect(await connectionsUsed(ada, bob)).toEqual(before);
  });
});
