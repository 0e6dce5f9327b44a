// Do people notice that others attack the server? 50 rooms talk quietly, from one address, while
// programs at eight others do what they can. Linux with two cores; needs `npm ci` in end2end/ and a
// release build.
//
//   node bench/signalling/attack.mjs [seconds of each attack]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { collectAges, fill, leaveServerCore, meter, percentile, sendCandidate, startSalon, steadily } from './wire.mjs';

const SECONDS = Number(process.argv[2] ?? 10);
const ROOMS = 50;
const MESSAGES_PER_SECOND = 500;
const WARM_UP_SECONDS = 2;
const CALM_MS = 2000;
const MOST = 2;
const ATTACKS = {
  flood: 'T10: 1,000 upgrades a second that never join, and handshakes half sent',
  noise: 'T11: 8 clients that send 1,000 messages a second, and 8 that flood with pings',
  deafness: 'T12: 8 clients in busy rooms that never read, and come back',
};

/** They only get what the quiet rooms leave of the core, or those would wait for them here. */
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
const talk = (seconds) => steadily(MESSAGES_PER_SECOND, seconds, (turn) => sendCandidate(people[turn % people.length]));

const listen = async () => {
  ages.length = 0;
  const used = meter(salon.pid);
  await talk(SECONDS);
  const { busy, waited } = used();
  // What was held up still counts.
  await sleep(CALM_MS);
  const lost = MESSAGES_PER_SECOND * SECONDS - ages.length;
  return { p99: percentile(ages, 0.99) / 1000, lost, busy, waited };
};

const describe = ({ p99, lost, busy, waited }) =>
  `p99 ${p99.toFixed(2)} ms, ${lost} messages lost, server busy ${busy.toFixed(0)} %, waited for a core ${waited.toFixed(0)} %`;

await talk(WARM_UP_SECONDS);
const quiet = await listen();
console.log(`quiet: ${describe(quiet)}`);
for (const [kind, what] of Object.entries(ATTACKS)) {
  const finish = startAttackers(kind, salon.origin);
  const heard = await listen();
  const report = await finish();
  const ratio = heard.p99 / quiet.p99;
  const verdict = ratio < MOST && heard.lost === 0 ? 'reached' : 'not reached';
  console.log(`${what}: ${describe(heard)}\n  below ${MOST}x of quiet: ${verdict}: ${ratio.toFixed(2)}x (${report})`);
  await sleep(CALM_MS);
}
if (ended > 0) console.log(`${ended} of ${people.length} quiet people were thrown out.`);
for (const person of people) person.terminate();
await salon.kill();
