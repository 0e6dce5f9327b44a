// Reactions and raised hands.
import { button, enter, expectConnected, ownTile, tileOf } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

test('a reaction appears on the tile of its sender, and fades; a second one appears as well', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(bob, 'Ada');
  await button(ada, 'More').click();
  await button(ada, 'Applause').click();
  for (const tile of [tileOf(bob, 'Ada'), ownTile(ada)]) {
    await expect(tile.getByRole('img', { name: 'Applause' })).toHaveText('👏');
  }
  // Halfway through its time, so that the rest is too short for the next one.
  await ada.waitForTimeout(3_000);
  const lasts = tileOf(bob, 'Ada').evaluate(
    (tile) =>
      new Promise<number>((gone) => {
        let since = 0;
        const watch = new MutationObserver(() => {
          const isThere = tile.querySelector('.reaction')?.textContent === '❤️';
          if (isThere) since ||= performance.now();
          if (isThere || !since) return;
          watch.disconnect();
          gone(performance.now() - since);
        });
        watch.observe(tile, { characterData: true, childList: true, subtree: true });
      }),
  );
  await button(ada, 'Heart').click();
  await expect(tileOf(bob, 'Ada').getByRole('img', { name: 'Heart' })).toHaveText('❤️');
  // The first one had two seconds left.
  expect(await lasts).toBeGreaterThan(3_500);
  await expect(tileOf(bob, 'Ada').locator('.reaction')).toHaveCount(0);
});

test('hands have the order in which they were raised, for everyone, even after a reload', async ({ person, room }) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  for (const [page, name] of [[ada, 'Ada'], [bob, 'Bob'], [cleo, 'Cleo']] as const) await enter(page, room, name);
  await expectConnected(cleo, 'Ada', 'Bob');
  const hand = (page: typeof ada, name: string) => tileOf(page, name).getByRole('img', { name: 'Hand raised' });
  const own = (page: typeof ada) => ownTile(page).getByRole('img', { name: 'Hand raised' });
  for (const [page, name] of [[bob, 'Bob'], [ada, 'Ada']] as const) {
    await button(page, 'More').click();
    const told = expect(cleo.locator('[data-notice=event]')).toHaveText(`${name} raised a hand.`);
    await button(page, 'Raise your hand').click();
    await told;
  }
  await expect(hand(cleo, 'Bob')).toHaveText('✋1');
  await expect(hand(cleo, 'Ada')).toHaveText('✋2');
  await expect(own(ada)).toHaveText('✋2');
  await cleo.reload();
  await expect(hand(cleo, 'Ada')).toHaveText('✋2');
  await button(bob, 'Lower your hand').click();
  await expect(hand(cleo, 'Bob')).toBeHidden();
  await expect(own(ada)).toHaveText('✋1');
});

test.describe('while the server is unreachable', () => {
  // The browser itself logs every attempt to connect.
  test.use({ expectedOutput: /WebSocket connection to/ });

  test('reactions appear at once, and a raised hand when it is back', async ({ person, room, line }) => {
    const [ada, bob] = [await person({ baseURL: line.origin }), await person()];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectConnected(bob, 'Ada');
    const applause = tileOf(bob, 'Ada').getByRole('img', { name: 'Applause' });
    const hand = tileOf(bob, 'Ada').getByRole('img', { name: 'Hand raised' });
    await button(ada, 'More').click();
    line.refuse();
    await button(ada, 'Applause').click();
    await expect(applause).toHaveText('👏');
    await button(ada, 'Raise your hand').click();
    await expect(ownTile(ada).getByRole('img', { name: 'Hand raised' })).toBeVisible();
    line.admit();
    await expect(hand).toHaveText('✋1', { timeout: 30_000 });
    line.cut();
    await bob.reload();
    await expect(hand).toHaveText('✋1', { timeout: 30_000 });
  });
});
