// A state of a page as it is on a desk and on a phone held both ways, all within one visit: nothing is cut
// off, axe finds nothing, and a picture of it is kept in results/screens.
import type { CDPSession, Page, ViewportSize } from '@playwright/test';
import axe, { type AxeResults, type RunOptions } from 'axe-core';
import { mkdir, writeFile } from 'node:fs/promises';
import { OFTEN } from './room.ts';
import { expect } from './test.ts';

type Display = ViewportSize & { device: 'desk' | 'phone'; isAudited: boolean };

export const DESK: Display = { device: 'desk', width: 1280, height: 800, isAudited: true };
export const UPRIGHT: Display = { device: 'phone', width: 390, height: 844, isAudited: true };
/** A phone finds there what it finds when it is held upright. */
export const ACROSS: Display = { device: 'phone', width: 844, height: 390, isAudited: false };

/** As many pixels of a device as there are in one of a page. */
export const DENSITY = { desk: 1, phone: 2 };

const RULES: RunOptions = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  resultTypes: ['violations'],
};

/** How long a sign moves, in ms, before it is gone. */
const SIGN_MS = 5_000;

/** With the end of a session, the end would come of what it has set. */
const sessions = new WeakMap<Page, CDPSession>();

const sessionOf = async (page: Page) => {
  const session = sessions.get(page) ?? (await page.context().newCDPSession(page));
  sessions.set(page, session);
  return session;
};

/** Chromium takes the mouse away from who gets a finger, and does not give it back: it is on phones alone that none counts. */
const keepMouse = () => {
  const visit = (rules: CSSRuleList) => {
    for (const rule of rules) {
      if (rule instanceof CSSMediaRule && rule.conditionText === '(hover: none)') rule.media.mediaText += ' and (max-width: 844px)';
      if (rule instanceof CSSGroupingRule || rule instanceof CSSStyleRule) visit(rule.cssRules);
    }
  };
  for (const { cssRules } of document.styleSheets) visit(cssRules);
};

/** Takes from a phone what a page that is loaded on one does not have, and brings to its end what moves or fades in. */
const settle = async ([device, most]: [Display['device'], number]) => {
  const share = document.querySelector<HTMLElement>('[role=toolbar] [aria-label="Share your screen"]');
  if (share) share.hidden = device === 'phone';
  // A page hears of its new size in one frame, and has set out by the next.
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  const moving = document.getAnimations();
  moving.filter(({ effect }) => Number(effect?.getComputedTiming().endTime) < most).forEach((each) => each.finish());
};

/** Puts a page on a display, with what points there. */
const put = async (page: Page, { device, width, height }: Display) => {
  const session = await sessionOf(page);
  const mobile = device === 'phone';
  const metrics = { width, height, screenWidth: width, screenHeight: height, deviceScaleFactor: DENSITY[device], mobile };
  await session.send('Emulation.setDeviceMetricsOverride', metrics);
  await session.send('Emulation.setTouchEmulationEnabled', { enabled: mobile });
  await page.evaluate(keepMouse);
  await page.evaluate(settle, [device, SIGN_MS] as [Display['device'], number]);
};

/** It has to be scrolled sideways, or the controls of a call are out of sight or cover somebody. */
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
  // It is large, and stays in a page until another is loaded.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  expect(await page.evaluate(findViolations, RULES), where).toEqual([]);
};

/** Looks at a state on some displays, keeps its pictures, and leaves it on the first of them. */
export const show = async (page: Page, state: string, displays = [DESK, ACROSS, UPRIGHT]) => {
  const nameOf = ({ device, width, height }: Display) => `${device}-${width}x${height}`;
  // All pictures before axe begins: a sign may be gone when it ends.
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
