// The content of a recording, read by ffmpeg.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MOST = 256 * 1024 * 1024;
const RATE = 8000;

/** Why recordings cannot be read here; empty if they can. */
export const whyNoFilms = () => (spawnSync('ffmpeg', ['-version']).error ? 'ffmpeg is not installed' : '');

const ffmpeg = (...words: string[]) =>
  run('ffmpeg', ['-nostdin', '-hide_banner', ...words], { encoding: 'buffer', maxBuffer: MOST });

/** Length in seconds, the kinds of streams, and whether an index leads to the middle. */
export const readFilm = async (path: string) => {
  const words = ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', path];
  const { stdout, stderr } = await run('ffprobe', words);
  const { format, streams } = JSON.parse(stdout) as {
    format: { duration?: string; format_name: string };
    streams: { codec_type: string; codec_name: string; width?: number; height?: number }[];
  };
  const picture = streams.find(({ codec_type: type }) => type === 'video');
  return {
    length: Number(format.duration),
    kinds: streams.map(({ codec_type: type }) => type).sort(),
    size: [picture?.width, picture?.height],
    trouble: stderr,
  };
};

/** Plays from a second to the end, resampling audio as players do, and returns errors. */
export const play = async (path: string, from = 0) => {
  // With the frames' own times, not those of a steady rate.
  const even = ['-af', 'aresample=async=1', '-fps_mode', 'passthrough', '-enc_time_base', '-1'];
  const { stderr } = await ffmpeg('-v', 'warning', '-xerror', '-ss', String(from), '-i', path, ...even, '-f', 'null', '-');
  return stderr.toString();
};

const framesIn = async (path: string, interval: string) => {
  const words = ['-v', 'error', '-select_streams', 'v', '-read_intervals', interval, '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', path];
  const rows = (await run('ffprobe', words, { maxBuffer: MOST })).stdout.trim().split('\n');
  return rows.map((row) => {
    const [time, flags] = row.split(',');
    return { time: Number(time), isKey: flags?.startsWith('K') ?? false };
  });
};

/** The times of its key frames, at which a player can start. */
export const keyFrames = async (path: string) =>
  (await framesIn(path, '%')).filter(({ isKey }) => isKey).map(({ time }) => time);

/** The first frame after seeking to a second: its time. */
export const entryBefore = async (path: string, second: number) => (await framesIn(path, `${second}%+#1`))[0]!.time;

/** The last frame, as a PNG. */
export const lastPicture = async (path: string, filter = 'null') => {
  const only = ['-vf', `reverse,${filter}`, '-frames:v', '1', '-c:v', 'png', '-f', 'image2pipe', '-'];
  return (await ffmpeg('-v', 'error', '-sseof', '-4', '-i', path, ...only)).stdout;
};

/** Brightness of a region of the picture (width:height:x:y) in each frame, from 0 to 255, with its time. */
export const brightness = async (path: string, crop = '1280:720:0:0') => {
  const { stderr } = await ffmpeg('-v', 'info', '-i', path, '-map', '0:v', '-fps_mode', 'passthrough', '-vf', `crop=${crop},showinfo`, '-f', 'null', '-');
  const frames = stderr.toString().matchAll(/pts_time:\s*([\d.]+).*mean:\[(\d+)/g);
  return [...frames].map(([, time, mean]) => ({ time: Number(time), mean: Number(mean) }));
};

/** Loudness from 0 to 1, for each millisecond from the beginning. */
export const loudness = async (path: string) => {
  const { stdout } = await ffmpeg('-v', 'error', '-i', path, '-map', '0:a', '-af', 'aresample=async=1:first_pts=0', '-ac', '1', '-ar', String(RATE), '-f', 's16le', '-');
  const each = RATE / 1000;
  return Array.from({ length: Math.floor(stdout.length / 2 / each) }, (_, millisecond) => {
    const samples = Array.from({ length: each }, (_, place) => stdout.readInt16LE((millisecond * each + place) * 2));
    return Math.max(...samples.map(Math.abs)) / 32768;
  });
};
