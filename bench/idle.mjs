// What a call in which nothing happens costs the main thread of a page.
import { inCalls } from './pages.mjs';

const MINUTE_MS = 60_000;
/** By then everything has been fetched, and the clock shows minutes. */
const CALM_MS = 65_000;
/** Far longer than a frame takes. */
const FRAME_MS = 500;

const readMetrics = async (session) => {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
};

/** How often a page is painted in a minute; null if the browser does not tell. */
const countPaints = async (browser, page, session) => {
  const { frameTree } = await session.send('Page.getFrameTree');
  await browser.startTracing(page, { categories: ['-*', 'devtools.timeline'] });
  await page.waitForTimeout(MINUTE_MS);
  // The trace has to show at least this one.
  await page.evaluate(() => document.body.style.setProperty('outline', '1px solid'));
  await page.waitForTimeout(FRAME_MS);
  const { traceEvents } = JSON.parse(String(await browser.stopTracing()));
  const isPaint = ({ name, args }) => name === 'Paint' && args.data?.frame === frameTree.frame.id;
  const times = traceEvents.filter(isPaint).map(({ ts }) => ts);
  const end = Math.max(...times) - FRAME_MS * 1000;
  return times.length > 0 ? times.filter((time) => time < end).length : null;
};

/**
 * Of a minute: milliseconds that the main thread is busy, and of that with script; and how often styles are
 * recalculated, and the page is laid out and painted.
 */
export const measureIdle = (browser, servers) =>
  inCalls(browser, servers, async (_, [page], context) => {
    const session = await context.newCDPSession(page);
    await session.send('Performance.enable');
    await page.waitForTimeout(CALM_MS);
    const before = await readMetrics(session);
    await page.waitForTimeout(MINUTE_MS);
    const after = await readMetrics(session);
    const during = (name) => after[name] - before[name];
    return {
      busy: during('TaskDuration') * 1000,
      script: during('ScriptDuration') * 1000,
      styles: during('RecalcStyleCount'),
      layouts: during('LayoutCount'),
      // In a minute of its own: tracing takes time.
      paints: await countPaints(browser, page, session),
    };
  });
