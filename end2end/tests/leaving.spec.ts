import type { Page } from '@playwright/test';
import {
  button, enter, expectInside, expectNothingHeld, expectPhase, expectToSeeAndHear, open, remoteTiles,
} from '../support/room.ts';
import { expect, test } from '../support/test.ts';

/** A seat is free at once when its person leaves, soon when their page is closed, and in time else. */
const GONE = { left: { timeout: 4_000 }, closed: { timeout: 12_000 }, held: { timeout: 40_000 } };

const expectAlone = async (page: Page, how: keyof typeof GONE) => {
  await expect(remoteTiles(page)).toHaveCount(0, GONE[how]);
  await expect(page.locator('[data-invite]')).toBeVisible();
};

test('who leaves is gone for the others, holds nothing, and can come back', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expect(remoteTiles(ada)).toHaveCount(1);

  await button(bob, 'Leave').click();
  await expectPhase(bob, 'left');
  await expectAlone(ada, 'left');
  await expectNothingHeld(bob);
  await expect(bob.locator('main')).toContainText(/\d/);

  await button(bob, 'Rejoin').click();
  await expectPhase(bob, 'call');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
});

test('a closed tab frees the seat', async ({ person, room }) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob', { preview: false });
  await open(cleo, `/room/${room}`);
  await expectInside(cleo, 2);
  await bob.close();
  await expectAlone(ada, 'closed');
  await expectInside(cleo, 1);
});

test('going to another page leaves the call', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob', { preview: false });
  await bob.goto('/');
  await expectAlone(ada, 'held');
});

test('the page after the call leads home', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  await button(ada, 'Leave').click();
  await ada.getByRole('link', { name: 'Home' }).click();
  await expect(ada.getByRole('heading', { level: 1, name: 'Salon' })).toBeVisible();
  await expectNothingHeld(ada);
});
