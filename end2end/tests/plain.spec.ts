// Somebody else's client, which knows only the five fixed messages, calls ours and its own kind.
import type { Page } from '@playwright/test';
import { enter, expectMore, expectToCount, expectToSeeAndHear, remoteTiles } from '../support/room.ts';
import { expect, test as base } from '../support/test.ts';

type Fixtures = {
  server: { files: string; salon: string };
  /** Opens the plain page, which joins the room by itself. */
  plain: (frames?: 'text' | 'binary') => Promise<Page>;
};

const test = base.extend<Fixtures>({
  server: async ({ startFiles, startSalon }, use) => {
    const files = await startFiles(new URL('../plain/', import.meta.url));
    const salon = await startSalon('--allow-origin', files.origin);
    await use({ files: files.origin, salon: salon.origin });
  },
  plain: async ({ person, room, server }, use) => {
    await use(async (frames = 'text') => {
      const page = await person();
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

for (const frames of ['text', 'binary'] as const) {
  test(`ours calls a plain page that speaks ${frames}`, async ({ person, plain, room, server }) => {
    const ours = await person({ baseURL: server.salon });
    await enter(ours, room, 'Ada');
    const theirs = await plain(frames);
    await Promise.all([expectOurCall(ours), expectPlainCall(theirs)]);
  });

  test(`a plain page that speaks ${frames} calls ours`, async ({ person, plain, room, server }) => {
    const theirs = await plain(frames);
    const ours = await person({ baseURL: server.salon });
    await enter(ours, room, 'Ada');
    await Promise.all([expectOurCall(ours), expectPlainCall(theirs)]);
  });
}

test('two plain pages call each other, one in text and one in binary frames', async ({ plain }) => {
  const [first, second] = [await plain('text'), await plain('binary')];
  await Promise.all([expectPlainCall(first), expectPlainCall(second)]);
});
