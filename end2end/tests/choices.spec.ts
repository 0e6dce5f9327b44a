// Settings in a call: quality, audio processing, and shortcuts.
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

test('audio only stops video in both directions', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  await button(ada, 'Settings').click();
  await ada.getByRole('radio', { name: 'Audio only' }).check();
  await expectNoMore(ada, 'picture');
  await expectMore(ada, 'sound');
  await expect(tileOf(ada, 'Bob')).toHaveClass(/no-picture/);
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-camera', 'off');
  // No warning is shown.
  await expect(bob.locator('[data-notice=hint]')).toBeHidden();
  await expect(ada.locator('[data-notice=hint]')).toBeHidden();

  await ada.reload();
  await expectMore(ada, 'sound');
  await expectNoMore(ada, 'picture');
  // Turning the camera on also requests video.
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

test('save data makes video small in both directions', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  await button(ada, 'Settings').click();
  await ada.getByRole('radio', { name: 'Save data' }).check();
  await expect.poll(() => scales(bob)).toEqual([2]);
  await expect.poll(() => scales(ada)).toEqual([2]);
  await ada.getByRole('radio', { name: 'Automatic' }).check();
  await expect.poll(() => scales(bob)).toEqual([1]);
});

test.describe('while the server is away', () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('a setting applies at once, and still after reconnecting and a reload', async ({ person, room, line }) => {
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

  test('a muted person talks while holding Space, with or without the server', async ({ person, room, line }) => {
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
    // After a reload it comes from the server.
    await bob.reload();
    await expectConnected(bob, 'Ada');
    await keyboard.up('Space');
    await expectMic('off');
    await expect(button(ada, 'Unmute microphone')).toBeVisible();
    await expectNoMore(bob, 'sound');

    // Muted as before, also for the shortcut.
    await ada.reload();
    await expectConnected(ada, 'Bob');
    await expect.poll(() => ada.evaluate(readDevicesInUse)).toContain('audio');
    await expectMic('off');
    await keyboard.down('Space');
    await expectMic('on');
    await expectMore(bob, 'sound');
    // Even if it is released while the page is gone.
    await ada.reload();
    await keyboard.up('Space');
    await expectConnected(ada, 'Bob');
    await expectMic('off');
    await expect(button(ada, 'Unmute microphone')).toBeVisible();
  });
});

test('settings of an earlier visit apply from the first moment, for caller and callee', async ({ person, room }) => {
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

test('the background is blurred if the camera supports it, even after a reload', async ({ person, room }) => {
  const ada = await person();
  // No test camera supports it: this fake does, and records the requests.
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

test('a listener can turn the camera on in the lobby', async ({ person, room }) => {
  const ada = await person();
  await ada.addInitScript(() => localStorage.setItem('salon.quality', 'audio-only'));
  await open(ada, `/room/${room}`);
  await turnOnDevices(ada);
  await expect(button(ada, 'Turn camera off')).toBeVisible();
});

test('a press on mute takes effect while the microphone is being reopened', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  await button(ada, 'Settings').click();
  // Longer than a press takes.
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

test('audio processing can be turned off, also by the music mode', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  const sound = () =>
    ada.evaluate(() => {
      const senders = probe.connections.flatMap((link) => link.getSenders());
      const sender = senders.find(({ track }) => track?.kind === 'audio');
      // The microphone is being reopened.
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

test('shortcuts with Alt work until they are turned off', async ({ person, room }) => {
  const [ada] = await two(person, room);
  const { keyboard } = ada;
  await keyboard.press('Alt+m');
  await expect(button(ada, 'Unmute microphone')).toBeVisible();
  await keyboard.press('Alt+v');
  await expect(button(ada, 'Turn camera on')).toBeVisible();
  await keyboard.press('Alt+c');
  await expect(ada.getByRole('dialog', { name: 'Chat' })).toBeVisible();
  // Also while typing, where single keys would not work.
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
