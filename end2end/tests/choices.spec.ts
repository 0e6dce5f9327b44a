// What one chooses in a call: quality, what is done to the sound, and what keys do.
import type { Page } from '@playwright/test';
import { button, enter, expectMore, expectNoMore, expectReached, expectToCount, expectToSeeAndHear, open, ownTile, tileOf, turnOnDevices } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const two = async (person: (options?: { baseURL: string }) => Promise<Page>, room: string, baseURL?: string) => {
  const [ada, bob] = [await person(baseURL ? { baseURL } : undefined), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectToSeeAndHear(ada, ['Bob']);
  return [ada, bob] as const;
};

test('who wants sound only is sent no picture, and sends none', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  await button(ada, 'Settings').click();
  await ada.getByRole('radio', { name: 'Sound only' }).check();
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

/** How this page encodes what it sends of a kind, for everybody. */
const encodings = (page: Page, kind: 'audio' | 'video') =>
  page.evaluate((kind) => {
    const senders = probe.connections.flatMap((link) => link.getSenders()).filter(({ track }) => track?.kind === kind);
    return senders.map((sender) => sender.getParameters().encodings[0]);
  }, kind);
const scales = async (page: Page) => (await encodings(page, 'video')).map((encoding) => encoding?.scaleResolutionDownBy);

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

  test('a choice counts at once, and still when the server and the other are back', async ({ person, room, line }) => {
    const [ada, bob] = await two(person, room, line.origin);
    await button(ada, 'Settings').click();
    await expect(ada.getByRole('radio', { name: 'Automatic' })).toBeChecked();
    line.refuse();
    line.cut();
    await ada.getByRole('radio', { name: 'Save data' }).check();
    await expect.poll(() => scales(bob)).toEqual([2]);
    await expect.poll(() => scales(ada)).toEqual([2]);
    line.admit();
    await expectReached(ada, 'Ada', bob);
    await bob.reload();
    await expectToSeeAndHear(ada, ['Bob']);
    for (const page of [ada, bob]) await expect.poll(async () => (await scales(page)).at(-1)).toBe(2);
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
  await expectToSeeAndHear(ada, ['Bob']);
  for (const page of [ada, bob]) {
    await expect.poll(() => scales(page)).toEqual([2]);
    await expect.poll(async () => (await encodings(page, 'audio')).map((encoding) => encoding?.maxBitrate)).toEqual([128_000]);
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
  await ada.getByRole('switch', { name: 'Music' }).click();
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
  await ada.getByRole('switch', { name: 'Music' }).click();
  await expect
    .poll(sound)
    .toEqual({ noiseSuppression: false, echoCancellation: false, autoGainControl: false, hint: 'music', rate: 128_000 });
  await expect(ada.getByRole('switch', { name: 'Cancel echo' })).toBeDisabled();
  await expectMore(bob, 'sound');
  await ada.getByRole('switch', { name: 'Music' }).click();
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
  await ada.getByRole('switch', { name: 'Use them' }).click();
  await keyboard.press('Alt+r');
  await keyboard.press('Alt+m');
  await expect(ownTile(ada).getByRole('img', { name: 'Hand raised' })).toBeVisible();
  await expect(button(ada, 'Unmute microphone')).toBeVisible();
});

test('who is muted talks while they hold Space', async ({ person, room }) => {
  const [ada, bob] = await two(person, room);
  await button(ada, 'Mute microphone').click();
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-mic', 'off');
  await ada.locator('h1').last().click();
  await ada.keyboard.down('Space');
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-mic', 'on');
  await expectMore(bob, 'sound');
  await ada.keyboard.up('Space');
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-mic', 'off');
});
