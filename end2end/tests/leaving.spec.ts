import type { Page } from '@playwright/test';
import {
  button, enter, expectInside, expectNothingHeld, expectPhase, expectToSeeAndHear, open, remoteTiles,
} from '../support/room.ts';
import { expect, GONE, test } from '../support/test.ts';

/** Time until the seat is free after leaving: less than for a page that is closed, as that may be reloading. */
const LEFT = { timeout: 4_000 };

const expectAlone = async (page: Page, soon = GONE) => {
  await expect(remoteTiles(page)).toHaveCount(0, soon);
  await expect(page.locator('[data-invite]')).toBeVisible();
};

test('a person who leaves disappears for the others, releases everything, and can rejoin', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expect(remoteTiles(ada)).toHaveCount(1);

  await button(bob, 'Leave').click();
  await expectPhase(bob, 'left');
  await expectAlone(ada, LEFT);
  await expectNothingHeld(bob);
  await expect(bob.locator('main')).toContainText(/\d/);

  await button(bob, 'Rejoin').click();
  await expectPhase(bob, 'call');
  await Promise.all([expectToSeeAndHear(ada, ['Bob']), expectToSeeAndHear(bob, ['Ada'])]);
});

test('a closed tab frees the seat, and so does navigating away', async ({ person, room }) => {
  const [ada, bob, cleo, dan] = [await person(), await person(), await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await enter(cleo, room, 'Cleo');
  await open(dan, `/room/${room}`);
  await expectInside(dan, 3);
  await bob.close();
  await cleo.goto('/');
  await expectAlone(ada);
  await expectInside(dan, 1);
});

test('the page after the call links to the home page', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  await button(ada, 'Leave').click();
  await ada.getByRole('link', { name: 'Home' }).click();
  await expect(ada.getByRole('heading', { level: 1, name: 'Salon' })).toBeVisible();
  await expectNothingHeld(ada);
});
