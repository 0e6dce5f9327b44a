// Connections that cannot be established: who is told what, and that Salon keeps trying.
import type { Page } from '@playwright/test';
import { hostile } from '../support/hostile.ts';
import { button, clipboard, connectionsMade, enter, expectPhase, expectToSeeAndHear, open, tileOf } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

/** Maximum time until the reason for a missing connection is shown. */
const TOLD = { timeout: 15_000 };

const stateOf = (page: Page, name: string) => tileOf(page, name).locator('.link-state');
const lobbyTest = (page: Page) => page.locator('.connection-test');
const hint = (page: Page) => page.locator('[data-notice=hint]');

/** Turns WebRTC off, in this page or from now on. */
const removeConnections = () => Reflect.deleteProperty(globalThis, 'RTCPeerConnection');
const breakConnections = () => {
  const whole = globalThis.RTCPeerConnection;
  const broken = class {
    constructor() {
      throw new DOMException('', 'NotAllowedError');
    }
  };
  Object.assign(globalThis, { whole, RTCPeerConnection: broken });
};
const mendConnections = () => Object.assign(globalThis, { RTCPeerConnection: Reflect.get(globalThis, 'whole') });

/** As if a policy or an extension allowed only a relay that does not exist. */
const leaveNoWay = () => {
  const usual = globalThis.RTCPeerConnection;
  const lonely = (config: RTCConfiguration = {}): RTCConfiguration => ({ ...config, iceTransportPolicy: 'relay' });
  globalThis.RTCPeerConnection = class extends usual {
    constructor(config?: RTCConfiguration) {
      super(lonely(config));
    }
    override setConfiguration(config?: RTCConfiguration) {
      super.setConfiguration(lonely(config));
    }
  };
};

for (const [how, switchOff] of [['removed', removeConnections], ['broken', breakConnections]] as const) {
  test(`where WebRTC is ${how}, the lobby says so before Join`, async ({ person, room }) => {
    const ada = await person();
    await ada.addInitScript(switchOff);
    await open(ada, `/room/${room}`);
    const problem = ada.locator('[data-problem=no-connections]');
    await expect(problem).toContainText('Calls do not work in this browser because WebRTC is turned off.');
    await expect(button(ada, 'Join')).toBeDisabled();
    await problem.getByRole('button', { name: 'Copy link' }).click();
    await expect.poll(() => clipboard(ada)).toContain(`/room/${room}`);
    await expect(lobbyTest(ada)).toHaveAttribute('data-verdict', 'no-connections', { timeout: 30_000 });
    await expect(lobbyTest(ada).getByRole('status')).toHaveText('Connection: none, WebRTC is turned off');
  });
}

test('a connection that a browser cannot create is reported on both sides, and made once it can', async ({ person, room }) => {
  const [ada, bob, cleo] = [await person(), await person(), await person()];
  await enter(ada, room, 'Ada');
  // There is one prewarmed connection.
  await expect.poll(() => connectionsMade(ada)).toEqual([1]);
  await ada.evaluate(breakConnections);
  await enter(bob, room, 'Bob');
  await expectToSeeAndHear(ada, ['Bob']);
  await enter(cleo, room, 'Cleo');
  await expect(stateOf(ada, 'Cleo')).toHaveText(/^No connection: WebRTC may be turned off in your browser\./, TOLD);
  await expect(stateOf(cleo, 'Ada')).toHaveText(/^No connection: WebRTC may be turned off in their browser\./, TOLD);
  await expect(tileOf(cleo, 'Ada')).toHaveAttribute('data-link', 'failed');
  await expect(hint(cleo)).toBeHidden();
  await ada.evaluate(mendConnections);
  await expectToSeeAndHear(cleo, ['Ada', 'Bob']);
  await expect(stateOf(ada, 'Cleo')).toBeHidden();
});

test('a client that never answers is reported, and not as one that cannot hear', async ({ person, room, salon }) => {
  const [ada, place] = [await person(), await person()];
  await enter(ada, room, 'Ada');
  const eve = await hostile(place, salon.origin);
  await eve.say({ type: 'join', room, presence: { name: 'Eve' } });
  await expect(stateOf(ada, 'Eve')).toHaveText(/^No connection: their device does not respond\./, TOLD);
  await expect(tileOf(ada, 'Eve')).toHaveAttribute('data-link', 'failed');
  await expect.poll(() => eve.heard('reception')).toContainEqual(
    expect.objectContaining({ reception: { sound: true, picture: true, grade: 'good', failure: 'no-answer' } }),
  );
  await eve.say({ type: 'reception', reception: { sound: false, picture: false, failure: 'no-candidates' } });
  await expect(stateOf(ada, 'Eve')).toHaveText(/^No connection: their browser found no network path\./);
  await expect(hint(ada)).toBeHidden();
});

test('a description that the browser rejects is reported on both sides, and retried', async ({ person, room, salon }) => {
  const [ada, place] = [await person(), await person()];
  const eve = await hostile(place, salon.origin);
  await eve.say({ type: 'join', room, presence: { name: 'Eve' } });
  await enter(ada, room, 'Ada');
  await expect.poll(() => eve.heard('ready')).toHaveLength(1);
  await eve.say({ type: 'offer', offer: { type: 'offer', sdp: 'v=0\r\n' } });
  await expect(stateOf(ada, 'Eve')).toHaveText(/^No connection: your browsers are not compatible\./, TOLD);
  await expect.poll(() => eve.heard('reception')).toContainEqual(
    expect.objectContaining({ reception: { sound: true, picture: true, grade: 'good', failure: 'bad-description' } }),
  );
  await expect.poll(async () => (await eve.heard('ready')).length).toBeGreaterThan(1);
});

test('a missing network path is reported in the lobby, and to both in the call', async ({ person, room }) => {
  const [ada, bob] = [await person(), await person()];
  await ada.addInitScript(leaveNoWay);
  await open(ada, `/room/${room}`);
  await expect(lobbyTest(ada)).toHaveAttribute('data-verdict', 'no-way', { timeout: 30_000 });
  await expect(lobbyTest(ada).getByRole('status')).toContainText('Connection: none, this browser found no network path.');
  await button(ada, 'Join').click();
  await expectPhase(ada, 'call');
  await enter(bob, room, 'Bob');
  await expect(stateOf(ada, 'Bob')).toHaveText(/^No connection: your browser found no network path\./, TOLD);
  await expect(tileOf(bob, '').locator('.link-state')).toHaveText(/^No connection: their browser found no network path\./, TOLD);
  await expect(hint(bob)).toBeHidden();
});
