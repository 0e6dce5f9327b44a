// Microphone input as WAV files (mono, 16 bits), which Chromium's fake device plays in a loop.
import { mediaFile } from './media.mjs';

const RATE = 48_000;
const BYTES = 2;

/** @param {Float64Array} sound samples from -1 to 1 */
const wave = (sound) => {
  const samples = Buffer.alloc(sound.length * BYTES);
  sound.forEach((sample, at) => samples.writeInt16LE(Math.round(sample * 0x7fff), at * BYTES));
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
  return Buffer.concat([head, samples]);
};

/** A dead microphone: a second of perfect silence. Returns the path of the file. */
export const silenceFile = () => mediaFile('silence.wav', () => wave(new Float64Array(RATE)));

const SYLLABLES_PER_SECOND = 4;
const WORD_SECONDS = 1.5;

/** A signal that noise suppression recognises as a voice: four seconds of syllables with changing pitch, and breaths. */
const voice = () => {
  let phase = 0;
  return Float64Array.from({ length: 4 * RATE }, (_, at) => {
    const time = at / RATE;
    phase += (130 + 25 * Math.sin(2 * Math.PI * 0.75 * time)) / RATE;
    const breath = time % 2 > WORD_SECONDS ? 0 : 1;
    const syllable = Math.abs(Math.sin(Math.PI * SYLLABLES_PER_SECOND * time));
    return breath * syllable * 0.5 * (2 * (phase % 1) - 1);
  });
};

/** A person who talks all the time. Returns the path of the file. */
export const voiceFile = () => mediaFile('voice.wav', () => wave(voice()));
