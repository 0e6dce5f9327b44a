// A state of a page on a desktop and on a phone held both ways, within one visit: nothing is cut off, axe
// finds nothing, and a screenshot is kept in results/screens.
import type { CDPSession, Page, ViewportSize } from '@playwright/test';
import axe, { type AxeResults, type RunOptions } from 'axe-core';
import { mkdir, writeFile } from 'node:fs/promises';
import { OFTEN } from './room.ts';
import { expect } from './test.ts';

type Display = ViewportSize & { device: 'desk' | 'phone'; isAudited: boolean };

export const DESK: Display = { device: 'desk', width: 1280, height: 800, isAudited: true };
export const UPRIGHT: Display = { device: 'phone', width: 390, height: 844, isAudited: true };
/** A phone shows the same content as when held upright. */
export const ACROSS: Display = { device: 'phone', width: 844, height: 390, isAudited: false };

/** Device pixels per CSS pixel. */
export const DENSITY = { desk: 1, phone: 2 };

const RULES: RunOptions = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  resultTypes: ['violations'],
};

/** Duration of a reaction in ms. */
const SIGN_MS = 5_000;

/** The emulation would end together with its session. */
const sessions = new WeakMap<Page, CDPSession>();

const sessionOf = async (page: Page) => {
  const session = sessions.get(page) ?? (await page.context().newCDPSession(page));
  sessions.set(page, session);
  return session;
};

/** Chromium disables the mouse when touch is emulated, and does not restore it: only phones should lack one. */
const keepMouse = () => {
  const visit = (rules: CSSRuleList) => {
    for (const rule of rules) {
      if (rule instanceof CSSMediaRule && rule.conditionText === '(hover: none)') rule.media.mediaText += ' and (max-width: 844px)';
      if (rule instanceof CSSGroupingRule || rule instanceof CSSStyleRule) visit(rule.cssRules);
    }
  };
  for (const { cssRules } of document.styleSheets) visit(cssRules);
};

/** Removes from a phone what a page loaded on one does not have, and finishes animations. */
const settle = async ([device, most]: [Display['device'], number]) => {
  const share = document.querySelector<HTMLElement>('[role=toolbar] [aria-label="Share your screen"]');
  if (share) share.hidden = device === 'phone';
  // A page learns its new size in one frame, and is laid out by the next.
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  const moving = document.getAnimations();
  moving.filter(({ effect }) => Number(effect?.getComputedTiming().endTime) < most).forEach((each) => each.finish());
};

/** Puts a page on a display with its pointer. */
const put = async (page: Page, { device, width, height }: Display) => {
  const session = await sessionOf(page);
  const mobile = device === 'phone';
  const metrics = { width, height, screenWidth: width, screenHeight: height, deviceScaleFactor: DENSITY[device], mobile };
  await session.send('Emulation.setDeviceMetricsOverride', metrics);
  await session.send('Emulation.setTouchEmulationEnabled', { enabled: mobile });
  await page.evaluate(keepMouse);
  await page.evaluate(settle, [device, SIGN_MS] as [Display['device'], number]);
};

/** Faults: sideways scrolling, and controls of a call that are out of view or cover a person. */
const findFaults = async ({ device, width, height }: Display) => {
  const faults: string[] = [];
  if (innerWidth !== width || innerHeight !== height) faults.push(`is shown on ${innerWidth}x${innerHeight}`);
  const isHandheld = matchMedia('(hover: none) and (pointer: coarse)').matches;
  if (isHandheld !== (device === 'phone')) faults.push('is taken for another device');
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > width) faults.push(`is ${scrollWidth} px wide`);
  const bar = document.querySelector('[role=toolbar]');
  if (!bar?.checkVisibility({ visibilityProperty: true })) return faults;

  const controls = [...bar.querySelectorAll('button')].filter((control) => control.checkVisibility());
  const people = [...document.querySelectorAll('[data-tile=remote]')];
  const entries = await new Promise<IntersectionObserverEntry[]>((done) => {
    const observer = new IntersectionObserver((all) => (observer.disconnect(), done(all)));
    [...controls, ...people].forEach((element) => observer.observe(element));
  });
  const { top, bottom, left, right } = bar.getBoundingClientRect();
  if (bottom > height) faults.push('has controls below its end');
  for (const { target, intersectionRatio, boundingClientRect: box } of entries) {
    const name = target.getAttribute('aria-label') ?? target.textContent;
    // Sums of fractions are not exact.
    if (intersectionRatio < 0.999) faults.push(`does not show all of: ${name}`);
    const isApart = box.bottom <= top || box.right <= left || box.left >= right;
    if (people.includes(target) && !isApart) faults.push(`has controls that cover: ${name}`);
  }
  return faults;
};

const findViolations = async (rules: RunOptions) => {
  const { run } = Reflect.get(globalThis, 'axe') as { run: (rules: RunOptions) => Promise<AxeResults> };
  const { violations } = await run(rules);
  return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }));
};

const expectAccessible = async (page: Page, where: string) => {
  // It is large, and stays in a page until another one is loaded.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  expect(await page.evaluate(findViolations, RULES), where).toEqual([]);
};

/** Checks a state on some displays, keeps screenshots, and leaves it on the first display. */
export const show = async (page: Page, state: string, displays = [DESK, ACROSS, UPRIGHT]) => {
  const nameOf = ({ device, width, height }: Display) => `${device}-${width}x${height}`;
  // All screenshots before axe runs: a reaction may be gone afterwards.
  for (const display of displays) {
    const name = nameOf(display);
    await put(page, display);
    await expect.poll(() => page.evaluate(findFaults, display), { message: `${state} on ${name}`, intervals: OFTEN }).toEqual([]);
    const { data } = await (await sessionOf(page)).send('Page.captureScreenshot', { optimizeForSpeed: true });
    await mkdir(`results/screens/${name}`, { recursive: true });
    await writeFile(`results/screens/${name}/${state}.png`, data, 'base64');
  }
  for (const display of displays.filter(({ isAudited }) => isAudited).reverse()) {
    await put(page, display);
    await expectAccessible(page, `${state} on ${nameOf(display)}`);
  }
};
