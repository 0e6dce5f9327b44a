// What one chooses in a call: quality, what is done to the sound, and what keys do.
import type { Page } from '@playwright/test';
import { readDevicesInUse, readEncodings } from '../support/probe.ts';
import {
  button, enter, expectConnected, expectMore, expectNoMore, expectReached, expectToCount, open, ownTile, tileOf,
  turnOnDevices,
} from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const two = async (person: (options?: { baseURL: string }) => Promise<Page>, room: string, baseURL?: string) => {
  const [ada, bob] = [await person(baseURL ? { baseURL } : undefined), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  return [ada, bob] as const;
};

test('who wants sound only is sent no picture, and sends none', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  await button(ada, 'Settings').click();
  await ada.getByRole('radio', { name: 'Audio only' }).check();
  await expectNoMore(ada, 'picture');
  await expectMore(ada, 'sound');
  await expect(tileOf(ada, 'Bob')).toHaveClass(/no-picture/);
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-camera', 'off');
  // Nobody is told that something is wrong.
  await expect(bob.locator('[data-notice=advice]')).toBeHidden();
  await expect(ada.locator('[data-notice=advice]')).toBeHidden();

  await ada.reload();
  await expectMore(ada, 'sound');
  await expectNoMore(ada, 'picture');
  // Who shows themselves wants pictures.
  await button(ada, 'Turn camera on').click();
  await button(ada, 'Settings').click();
  await expect(ada.getByRole('radio', { name: 'Automatic' })).toBeChecked();
  await expectToCount(tileOf(ada, 'Bob').locator('video'));
  await expectToCount(tileOf(bob, 'Ada').locator('video'));
});

const scales = async (page: Page) =>
  (await page.evaluate(readEncodings, 'video')).map((encoding) => encoding?.scaleResolutionDownBy);
const rates = async (page: Page) => (await page.evaluate(readEncodings, 'audio')).map((encoding) => encoding?.maxBitrate);

const MUSIC = 128_000;

test('who saves data gets and gives small pictures', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  await button(ada, 'Settings').click();
  await ada.getByRole('radio', { name: 'Save data' }).check();
  await expect.poll(() => scales(bob)).toEqual([2]);
  await expect.poll(() => scales(ada)).toEqual([2]);
  await ada.getByRole('radio', { name: 'Automatic' }).check();
  await expect.poll(() => scales(bob)).toEqual([1]);
});

test.describe('while the server is away', () => {
  // The browser itself writes of every attempt to reach it.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a choice counts at once, and still when all are back and after a reload', async ({ person, room, line }) => {
    const [ada, bob] = await two(person, room, line.origin);
    await button(ada, 'Settings').click();
    await expect(ada.getByRole('radio', { name: 'Automatic' })).toBeChecked();
    line.refuse();
    line.cut();
    await ada.getByRole('radio', { name: 'Save data' }).check();
    await expect.poll(() => scales(bob)).toEqual([2]);
    await expect.poll(() => scales(ada)).toEqual([2]);
    const music = ada.getByRole('switch', { name: 'Music mode' });
    await music.click();
    await expect.poll(() => rates(ada)).toEqual([MUSIC]);
    await expectMore(bob, 'sound');
    line.admit();
    await expectReached(ada, 'Ada', bob);
    const expectChosen = async () => {
      for (const page of [ada, bob]) await expect.poll(async () => (await scales(page)).at(-1)).toBe(2);
      await expect.poll(async () => (await rates(ada)).at(-1)).toBe(MUSIC);
    };
    await bob.reload();
    await expectConnected(ada, 'Bob');
    await expectChosen();
    await ada.reload();
    await Promise.all([expectConnected(ada, 'Bob'), expectConnected(bob, 'Ada')]);
    await expectChosen();
    await button(ada, 'Settings').click();
    await expect(ada.getByRole('radio', { name: 'Save data' })).toBeChecked();
    await expect(music).toBeChecked();
  });

  test('who is muted talks while they hold Space, wherever the server is meanwhile', async ({ person, room, line }) => {
    const [ada, bob] = await two(person, room, line.origin);
    const { keyboard } = ada;
    const expectMic = (state: 'on' | 'off') => expect(tileOf(bob, 'Ada')).toHaveAttribute('data-mic', state);
    await button(ada, 'Mute microphone').click();
    await expectMic('off');
    await ada.locator('h1').last().click();
    await keyboard.down('Space');
    await expectMic('on');
    await expectMore(bob, 'sound');

    line.refuse();
    await expectMore(bob, 'sound');
    await expectMic('on');
    await keyboard.up('Space');
    await expectMic('off');
    await keyboard.down('Space');
    await expectMic('on');
    await expectMore(bob, 'sound');

    line.admit();
    await expectReached(ada, 'Ada', bob);
    await expectMic('on');
    // Who comes anew has it from the server.
    await bob.reload();
    await expectConnected(bob, 'Ada');
    await keyboard.up('Space');
    await expectMic('off');
    await expect(button(ada, 'Unmute microphone')).toBeVisible();
    await expectNoMore(bob, 'sound');

    // Muted as they were, also for the key.
    await ada.reload();
    await expectConnected(ada, 'Bob');
    await expect.poll(() => ada.evaluate(readDevicesInUse)).toContain('audio');
    await expectMic('off');
    await keyboard.down('Space');
    await expectMic('on');
    await expectMore(bob, 'sound');
    // Also if it is let go while the page is away.
    await ada.reload();
    await keyboard.up('Space');
    await expectConnected(ada, 'Bob');
    await expectMic('off');
    await expect(button(ada, 'Unmute microphone')).toBeVisible();
  });
});

test('what was chosen on an earlier visit counts from the first moment, for who calls and who is called', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  for (const page of [ada, bob]) {
    await page.addInitScript(() => {
      localStorage.setItem('salon.quality', 'save-data');
      localStorage.setItem('salon.sound', 'music');
    });
  }
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  for (const page of [ada, bob]) {
    await expect.poll(() => scales(page)).toEqual([2]);
    await expect.poll(() => rates(page)).toEqual([MUSIC]);
  }
});

test('a background is blurred where the camera can, also after a reload', async ({ person, room }) => {
  const ada = await person();
  // No camera of a test can: this one says so, and notes what is asked of it.
  await ada.addInitScript(() => {
    const { getCapabilities, applyConstraints } = MediaStreamTrack.prototype;
    const asked: unknown[] = [];
    MediaStreamTrack.prototype.getCapabilities = function capabilities() {
      return { ...getCapabilities.call(this), ...(this.kind === 'video' && { backgroundBlur: [true, false] }) };
    };
    MediaStreamTrack.prototype.applyConstraints = async function apply(constraints) {
      const { backgroundBlur, ...rest } = (constraints ?? {}) as MediaTrackConstraints & { backgroundBlur?: boolean };
      if (backgroundBlur !== undefined) asked.push(backgroundBlur);
      if (Object.keys(rest).length > 0) await applyConstraints.call(this, rest);
    };
    Object.assign(globalThis, { asked });
  });
  const asked = () => ada.evaluate(() => (globalThis as unknown as { asked: boolean[] }).asked);
  await enter(ada, room, 'Ada');
  await button(ada, 'Settings').click();
  const blur = ada.getByRole('switch', { name: 'Blur my background' });
  await expect(blur).not.toBeChecked();
  await blur.click();
  await expect.poll(asked).toEqual([true]);
  await ada.reload();
  await expectToCount(ownTile(ada).locator('video'));
  await expect.poll(asked).toEqual([true]);
  await button(ada, 'Settings').click();
  await expect(blur).toBeChecked();
  await blur.click();
  await expect.poll(asked).toEqual([true, false]);
});

test('who listens only can turn the camera on in the lobby', async ({ person, room }) => {
  const ada = await person();
  await ada.addInitScript(() => localStorage.setItem('salon.quality', 'audio-only'));
  await open(ada, `/room/${room}`);
  await turnOnDevices(ada);
  await expect(button(ada, 'Turn camera off')).toBeVisible();
});

test('a press on mute counts while the microphone is opened anew', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  await button(ada, 'Settings').click();
  // Longer than it takes to press.
  await ada.evaluate(() => {
    const { getUserMedia } = navigator.mediaDevices;
    const go = new Promise((resolve) => Object.assign(globalThis, { letIn: resolve }));
    navigator.mediaDevices.getUserMedia = async function (...constraints) {
      await go;
      return getUserMedia.apply(navigator.mediaDevices, constraints);
    };
  });
  await ada.getByRole('switch', { name: 'Music mode' }).click();
  await button(ada, 'Mute microphone').click();
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-mic', 'off');
  await ada.evaluate(() => (globalThis as unknown as { letIn: () => void }).letIn());
  await expect(button(ada, 'Unmute microphone')).toBeVisible();
  await expectNoMore(bob, 'sound');
});

test('what the browser does to the sound can be switched, also for music', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  const sound = () =>
    ada.evaluate(() => {
      const senders = probe.connections.flatMap((link) => link.getSenders());
      const sender = senders.find(({ track }) => track?.kind === 'audio');
      // The microphone is being opened anew.
      if (!sender?.track) return {};
      const { noiseSuppression, echoCancellation, autoGainControl } = sender.track.getSettings();
      const [encoding] = sender.getParameters().encodings;
      return { noiseSuppression, echoCancellation, autoGainControl, hint: sender.track.contentHint, rate: encoding?.maxBitrate };
    });
  await button(ada, 'Settings').click();
  await ada.getByRole('switch', { name: 'Suppress noise' }).click();
  await expect.poll(sound).toMatchObject({ noiseSuppression: false, echoCancellation: true, autoGainControl: true, hint: '' });
  await ada.getByRole('switch', { name: 'Music mode' }).click();
  await expect
    .poll(sound)
    .toEqual({ noiseSuppression: false, echoCancellation: false, autoGainControl: false, hint: 'music', rate: MUSIC });
  await expect(ada.getByRole('switch', { name: 'Cancel echo' })).toBeDisabled();
  await expectMore(bob, 'sound');
  await ada.getByRole('switch', { name: 'Music mode' }).click();
  await expect.poll(sound).toMatchObject({ noiseSuppression: false, echoCancellation: true, hint: '', rate: undefined });
});

test('keys with Alt do what buttons do, until they are switched off', async ({ person, room }) => {
  const [ada] = await two(person, room);
  const { keyboard } = ada;
  await keyboard.press('Alt+m');
  await expect(button(ada, 'Unmute microphone')).toBeVisible();
  await keyboard.press('Alt+v');
  await expect(button(ada, 'Turn camera on')).toBeVisible();
  await keyboard.press('Alt+c');
  await expect(ada.getByRole('dialog', { name: 'Chat' })).toBeVisible();
  // Also while one types, which single keys would not survive.
  await ada.getByRole('textbox', { name: 'Message' }).fill('Hello');
  await keyboard.press('Alt+p');
  await expect(ada.getByRole('dialog', { name: /^People/ })).toBeVisible();
  await keyboard.press('Alt+r');
  await expect(ownTile(ada).getByRole('img', { name: 'Hand raised' })).toBeVisible();
  await keyboard.press('Escape');
  await button(ada, 'More').click();
  await ada.getByText('Keyboard shortcuts').click();
  await ada.getByRole('switch', { name: 'Use shortcuts' }).click();
  await keyboard.press('Alt+r');
  await keyboard.press('Alt+m');
  await expect(ownTile(ada).getByRole('img', { name: 'Hand raised' })).toBeVisible();
  await expect(button(ada, 'Unmute microphone')).toBeVisible();
});
