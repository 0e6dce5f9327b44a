// What a state of a page is on a desk and on a phone held both ways, looked at within one visit: nothing is
// cut off, axe finds nothing, and a picture of it is kept in results/screens.
import type { CDPSession, Page } from '@playwright/test';
import axe, { type AxeResults, type RunOptions } from 'axe-core';
import { mkdir, writeFile } from 'node:fs/promises';
import { OFTEN } from './room.ts';
import { expect } from './test.ts';

type Screen = { width: number; height: number; isPhone?: boolean; isAudited?: boolean };

const DESK: Screen = { width: 1280, height: 800, isAudited: true };
const ACROSS: Screen = { width: 844, height: 390, isPhone: true };
const UPRIGHT: Screen = { width: 390, height: 844, isPhone: true, isAudited: true };

/** The first is where everybody comes from, and is left on. */
export const EVERYWHERE = [DESK, ACROSS, UPRIGHT];
/** What phones do not have. */
export const ON_A_DESK = [DESK];
/** What only who came with a phone sees. */
export const ON_A_PHONE = [UPRIGHT, ACROSS];

/** Somebody whose page has been on a phone since it was loaded. */
export const PHONE = { isMobile: true, hasTouch: true, deviceScaleFactor: 2, viewport: { width: UPRIGHT.width, height: UPRIGHT.height } };

const RULES: RunOptions = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] },
  resultTypes: ['violations'],
};

/** How long a sign moves, in ms, before it is gone. */
const SIGN_MS = 5_000;

/** An end of a session would be the end of what it has set. */
const sessions = new WeakMap<Page, CDPSession>();

const sessionOf = async (page: Page) => {
  const session = sessions.get(page) ?? (await page.context().newCDPSession(page));
  sessions.set(page, session);
  return session;
};

/** Takes what moves or fades in to its end, and from a phone what pages that are loaded on one do not have. */
const settle = async ({ isPhone = false, most }: { isPhone?: boolean | undefined; most: number }) => {
  const share = document.querySelector<HTMLElement>('[role=toolbar] [aria-label="Share your screen"]');
  if (share) share.hidden = isPhone;
  // A page hears of its new size with one frame, and has moved by the next.
  for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
  const moving = document.getAnimations();
  moving.filter(({ effect }) => Number(effect?.getComputedTiming().endTime) < most).forEach((each) => each.finish());
};

/** Puts a page on a screen as browsers do it for who makes pages: also what points, and what hovers, is another. */
const put = async (page: Page, { width, height, isPhone = false }: Screen) => {
  const session = await sessionOf(page);
  const screen = { screenWidth: width, screenHeight: height, deviceScaleFactor: isPhone ? 2 : 1 };
  await session.send('Emulation.setDeviceMetricsOverride', { width, height, ...screen, mobile: isPhone });
  await session.send('Emulation.setTouchEmulationEnabled', { enabled: isPhone });
  await page.evaluate(settle, { isPhone, most: SIGN_MS });
};

/** What is wrong on a screen: it has to be scrolled sideways, or the controls of a call are out of sight or cover somebody. */
const findFaults = async ({ width, height, isPhone = false }: Screen) => {
  const faults: string[] = [];
  if (innerWidth !== width || innerHeight !== height) faults.push(`is shown on ${innerWidth}x${innerHeight}`);
  if (matchMedia('(hover: none) and (pointer: coarse)').matches !== isPhone) faults.push('is taken for another device');
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > width) faults.push(`is ${scrollWidth} px wide`);
  const toolbar = document.querySelector('[role=toolbar]');
  if (!toolbar?.checkVisibility({ visibilityProperty: true })) return faults;
  const controls = [...toolbar.querySelectorAll('button')].filter((control) => control.checkVisibility());
  const people = [...document.querySelectorAll('[data-tile=remote]')];
  const entries = await new Promise<IntersectionObserverEntry[]>((done) => {
    const observer = new IntersectionObserver((all) => (observer.disconnect(), done(all)));
    [toolbar, ...controls, ...people].forEach((element) => observer.observe(element));
  });
  const bar = toolbar.getBoundingClientRect();
  for (const { target, intersectionRatio, boundingClientRect: box } of entries) {
    const name = target.getAttribute('aria-label') ?? target.textContent;
    // Sums of fractions are not exact.
    if (target !== toolbar && intersectionRatio < 0.999) faults.push(`out of sight: ${name}`);
    const isApart = box.bottom <= bar.top || box.right <= bar.left || box.left >= bar.right;
    if (people.includes(target) && !isApart) faults.push(`covered by the controls: ${name}`);
  }
  if (bar.bottom > height) faults.push('the controls end below');
  return faults;
};

const findViolations = async (rules: RunOptions) => {
  const { run } = Reflect.get(globalThis, 'axe') as { run: (rules: RunOptions) => Promise<AxeResults> };
  const { violations } = await run(rules);
  return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) }));
};

const expectAccessible = async (page: Page, where: string) => {
  // Each page that is loaded needs it once, and not every state is on a new one.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  expect(await page.evaluate(findViolations, RULES), where).toEqual([]);
};

/** Looks at a state on all screens, and keeps its pictures. */
export const show = async (page: Page, state: string, screens = EVERYWHERE) => {
  const nameOf = ({ width, height, isPhone }: Screen) => `${isPhone ? 'phone' : 'desk'}-${width}x${height}`;
  // First all pictures: a state may end before axe has.
  for (const screen of screens) {
    const name = nameOf(screen);
    await put(page, screen);
    await expect.poll(() => page.evaluate(findFaults, screen), { message: `${state} on ${name}`, intervals: OFTEN }).toEqual([]);
    const { data } = await (await sessionOf(page)).send('Page.captureScreenshot', { optimizeForSpeed: true });
    await mkdir(`results/screens/${name}`, { recursive: true });
    await writeFile(`results/screens/${name}/${state}.png`, data, 'base64');
  }
  for (const screen of screens.filter(({ isAudited }) => isAudited).reverse()) {
    await put(page, screen);
    await expectAccessible(page, `${state} on ${nameOf(screen)}`);
  }
};
