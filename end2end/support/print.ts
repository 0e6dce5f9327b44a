// A page of small text, in a tab that the machine 'that shares small print' shares.
import type { Page } from '@playwright/test';

export const LINES = 40;
export const WORDS = 'the quick brown fox jumps over the lazy dog while five wizards box quietly';

/** Opens it in another tab of this person. */
export const openPrint = async (page: Page) => {
  const print = await page.context().newPage();
  const lines = Array.from({ length: LINES }, (_, line) => `<p>${line} ${WORDS}</p>`).join('');
  await print.setContent(`<title>Small print</title><style>p{font:15px/1.3 sans-serif;margin:0}</style>${lines}`);
  await page.bringToFront();
  return print;
};
