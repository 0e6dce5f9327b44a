import type { Locator } from '@playwright/test';
import { button, expectPhase, open } from '../support/room.ts';
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
