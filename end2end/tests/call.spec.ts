import type { Page } from '@playwright/test';
import { enter, expectConnected, expectToSeeAndHear, ownTile, tileOf, toolbar } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

test('two people see and hear each other', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  // Its content is announced by screen readers.
  const told = expect(ada.getByRole('status').locator('[data-notice=event]'), 'who comes').toHaveText('Bob joined.');
  await enter(bob, room, 'Bob');
  await expect(tileOf(bob, 'Ada')).toBeVisible();
  await expect(bob.locator('[data-notice=event]'), 'who was there before').toHaveText('');
  await told;
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
});

test('every panel opens', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  for (const [name, title] of [['People', 'People (1)'], ['Chat', 'Chat'], ['More', 'More']] as const) {
    await toolbar(ada).getByRole('button', { name: new RegExp(`^${name}`) }).click();
    const panel = ada.getByRole('dialog', { name: title });
    await expect(panel).toBeVisible();
    await panel.getByRole('button', { name: 'Close' }).click();
    await expect(panel).toBeHidden();
  }
});

test('two, three, then four people connect, and all see and hear each other', { tag: '@alone' }, async ({ person, room }) => {
  test.slow();
  const people: { name: string; page: Page }[] = [];
  const expectOfAll = (prove: (page: Page, others: string[]) => Promise<void>) =>
    Promise.all(
      people.map(({ page, name }) => prove(page, people.map((other) => other.name).filter((other) => other !== name))),
    );
  for (const name of ['Ada', 'Bob', 'Cleo', 'Dan']) {
    // Painting twelve videos costs more processor time than sending them.
    const page = await person({ viewport: { width: 640, height: 400 } });
    await enter(page, room, name);
    people.push({ name, page });
    await expectOfAll((page, others) => expectConnected(page, ...others));
  }
  await expectOfAll(expectToSeeAndHear);
});

test('the self-view is mirrored and silent, others are not mirrored', async ({ person, room }) => {
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

test('T22: a name is shown as text, whatever it contains', async ({ person, room }) => {
  const [ada, eve] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  const name = '<img src=//x.example onerror=alert(1)>';
  const told = expect(ada.locator('[data-notice=event]')).toHaveText(`${name} joined.`);
  await enter(eve, room, `\u202e${name}\u200b`);
  await expect(tileOf(ada, name)).toBeVisible();
  await told;
  await ada.getByRole('button', { name: /^People/ }).click();
  await expect(ada.getByRole('dialog', { name: /^People/ }).locator('.name').getByText(name)).toBeVisible();
  await expect(ada.locator('img')).toHaveCount(0);
});

test('the clock counts', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  const clock = ada.locator('[data-clock]');
  const first = await clock.textContent();
  await expect(clock).not.toHaveText(first!);
  await expect(clock).toHaveText(/^\d+:\d\d$/);
});
