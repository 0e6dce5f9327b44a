import type { Locator } from '@playwright/test';
import { openPrint } from '../support/print.ts';
import { button, enter, expectPhase, open, ownTile, tileOf, toolbar } from '../support/room.ts';
import { inSmallWindow } from '../support/small.ts';
import { expect, test } from '../support/test.ts';

/** Presses Tab until the control has the focus, and checks that a person can see where it is. */
const tabTo = async (control: Locator) => {
  const page = control.page();
  const focused = () => control.evaluate((element) => element === document.activeElement);
  await expect(control).toBeVisible();
  for (let presses = 0; presses < 40 && !(await focused()); presses += 1) await page.keyboard.press('Tab');
  await expect(control).toBeFocused();
  const isMarked = await control.evaluate((element) => {
    const { boxShadow, outlineStyle } = getComputedStyle(element);
    return element.matches(':focus-visible') && (outlineStyle !== 'none' || boxShadow !== 'none');
  });
  expect(isMarked, 'the focus can be seen').toBe(true);
};

test('a call is started, joined, muted and left by keyboard alone', async ({ person }) => {
  const ada = await person();
  const { keyboard } = ada;
  await open(ada, '/');
  await tabTo(button(ada, 'Start a call'));
  await keyboard.press('Enter');
  await ada.waitForURL('**/room/*');
  await tabTo(ada.getByRole('textbox', { name: 'Your name' }));
  await keyboard.type('Ada');
  await tabTo(button(ada, 'Turn on camera and microphone'));
  await keyboard.press('Enter');
  await expect(ada.locator('video[data-preview]')).toBeVisible();
  await tabTo(button(ada, 'Join'));
  await keyboard.press('Enter');
  await expectPhase(ada, 'call');
  await tabTo(button(ada, 'Mute microphone'));
  await keyboard.press('Space');
  await expect(button(ada, 'Unmute microphone')).toBeFocused();
  await tabTo(button(ada, 'Leave'));
  await keyboard.press('Enter');
  await expectPhase(ada, 'left');
  await tabTo(button(ada, 'Rejoin'));
});

test('every panel is opened, used and closed by keyboard alone', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-link', 'connected');
  const { keyboard } = ada;
  const within = async (opener: Locator, use: () => Promise<void>) => {
    await tabTo(opener);
    await keyboard.press('Enter');
    await expect(ada.getByRole('dialog')).toBeVisible();
    await use();
    await keyboard.press('Escape');
    await expect(ada.getByRole('dialog')).toBeHidden();
    await expect(opener).toBeFocused();
  };
  await within(button(ada, 'Chat'), async () => {
    await tabTo(ada.getByRole('textbox', { name: 'Message' }));
    await keyboard.type('Hello');
    await keyboard.press('Enter');
    await expect(ada.getByText('Delivered')).toBeVisible();
    await tabTo(button(ada, 'Give files to everybody'));
    const offered = bob.evaluate(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['plan'], 'plan.txt'));
      document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer }));
    });
    await offered;
    await tabTo(button(ada, 'Save: plan.txt'));
    const downloads = ada.waitForEvent('download');
    await keyboard.press('Enter');
    await downloads;
    await tabTo(button(ada, 'Remove from the list: plan.txt'));
  });
  await within(button(ada, 'More'), async () => {
    await tabTo(button(ada, 'Raise your hand'));
    await keyboard.press('Space');
    await expect(ownTile(ada).getByRole('img', { name: 'Hand raised' })).toBeVisible();
    await tabTo(button(ada, 'Full screen'));
    await tabTo(button(ada, 'Record'));
    await keyboard.press('Enter');
    await expect(button(ada, 'Stop recording')).toBeFocused({ timeout: 15_000 });
    await keyboard.press('Enter');
    await tabTo(ada.getByRole('button', { name: /^Delete/ }));
    await keyboard.press('Enter');
    await ada.keyboard.press('Enter');
    await expect(ada.locator('[data-recording]')).toHaveCount(0);
  });
  await within(button(ada, 'Settings'), async () => {
    await tabTo(ada.getByRole('radio', { name: 'Automatic' }));
    await keyboard.press('ArrowRight');
    await expect(ada.getByRole('radio', { name: 'Save data' })).toBeChecked();
    await tabTo(ada.getByRole('switch', { name: 'Music' }));
  });
  await within(ada.getByRole('toolbar').getByRole('button', { name: /^People/ }), async () => {
    await tabTo(ada.getByRole('slider', { name: 'Volume of Bob' }));
    await keyboard.press('Home');
    await expect.poll(() => tileOf(ada, 'Bob').locator('audio').evaluate((audio: HTMLAudioElement) => audio.volume)).toBe(0);
    await tabTo(button(ada, 'Connection to Bob'));
    await keyboard.press('Enter');
    await expect(button(ada, 'Copy report')).toBeVisible();
  });
});

test('a screen is shared, and the call put into a small window, by keyboard alone', async ({ person, room }) => {
  const [ada, bob] = [await person({ machine: 'that shares small print' }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-link', 'connected');
  const { keyboard } = ada;
  const screen = bob.getByRole('article', { name: 'Screen of Ada' });
  await openPrint(ada);
  await tabTo(button(ada, 'Share your screen'));
  await keyboard.press('Enter');
  await expect(screen).toBeVisible();
  await tabTo(toolbar(ada).getByRole('button', { name: 'Stop sharing' }));
  await keyboard.press('Enter');
  await expect(screen).toBeHidden();
  await tabTo(button(ada, 'More'));
  await keyboard.press('Enter');
  await tabTo(button(ada, 'Small window on top'));
  await keyboard.press('Enter');
  const focusInside = () =>
    inSmallWindow(ada, (document) => [...document.querySelectorAll('button')].map(({ tabIndex, ariaLabel }) => tabIndex === 0 && !!ariaLabel));
  await expect.poll(focusInside).toEqual([true, true, true]);
  await tabTo(button(ada, 'Close the small window'));
  await keyboard.press('Enter');
  await expect.poll(focusInside).toBeNull();
});
