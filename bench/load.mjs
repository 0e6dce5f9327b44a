// Restarts the server with many participants: how soon does everyone have their seat back, and do they
// all reconnect at once? Participants are sockets that behave like Salon's client, without a browser, media or
// its timeouts. Needs `npm ci` in end2end/ and a release build.
//
//   node bench/load.mjs [people] [seconds from the server's end to its next start]
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { startSalon } from '../end2end/support/salon.mjs';
import { residentMegabytes } from './memory.mjs';

const { WebSocket } = createRequire(new URL('../end2end/', import.meta.url))('ws');

const ROOMS = Math.ceil(Number(process.argv[2] ?? 1000) / 2);
const PEOPLE = 2 * ROOMS;
const DOWN_MS = 1000 * Number(process.argv[3] ?? 1);
const HOLD_SECONDS = 15;
const WINDOW_MS = 100;
const GOALS = { p99: 5000, share: 0.25 };

const source = readFileSync(new URL('../crates/core/src/call/signaling.rs', import.meta.url), 'utf8');
const constant = (name) => JSON.parse(new RegExp(`const ${name}: .* = (.*);`).exec(source)[1]);
const LADDER = constant('LADDER');
const RESTART_RUNG = constant('RESTART_RUNG');
const RESTARTING = 1012;

// The server does not read the content, so only the size has to match Chromium's.
const description = (type, bytes) => ({ type, [type]: { type, sdp: 'v=0\r\n'.padEnd(bytes, 'a=rtcp-fb:96 nack pli\r\n') } });
const OFFER = description('offer', 6500);
const ANSWER = description('answer', 5500);
const candidate = 'candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 192.0.2.10 rport 46154 generation 0 ufrag EsAw';
const CANDIDATES = [0, 1, 0, 1].map((sdpMLineIndex) => ({ candidate, sdpMid: String(sdpMLineIndex), sdpMLineIndex, usernameFragment: 'EsAw' }));
const TRICKLE = [...CANDIDATES, null].map((candidate) => ({ type: 'candidate', candidate }));

/** Times at which clients connected, and at which they were accepted. */
const attempts = [];
const connects = [];

/** Emits `joined` when the server assigns the seat, and `linked` when the other's last candidate arrives. */
class Person extends EventEmitter {
  failures = 0;
  linked = [];
  faults = [];
  seatedAt = Infinity;

  constructor(origin, room) {
    super();
    Object.assign(this, { origin, room });
    this.open();
  }

  open() {
    attempts.push(performance.now());
    const { origin, room } = this;
    this.socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, { origin, perMessageDeflate: false });
    this.socket.on('open', () => {
      connects.push(performance.now());
      const presence = { name: 'Ada', mic: true, camera: true };
      this.say({ type: 'join', room, presence, seat: { token: this.token, linked: this.linked } });
    });
    this.socket.on('message', (text) => this.hear(JSON.parse(text)));
    // A close event follows, as in a browser.
    this.socket.on('error', () => {});
    this.socket.on('close', (code) => {
      if (this.hasLeft) return;
      if (code === RESTARTING) this.failures = Math.max(this.failures, RESTART_RUNG);
      const wait = LADDER[this.failures] ?? LADDER.at(-1);
      this.failures += 1;
      this.retry = setTimeout(() => this.open(), wait * Math.random());
    });
  }

  hear({ type, id, seatToken, role, peer, link, candidate, code }) {
    this.failures = 0;
    const isLinked = this.linked.length > 0;
    if (isLinked && ['ready', 'peer-left', 'error'].includes(type)) this.faults.push(code ?? type);
    else if (type === 'error') throw new Error(`refused with ${code}`);
    else if (type === 'joined') {
      if (isLinked && id !== this.id) this.faults.push('another id');
      Object.assign(this, { id, token: seatToken, seatedAt: performance.now() });
      this.emit('joined');
    } else if (type === 'ready') {
      Object.assign(this, { peer, link });
      if (role === 'caller') this.describe(OFFER);
    } else if (type === 'offer') this.describe(ANSWER);
    else if (type === 'candidate' && !candidate?.candidate) {
      this.linked = [this.peer];
      this.emit('linked');
    }
  }

  describe(description) {
    for (const message of [description, ...TRICKLE]) this.say({ to: this.peer, link: this.link, ...message });
  }

  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  leave() {
    this.hasLeft = true;
    clearTimeout(this.retry);
    this.socket.terminate();
  }
}

const seatPair = async (origin, room) => {
  const first = new Person(origin, room);
  await once(first, 'joined');
  const second = new Person(origin, room);
  await Promise.all([once(first, 'linked'), once(second, 'linked')]);
  return [first, second];
};

/** The largest number of events within one window, at any position. */
const busiest = (times) => {
  let first = 0;
  return times.reduce((most, time, index) => {
    while (times[first] <= time - WINDOW_MS) first += 1;
    return Math.max(most, index - first + 1);
  }, 0);
};

const percentile = (values, share) => [...values].sort((a, b) => a - b)[Math.ceil(values.length * share) - 1];
const seconds = (milliseconds) => (milliseconds / 1000).toFixed(2);
const spread = (times, start) => [0.5, 0.99, 1].map((share) => seconds(percentile(times, share) - start)).join(' / ');
const share = (times) => busiest(times) / times.length;
const rush = (times) => `${times.length} / ${(busiest(times) * 1000) / WINDOW_MS} / ${(100 * share(times)).toFixed(1)} %`;

/** Seats everyone, ends the server, starts it again, and reports who comes back. */
const measure = async (name, end) => {
  // All of them come from one address.
  const many = String(10 * PEOPLE);
  const salon = await startSalon('--reconnect-grace', String(HOLD_SECONDS), '--max-connections-per-ip', many, '--ws-connect-rate', many, '--request-rate', many);
  const memory = [residentMegabytes(salon.pid)];
  const pairs = [];
  for (let room = 0; room < ROOMS; room += 1) pairs.push(await seatPair(salon.origin, `room-${room}`));
  const people = pairs.flat();
  memory.push(residentMegabytes(salon.pid));

  for (const person of people) person.seatedAt = Infinity;
  attempts.length = 0;
  const lateness = monitorEventLoopDelay({ resolution: 1 });
  lateness.enable();
  const ended = performance.now();
  await end(salon);
  await sleep(DOWN_MS);
  connects.length = 0;
  await salon.startAgain();
  // A client may have been accepted before the line with the address was read here.
  const answers = Math.min(performance.now(), ...connects);
  // From then on reservations have expired, and the others know who is missing.
  await sleep((HOLD_SECONDS + 1) * 1000);
  lateness.disable();
  memory.push(residentMegabytes(salon.pid));
  for (const person of people) person.leave();
  await salon.stop();

  const seatedAt = people.map((person) => person.seatedAt);
  const isWhole = (pair) => pair.every((person) => person.seatedAt < Infinity && person.faults.length === 0);
  const whole = pairs.filter(isWhole).length;
  const faults = new Set(people.flatMap((person) => person.faults));
  const isReached = whole === ROOMS && percentile(seatedAt, 0.99) - answers < GOALS.p99 && share(connects) <= GOALS.share;
  const row = {
    server: name,
    'end to first answer, s': seconds(answers - ended),
    'people back': `${seatedAt.filter(Number.isFinite).length} of ${PEOPLE}`,
    'pairs whole': [`${whole} of ${ROOMS}`, ...faults].join(', '),
    'seated after the end, s (p50 / p99 / max)': spread(seatedAt, ended),
    'seated after the first answer, s (p50 / p99 / max)': spread(seatedAt, answers),
    'attempts (all / peak per s / in the busiest 100 ms)': rush(attempts),
    'connects (all / peak per s / in the busiest 100 ms)': rush(connects),
    'resident MB (empty / full / full again)': memory.map((megabytes) => megabytes.toFixed(1)).join(' / '),
    'this script late by, ms': (lateness.max / 1e6).toFixed(0),
  };
  return { row, isReached };
};

const results = [await measure('killed', (salon) => salon.kill()), await measure('stopped', (salon) => salon.stop())];
const [{ model }] = os.cpus();
const machine = `${os.cpus().length} × ${model.trim()}, ${os.type()} ${os.release()}, Node ${process.version}`;
const rows = results.map(({ row }) => row);
const head = Object.keys(rows[0]);
const lines = [head, head.map(() => '---'), ...rows.map(Object.values)];
console.log(`${PEOPLE} people, two to a room, ${new Date().toISOString().slice(0, 10)}, ${machine}.\n`);
console.log(lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n'));
const goal = `everybody back and every pair whole, p99 under ${seconds(GOALS.p99)} s after the first answer, at most ${100 * GOALS.share} % of the connects in any ${WINDOW_MS} ms`;
console.log(`\nGoal (${goal}): ${results.every(({ isReached }) => isReached) ? 'reached' : 'not reached'}.`);
