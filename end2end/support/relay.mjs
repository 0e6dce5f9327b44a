// A relay, as people run one: coturn with the secret that it shares with the server.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';

const PROGRAM = 'turnserver';
const START_MS = 10_000;
const READY = 'UDP listener opened';

/** Why there can be no relay here; empty if there can. */
export const whyNoRelay = () => (spawnSync(PROGRAM, ['--version']).error ? 'coturn is not installed' : '');

/**
 * Starts one on a host.
 * @param {{ within: string[], address: string }} place
 * @param {string} secret
 */
export const startRelay = async ({ within, address }, secret) => {
  const [program = PROGRAM, ...args] = [
    ...within,
    ...[PROGRAM, '-n', '--verbose', '--log-file=stdout', '--pidfile=/dev/null', '--no-cli', '--no-tls', '--no-dtls'],
    ...['--realm=salon.test', `--listening-ip=${address}`, `--relay-ip=${address}`],
    ...['--use-auth-secret', `--static-auth-secret=${secret}`],
  ];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(child, 'exit').then(() => process.off('exit', kill));

  let output = '';
  await new Promise((resolve, reject) => {
    const fail = () => {
      kill();
      reject(new Error(`${PROGRAM} does not listen\n${output}`));
    };
    const timer = setTimeout(fail, START_MS);
    child.once('exit', fail);
    child.stderr.on('data', (chunk) => (output += chunk));
    // It has to be read on, or the relay stands still when the pipe is full.
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (!output.includes(READY)) return;
      clearTimeout(timer);
      child.off('exit', fail);
      resolve(undefined);
    });
  });
  const stop = () => {
    kill();
    return ended;
  };
  return { url: `turn:${address}:3478`, stop };
};
