// A call continues across a reload, a second tab, and a restart of the server.
import type { Page } from '@playwright/test';
import { button, connectionsMade, duplicate, enter, expectDevicesInUse, expectMore, expectPhase, expectReached, expectToSeeAndHear, heardBy, listen, open, tileOf } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

/** Times between two frames of the other's video, in milliseconds, from now until they are read. */
const watchFrames = (page: Page) =>
  page.locator('[data-tile=remote] video').evaluate((video: HTMLVideoElement) => {
    const gaps: number[] = [];
    let last: VideoFrameCallbackMetadata | undefined;
    const note = (_: number, frame: VideoFrameCallbackMetadata) => {
      // The page may observe fewer frames than were shown.
      if (last) gaps.push((frame.presentationTime - last.presentationTime) / (frame.presentedFrames - last.presentedFrames));
      last = frame;
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
    Object.assign(globalThis, { gaps });
  });
/** The largest gap since the last read. */
const largestGap = (page: Page) =>
  page.evaluate(() => Math.round(Math.max(...(globalThis as unknown as { gaps: number[] }).gaps.splice(0))));

/** The gap in the video from which it is a freeze, in milliseconds (W3C WebRTC Statistics, `freezeCount`), by that before. */
const freeze = (calm: number) => Math.max(3 * calm, calm + 150);

const idOf = (page: Page, name: string) => tileOf(page, name).getAttribute('data-peer');

test('a reload keeps the seat, and the others see no notice', { tag: '@alone' }, async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
  const id = await idOf(ada, 'Bob');
  await expect(ada.locator('[data-notice=event]')).toBeHidden();
  await listen(ada);
  await button(bob, 'Turn camera off').click();
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-camera', 'off');
  await bob.reload();
  await expectPhase(bob, 'call');
  await Promise.all([expectMore(ada, 'sound'), expectMore(bob, 'picture')]);
  expect(await idOf(ada, 'Bob')).toBe(id);
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-camera', 'off');
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-mic', 'on');
  expect(await heardBy(ada)).toEqual([]);
});

test('no frame of a reload during a call shows the lobby', async ({ person, room }) => {
  const ada = await person();
  await ada.addInitScript(() => {
    const look = () => {
      if (document.querySelector('.lobby')?.checkVisibility({ visibilityProperty: true })) Object.assign(globalThis, { lobbyShown: true });
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  const wasShown = () => ada.evaluate(() => Reflect.has(globalThis, 'lobbyShown'));
  await enter(ada, room, 'Ada');
  expect(await wasShown()).toBe(true);
  await ada.reload();
  await expectPhase(ada, 'call');
  expect(await wasShown()).toBe(false);
});

test('leaving frees the seat: a reload after that stays outside', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  await button(ada, 'Leave').click();
  await expectPhase(ada, 'left');
  await open(ada, `/room/${room}`);
  await expectPhase(ada, 'lobby');
});

test('the newest tab has the seat, and the older one can take it back', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  const second = await duplicate(bob);
  await open(second, `/room/${room}`);
  await button(second, 'Join').click();
  await expectPhase(second, 'call');
  await expectToSeeAndHear(second, ['Ada']);
  await expect(bob.getByRole('heading', { name: 'You moved to another tab.' })).toBeVisible();
  await expectDevicesInUse(bob, []);
  await button(bob, 'Use here').click();
  await expectPhase(bob, 'call');
  await expectPhase(second, 'left');
  await expectToSeeAndHear(bob, ['Ada']);
});

test.describe('a server that is down for a while', { tag: '@alone' }, () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  for (const [how, end] of [
    ['killed', (salon: { kill: () => Promise<void> }) => salon.kill()],
    ['stopped', (salon: { stop: () => Promise<void> }) => salon.stop()],
  ] as const) {
    test(`${how} and started again does not affect a call`, async ({ person, room, startSalon }) => {
      const salon = await startSalon();
      const [ada, bob] = [await person({ baseURL: salon.origin }), await person({ baseURL: salon.origin })];
      await enter(ada, room, 'Ada');
      await enter(bob, room, 'Bob');
      await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
      await expect.poll(() => connectionsMade(ada, bob)).toEqual([2, 2]);
      const ids = [await idOf(ada, 'Bob'), await idOf(bob, 'Ada')];
      await Promise.all([listen(ada), listen(bob)]);

      const largest = async () => Math.max(...(await Promise.all([ada, bob].map(largestGap))));
      await Promise.all([watchFrames(ada), watchFrames(bob)]);
      await Promise.all([expectMore(ada, 'sound'), expectMore(bob, 'picture')]);
      const calm = await largest();

      await end(salon);
      await Promise.all([expectMore(ada, 'sound'), expectMore(bob, 'picture')]);
      await salon.startAgain();

      await expectReached(ada, 'Ada', bob);
      await expectReached(bob, 'Bob', ada);
      expect([await idOf(ada, 'Bob'), await idOf(bob, 'Ada')]).toEqual(ids);
      expect(await connectionsMade(ada, bob)).toEqual([2, 2]);
      expect([await heardBy(ada), await heardBy(bob)]).toEqual([['Bob raised a hand.'], ['Ada raised a hand.']]);
      const gap = await largest();
      console.log(`largest gap in the picture: ${gap} ms, and ${calm} ms while the server was there`);
      expect(gap).toBeLessThan(freeze(calm));

      const cleo = await person({ baseURL: salon.origin });
      await enter(cleo, room, 'Cleo');
      await expectToSeeAndHear(cleo, ['Ada', 'Bob']);
    });
  }
});
