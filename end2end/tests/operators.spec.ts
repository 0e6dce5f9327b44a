// What an operator learns about the users' experience.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { enter, expectToSeeAndHear } from '../support/room.ts';
import { expect, test } from '../support/test.ts';

const freeAddress = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${port}`;
};

// The server is unreachable for a moment.
test.use({ expectedOutput: /WebSocket connection to/ });

test('durations of joining, of the first frame and of a reconnection are reported to the server', async ({ person, room, startSalon }) => {
  const metrics = await freeAddress();
  const salon = await startSalon('--metrics-listen', metrics);
  const figure = async (name: string) => {
    const response = await fetch(`http://${metrics}/metrics`).catch(() => undefined);
    const line = new RegExp(`^salon_client_${name} (.*)$`, 'm').exec((await response?.text()) ?? '');
    return Number(line?.[1]);
  };
  const [ada, bob] = [await person({ baseURL: salon.origin }), await person({ baseURL: salon.origin })];
  await enter(ada, room, 'Ada');
  await enter(bob, room, 'Bob');
  await expectToSeeAndHear(bob, ['Ada']);

  // Nobody was there for Ada to see.
  await expect.poll(() => figure('join_duration_seconds_count')).toBe(2);
  await expect.poll(() => figure('time_to_first_frame_seconds_count')).toBe(1);
  const [join, picture] = [await figure('join_duration_seconds_sum'), await figure('time_to_first_frame_seconds_sum')];
  expect(join).toBeGreaterThan(0);
  expect(picture).toBeGreaterThan(join / 2);
  expect(picture).toBeLessThan(10);

  await salon.kill();
  await salon.startAgain();
  await expect.poll(() => figure('reconnect_duration_seconds_count')).toBe(2);
  expect(await figure('join_duration_seconds_count'), 'nobody pressed Join').toBe(0);
});
