// Shared parts of these programs: clients, and the kernel's figures for a server.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startSalonAt } from '../../end2end/support/salon.mjs';

const { WebSocket } = createRequire(new URL('../../end2end/', import.meta.url))('ws');

const FILES = 16_384;
/** A server may limit them. */
const CANDIDATES_PER_OFFER = 200;
const SERVER_CORE = ['taskset', '-c', '0', 'prlimit', `--nofile=${FILES}:`];

export const open = (origin, localAddress) => {
  const address = `${origin.replace('http', 'ws')}/ws`;
  const socket = new WebSocket(address, { origin, localAddress, perMessageDeflate: false, skipUTF8Validation: true });
  // A close follows.
  socket.on('error', () => {});
  return socket;
};

export const say = (socket, message) => socket.send(JSON.stringify(message));

/** Resolves when two people are in the room. */
export const enter = (origin, room, localAddress) =>
  new Promise((resolve, reject) => {
    const socket = open(origin, localAddress);
    socket.once('open', () => say(socket, { type: 'join', room }));
    socket.once('close', (code) => reject(new Error(`turned away with ${code}`)));
    socket.on('message', function hear(text) {
      if (!text.includes('"ready"')) return;
      socket.off('message', hear);
      resolve(socket);
    });
  });

/** All participants of this many rooms, two in each. */
export const fill = (origin, rooms, localAddress) =>
  Promise.all(Array.from({ length: 2 * rooms }, (_, person) => enter(origin, `room-${person >> 1}`, localAddress)));

// The time of sending takes the place of a candidate's foundation, so that servers see a valid long
// candidate: RFC 8839 allows any number of pairs at its end.
const STAMP = 'candidate:';
const DIGITS = 16;
const REST = ' 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 192.0.2.10 rport 46154 generation 0 ufrag EsAw'.padEnd(900, ' network-id 1 network-cost 10');
const microseconds = () => Math.round(performance.now() * 1000);

/** 1 KB with the time of sending. */
export const sendCandidate = (socket) => {
  const candidate = `${STAMP}${String(microseconds()).padStart(DIGITS, '0')}${REST}`;
  say(socket, { type: 'candidate', candidate: { candidate, sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'EsAw' } });
};

/** Transit time of each candidate from now on, in microseconds. */
export const collectAges = (people) => {
  const ages = [];
  const hear = (text) => {
    const at = text.indexOf(STAMP);
    if (at >= 0) ages.push(microseconds() - Number(text.latin1Slice(at + STAMP.length, at + STAMP.length + DIGITS)));
  };
  for (const person of people) person.on('message', hear);
  return ages;
};

/** Acts this many times a second, without waiting for the results; makes up for delays. */
export const steadily = async (perSecond, seconds, act) => {
  const start = performance.now();
  for (let done = 0; done < perSecond * seconds; ) {
    const due = Math.min(perSecond * seconds, ((performance.now() - start) * perSecond) / 1000);
    for (; done < due; done += 1) act(done);
    await sleep(1);
  }
  return (performance.now() - start) / 1000;
};

/** All participants send candidates in turn, with an occasional description that candidates belong to. */
export const talk = (people, perSecond, seconds) =>
  steadily(perSecond, seconds, (turn) => {
    const person = people[turn % people.length];
    const isDue = Math.floor(turn / people.length) % CANDIDATES_PER_OFFER === 0;
    if (isDue) say(person, { type: 'offer', offer: { type: 'offer', sdp: 'v=0\r\n' } });
    sendCandidate(person);
  });

/** Moves this program and its children away from the servers' core. */
export const leaveServerCore = () => execFileSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)]);

export const startSalon = () => startSalonAt({ within: SERVER_CORE, listen: '127.0.0.1:0' });

/** Starts a script that prints its address. */
export const startScript = async (name) => {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const [program, ...options] = [...SERVER_CORE, process.execPath, script];
  const child = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'exit').then(() => process.off('exit', kill));
  const [line] = await Promise.race([once(child.stdout, 'data'), ended.then(() => Promise.reject(new Error(`${name} did not start`)))]);
  return { origin: String(line).trim(), pid: child.pid, kill: () => (kill(), ended) };
};

/** How long all its threads have run, and waited for the core, in microseconds. */
const usage = (pid) => {
  const tasks = `/proc/${pid}/task`;
  const threads = readdirSync(tasks).map((thread) => readFileSync(`${tasks}/${thread}/schedstat`, 'utf8').split(' '));
  const [ran, waited] = [0, 1].map((field) => threads.reduce((sum, thread) => sum + Number(thread[field]), 0) / 1000);
  return { ran, waited };
};

/** Usage by a server and its clients between this call and a call of the returned function. */
export const meter = (pid) => {
  const processes = [pid, process.pid];
  const begin = processes.map(usage);
  const start = performance.now();
  return () => {
    const percent = (time) => time / (performance.now() - start) / 10;
    const end = processes.map(usage);
    const [server, people] = end.map(({ ran, waited }, index) => ({ ran: ran - begin[index].ran, waited: waited - begin[index].waited }));
    return { cpu: server.ran, busy: percent(server.ran), generator: percent(people.ran), waited: percent(server.waited + people.waited) };
  };
};

export const residentKilobytes = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

export const percentile = (values, share) => Float64Array.from(values).sort()[Math.ceil(values.length * share) - 1];
