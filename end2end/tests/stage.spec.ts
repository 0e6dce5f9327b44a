// Seeing and hearing the others: layouts, a pin, picture-in-picture, volumes.
import axe, { type AxeResults } from 'axe-core';
import type { Page } from '@playwright/test';
import { button, enter, expectConnected, expectToCount, ownTile, tileOf } from '../support/room.ts';
import { inSmallWindow } from '../support/small.ts';
import { expect, test } from '../support/test.ts';

const three = async (person: (choice: { machine: 'of somebody who talks' }) => Promise<Page>, room: string) => {
  const machine = 'of somebody who talks';
  const [ada, bob, cleo] = [await person({ machine }), await person({ machine }), await person({ machine })];
  for (const [page, name] of [[ada, 'Ada'], [bob, 'Bob'], [cleo, 'Cleo']] as const) await enter(page, room, name);
  await expectConnected(ada, 'Bob', 'Cleo');
  return [ada, bob, cleo] as const;
};

/** Ratio of the areas of two tiles. */
const ratio = async (page: Page, large: string, small: string) => {
  const area = async (name: string) => {
    const box = await tileOf(page, name).boundingBox();
    return box ? box.width * box.height : 0;
  };
  return (await area(large)) / (await area(small));
};
const expectOnStage = (page: Page, large: string, small: string) =>
  expect.poll(() => ratio(page, large, small), { timeout: 30_000 }).toBeGreaterThan(4);
const expectEqual = (page: Page) => expect.poll(() => ratio(page, 'Bob', 'Cleo')).toBeCloseTo(1, 1);

test('the active speaker is on the stage, and stays while nobody talks', async ({ person, room }) => {
  const [ada, bob, cleo] = await three(person, room);
  await expectEqual(ada);
  await button(cleo, 'Mute microphone').click();
  await button(ada, 'More').click();
  await ada.getByRole('radio', { name: 'Speaker' }).check();
  await expectOnStage(ada, 'Bob', 'Cleo');
  await expect(tileOf(ada, 'Bob')).toHaveClass(/talking/);
  // The video was not restarted.
  await expectToCount(tileOf(ada, 'Bob').locator('video'));
  await button(bob, 'Mute microphone').click();
  await expect(tileOf(ada, 'Bob')).not.toHaveClass(/talking/);
  await expectOnStage(ada, 'Bob', 'Cleo');
  await button(cleo, 'Unmute microphone').click();
  await expectOnStage(ada, 'Cleo', 'Bob');

  await ada.reload();
  await expectOnStage(ada, 'Cleo', 'Bob');
});

test('a pinned person stays large, and the self-view can be hidden', async ({ person, room }) => {
  const [ada, , cleo] = await three(person, room);
  const pin = tileOf(ada, 'Bob').getByRole('button', { name: 'Pin Bob' });
  await tileOf(ada, 'Bob').hover();
  await pin.click();
  await expectOnStage(ada, 'Bob', 'Cleo');
  await button(ada, 'More').click();
  await ada.getByRole('switch', { name: 'Hide self-view' }).click();
  await expect(ownTile(ada)).toBeHidden();
  await expect(tileOf(cleo, 'Ada').locator('video')).toBeVisible();
  await ada.keyboard.press('Escape');
  await pin.press('Enter');
  await expectEqual(ada);
});

test('volume and mute of a person apply to one listener only', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await ada.getByRole('button', { name: /^People/ }).click();
  const sound = tileOf(ada, 'Bob').locator('audio');
  await ada.getByRole('slider', { name: 'Volume of Bob' }).fill('30');
  await expect.poll(() => sound.evaluate((audio: HTMLAudioElement) => audio.volume)).toBeCloseTo(0.3);
  const mute = ada.getByRole('button', { name: 'Mute Bob for me' });
  await mute.click();
  await expect(mute).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(() => sound.evaluate((audio: HTMLAudioElement) => audio.muted)).toBe(true);
  await expect(tileOf(ada, 'Bob').getByRole('img', { name: 'Muted for you' })).toBeVisible();
  await expect(ownTile(bob).getByRole('img', { name: 'muted', exact: true })).toBeHidden();
  await mute.click();
  await expect.poll(() => sound.evaluate((audio: HTMLAudioElement) => audio.muted)).toBe(false);
});

test('a layout, a pin, a volume and the call time survive a reconnection and a reload', async ({ person, room, line }) => {
  const [ada, bob, cleo] = [await person({ baseURL: line.origin }), await person(), await person()];
  for (const [page, name] of [[ada, 'Ada'], [bob, 'Bob'], [cleo, 'Cleo']] as const) await enter(page, room, name);
  await expectConnected(ada, 'Bob', 'Cleo');
  await button(ada, 'More').click();
  const large = ada.getByRole('radio', { name: 'Speaker' });
  await large.check();
  await ada.keyboard.press('Escape');
  await tileOf(ada, 'Bob').hover();
  const pin = tileOf(ada, 'Bob').getByRole('button', { name: 'Pin Bob' });
  await pin.click();
  await ada.getByRole('button', { name: /^People/ }).click();
  await ada.getByRole('slider', { name: 'Volume of Bob' }).fill('30');
  line.cut();
  await bob.reload();
  await expectConnected(ada, 'Bob', 'Cleo');
  await expectOnStage(ada, 'Bob', 'Cleo');
  await expect(pin).toHaveAttribute('aria-pressed', 'true');
  const sound = tileOf(ada, 'Bob').locator('audio');
  const volume = () => sound.evaluate((audio: HTMLAudioElement) => audio.volume);
  await expect.poll(volume).toBeCloseTo(0.3);
  await button(ada, 'More').click();
  await expect(large).toBeChecked();

  const seconds = async () => {
    const time = await ada.getByRole('timer', { name: 'Time in the call' }).innerText();
    const [minutes = 0, rest = 0] = (time.match(/\d+/g) ?? []).map(Number);
    return minutes * 60 + rest;
  };
  const before = await seconds();
  expect(before).toBeGreaterThan(3);
  await ada.reload();
  await expectConnected(ada, 'Bob', 'Cleo');
  expect(await seconds()).toBeGreaterThanOrEqual(before);
  await expectOnStage(ada, 'Bob', 'Cleo');
  await expect(pin).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(volume).toBeCloseTo(0.3);
  await button(ada, 'More').click();
  await expect(large).toBeChecked();
});

/** Violations that axe finds in the picture-in-picture window, moved into its page. */
const serious = async (document: Document) => {
  const { axe } = document.defaultView as unknown as { axe: { run: (where: Document) => Promise<AxeResults> } };
  const { violations } = await axe.run(document);
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
};

test('the call continues in picture-in-picture, with its controls', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await button(ada, 'More').click();
  await button(ada, 'Picture-in-picture').click();
  const inside = <T>(read: (document: Document) => T) => inSmallWindow(ada, read);
  await expect.poll(() => inside((document) => document.querySelector('video')?.videoWidth ?? 0)).toBeGreaterThan(0);
  await expect.poll(() => inside((document) => document.querySelector('.name')?.textContent)).toBe('Bob');
  await inSmallWindow(ada, (document, source) => new Function('window', 'document', source)(document.defaultView, document), axe.source);
  expect(await inside(serious)).toEqual([]);
  await inside((document) => document.querySelector<HTMLElement>('[aria-label="Mute microphone"]')!.click());
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-mic', 'off');
  await inside((document) => document.querySelector<HTMLElement>('[aria-label="Leave"]')!.click());
  await expect(ada.locator('main[data-phase]').first()).toHaveAttribute('data-phase', 'left');
  await expect.poll(() => inside(() => true)).toBeNull();
});

test('the call enters and leaves full screen', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  await button(ada, 'More').click();
  const full = () => ada.evaluate(() => document.fullscreenElement !== null);
  await button(ada, 'Full screen').click();
  await expect.poll(full).toBe(true);
  await button(ada, 'Full screen').click();
  await expect.poll(full).toBe(false);
});

/** Makes a person's camera deliver this size, as when a phone is turned. */
const turn = (page: Page, width: number, height: number) =>
  page.evaluate(
    async ([width, height]) => {
      const cameras = probe.tracks.filter(({ kind, readyState }) => kind === 'video' && readyState === 'live');
      for (const camera of cameras) await camera.applyConstraints({ width: { exact: width }, height: { exact: height } });
    },
    [width, height] as const,
  );

test('an upright phone is shown uncropped on a desktop, and a desktop on an upright phone', async ({ person, room }) => {
  const [ada, bob] = [await person({ viewport: { width: 1280, height: 800 } }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectToCount(tileOf(ada, 'Bob').locator('video'));
  const picture = tileOf(ada, 'Bob').locator('video');
  const expectFit = async (fit: 'cover' | 'contain', upright: boolean) => {
    const isUpright = () => picture.evaluate((video: HTMLVideoElement) => video.videoHeight > video.videoWidth);
    await expect.poll(isUpright, { timeout: 30_000 }).toBe(upright);
    await expect(picture).toHaveCSS('object-fit', fit);
  };
  await expectFit('cover', false);
  await turn(bob, 136, 240);
  await expectFit('contain', true);
  await expect(ownTile(bob).locator('video')).toHaveCSS('object-fit', 'contain');
  await ada.screenshot({ path: 'results/screens/upright-on-a-desk.png' });
  await ada.setViewportSize({ width: 390, height: 844 });
  await expectFit('cover', true);
  await turn(bob, 320, 240);
  await expectFit('contain', false);
  await ada.screenshot({ path: 'results/screens/desk-on-a-phone.png' });
  await ada.setViewportSize({ width: 1280, height: 800 });
  await expectFit('cover', false);
});
