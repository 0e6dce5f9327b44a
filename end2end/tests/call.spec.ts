import { enter, expectToSeeAndHear, ownTile, tileOf } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

test('two people see and hear each other', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectToSeeAndHear(ada, ['Bob']);
  await expectToSeeAndHear(bob, ['Ada']);
});

test('everybody in a room of four sees and hears everybody', async ({ person, room }) => {
  test.slow();
  const names = ['Ada', 'Bob', 'Cleo', 'Dan'];
  const pages = [];
  for (const name of names) {
    const page = await person();
    await enter(page, room, name);
    pages.push(page);
    if (pages.length < 3) continue;
    for (const [place, inside] of pages.entries()) {
      await expectToSeeAndHear(inside, names.slice(0, pages.length).filter((_, other) => other !== place));
    }
  }
});

test('the own picture is a silent mirror, others are shown as they are', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  const isMirrored = (video: Element) => {
    const { scale, transform } = getComputedStyle(video);
    return scale.startsWith('-1') || transform.startsWith('matrix(-1');
  };
  const self = ownTile(bob).locator('video');
  await expect(self).toHaveJSProperty('muted', true);
  expect(await self.evaluate(isMirrored)).toBe(true);
  expect(await tileOf(bob, 'Ada').locator('video').evaluate(isMirrored)).toBe(false);
});

test('the clock counts', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  const clock = ada.locator('[data-clock]');
  const first = await clock.textContent();
  await expect(clock).not.toHaveText(first!);
  await expect(clock).toHaveText(/^\d+:\d\d$/);
});
