// Compares the signalling of Salon with that of two servers in Node, each alone on one core, with
// the people on another: what a forwarded message costs and how long it takes, what an open
// connection costs, and how fast many people can join at once. Linux with two cores; needs `npm ci` in
// end2end/ and here, and a release build. Writes to bench/results only.
//
//   node bench/signalling/run.mjs [seconds of messages per server and round]
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as wire from './wire.mjs';

const SECONDS = Number(process.argv[2] ?? 5);
const ROUNDS = 3;
const ROOMS = 100;
const MESSAGES_PER_SECOND = 10_000;
const WARM_UP_SECONDS = 2;
const CONNECTIONS = 10_000;
const CONNECTS_PER_SECOND = 1000;
const PATIENCE_MS = 5000;
const REST_MS = 3000;
/** Above these percentages, the latencies are not the server's alone. */
const MOST = { generator: 70, waited: 20 };

const SERVERS = {
  Salon: wire.startSalon,
  ws: () => wire.startScript('ws-server.mjs'),
  'uWebSockets.js': () => wire.startScript('uws-server.mjs'),
};
const GOALS = [
  { what: 'CPU per message', key: 'messageCpu', against: 'ws', most: 0.5 },
  { what: 'memory per connection', key: 'memory', against: 'ws', most: 0.6 },
  { what: 'CPU per message', key: 'messageCpu', against: 'uWebSockets.js', most: 1.5 },
];
const COLUMNS = {
  messageCpu: 'server CPU per forwarded message, µs',
  rate: 'messages forwarded per second',
  p50: 'forwarding latency p50, ms',
  p99: 'forwarding latency p99, ms',
  memory: `resident kB per idle connection, at ${CONNECTIONS}`,
  inside: `inside, of ${CONNECTIONS} at ${CONNECTS_PER_SECOND} a second`,
  connectP99: 'connect to ready p99, ms',
  connectCpu: 'server CPU per connect, µs',
  generator: "the people's own CPU, %",
  waited: 'waited for a core, %',
};

/** Ten per address, as in a household, so that neither ports nor limits per address interfere. */
const address = (person) => `127.1.${(person / 2560) & 255}.${(person / 10) & 255}`;

const measureMessages = async ({ origin, pid }) => {
  const people = await wire.fill(origin, ROOMS);
  const ages = wire.collectAges(people);
  await wire.talk(people, MESSAGES_PER_SECOND, WARM_UP_SECONDS);
  await sleep(REST_MS);
  ages.length = 0;
  const used = wire.meter(pid);
  const elapsed = await wire.talk(people, MESSAGES_PER_SECOND, SECONDS);
  // The last ones are still in transit.
  await sleep(100);
  const { cpu, generator, waited } = used();
  for (const person of people) person.terminate();
  const [p50, p99] = [0.5, 0.99].map((share) => wire.percentile(ages, share) / 1000);
  return { messageCpu: cpu / ages.length, rate: ages.length / elapsed, p50, p99, generator, waited };
};

const measureConnections = async ({ origin, pid }) => {
  const before = wire.residentKilobytes(pid);
  const times = [];
  const people = [];
  const attempts = [];
  const open = async (number) => {
    const start = performance.now();
    const person = await wire.enter(origin, `room-${number >> 1}`, address(number)).catch(() => undefined);
    if (!person) return;
    people.push(person);
    times.push(performance.now() - start);
  };
  const used = wire.meter(pid);
  await wire.steadily(CONNECTS_PER_SECOND, CONNECTIONS / CONNECTS_PER_SECOND, (number) => attempts.push(open(number)));
  await Promise.race([Promise.all(attempts), sleep(PATIENCE_MS)]);
  const { cpu, generator, waited } = used();
  await sleep(REST_MS);
  const memory = (wire.residentKilobytes(pid) - before) / people.length;
  for (const person of people) person.terminate();
  const connectP99 = wire.percentile(times, 0.99);
  return { memory, inside: people.length, connectP99, connectCpu: cpu / people.length, generator, waited };
};

/** A separate server for each, because leftovers of one would be counted for the other. */
const measure = async (start) => {
  const figures = [];
  for (const part of [measureMessages, measureConnections]) {
    const server = await start();
    figures.push(await part(server));
    await server.kill();
  }
  const [messages, connections] = figures;
  const most = (key) => Math.max(messages[key], connections[key]);
  return { ...messages, ...connections, generator: most('generator'), waited: most('waited') };
};

const values = (rounds, key) => rounds.map((round) => round[key]);
const median = (all) => wire.percentile(all, 0.5);
const figure = (value) => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3));
const cell = (all) => `${figure(median(all))} (${figure(Math.min(...all))}–${figure(Math.max(...all))})`;

wire.leaveServerCore();
const names = Object.keys(SERVERS);
const rounds = Object.fromEntries(names.map((name) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const name of names) rounds[name].push(await measure(SERVERS[name]));
}

const date = new Date().toISOString().slice(0, 10);
const machine = `${os.cpus().length} × ${os.cpus()[0].model.trim()}, ${os.type()} ${os.release()}, Node ${process.version}`;
const rows = Object.entries(COLUMNS).map(([key, what]) => [what, ...names.map((name) => cell(values(rounds[name], key)))]);
const table = [['what', ...names], ['---', ...names.map(() => '---')], ...rows];
console.log(`Median (least–most) of ${ROUNDS} rounds, ${date}, ${machine}.\n`);
console.log(table.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
console.log();
for (const { what, key, against, most } of GOALS) {
  const ratio = median(values(rounds.Salon, key)) / median(values(rounds[against], key));
  console.log(`${what}, at most ${most}x of ${against}: ${ratio <= most ? 'reached' : 'not reached'}: ${ratio.toFixed(2)}x`);
}
for (const [key, most] of Object.entries(MOST)) {
  const worst = Math.max(...names.flatMap((name) => values(rounds[name], key)));
  if (worst > most) console.log(`Do not trust the latencies: ${COLUMNS[key]}: ${worst.toFixed(0)}.`);
}

const results = new URL('../results/', import.meta.url);
mkdirSync(results, { recursive: true });
writeFileSync(new URL('signalling.json', results), `${JSON.stringify({ date, machine, rounds }, null, 2)}\n`);
