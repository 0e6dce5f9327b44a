// A page of small text, in a tab shared by the machine 'that shares small print', and how it is read.
import type { Page } from '@playwright/test';
import { execFileSync, spawnSync } from 'node:child_process';

export const LINES = 40;
export const WORDS = 'the quick brown fox jumps over the lazy dog while five wizards box quietly';

/** Opens it in another tab of this person. */
export const openPrint = async (page: Page, viewport = page.viewportSize()!) => {
  const print = await page.context().newPage();
  await print.setViewportSize(viewport);
  const lines = Array.from({ length: LINES }, (_, line) => `<p>${line} ${WORDS}</p>`).join('');
  await print.setContent(`<title>Small print</title><style>p{font:15px/1.3 sans-serif;margin:0}</style>${lines}`);
  await page.bringToFront();
  return print;
};

/** Why text cannot be read here; empty if it can. */
export const whyNoReader = () => (spawnSync('tesseract', ['--version']).error ? 'tesseract is not installed' : '');

/** Number of lines of that page read from a PNG without a mistake. */
export const readLines = (png: Buffer) => {
  const text = execFileSync('tesseract', ['-', '-', '--psm', '6'], { input: png, stdio: ['pipe', 'pipe', 'ignore'] });
  return text.toString().split('\n').filter((line) => line.includes(WORDS)).length;
};
