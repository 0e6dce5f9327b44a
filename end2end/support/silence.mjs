// What a dead microphone gives: a second of perfect silence, as a WAV file (mono, 16 bits).
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const RATE = 48_000;
const BYTES = 2;

/** The path of the sound file, which is written on first use. */
export const silenceFile = () => {
  const path = fileURLToPath(new URL('../media/silence.wav', import.meta.url));
  if (existsSync(path)) return path;
  const samples = Buffer.alloc(RATE * BYTES);
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * BYTES, 28);
  head.writeUInt16LE(BYTES, 32);
  head.writeUInt16LE(8 * BYTES, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  mkdirSync(fileURLToPath(new URL('../media', import.meta.url)), { recursive: true });
  writeFileSync(`${path}.part`, Buffer.concat([head, samples]));
  renameSync(`${path}.part`, path);
  return path;
};
