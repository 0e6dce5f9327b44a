// A third-party client, which supports only the five fixed messages, calls ours and its own kind.
import type { Page } from '@playwright/test';
import { enter, expectMore, expectToCount, expectToSeeAndHear, fill, remoteTiles } from '../support/room.ts';
import { expect, test as base } from '../support/test.ts';

type Fixtures = {
  server: { files: string; salon: string };
  /** Opens the plain page, which joins the room by itself. */
  plain: (frames?: 'text' | 'binary', before?: () => void) => Promise<Page>;
};

const test = base.extend<Fixtures>({
  server: async ({ startFiles, startSalon }, use) => {
    const files = await startFiles(new URL('../plain/', import.meta.url));
    const salon = await startSalon('--allow-origin', files.origin, '--max-participants', '8', '--media-listen', '127.0.0.1:0');
    await use({ files: files.origin, salon: salon.origin });
  },
  plain: async ({ person, room, server }, use) => {
    await use(async (frames = 'text', before) => {
      const page = await person();
      if (before) await page.addInitScript(before);
      const joined = page.waitForEvent('websocket').then((socket) => socket.waitForEvent('framesent'));
      const query = new URLSearchParams({ server: `${server.salon.replace('http', 'ws')}/ws`, room, frames });
      await page.goto(`${server.files}/plain.html?${query}`);
      await joined;
      return page;
    });
  },
});

const expectPlainCall = async (page: Page) => {
  await expectToCount(page.locator('#other'));
  await expectMore(page, 'picture');
  await expectMore(page, 'sound');
};

const expectOurCall = async (page: Page) => {
  await expect(remoteTiles(page)).toHaveCount(1);
  await expectToSeeAndHear(page, ['']);
};

test('ours calls a plain page that sends text frames', async ({ person, plain, room, server }) => {
  const ours = await person({ baseURL: server.salon });
  await enter(ours, room, 'Ada');
  const theirs = await plain('text');
  await Promise.all([expectOurCall(ours), expectPlainCall(theirs)]);
});

test('a plain page that sends binary frames calls ours', async ({ person, plain, room, server }) => {
  const theirs = await plain('binary');
  const ours = await person({ baseURL: server.salon });
  await enter(ours, room, 'Ada');
  await Promise.all([expectOurCall(ours), expectPlainCall(theirs)]);
});

declare const connection: RTCPeerConnection;
declare const send: (message: object) => void;

test('a plain page that stops its video and adds another is seen again, and sees', async ({ person, plain, room, server }) => {
  const theirs = await plain();
  const ours = await person({ baseURL: server.salon });
  await enter(ours, room, 'Ada');
  await Promise.all([expectOurCall(ours), expectPlainCall(theirs)]);
  await theirs.evaluate(async () => {
    const ofPicture = ({ sender }: RTCRtpTransceiver) => sender.track?.kind === 'video';
    const before = connection.getTransceivers().find(ofPicture)!;
    const track = before.sender.track!;
    before.stop();
    const stream = document.querySelector<HTMLVideoElement>('#own')!.srcObject as MediaStream;
    connection.addTransceiver(track, { streams: [stream] });
    await connection.setLocalDescription();
    send({ type: 'offer', offer: connection.localDescription });
  });
  await Promise.all([expectOurCall(ours), expectPlainCall(theirs)]);
});

test('a plain page whose first offer rejects video is answered, heard, and may still see', async ({ person, plain, room, server }) => {
  const ours = await person({ baseURL: server.salon });
  const theirs = await plain('text', () => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) {
      const message = JSON.parse(String(text));
      if (message.type === 'offer') {
        message.offer = { type: 'offer', sdp: message.offer.sdp.replace(/m=video \d+/, 'm=video 0').replace('BUNDLE 0 1', 'BUNDLE 0') };
        // Media on a rejected section is not requested.
        message.offer.sdp = message.offer.sdp.replace(/a=bundle-only\r\n/g, '');
      }
      return send.call(this, JSON.stringify(message));
    };
  });
  await enter(ours, room, 'Ada');
  await expect(remoteTiles(ours)).toHaveAttribute('data-link', 'connected', { timeout: 30_000 });
  await Promise.all([expectMore(ours, 'sound'), expectMore(theirs, 'sound'), expectMore(theirs, 'picture')]);
});

test('in a call through the server, a plain page sees and hears the active speaker, and is seen', async ({ person, plain, room, server }) => {
  const ours = await person({ baseURL: server.salon });
  await enter(ours, room, 'Ada');
  await fill(ours, room, 4);
  const theirs = await plain();
  const tile = ours.locator('[data-tile=remote][data-camera=on]');
  await Promise.all([expectToCount(tile.locator('video')), expectPlainCall(theirs)]);
});
