import type { Locator } from '@playwright/test';
import { expect } from './test.ts';

/** Presses a key until the control has the focus, and checks that the focus is visible. */
export const tabTo = async (control: Locator, { key = 'Tab', most = 40 } = {}) => {
  const focused = () => control.evaluate((element) => element === document.activeElement);
  await expect(control).toBeVisible();
  for (let presses = 0; presses < most && !(await focused()); presses += 1) await control.page().keyboard.press(key);
  await expect(control).toBeFocused();
  const isMarked = await control.evaluate((element) => {
    const { boxShadow, outlineStyle } = getComputedStyle(element);
    return element.matches(':focus-visible') && (outlineStyle !== 'none' || boxShadow !== 'none');
  });
  expect(isMarked, 'the focus can be seen').toBe(true);
};
