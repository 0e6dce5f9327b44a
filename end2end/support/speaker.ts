// An audio output where there is none: a sound server with one speaker that plays into nothing.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';

export interface Speaker {
  /** Environment for programs that should play on it. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** Why it is not available; empty if it is. */
export const whyNoSpeaker = () => (spawnSync('pulseaudio', ['--version']).error ? 'pulseaudio is not installed' : '');

const answers = (socket: string) =>
  new Promise<boolean>((done) => {
    const connection = createConnection(socket, () => (connection.destroy(), done(true)));
    connection.on('error', () => done(false));
  });

export const startSpeaker = async (): Promise<Speaker> => {
  const folder = await mkdtemp(join(os.tmpdir(), 'salon-speaker-'));
  const socket = join(folder, 'native');
  const modules = ['module-null-sink', `module-native-protocol-unix socket=${socket} auth-anonymous=1`];
  const words = ['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', ...modules.flatMap((one) => ['-L', one])];
  const server = spawn('pulseaudio', words, {
    env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder },
    stdio: 'ignore',
  });
  const kill = () => void server.kill();
  process.once('exit', kill);
  const ended = new Promise<void>((done) => server.once('exit', () => done()));
  const stop = async () => {
    kill();
    await ended;
    process.off('exit', kill);
    await rm(folder, { recursive: true, force: true });
  };
  while (!(await answers(socket))) {
    if (server.exitCode === null && server.signalCode === null) {
      await new Promise((done) => setTimeout(done, 20));
      continue;
    }
    await stop();
    throw new Error(`pulseaudio ended with ${server.exitCode ?? server.signalCode}`);
  }
  return { env: { PULSE_SERVER: `unix:${socket}` }, stop };
};
