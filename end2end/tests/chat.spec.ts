// Chat past the server.
import type { Page } from '@playwright/test';
import { button, enter, expectConnected, expectPhase } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const panel = (page: Page) => page.getByRole('dialog', { name: 'Chat' });
const messages = (page: Page) => panel(page).locator('.said-text');
const openChat = async (page: Page) => {
  await page.getByRole('button', { name: /^Chat/ }).click();
  await expect(panel(page)).toBeVisible();
};
const write = async (page: Page, text: string) => {
  const field = panel(page).getByRole('textbox', { name: 'Message' });
  await field.fill(text);
  await field.press('Enter');
};

test('messages arrive, with names, lines and links', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await openChat(ada);
  await write(ada, 'Hello 👋🏽');
  await expect(bob.locator('[data-notice=event]')).toHaveText('Ada: Hello 👋🏽');
  await expect(bob.getByRole('button', { name: 'Chat, 1 new message' })).toBeVisible();
  await expect(panel(ada).getByText('Delivered')).toBeVisible();

  await openChat(bob);
  // At once; by itself it would stay for five seconds.
  await expect(bob.locator('[data-notice=event]')).toBeHidden({ timeout: 1_000 });
  await expect(bob.getByRole('button', { name: 'Chat', exact: true })).toBeVisible();
  const field = panel(bob).getByRole('textbox', { name: 'Message' });
  await field.fill('first');
  await field.press('Shift+Enter');
  await field.pressSequentially('See https://example.org/a?b#c.');
  await field.press('Enter');
  await expect(field).toHaveValue('');
  await expect(messages(ada)).toHaveText(['Hello 👋🏽', 'first\nSee https://example.org/a?b#c.'], { useInnerText: true });
  const link = messages(ada).getByRole('link');
  await expect(link).toHaveAttribute('href', 'https://example.org/a?b#c');
  await expect(link).toHaveAttribute('rel', /noopener noreferrer/);
  await expect(panel(ada).locator('.said-head:visible .name')).toHaveText(['You', 'Bob']);
  await expect(ada.getByRole('button', { name: 'Chat', exact: true })).toBeVisible();
});

test('T22: a message is shown as text, whatever it contains', async ({ person, room }) => {
  const [ada, eve] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(eve, room, 'Eve');
  await expectConnected(eve, 'Ada');
  await openChat(ada);
  await openChat(eve);
  const html = '<img src=//x.example onerror=alert(1)> javascript:alert(1)';
  await write(eve, html);
  await expect(messages(ada)).toHaveText(html);
  await expect(panel(ada).locator('img, a')).toHaveCount(0);
});

test('people who join later read earlier messages, even of people who have left', async ({ person, room }) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  await enter(ada, room, 'Ada');
  await openChat(ada);
  await write(ada, 'Nobody hears this yet');
  await expect(panel(ada).getByText('Nobody else is here.')).toBeVisible();
  await enter(bob, room, 'Bob');
  await expect(panel(ada).getByText('Delivered')).toBeVisible();
  await button(ada, 'Leave').click();
  await expectPhase(ada, 'left');
  await expect(bob.getByRole('button', { name: 'Chat, 1 new message' })).toBeVisible();
  await enter(cleo, room, 'Cleo');
  await openChat(cleo);
  await expect(messages(cleo)).toHaveText(['Nobody hears this yet']);
  await expect(panel(cleo).locator('.said .name')).toHaveText(['Ada']);
});

test('a reload loses no message, and leaving deletes them', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await openChat(ada);
  await openChat(bob);
  await write(bob, 'one');
  await expect(messages(ada)).toHaveText(['one']);
  // While Bob's page reloads, there is no channel to it.
  const reloaded = bob.reload();
  await write(ada, 'two');
  await write(ada, 'three');
  await reloaded;
  await expectPhase(bob, 'call');
  await openChat(bob);
  await expect(messages(bob)).toHaveText(['one', 'two', 'three']);
  await expect(panel(ada).getByText('Delivered')).toHaveCount(1);
  await write(bob, 'four');
  await expect(messages(ada)).toHaveText(['one', 'two', 'three', 'four']);
  await expect(panel(bob).locator('.said.own')).toHaveCount(2);
  await expect(panel(ada).locator('.said-head:visible .name')).toHaveText(['Bob', 'You', 'Bob']);
  await button(bob, 'Leave').click();
  await expectPhase(bob, 'left');
  expect(await bob.evaluate(() => sessionStorage.getItem('salon.chat'))).toBeNull();
});

test.describe('without the server', () => {
  // The browser itself logs every attempt to connect. The recorder may be fetched in the moment in which the server goes.
  test.use({ expectedOutput: /WebSocket connection to|recorder\.\w+\.js net::ERR_|resource: net::ERR_CONNECTION_REFUSED/ });

  test('the chat continues', async ({ person, room, startSalon }) => {
    const salon = await startSalon();
    const [ada, bob] = [await person({ baseURL: salon.origin }), await person({ baseURL: salon.origin })];
    await enter(ada, room, 'Ada');
    await enter(bob, room, 'Bob');
    await expectConnected(ada, 'Bob');
    await openChat(ada);
    await openChat(bob);
    await salon.kill();
    await write(ada, 'Still there?');
    await expect(messages(bob)).toHaveText(['Still there?']);
    await expect(panel(ada).getByText('Delivered')).toBeVisible();
    await salon.startAgain();
    await expect(ada.locator('[data-contact]').or(ada.locator('.banner'))).toBeHidden({ timeout: 30_000 });
    await write(bob, 'Yes');
    await expect(messages(ada)).toHaveText(['Still there?', 'Yes']);
  });
});

test('a draft survives closing the panel, and unread marks survive a reload', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  await openChat(ada);
  const field = panel(ada).getByRole('textbox', { name: 'Message' });
  await field.fill('half a th');
  await ada.keyboard.press('Escape');
  await openChat(ada);
  await expect(field).toHaveValue('half a th');
  await write(ada, 'a thought');
  await expect(bob.getByRole('button', { name: 'Chat, 1 new message' })).toBeVisible();
  await bob.reload();
  await expectPhase(bob, 'call');
  await expect(bob.getByRole('button', { name: 'Chat, 1 new message' })).toBeVisible();
  await openChat(bob);
  await expect(messages(bob)).toHaveText(['a thought']);
  await expect(bob.getByRole('button', { name: 'Chat', exact: true })).toBeVisible();
});

test('a panel opens at once, even while its code is loading', async ({ person, room }) => {
  const ada = await person();
  let pass = () => {};
  const held = new Promise<void>((resolve) => (pass = resolve));
  await ada.route('**/panels*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  await enter(ada, room, 'Ada');
  await openChat(ada);
  await expect(panel(ada)).toContainText('Loading…');
  pass();
  await expect(panel(ada).getByRole('textbox', { name: 'Message' })).toBeFocused();
});

test('chat by keyboard alone', async ({ person, room }) => {
  const ada = await person();
  await enter(ada, room, 'Ada');
  await ada.getByRole('button', { name: 'Chat' }).press('Enter');
  await expect(panel(ada).getByRole('textbox', { name: 'Message' })).toBeFocused();
  await ada.keyboard.type('hi');
  await ada.keyboard.press('Enter');
  await expect(messages(ada)).toHaveText(['hi']);
  await ada.keyboard.press('Escape');
  await expect(panel(ada)).toBeHidden();
  await expect(ada.getByRole('button', { name: 'Chat' })).toBeFocused();
});
