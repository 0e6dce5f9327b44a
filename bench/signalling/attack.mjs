// Do participants notice attacks on the server? 50 quiet rooms at one address send messages while programs at
// eight other addresses attack. The cases take turns, because a machine's speed varies over time.
// Linux with two cores; needs `npm ci` in end2end/ and a release build.
//
//   node bench/signalling/attack.mjs [seconds of each case and round] [cases beside quiet, instead of all]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { collectAges, fill, leaveServerCore, meter, percentile, startSalon, talk } from './wire.mjs';

const SECONDS = Number(process.argv[2] ?? 5);
const ROUNDS = 5;
const ROOMS = 50;
const MESSAGES_PER_SECOND = 500;
const WARM_UP_SECONDS = 2;
const CALM_MS = 2000;
const MOST = 2;
const QUIET = 'quiet';
const CASES = {
  [QUIET]: 'nobody else',
  nothing: 'the attackers keep their core busy, and leave the server alone',
  flood: 'T10: 1,000 upgrades a second that never join, and handshakes half sent',
  noise: 'T11: 8 clients that send 1,000 messages a second, and 8 that flood with pings',
  deafness: 'T12: 8 clients in busy rooms that never read, and come back',
  headers: 'T28: 250 connections of each address with headers that have no end, again and again',
  pages: 'T29: 2 connections of each address that ask for QR codes and pages as fast as they can, pipelined',
};

/** They run at low priority, or the quiet rooms would wait for them here. */
const startAttackers = (kind, origin) => {
  const script = fileURLToPath(new URL('attackers.mjs', import.meta.url));
  const command = ['--idle', '0', process.execPath, script, kind, origin, String(SECONDS)];
  const child = spawn('chrt', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const report = text(child.stdout);
  return async () => {
    if (child.exitCode === null) await once(child, 'exit');
    process.off('exit', kill);
    return (await report).trim();
  };
};

leaveServerCore();
const salon = await startSalon();
const people = await fill(salon.origin, ROOMS, '127.0.0.1');
const ages = collectAges(people);
let ended = 0;
for (const person of people) person.on('close', () => (ended += 1));

const listen = async () => {
  ages.length = 0;
  const used = meter(salon.pid);
  await talk(people, MESSAGES_PER_SECOND, SECONDS);
  const { busy } = used();
  // Delayed messages still count.
  await sleep(CALM_MS);
  const lost = MESSAGES_PER_SECOND * SECONDS - ages.length;
  return { p99: percentile(ages, 0.99) / 1000, lost, busy };
};

const asked = process.argv.slice(3);
const kinds = Object.keys(CASES).filter((kind) => kind === QUIET || asked.length === 0 || asked.includes(kind));
const rounds = Object.fromEntries(kinds.map((kind) => [kind, []]));
const reports = {};
await talk(people, MESSAGES_PER_SECOND, WARM_UP_SECONDS);
for (let round = 0; round < ROUNDS; round += 1) {
  for (const kind of kinds) {
    const finish = kind === QUIET ? undefined : startAttackers(kind, salon.origin);
    rounds[kind].push(await listen());
    reports[kind] = await finish?.();
    await sleep(CALM_MS);
  }
}

const median = (kind, key) => percentile(rounds[kind].map((round) => round[key]), 0.5);
const quiet = median(QUIET, 'p99');
console.log(`Medians of ${ROUNDS} rounds.`);
for (const kind of kinds) {
  const what = CASES[kind];
  const all = rounds[kind].map(({ p99 }) => p99);
  const lost = rounds[kind].reduce((sum, round) => sum + round.lost, 0);
  const ratio = median(kind, 'p99') / quiet;
  console.log(`${what}: p99 ${median(kind, 'p99').toFixed(2)} ms (${Math.min(...all).toFixed(2)}–${Math.max(...all).toFixed(2)}), ${lost} messages lost, server busy ${median(kind, 'busy').toFixed(0)} %`);
  if (reports[kind] === undefined) continue;
  console.log(`  below ${MOST}x of quiet: ${ratio < MOST && lost === 0 ? 'reached' : 'not reached'}: ${ratio.toFixed(2)}x; the last round: ${reports[kind] || 'nothing done'}`);
}
if (ended > 0) console.log(`${ended} of ${people.length} quiet people were thrown out.`);
for (const person of people) person.terminate();
await salon.kill();
