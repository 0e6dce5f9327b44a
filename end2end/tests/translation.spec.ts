// What browsers and their extensions do to translate a page: each text is replaced by an element.
import type { Page } from '@playwright/test';
import { button, enter, expectPhase, open, remoteTiles, tileOf } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

/** Replaces every text by capitals, as Google's translator does. */
const translate = (page: Page) =>
  page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts: Node[] = [];
    while (walker.nextNode()) texts.push(walker.currentNode);
    for (const text of texts.filter(({ textContent }) => textContent?.trim())) {
      const [outer, inner] = [document.createElement('font'), document.createElement('font')];
      inner.textContent = text.textContent!.toUpperCase();
      outer.append(inner);
      text.parentNode!.replaceChild(outer, text);
    }
  });

test('browsers are told not to translate', async ({ person, room }) => {
  const ada = await person();
  for (const path of ['/', `/room/${room}`]) {
    await open(ada, path);
    await expect(ada.locator('html')).toHaveAttribute('translate', 'no');
    await expect(ada.locator('meta[name=google]')).toHaveAttribute('content', 'notranslate');
  }
});

test('a translated lobby keeps showing who is inside', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await open(ada, `/room/${room}`);
  const inside = ada.locator('[data-inside]');
  await expect(inside).toContainText('Nobody');
  await translate(ada);
  await expect(inside).toContainText('NOBODY');
  await enter(bob, room, 'Bob');
  await expect(inside).toContainText('Bob');
  await translate(ada);
  await button(bob, 'Leave').click();
  await expect(inside).toContainText('Nobody');
  await translate(ada);
  await button(ada, 'JOIN').click();
  await expectPhase(ada, 'call');
});

test('a translated call keeps updating', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await expect(ada.locator('[data-invite]')).toBeVisible();
  const clock = ada.locator('[data-clock]');
  await translate(ada);
  const before = await clock.innerText();
  await expect(clock).not.toHaveText(before);
  await translate(ada);
  await enter(bob, room, 'Bob');
  await expect(ada.locator('[data-invite]')).toHaveCount(0);
  await expect(ada.locator('[data-notice=event]')).toContainText('Bob');
  await expect(tileOf(ada, 'Bob')).toBeVisible();

  await button(ada, 'Chat').click();
  await ada.getByRole('textbox', { name: 'Message' }).fill('Good morning');
  await translate(ada);
  await button(ada, 'Send').click();
  await expect(ada.locator('.delivery').last()).toHaveText('Delivered');
  await translate(ada);
  await ada.getByRole('textbox', { name: 'Message' }).fill('And again');
  await button(ada, 'Send').click();
  await expect(ada.locator('.delivery').last()).toHaveText('Delivered');
  await expect(ada.locator('.delivery').first()).toBeHidden();
  await expect(ada.locator('.said-text').last()).toHaveAttribute('translate', 'yes');

  await button(ada, /^People/).click();
  await expect(ada.locator('.panel h2')).toContainText('2');
  await translate(ada);
  const cleo = await person();
  await enter(cleo, room, 'Cleo');
  await expect(ada.locator('.panel .name', { hasText: 'Cleo' })).toBeVisible();
  await expect(ada.locator('.panel h2')).toContainText('3');
  await expect(ada.locator('[data-notice=event]')).toContainText('Cleo');
  await translate(ada);
  await button(cleo, 'Leave').click();
  await expect(ada.locator('[data-notice=event]')).toContainText('Cleo left');
  await expect(ada.locator('.panel h2')).toContainText('2');
  await bob.reload();
  await expect(remoteTiles(ada)).toHaveCount(1);
  await button(bob, 'Leave').click();
  await expect(ada.locator('[data-invite]')).toBeVisible();
  await expect(ada.locator('#alone')).toHaveText('You are the only one here');
});
