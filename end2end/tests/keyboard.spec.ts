import type { Locator, Page } from '@playwright/test';
import { tabTo } from '../support/keyboard.ts';
import { openPrint } from '../support/print.ts';
import { button, enter, expectConnected, expectPhase, expectToHaveRecorded, give, open, ownTile, tileOf, toolbar } from '../support/room.ts';
import { inSmallWindow } from '../support/small.ts';
import { expect, test } from '../support/test.ts';

/** Reaches the control, and presses a key that activates it. */
const use = async (control: Locator, key: 'Enter' | 'Space' = 'Enter') => {
  await tabTo(control);
  await control.page().keyboard.press(key);
};

/** The used control is gone, and the focus is not: keys keep their meaning. */
const expectFocusIn = async (around: Locator) => {
  const where = () =>
    around.evaluate((element) => {
      const active = document.activeElement!;
      // A control that was just hidden or disabled may have the focus until the next frame.
      const isUsable = active.checkVisibility() && !active.matches(':disabled');
      return element.contains(active) && isUsable ? 'inside' : (active.cloneNode() as Element).outerHTML;
    });
  await expect.poll(where).toBe('inside');
};

/** Reaches the control, presses Enter, and returns the file that the browser saves. */
const saveBy = async (control: Locator) => {
  const page = control.page();
  const downloads = page.waitForEvent('download', { timeout: 30_000 });
  await use(control);
  return downloads;
};

/** Opens a panel, uses it, and closes it: the focus returns to where it was. */
const within = async (opener: Locator, steps: () => Promise<void>) => {
  const page = opener.page();
  await use(opener);
  await expect(page.getByRole('dialog')).toBeVisible();
  await steps();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(opener).toBeFocused();
};

test('a call can be started, joined, muted, recorded and left by keyboard alone', async ({ person }) => {
  const ada = await person();
  const { keyboard } = ada;
  await open(ada, '/');
  await use(button(ada, 'Start a call'));
  await ada.waitForURL('**/room/*');
  await tabTo(ada.getByRole('textbox', { name: 'Your name' }));
  await keyboard.type('Ada');
  await use(button(ada, 'Turn on camera and microphone'));
  await expect(ada.locator('video[data-preview]')).toBeVisible();
  await use(button(ada, 'Join'));
  await expectPhase(ada, 'call');
  await use(button(ada, 'Mute microphone'), 'Space');
  await expect(button(ada, 'Unmute microphone')).toBeFocused();
  await keyboard.press('Space');
  await expect(button(ada, 'Mute microphone')).toBeFocused();
  await within(button(ada, 'More'), async () => {
    await use(button(ada, 'Record'));
    await expectToHaveRecorded(ada);
  });
  await use(button(ada, 'Leave'));
  await expectPhase(ada, 'left');
  await tabTo(button(ada, 'Rejoin'));
  const kept = ada.locator('[data-recording]');
  expect((await saveBy(kept.getByRole('button', { name: /^Save:/ }))).suggestedFilename()).toMatch(/^Salon /);
  await expect(kept).toContainText(', saved');
  await expect(kept.getByRole('button', { name: /^Save again/ })).toBeFocused();
  await tabTo(kept.getByRole('button', { name: /^Delete/ }));
  await use(ada.getByRole('link', { name: 'Home' }));
  await saveBy(kept.getByRole('button', { name: /^Save again/ }));
  await use(kept.getByRole('button', { name: /^Delete/ }));
  await expect(kept.getByRole('button', { name: /^Press again/ })).toBeFocused();
  await keyboard.press('Enter');
  await expect(kept).toHaveCount(0);
  await expectFocusIn(ada.getByRole('main'));
});

test('chat and files work by keyboard alone', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  const { keyboard } = ada;
  await within(button(ada, 'Chat'), async () => {
    await tabTo(ada.getByRole('textbox', { name: 'Message' }));
    await keyboard.type('Hello');
    await keyboard.press('Enter');
    await expect(ada.getByText('Delivered')).toBeVisible();
    const row = (page: Page, name: string) => page.locator('.file', { hasText: name });
    await give(bob, 'plan.txt', 0.01);
    await saveBy(button(ada, 'Download: plan.txt'));
    await use(button(ada, 'Remove from the list: plan.txt'));
    await expect(row(ada, 'plan.txt')).toHaveCount(0);
    await expectFocusIn(ada.getByRole('dialog'));

    await give(bob, 'long.bin', 120);
    await use(button(ada, 'Download: long.bin'));
    await use(button(ada, 'Pause: long.bin'), 'Space');
    await expect(row(ada, 'long.bin')).toContainText('paused at');
    await use(button(ada, 'Resume: long.bin'), 'Space');
    await expect(row(ada, 'long.bin')).not.toContainText('paused at');
    await use(button(ada, 'Cancel: long.bin'));
    await expect(row(ada, 'long.bin')).toContainText('declined');
    await expectFocusIn(ada.getByRole('dialog'));

    await give(bob, 'unasked.txt', 0.01);
    await use(button(ada, 'Decline: unasked.txt'));
    await expect(row(bob, 'unasked.txt')).toContainText('Ada declined');
    await expectFocusIn(ada.getByRole('dialog'));

    const choosing = ada.waitForEvent('filechooser', { timeout: 30_000 });
    await use(button(ada, 'Share files with everyone'));
    await (await choosing).setFiles({ name: 'mine.txt', mimeType: 'text/plain', buffer: Buffer.from('mine') });
    await expect(row(bob, 'mine.txt')).toContainText('from Ada');
    await use(button(ada, 'Withdraw: mine.txt'), 'Space');
    await expect(row(bob, 'mine.txt')).toContainText('No longer available.');
  });
});

test('reactions, the layout and a recording work by keyboard alone', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  const { keyboard } = ada;
  await within(button(ada, 'More'), async () => {
    await use(button(ada, 'Raise your hand'), 'Space');
    await expect(ownTile(ada).getByRole('img', { name: 'Hand raised' })).toBeVisible();
    await use(button(ada, 'Applause'));
    await expect(tileOf(bob, 'Ada').getByRole('img', { name: 'Applause' })).toBeVisible();
    const [equal, speaker] = ['Grid', 'Speaker'].map((name) => ada.getByRole('radio', { name }));
    await tabTo(equal!);
    await keyboard.press('ArrowRight');
    await expect(speaker!).toBeChecked();
    await expect(speaker!).toBeFocused();
    await keyboard.press('ArrowLeft');
    await expect(equal!).toBeChecked();
    await tabTo(button(ada, 'Full screen'));
    await use(button(ada, 'Record'));
    await expect(button(ada, 'Stop recording')).toBeFocused({ timeout: 30_000 });
    await expectToHaveRecorded(ada);
    await keyboard.press('Enter');
    await use(ada.getByRole('button', { name: /^Delete/ }));
    await ada.keyboard.press('Enter');
    await expect(ada.locator('[data-recording]')).toHaveCount(0);
    await use(ada.locator('summary', { hasText: 'Keyboard shortcuts' }));
    const inUse = ada.getByRole('switch', { name: 'Use shortcuts' });
    await use(inUse, 'Space');
    await expect(inUse).not.toBeChecked();
    // While shortcuts are off, it does not lower the hand.
    await keyboard.press('Alt+R');
    await keyboard.press('Space');
    await expect(inUse).toBeChecked();
    await expect(ownTile(ada).getByRole('img', { name: 'Hand raised' })).toBeVisible();
    await keyboard.press('Alt+R');
    await expect(ownTile(ada).getByRole('img', { name: 'Hand raised' })).toBeHidden();
  });
});

test('settings and the list of people work by keyboard alone', async ({ person, room }) => {
  const [ada, bob] = [await person({ machine: 'with two cameras' }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectConnected(ada, 'Bob');
  const { keyboard } = ada;
  await within(button(ada, 'Settings'), async () => {
    const inUse = () =>
      ada.evaluate(() => probe.tracks.filter(({ readyState }) => readyState === 'live').map(({ label }) => label));
    for (const kind of ['Camera', 'Microphone', 'Speaker']) {
      const choice = ada.getByRole('combobox', { name: kind });
      const before = await choice.inputValue();
      await tabTo(choice);
      await keyboard.press('ArrowDown');
      await expect(choice).not.toHaveValue(before);
      await expect(choice).toBeFocused();
      if (kind !== 'Speaker') await expect.poll(inUse).toContain(await choice.locator('option:checked').textContent());
    }
    await tabTo(ada.getByRole('radio', { name: 'Automatic' }));
    await keyboard.press('ArrowRight');
    await expect(ada.getByRole('radio', { name: 'Save data' })).toBeChecked();
    await tabTo(ada.getByRole('switch', { name: 'Music mode' }));
  });
  await within(ada.getByRole('toolbar').getByRole('button', { name: /^People/ }), async () => {
    await tabTo(ada.getByRole('slider', { name: 'Volume of Bob' }));
    await keyboard.press('Home');
    await expect.poll(() => tileOf(ada, 'Bob').locator('audio').evaluate((audio: HTMLAudioElement) => audio.volume)).toBe(0);
    await use(button(ada, 'Connection to Bob'));
    await expect(button(ada, 'Copy report')).toBeVisible();
  });
});

test('screen sharing and picture-in-picture work by keyboard alone', async ({ person, room }) => {
  const [ada, bob] = [await person({ machine: 'that shares small print' }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-link', 'connected');
  const screen = bob.getByRole('article', { name: "Ada's screen" });
  await openPrint(ada);
  await use(button(ada, 'Share your screen'));
  await expect(screen).toBeVisible();
  await use(toolbar(ada).getByRole('button', { name: 'Stop sharing' }));
  await expect(screen).toBeHidden();
  await use(button(ada, 'More'));
  await use(button(ada, 'Picture-in-picture'));
  const focusInside = () =>
    inSmallWindow(ada, (document) => [...document.querySelectorAll('button')].map(({ tabIndex, ariaLabel }) => tabIndex === 0 && !!ariaLabel));
  await expect.poll(focusInside).toEqual([true, true, true]);
  await use(button(ada, 'Close picture-in-picture'));
  await expect.poll(focusInside).toBeNull();
});

test('a host admits, mutes, pins and removes people by keyboard alone', async ({ person }) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  const { keyboard } = ada;
  await open(ada, '/');
  await button(ada, 'Start a call').click();
  await ada.waitForURL('**/room/*');
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
  const room = new URL(ada.url()).pathname.split('/').at(-1)!;
  await enter(bob, room, 'Bob');
  await expect(tileOf(ada, 'Bob')).toHaveAttribute('data-link', 'connected');
  const panel = ada.getByRole('dialog', { name: /^People/ });
  const flip = async (name: RegExp, on: boolean) => {
    const choice = panel.getByRole('switch', { name });
    await use(choice, 'Space');
    await expect(choice).toBeChecked({ checked: on });
  };
  const opener = toolbar(ada).getByRole('button', { name: /^People/ });
  await within(opener, async () => {
    await flip(/^Lock/, true);
    await flip(/^Lock/, false);
    await tabTo(panel.getByLabel('Passcode'));
    await keyboard.type('swordfish');
    await keyboard.press('Enter');
    await use(button(ada, 'Remove passcode'));
    await expect(button(ada, 'Remove passcode')).toBeHidden();
    await expectFocusIn(panel);
    await use(button(ada, 'For one person'));
    await use(panel.getByRole('button', { name: 'Revoke' }));
    await expect(panel.getByRole('button', { name: 'Revoke' })).toBeHidden();
    await expectFocusIn(panel);
    await flip(/^Waiting room/, true);
    await open(cleo, `/room/${room}`);
    await cleo.getByRole('textbox', { name: 'Your name' }).fill('Cleo');
    await button(cleo, 'Ask to join').click();
    await use(panel.getByRole('button', { name: 'Let in' }));
    await expectPhase(cleo, 'call');
    await expect(tileOf(ada, 'Cleo')).toHaveAttribute('data-mic', 'on');
    await expectFocusIn(panel);
    const row = panel.getByRole('listitem').filter({ hasText: 'Cleo' });
    await use(panel.getByLabel('More options for Cleo'));
    await use(row.getByRole('button', { name: 'Mute', exact: true }));
    await expect(tileOf(ada, 'Cleo')).toHaveAttribute('data-mic', 'off');
    await expectFocusIn(panel);
  });
  const pin = button(ada, 'Pin Bob');
  await tabTo(pin);
  await expect(pin).toHaveCSS('opacity', '1');
  await keyboard.press('Space');
  await expect(pin).toHaveAttribute('aria-pressed', 'true');
  const width = async (name: string) => (await tileOf(ada, name).boundingBox())!.width;
  await expect.poll(async () => (await width('Bob')) / (await width('Cleo'))).toBeGreaterThan(2);
  await within(opener, async () => {
    await use(panel.getByLabel('More options for Cleo'));
    await use(panel.getByRole('button', { name: 'Remove', exact: true }));
    await expectPhase(cleo, 'left');
    await expectFocusIn(panel);
    await tabTo(button(ada, 'End call for all'));
  });
});
