// A relay, as people run one: coturn with the secret that it shares with the server.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mediaFile } from './media.mjs';

const PROGRAM = 'turnserver';
const START_MS = 10_000;
const READY = 'UDP listener opened';

/** Why there can be no relay here; empty if there can. */
export const whyNoRelay = () => (spawnSync(PROGRAM, ['--version']).error ? 'coturn is not installed' : '');

/** Why none can speak TLS here; empty if one can. */
export const whyNoCertificate = () => (spawnSync('openssl', ['version']).error ? 'openssl is not installed' : '');

const SELF_SIGNED = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '3650', '-subj', '/CN=relay.test'];

/** A certificate with its key that nobody has signed, and what makes a Chromium trust it all the same. */
export const makeCertificate = () => {
  const words = [...SELF_SIGNED, '-keyout', '-', '-out', '-'];
  const path = mediaFile('relay.pem', () => execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'ignore'] }));
  const key = new X509Certificate(readFileSync(path)).publicKey.export({ type: 'spki', format: 'der' });
  const hash = createHash('sha256').update(key).digest('base64');
  return { path, trust: `--ignore-certificate-errors-spki-list=${hash}` };
};

/**
 * Starts one on a host.
 * @param {{ within: string[], address: string }} place
 * @param {string} secret
 * @param {{ path: string }} [certificate] for TLS, which it does not speak without
 */
export const startRelay = async ({ within, address }, secret, certificate) => {
  const tls = certificate ? [`--cert=${certificate.path}`, `--pkey=${certificate.path}`] : ['--no-tls'];
  const [program = PROGRAM, ...args] = [
    ...within,
    ...[PROGRAM, '-n', '--verbose', '--log-file=stdout', '--pidfile=/dev/null', '--no-cli', '--no-dtls', ...tls],
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
  return { url: `turn:${address}:3478`, stun: `stun:${address}:3478`, overTls: `turns:${address}:5349`, stop };
};
