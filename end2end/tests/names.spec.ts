// Names in their own script, as the others see them.
import { button, enter, expectPhase, open, ownTile, tileOf } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const FAMILY = '👨\u200d👩\u200d👧';

test('joiners are part of names, and initials are whole characters', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  const people = [
    ['نمی\u200cخواهم', 'ن'],
    ['ശ്രീ ന്യാ', 'ശ്രീന്യാ'],
    ['ශ්\u200dරී ලංකා', 'ශ්\u200dරීලං'],
    [`${FAMILY} 👩🏽\u200d🚀`, `${FAMILY}👩🏽\u200d🚀`],
    ['🇮🇳 🇱🇰', '🇮🇳🇱🇰'],
  ] as const;
  const bob = await person();
  for (const [name, initials] of people) {
    await enter(bob, room, name);
    const tile = tileOf(ada, name);
    await expect(tile.locator('.name')).toHaveText(name);
    await expect(tile.locator('.initials')).toHaveText(initials);
    await expect(ownTile(bob).locator('.initials')).toHaveText(initials);
    await button(bob, 'Leave').click();
    await expectPhase(bob, 'left');
    await expect(tile).toHaveCount(0);
  }
});

test('a typed name is cut between characters', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await open(bob, `/room/${room}`);
  const field = bob.getByRole('textbox', { name: 'Your name' });
  await field.fill(FAMILY.repeat(60));
  await field.blur();
  const name = FAMILY.repeat(21);
  await expect(field).toHaveValue(name);
  await field.fill('👩🏽'.repeat(60));
  await field.press('Enter');
  await expect(tileOf(ada, '👩🏽'.repeat(48))).toBeVisible();
  await expect(tileOf(ada, '👩🏽'.repeat(49))).toHaveCount(0);
});
