// Joining works in every state of a person's devices, and each state is explained.
import type { Page } from '@playwright/test';
import { GRANTED } from '../support/chromium.mjs';
import {
  button, enter, expectDevicesInUse, expectMore, expectPhase, expectToSeeAndHear, open, tileOf, turnOnDevices,
} from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const problem = (page: Page, kind: string) => page.locator(`[data-problem~="${kind}"]`).first();

/** Presses the button that requests devices, and waits for the explained problem. */
const ask = async (page: Page, room: string, kind: string) => {
  await open(page, `/room/${room}`);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Bob');
  await button(page, 'Turn on camera and microphone').click();
  await expect(problem(page, kind)).toBeVisible();
  await expect(problem(page, kind)).not.toHaveText('');
};

/** Joins with one device or none, and still sees and hears the one inside. */
const expectToJoinWith = async (bob: Page, ada: Page, device?: 'audio' | 'video') => {
  await expectDevicesInUse(bob, device ? [device] : []);
  await expect(button(bob, 'Join')).toBeEnabled();
  await button(bob, 'Join').click();
  await expectPhase(bob, 'call');
  await expectToSeeAndHear(bob, ['Ada']);
  const tile = tileOf(ada, 'Bob');
  await expect(tile).toHaveAttribute('data-link', 'connected');
  await expect(tile).toHaveAttribute('data-mic', device === 'audio' ? 'on' : 'off');
  await expect(tile).toHaveAttribute('data-camera', device === 'video' ? 'on' : 'off');
  if (device) await expectMore(ada, device === 'audio' ? 'sound' : 'picture');
};

test('no permission is requested before a gesture', async ({ person, room }) => {
  const ada = await person();
  await open(ada, `/room/${room}`);
  await expect(button(ada, 'Join')).toBeEnabled();
  expect(await ada.evaluate(() => probe.questions)).toBe(0);
  await turnOnDevices(ada);
  await expect(ada.getByRole('meter')).toBeVisible();
  for (const kind of ['Camera', 'Microphone', 'Speaker']) {
    await expect(ada.getByRole('combobox', { name: kind })).toBeVisible();
  }
});

test('Join requests devices if that has not happened before, and does not wait for the answer', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person({ answer: 'no' })];
  await enter(ada, room, 'Ada');
  await open(bob, `/room/${room}`);
  await bob.getByRole('textbox', { name: 'Your name' }).fill('Bob');
  await expectToJoinWith(bob, ada);
  expect(await bob.evaluate(() => probe.questions)).toBe(1);
  await expect(problem(bob, 'denied')).toBeVisible();
});

test('a withdrawn refusal is noticed automatically', async ({ person, room }) => {
  const ada = await person({ answer: 'no' });
  await ask(ada, room, 'denied');
  await ada.context().grantPermissions(GRANTED);
  await expect(problem(ada, 'denied')).toBeHidden();
});

test('a refusal withdrawn before the page listens is noticed, too', async ({ person, room }) => {
  const ada = await person({ answer: 'no' });
  await ada.addInitScript(() => {
    const { query } = Permissions.prototype;
    const letGo = new Promise((go) => addEventListener('letGo', go));
    Permissions.prototype.query = async function (descriptor) {
      const status = await query.call(this, descriptor);
      if (document.querySelector('[data-problem~=denied]')) await letGo;
      return status;
    };
  });
  await ask(ada, room, 'denied');
  await ada.context().grantPermissions(GRANTED);
  await ada.evaluate(() => dispatchEvent(new Event('letGo')));
  await expect(problem(ada, 'denied')).toBeHidden();
});

test('a closed prompt can be requested again, and listening works', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person({ answer: 'closes the question' })];
  await enter(ada, room, 'Ada');
  await ask(bob, room, 'dismissed');
  await expectToJoinWith(bob, ada);
});

test('a denied microphone does not affect the camera', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person({ answer: 'camera only' })];
  await enter(ada, room, 'Ada');
  await ask(bob, room, 'denied');
  await expectToJoinWith(bob, ada, 'video');
});

test('a microphone unplugged during the call is replaced', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  // Fake devices cannot be unplugged: the browser's event is simulated.
  await bob.addInitScript(() => {
    const { getUserMedia } = MediaDevices.prototype;
    MediaDevices.prototype.getUserMedia = async function (constraints) {
      const stream = await getUserMedia.call(this, constraints);
      for (const track of stream.getAudioTracks()) addEventListener('unplug', () => track.dispatchEvent(new Event('ended')), { once: true });
      return stream;
    };
  });
  await enter(bob, room, 'Bob');
  await expectToSeeAndHear(ada, ['Bob']);
  const replaced = await bob.evaluate(async () => {
    const senders = probe.connections.flatMap((connection) => connection.getSenders());
    const sent = () => senders.flatMap(({ track }) => (track?.kind === 'audio' && track.readyState === 'live' ? [track] : []));
    const [before] = sent();
    const since = performance.now();
    dispatchEvent(new Event('unplug'));
    while (!sent().some((track) => track !== before)) await new Promise(requestAnimationFrame);
    return Math.round(performance.now() - since);
  });
  console.log(`another microphone is sent after ${replaced} ms`);
  expect(replaced).toBeLessThan(1_000);
  await expect(bob.locator('[data-notice=event]')).toContainText(/was restarted/);
  await expectDevicesInUse(bob, ['audio', 'video']);
  await expectMore(ada, 'sound');
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-mic', 'on');
});

test('a replaced microphone can be restored', async ({ person, room }) => {
  const ada = await person();
  // Simulates a plug: while it is out, the chosen device is unavailable.
  await ada.addInitScript(() => {
    const { getUserMedia } = MediaDevices.prototype;
    let isOut = false;
    MediaDevices.prototype.getUserMedia = async function (constraints) {
      const stream = await getUserMedia.call(this, isOut ? { audio: true } : constraints);
      isOut = false;
      for (const track of stream.getAudioTracks()) {
        addEventListener('unplug', () => ((isOut = true), track.dispatchEvent(new Event('ended'))), { once: true });
      }
      return stream;
    };
  });
  await enter(ada, room, 'Ada');
  await button(ada, 'Settings').click();
  const choice = ada.getByRole('combobox', { name: 'Microphone' });
  await choice.selectOption({ label: 'Fake Audio Input 2' });
  const used = await choice.inputValue();
  const inUse = () => ada.evaluate(() => probe.tracks.filter(({ readyState }) => readyState === 'live').map(({ label }) => label));
  await expect.poll(inUse).toContain('Fake Audio Input 2');
  await ada.evaluate(() => dispatchEvent(new Event('unplug')));
  const notice = ada.locator('[data-notice=offer]');
  await expect(notice).toContainText('Fake Audio Input 2 was disconnected. Now using Fake Default Audio Input.');
  await expect(choice).not.toHaveValue(used);
  await notice.getByRole('button', { name: 'Undo' }).click();
  await expect(choice).toHaveValue(used);
});

test.describe('on an insecure page', () => {
  test.use({ expectedOutput: /^other host: \w+:\/\/salon\.test:/ });

  test('the page explains why the camera is unavailable, and listening works', async ({ person, room, salon }) => {
    const [ada, bob] = [await person(), await person({ machine: 'that calls this one salon.test' })];
    await enter(ada, room, 'Ada');
    await open(bob, `http://salon.test:${new URL(salon.origin).port}/room/${room}`);
    await expect(problem(bob, 'insecure')).toContainText('https');
    await bob.getByRole('textbox', { name: 'Your name' }).fill('Bob');
    await expectToJoinWith(bob, ada);
  });
});

test('two people without devices are connected', async ({ person, room }) => {
  const [ada, bob] = [await person({ answer: 'no' }), await person({ machine: 'without devices' })];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-link', 'connected');
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-link', 'connected');
});

test('a device in use by another app is reported', async ({ person, room }) => {
  const ada = await person();
  // The one state that a fake device cannot have: the browser's answer is simulated.
  await ada.addInitScript(() => {
    MediaDevices.prototype.getUserMedia = () => {
      probe.questions += 1;
      return Promise.reject(new DOMException('Device in use', 'NotReadableError'));
    };
  });
  await ask(ada, room, 'busy');
  // Each time the page becomes visible, the device is requested again, and the problem stays visible.
  const stands = await ada.evaluate(async () => {
    const note = document.querySelector('[data-problem=busy]')!;
    const { questions } = probe;
    dispatchEvent(new Event('focus'));
    while (probe.questions === questions) await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    return note.isConnected;
  });
  expect(stands).toBe(true);
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
});

test.describe('audio blocked by the browser', () => {
  // The page under test logs nothing; these are the two moments this test waits for. It must not query the
  // page in between, because each query counts as a gesture.
  test.use({ expectedOutput: /^console debug: / });
  const said = (page: Page, text: string) =>
    page.waitForEvent('console', { predicate: (message) => message.text() === text, timeout: 20_000 });

  test('is heard after a tap', async ({ person, room }) => {
    const [ada, bob] = [await person(), await person({ machine: 'with strict autoplay' })];
    await bob.addInitScript(() => {
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = function () {
        const played = play.call(this);
        const isRemote = this.closest('[data-tile=remote]');
        played.catch(({ name }) => isRemote && name === 'NotAllowedError' && console.debug('held back'));
        return played;
      };
      setInterval(() => navigator.userActivation.isActive || console.debug('gesture over'), 200);
    });
    await enter(bob, room, 'Bob');
    await said(bob, 'gesture over');
    const heldBack = said(bob, 'held back');
    await enter(ada, room, 'Ada');
    await heldBack;
    await button(bob, 'Tap to hear').click();
    await expect(button(bob, 'Tap to hear')).toBeHidden();
    await expectToSeeAndHear(bob, ['Ada']);
  });
});
