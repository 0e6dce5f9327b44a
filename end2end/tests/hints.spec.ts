// Hints in a call about problems that people cannot notice themselves.
import type { Page } from '@playwright/test';
import {
  button, enter, expectConnected, expectDevicesInUse, expectMore, expectToSeeAndHear, tileOf,
} from '../support/room.ts';
import { expect, setPermissions, test } from '../support/test.ts';

const hint = (page: Page) => page.locator('[data-notice=hint]');
const offer = (page: Page) => page.locator('[data-notice=offer]');

/** Gives a test control over the microphone's track: fake devices have no switch and no plug. */
const holdTracks = (page: Page) =>
  page.addInitScript(() => {
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (constraints) {
      const stream = await getUserMedia.call(this, constraints);
      for (const track of stream.getTracks()) {
        addEventListener(`${track.kind}:mute`, () => track.dispatchEvent(new Event('mute')));
        addEventListener(`${track.kind}:unmute`, () => track.dispatchEvent(new Event('unmute')));
      }
      return stream;
    };
  });
const say = (page: Page, event: string) => page.evaluate((event) => dispatchEvent(new Event(event)), event);

test('talking while muted shows a hint, and Space unmutes', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await button(bob, 'Mute microphone').click();
  // The fake microphone beeps.
  await expect(hint(bob)).toContainText('You are muted. Nobody can hear you.');
  await expect(hint(bob).getByRole('button', { name: 'Unmute' })).toBeVisible();
  await bob.locator('h1').focus();
  await bob.keyboard.press('Space');
  await expect(button(bob, 'Mute microphone')).toBeVisible();
  await expect(hint(bob)).toBeHidden();
  await expectMore(ada, 'sound');

  // After a reload the browser requires a gesture before the page may capture audio.
  await bob.reload();
  await button(bob, 'Mute microphone').click();
  await expect(hint(bob)).toContainText('You are muted. Nobody can hear you.');
  await hint(bob).getByRole('button', { name: 'Unmute' }).press('Enter');
  await expect(button(bob, 'Mute microphone')).toBeFocused();
});

test('a completely silent microphone is reported', async ({ person, room }) => {
  const ada = await person({ machine: 'with a dead microphone' });
  await enter(ada, room, 'Ada');
  await expect(hint(ada)).toContainText('No sound from your microphone');
  await hint(ada).getByRole('button', { name: 'Choose another' }).click();
  await expect(ada.getByRole('dialog', { name: 'Settings' })).toBeVisible();
});

test('a device muted by the system is reported until it is unmuted', async ({ person, room }) => {
  const ada = await person();
  await holdTracks(ada);
  await enter(ada, room, 'Ada');
  await expectDevicesInUse(ada, ['audio', 'video']);
  await say(ada, 'audio:mute');
  await expect(hint(ada)).toContainText('Your system has muted the microphone');
  await say(ada, 'audio:unmute');
  await expect(hint(ada)).toBeHidden();
  await say(ada, 'video:mute');
  await expect(hint(ada)).toContainText('Your system has blocked the camera');
});

test('a new device is offered, and used on request', async ({ person, room }) => {
  const ada = await person();
  // A second camera, connected during the call, with the name of an existing one.
  await ada.addInitScript(() => {
    const { enumerateDevices, getUserMedia } = MediaDevices.prototype;
    let plugged = false;
    addEventListener('plug', () => {
      plugged = true;
      navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
    });
    MediaDevices.prototype.enumerateDevices = async function () {
      const devices = await enumerateDevices.call(this);
      const camera = { deviceId: 'new', groupId: '', kind: 'videoinput', label: 'Desk camera' };
      return plugged ? [...devices, Object.setPrototypeOf(camera, InputDeviceInfo.prototype)] : devices;
    };
    MediaDevices.prototype.getUserMedia = function (constraints) {
      const text = JSON.stringify(constraints);
      Object.assign(globalThis, { wantedNew: text.includes('"new"') });
      return getUserMedia.call(this, text.includes('"new"') ? { video: true } : constraints);
    };
  });
  await enter(ada, room, 'Ada');
  // Devices of a kind that is not in use are not offered.
  await expectDevicesInUse(ada, ['audio', 'video']);
  await say(ada, 'plug');
  await expect(offer(ada)).toContainText('Desk camera is available.');
  expect(await ada.evaluate(() => (globalThis as unknown as { wantedNew: boolean }).wantedNew)).toBe(false);
  await offer(ada).getByRole('button', { name: 'Use it' }).click();
  await expect.poll(() => ada.evaluate(() => (globalThis as unknown as { wantedNew: boolean }).wantedNew)).toBe(true);
  await expect(offer(ada)).toBeHidden();
});

test('a phone reports that the call is in the background', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person({ hasTouch: true, isMobile: true })];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  // Headless pages are always visible.
  const hide = (hidden: boolean) =>
    bob.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await hide(true);
  await expect(tileOf(ada, 'Bob')).toContainText('Bob switched to another app');
  await hide(false);
  await expect(tileOf(ada, 'Bob')).not.toContainText('background');
});

test('the screen stays on during a call, and only then', async ({ person, room }) => {
  const ada = await person();
  await ada.addInitScript(() => {
    const { request } = WakeLock.prototype;
    const locks: WakeLockSentinel[] = [];
    Object.assign(globalThis, { locks });
    WakeLock.prototype.request = async function (kind) {
      const lock = await request.call(this, kind);
      locks.push(lock);
      return lock;
    };
  });
  const held = () =>
    ada.evaluate(() => (globalThis as unknown as { locks: WakeLockSentinel[] }).locks.map(({ released }) => !released));
  await enter(ada, room, 'Ada');
  await expect.poll(held).toEqual([true]);
  await button(ada, 'Leave').click();
  await expect.poll(held).toEqual([false]);
});

test('a permission withdrawn during the call is reported, and the call continues', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person({ machine: 'that asks' })];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await expectDevicesInUse(bob, ['audio', 'video']);
  await setPermissions(bob, 'denied');
  await expect(bob.locator('[data-problem=denied]').first()).toBeVisible();
  await expectDevicesInUse(bob, []);
  await expectToSeeAndHear(bob, ['Ada']);
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-mic', 'off');
});
