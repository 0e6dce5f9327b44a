// The protection of a call, and how people can verify it.
import type { Page, WebSocketRoute } from '@playwright/test';
import { enter, expectConnected, expectPhase, expectReached, open, tileOf } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

/** The line about the path to the only other person, and the code behind it. */
const lockOf = async (page: Page) => {
  await page.getByRole('button', { name: /^People/ }).click();
  const lock = page.getByRole('dialog', { name: /^People/ }).locator('.lock');
  await lock.locator('summary').click();
  await expect(lock.locator('[data-code]')).toHaveText(/^([a-z]{5}-){3}[a-z]{5}$/);
  // The path is known with the first statistics.
  await expect(lock.locator('summary')).toHaveText(/^(Direct|Relayed), /);
  return { words: await lock.locator('summary').innerText(), code: await lock.locator('[data-code]').innerText() };
};

test('two people have the same code, another in each call', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectConnected(ada, 'Bob'), expectConnected(bob, 'Ada')]);
  const first = await lockOf(ada);
  expect(first.words).toBe('Direct, end-to-end encrypted');
  expect(await lockOf(bob)).toEqual(first);
  await bob.reload();
  await expectPhase(bob, 'call');
  await expect(tileOf(bob, 'Ada')).toHaveAttribute('data-link', 'connected');
  const second = await lockOf(bob);
  expect(second.code).not.toBe(first.code);
  await expect(ada.locator('[data-code]')).toHaveText(second.code);
});

test('a code outlives the socket, and both have another after a reconnect', async ({ person, room, line }) => {
  const [ada, bob] = [await person({ baseURL: line.origin }), await person()];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectConnected(ada, 'Bob'), expectConnected(bob, 'Ada')]);
  const first = await lockOf(ada);
  expect(await lockOf(bob)).toEqual(first);
  line.cut();
  await expectReached(ada, 'Ada', bob);
  for (const page of [ada, bob]) await expect(page.locator('[data-code]')).toHaveText(first.code);
  line.cut();
  await bob.reload();
  await expectConnected(ada, 'Bob');
  const second = (await lockOf(bob)).code;
  expect(second).not.toBe(first.code);
  await expect(ada.locator('[data-code]')).toHaveText(second);
});

type Message = { type: string; offer?: RTCSessionDescriptionInit; answer?: RTCSessionDescriptionInit; candidate?: RTCIceCandidateInit | null };
type Middle = { ada: RTCPeerConnection; bob: RTCPeerConnection };

/** Two connections of an attacker, one to each of two people who mistake it for the other. */
const sitBetween = () => {
  const make = () => new RTCPeerConnection();
  const middle: Middle = { ada: make(), bob: make() };
  for (const kind of ['audio', 'video']) middle.bob.addTransceiver(kind);
  middle.bob.createDataChannel('salon', { negotiated: true, id: 0 });
  Object.assign(globalThis, { middle });
};
/** The description of one end, with all of its candidates. */
const describe = (page: Page, whom: keyof Middle) =>
  page.evaluate(async (whom) => {
    const pc = (globalThis as unknown as { middle: Middle }).middle[whom];
    await pc.setLocalDescription();
    await new Promise<void>((resolve) => {
      const look = () => pc.iceGatheringState === 'complete' && resolve();
      pc.addEventListener('icegatheringstatechange', look);
      look();
    });
    return pc.localDescription!.toJSON() as RTCSessionDescriptionInit;
  }, whom);

test('under a server that sits in the middle, the codes differ', async ({ person, room }) => {
  const [ada, bob, mallory] = [await person(), await person(), await person()];
  await open(mallory, '/');
  await mallory.evaluate(sitBetween);
  const tell = (whom: keyof Middle, { offer, answer, candidate }: Message) =>
    mallory.evaluate(
      async ([whom, description, candidate]) => {
        const pc = (globalThis as unknown as { middle: Middle }).middle[whom];
        if (description) await pc.setRemoteDescription(description);
        else if (candidate) await pc.addIceCandidate(candidate);
      },
      [whom, offer ?? answer, candidate] as const,
    );
  // Tampering by the server, done on the connection to Ada.
  await ada.routeWebSocket(/\/ws$/, (toAda: WebSocketRoute) => {
    const toServer = toAda.connectToServer();
    let turn = Promise.resolve();
    const inTurn = (act: () => Promise<void>) => void (turn = turn.then(act));
    toAda.onMessage((text) => {
      const message: Message = JSON.parse(String(text));
      if (message.type === 'candidate') return inTurn(() => tell('ada', message));
      if (message.type !== 'offer') return toServer.send(text);
      inTurn(async () => {
        await tell('ada', message);
        const { to, link } = message as Message & { to: string; link: number };
        toAda.send(JSON.stringify({ type: 'answer', answer: await describe(mallory, 'ada'), from: to, link }));
        toServer.send(JSON.stringify({ ...message, offer: await describe(mallory, 'bob') }));
      });
    });
    toServer.onMessage((text) => {
      const message: Message = JSON.parse(String(text));
      if (message.type === 'answer' || message.type === 'candidate') return inTurn(() => tell('bob', message));
      toAda.send(text);
    });
  });
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  const connected = (page: Page, name: string) => expect(tileOf(page, name)).toHaveAttribute('data-link', 'connected');
  await Promise.all([connected(ada, 'Bob'), connected(bob, 'Ada')]);
  const [one, other] = [await lockOf(ada), await lockOf(bob)];
  expect(one.code).not.toBe(other.code);
});

test('if the server leaves nothing to compare, a warning is shown instead of the lock', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  // Tampering by the server, done on the connection to Ada: browsers ignore unknown lines.
  const changed = (text: string | Buffer) => {
    const message: Message = JSON.parse(String(text));
    const description = message.offer ?? message.answer;
    if (description?.sdp) description.sdp += 'a=x-fingerprint:none\r\n';
    return JSON.stringify(message);
  };
  await ada.routeWebSocket(/\/ws$/, (toAda) => {
    const toServer = toAda.connectToServer();
    toAda.onMessage((text) => toServer.send(changed(text)));
    toServer.onMessage((text) => toAda.send(changed(text)));
  });
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await Promise.all([expectConnected(ada, 'Bob'), expectConnected(bob, 'Ada')]);
  for (const [page, name] of [[ada, 'Bob'], [bob, 'Ada']] as const) {
    await page.getByRole('button', { name: /^People/ }).click();
    const lock = page.getByRole('dialog', { name: /^People/ }).locator('.lock');
    await expect(lock.locator('summary')).toHaveText('This connection may be intercepted');
    await lock.locator('summary').click();
    await expect(lock).toContainText('so there is no code to compare');
    await expect(tileOf(page, name).locator('.lock-mark')).toBeHidden();
  }
});
