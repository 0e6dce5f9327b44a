// The time from the press of Join to the first frame of the other person, and where it goes.
import { randomUUID } from 'node:crypto';
import { GRANTED } from '../end2end/support/chromium.mjs';
import { KINDS, join, prepare } from './pages.mjs';

/**
 * The steps of a join in the order in which they usually come: the page that reaches each, and its name there.
 * The other person is inside already, and makes the offer.
 */
const STEPS = [
  ['own', 'join sent'],
  ['own', 'joined received'],
  ['own', 'ready received'],
  ['other', 'ready received'],
  ['other', 'offer sent'],
  ['own', 'offer received'],
  ['own', 'answer sent'],
  ['other', 'answer received'],
  ['own', 'ICE connected'],
  ['own', 'DTLS connected'],
  ['own', 'frame received'],
  ['own', 'frame shown'],
];
const nameOf = ([page, step]) => `${page}: ${step}`;
export const STEP_NAMES = STEPS.map(nameOf);
/** How many frames had been decoded when the first one was shown: more than one, if nothing was there to show it. */
export const FRAMES = 'frames';

/**
 * Runs in the page: notes when it reaches each step, as Unix time in milliseconds. Resolves `firstFrame` when
 * remote video is first shown.
 */
export const watchJoin = () => {
  globalThis.steps = {};
  const note = (step, at = performance.timeOrigin + performance.now()) => {
    globalThis.steps[step] ??= at;
  };
  const connections = [];

  const isJoin = ({ target }) => target.closest('button')?.textContent.trim() === 'Join';
  addEventListener('click', (event) => isJoin(event) && note('press'), { capture: true });

  // Whole descriptions are not parsed for it, which would take time.
  const typeOf = (data) => /"type":"([\w-]+)"/.exec(data)?.[1];
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    note(`${typeOf(data)} sent`);
    send.call(this, data);
  };
  globalThis.WebSocket = class extends WebSocket {
    constructor(...parts) {
      super(...parts);
      this.addEventListener('message', ({ data }) => note(`${typeOf(data)} received`));
    }
  };

  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...parts) {
      super(...parts);
      connections.push(this);
      const reached = (event, state, step) =>
        this.addEventListener(event, () => ['connected', 'completed'].includes(this[state]) && note(step));
      reached('iceconnectionstatechange', 'iceConnectionState', 'ICE connected');
      reached('connectionstatechange', 'connectionState', 'DTLS connected');
    }
  };

  const countFrames = async () => {
    const reports = await Promise.all(connections.map((connection) => connection.getStats()));
    const stats = reports.flatMap((report) => [...report.values()]);
    const videos = stats.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
    return videos.reduce((sum, { framesDecoded = 0 }) => sum + framesDecoded, 0);
  };
  globalThis.firstFrame = new Promise((resolve) => {
    const watched = new Set();
    const isNew = (video) => !watched.has(video);
    const observer = new MutationObserver(() => {
      // Our lobby has practised with one that nobody sees.
      for (const video of [...document.querySelectorAll('[data-tile=remote] video')].filter(isNew)) {
        watched.add(video);
        video.requestVideoFrameCallback(async (_, { receiveTime }) => {
          observer.disconnect();
          note('frame shown');
          note('frame received', performance.timeOrigin + receiveTime);
          globalThis.framesDecoded = await countFrames();
          resolve();
        });
      }
    });
    observer.observe(document, { childList: true, subtree: true });
  });
};

const sinceThePress = (pages) =>
  Object.fromEntries(STEPS.map((step) => [nameOf(step), pages[step[0]][step[1]] - pages.own.press]));

/**
 * Milliseconds from the press to each step, and the number of frames, for every join. The pages take turns.
 * @param how how the pages are prepared
 */
export const measureJoins = async (browser, servers, how, { runs, warmUp }) => {
  const joins = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  const stages = {};
  for (const kind of KINDS) {
    const context = await browser.newContext();
    await context.grantPermissions(GRANTED);
    await context.addInitScript(watchJoin);
    const place = { ...servers, room: randomUUID().slice(0, 8) };
    const other = await prepare(kind, context, place, how);
    await join(other);
    stages[kind] = { context, place, other };
  }
  for (let run = 0; run < runs + warmUp; run += 1) {
    for (const [kind, { context, place, other }] of Object.entries(stages)) {
      const page = await prepare(kind, context, place, how);
      await other.evaluate(() => {
        globalThis.steps = {};
      });
      await join(page);
      await page.evaluate(() => globalThis.firstFrame);
      const read = () => ({ steps: globalThis.steps, frames: globalThis.framesDecoded });
      const [own, there] = [await page.evaluate(read), await other.evaluate(read)];
      await page.close();
      const times = sinceThePress({ own: own.steps, other: there.steps });
      if (run >= warmUp) joins[kind].push({ ...times, [FRAMES]: own.frames });
    }
  }
  for (const { context } of Object.values(stages)) await context.close();
  return joins;
};

/** Milliseconds to the first frame, of each join. */
export const firstFrames = (joins) =>
  Object.fromEntries(KINDS.map((kind) => [kind, joins[kind].map((steps) => steps['own: frame shown'])]));
