import { button, enter, expectConnected, expectPhase, open, remoteTiles, turnOnDevices } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

test('a person outside a full room waits and joins automatically', async ({ person, room, startSalon }) => {
  const { origin: baseURL } = await startSalon('--max-participants', '2');
  const [ada, bob, cleo] = [await person({ baseURL }), await person({ baseURL }), await person({ baseURL })];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');

  await open(cleo, `/room/${room}`);
  await cleo.getByRole('textbox', { name: 'Your name' }).fill('Cleo');
  await expect(cleo.locator('[data-door]')).toHaveText('2 of 2 people are here. Press Join to wait. You join as soon as someone leaves.');
  await turnOnDevices(cleo);
  await button(cleo, 'Join').click();
  await expectPhase(cleo, 'waiting-for-seat');
  await expect(cleo.getByText('2 of 2 people are here. You are next.')).toBeVisible();
  await expect(remoteTiles(ada)).toHaveCount(1);

  await button(bob, 'Leave').click();
  await expectPhase(cleo, 'call');
  await Promise.all([expectConnected(ada, 'Cleo'), expectConnected(cleo, 'Ada')]);
});
